//! `cos sts …`
use clap::Subcommand;
use super::Context;
use crate::exit::Result;
/// x
#[derive(Subcommand, Debug)]
pub(crate) enum Sts { /// x
 X }
impl Sts { pub(super) async fn run(self, _cx: &Context) -> Result { Ok(()) } }
