//! What all connections of one emulator share.

use std::sync::Arc;

use crate::clock::EmulatorClock;
use crate::config::Config;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) clock: Arc<EmulatorClock>,
}
