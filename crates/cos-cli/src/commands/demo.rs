//! `cos demo`
use clap::Args;
use super::Context;
use crate::exit::Result;
/// x
#[derive(Args, Debug)]
pub(crate) struct Demo {}
impl Demo { pub(super) async fn run(self, _cx: &Context) -> Result { Ok(()) } }
