//! What all connections of one emulator share.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::EmulatorClock;
use crate::config::Config;
use crate::error::Result;
use crate::faults::Faults;
use crate::keys::Keys;
use crate::log::Log;
use crate::store::Store;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) clock: Arc<EmulatorClock>,
    pub(crate) clock_offset_s: i64,
    pub(crate) store: Store,
    pub(crate) keys: Keys,
    pub(crate) log: Log,
    pub(crate) faults: Faults,
    pub(crate) seed: u64,
    /// Longest wait for a client in the middle of a request.
    pub(crate) idle_timeout: Duration,
    /// How answers spell their header names.
    pub(crate) spelling: http::Extensions,
    pub(crate) random: Mutex<fastrand::Rng>,
}

impl Shared {
    /// An id for a request, the same for the same seed and request number.
    pub(crate) fn request_id(&self, seq: u64) -> String {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{:08x}_{:08x}_{seq:x}", random.u32(..), random.u32(..))
    }

    /// Everything as it was right after the start.
    pub(crate) async fn reset(&self) -> Result<()> {
        self.clock.set_offset_s(self.clock_offset_s);
        self.store.clear().await?;
        self.store
            .configure(&self.config.buckets, self.clock.now_ms())
            .await?;
        // Checked when the emulator started.
        let _ = self.keys.configure(&self.config, self.seed);
        let _ = self.faults.configure(&self.config.faults, self.seed);
        self.log.clear();
        *self.random.lock().unwrap_or_else(PoisonError::into_inner) =
            fastrand::Rng::with_seed(self.seed);
        Ok(())
    }
}
