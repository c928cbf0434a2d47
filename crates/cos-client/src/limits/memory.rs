//! Bytes that transfers hold because they cannot be read again.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Result};

/// What is counted at a time: a semaphore counts to 2^32, memory beyond.
const UNIT: u64 = 64 << 10;

/// A number of bytes that are handed out and come back.
#[derive(Debug)]
pub(crate) struct Memory {
    units: Arc<Semaphore>,
    all: u32,
}

impl Memory {
    pub(crate) fn new(bytes: u64) -> Self {
        let all = u32::try_from(bytes.div_ceil(UNIT))
            .unwrap_or(u32::MAX)
            .max(1);
        Self {
            units: Arc::new(Semaphore::new(all as usize)),
            all,
        }
    }

    /// Room for so many bytes, held until dropped; first come, first served. Asking for more than
    /// there is takes everything: one large part goes alone rather than never.
    pub(crate) async fn take(&self, bytes: u64) -> Result<OwnedSemaphorePermit> {
        let units = u32::try_from(bytes.div_ceil(UNIT))
            .unwrap_or(u32::MAX)
            .min(self.all);
        let taken = Arc::clone(&self.units).acquire_many_owned(units).await;
        // The semaphore is never closed.
        taken.map_err(|_| Error::cancelled())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::poll_immediate;

    #[tokio::test]
    async fn large_parts_go_alone_and_small_ones_together() {
        let memory = Memory::new(4 * UNIT);
        let a = memory.take(UNIT).await.unwrap();
        let b = memory.take(3 * UNIT).await.unwrap();
        assert_eq!(memory.units.available_permits(), 0);
        let mut all = Box::pin(memory.take(u64::MAX));
        assert!(poll_immediate(&mut all).await.is_none());
        drop(a);
        assert!(poll_immediate(&mut all).await.is_none());
        drop(b);
        drop(all.await.unwrap());
        assert_eq!(memory.units.available_permits(), 4);
    }
}
