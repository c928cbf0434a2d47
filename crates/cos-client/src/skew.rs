//! Server time minus our clock, as refusals taught it: for each host, since a gateway's clock may differ
//! from the service's.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Hosts remembered; the one that taught us longest ago is forgotten first.
const KEPT: usize = 32;

/// What was learned.
#[derive(Debug, Default)]
pub(crate) struct Skew {
    /// Nearly always nothing was, and nobody needs the lock.
    knows: AtomicBool,
    /// The newest last.
    learned: Mutex<Vec<(String, i64)>>,
}

impl Skew {
    /// Seconds to add to our clock for `host`. One that taught nothing yet gets what another taught
    /// last: when our own clock is wrong, it is wrong for all.
    pub(crate) fn of(&self, host: &str) -> i64 {
        if !self.knows.load(Ordering::Acquire) {
            return 0;
        }
        let learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        let own = learned.iter().find(|(name, _)| name == host);
        own.or(learned.last()).map_or(0, |(_, offset_s)| *offset_s)
    }

    /// Replaces what is known of `host`. It is absolute, so that requests in flight that learn the same
    /// thing at once do not add it up.
    pub(crate) fn learn(&self, host: &str, offset_s: i64) {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        learned.retain(|(name, _)| name != host);
        if learned.len() == KEPT {
            learned.remove(0);
        }
        learned.push((host.to_owned(), offset_s));
        self.knows.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_has_its_own_and_strangers_the_newest() {
        let skew = Skew::default();
        assert_eq!(skew.of("a"), 0);
        skew.learn("a", 7);
        skew.learn("b", -3);
        assert_eq!((skew.of("a"), skew.of("b"), skew.of("c")), (7, -3, -3));
        skew.learn("a", 9);
        assert_eq!((skew.of("a"), skew.of("b"), skew.of("c")), (9, -3, 9));
        for n in 0..KEPT {
            skew.learn(&n.to_string(), 1);
        }
        assert_eq!(skew.of("a"), 1, "forgotten");
        assert_eq!(skew.learned.lock().unwrap().len(), KEPT);
    }
}
