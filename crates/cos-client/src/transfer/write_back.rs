//! When a file that is being written should go to the disk: early and bit by bit, so that little is left
//! to wait for at the end. Pure bookkeeping; who is told so does it.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// As much is written before the disk is given it. Each time costs the disk a little more than the bytes.
const STEP: u64 = 32 << 20;

/// Elsewhere a sync asks more of the disk than to take these bytes, or holds up who writes.
const IS_CHEAP: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// What is on its way to the disk.
#[derive(Debug, Default)]
pub(super) struct WriteBack {
    /// Written since the last time.
    bytes: AtomicU64,
    /// One at a time: it takes along what others have written.
    is_under_way: AtomicBool,
    /// A system tells of a failure once. What it told here is for who waits at the end.
    failure: OnceLock<io::Error>,
}

impl WriteBack {
    /// Bytes were written. `true` tells the caller to sync the file, away from the network's threads, and
    /// then to call [`Self::ended`].
    pub(super) fn wrote(&self, bytes: u64) -> bool {
        let all = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if !IS_CHEAP || all < STEP || self.is_under_way.swap(true, Ordering::Acquire) {
            return false;
        }
        self.bytes.store(0, Ordering::Relaxed);
        true
    }

    pub(super) fn ended(&self, result: io::Result<()>) {
        if let Err(error) = result {
            // The first one is as good as the next.
            let _ = self.failure.set(error);
        }
        self.is_under_way.store(false, Ordering::Release);
    }

    /// Whether the disk has refused something.
    pub(super) fn check(&self) -> io::Result<()> {
        match self.failure.get() {
            Some(error) => Err(io::Error::new(error.kind(), error.to_string())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_no_failure_is_lost() {
        let disk = WriteBack::default();
        assert!(!disk.wrote(STEP - 1));
        assert_eq!(disk.wrote(1), IS_CHEAP);
        assert!(!disk.wrote(3 * STEP), "one is under way");
        disk.ended(Ok(()));
        assert!(disk.check().is_ok());
        assert_eq!(disk.wrote(0), IS_CHEAP, "what came meanwhile");
        disk.ended(Err(io::Error::other("no room")));
        assert_eq!(disk.wrote(STEP), IS_CHEAP);
        disk.ended(Ok(()));
        let error = disk.check().unwrap_err();
        assert!(error.to_string().contains("no room"));
    }
}
