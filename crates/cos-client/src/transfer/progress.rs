//! How far a transfer is: counters that only grow.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes done of bytes in total. `done_bytes` never falls, also when a part is sent again, and
/// equals the total when the transfer has succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes of the object transferred.
    pub done_bytes: u64,
    /// The object's size, once known.
    pub total_bytes: Option<u64>,
}

pub(crate) type ProgressFn = Arc<dyn Fn(Progress) + Send + Sync>;

const UNKNOWN: u64 = u64::MAX;

/// The counters of one transfer.
#[derive(Debug)]
pub(crate) struct Meter {
    done: AtomicU64,
    total: AtomicU64,
}

impl Meter {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            done: AtomicU64::new(0),
            total: AtomicU64::new(UNKNOWN),
        })
    }

    pub(crate) fn set_total(&self, bytes: u64) {
        self.total.store(bytes, Ordering::Release);
    }

    pub(crate) fn now(&self) -> Progress {
        // The total first: what is done by then cannot exceed it.
        let total = self.total.load(Ordering::Acquire);
        Progress {
            done_bytes: self.done.load(Ordering::Acquire),
            total_bytes: (total != UNKNOWN).then_some(total),
        }
    }

    /// A share of the transfer that may be done more than once.
    pub(crate) fn share(self: &Arc<Self>) -> Share {
        Share(Arc::new(ShareInner {
            meter: Arc::clone(self),
            reached: AtomicU64::new(0),
        }))
    }
}

struct ShareInner {
    meter: Arc<Meter>,
    reached: AtomicU64,
}

/// One part's progress. Repeating it counts only what goes beyond the farthest point reached.
#[derive(Clone)]
pub(crate) struct Share(Arc<ShareInner>);

impl Share {
    /// The part is done up to `position` bytes from its start.
    pub(crate) fn reach(&self, position: u64) {
        let before = self.0.reached.fetch_max(position, Ordering::AcqRel);
        if position > before {
            self.0
                .meter
                .done
                .fetch_add(position - before, Ordering::AcqRel);
        }
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Share({})", self.0.reached.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Parts advance, fail, begin again and finish in any order.
        #[test]
        fn grows_and_ends_at_the_total(sizes in prop::collection::vec(0_u64..1000, 1..8),
                                       steps in prop::collection::vec((0_usize..8, 0_u64..1200), 0..200)) {
            let meter = Meter::new();
            prop_assert_eq!(meter.now(), Progress::default());
            let total = sizes.iter().sum();
            meter.set_total(total);
            let shares: Vec<_> = sizes.iter().map(|_| meter.share()).collect();
            let mut last = 0;
            for (part, position) in steps {
                let part = part % sizes.len();
                shares[part].reach(position.min(sizes[part]));
                let now = meter.now();
                prop_assert!(now.done_bytes >= last && now.done_bytes <= total);
                last = now.done_bytes;
            }
            for (share, size) in shares.iter().zip(&sizes) {
                share.reach(*size);
            }
            let end = Progress { done_bytes: total, total_bytes: Some(total) };
            prop_assert_eq!(meter.now(), end);
        }
    }
}
