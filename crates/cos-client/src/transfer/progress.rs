//! How far a transfer is: counters that only grow.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes done of bytes in total. `done_bytes` never falls, also when a part is sent again or after a
/// pause, and equals the total when the transfer has succeeded. (Only when an object was replaced by
/// a smaller one, and its download begins again, the total falls and `done_bytes` with it.)
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
    /// Of the present run: what an earlier one still has in flight does not count any more.
    run: Mutex<Arc<AtomicU64>>,
    /// The most that was ever told.
    told: AtomicU64,
    total: AtomicU64,
}

impl Meter {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            run: Mutex::default(),
            told: AtomicU64::new(0),
            total: AtomicU64::new(UNKNOWN),
        })
    }

    pub(crate) fn set_total(&self, bytes: u64) {
        self.total.store(bytes, Ordering::Release);
    }

    /// Begins, or begins again, with `done` bytes that need no transfer.
    pub(crate) fn begin(&self, done: u64) {
        *self.run() = Arc::new(AtomicU64::new(done));
    }

    pub(crate) fn now(&self) -> Progress {
        let done = self.run().load(Ordering::Acquire);
        let told = self.told.fetch_max(done, Ordering::AcqRel).max(done);
        let total = self.total.load(Ordering::Acquire);
        Progress {
            done_bytes: told.min(total),
            total_bytes: (total != UNKNOWN).then_some(total),
        }
    }

    /// A share of the transfer that may be done more than once.
    pub(crate) fn share(&self) -> Share {
        Share(Arc::new(ShareInner {
            run: Arc::clone(&self.run()),
            reached: AtomicU64::new(0),
        }))
    }

    fn run(&self) -> MutexGuard<'_, Arc<AtomicU64>> {
        // Holds a pointer, whole at any time.
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct ShareInner {
    run: Arc<AtomicU64>,
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
            self.0.run.fetch_add(position - before, Ordering::AcqRel);
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
        /// Parts advance, fail, begin again and finish in any order; the whole is paused and goes on
        /// with what was finished, or begins anew.
        #[test]
        fn grows_and_ends_at_the_total(sizes in prop::collection::vec(0_u64..1000, 1..8),
                                       steps in prop::collection::vec((0_usize..10, 0_u64..1200), 0..200)) {
            let meter = Meter::new();
            prop_assert_eq!(meter.now(), Progress::default());
            let total = sizes.iter().sum();
            meter.set_total(total);
            let mut shares: Vec<_> = sizes.iter().map(|_| meter.share()).collect();
            let mut finished = vec![false; sizes.len()];
            let mut late = Vec::new();
            let mut last = 0;
            for (what, position) in steps {
                let part = position as usize % sizes.len();
                match what {
                    // Resumed, with what is finished.
                    8 => {
                        let sums = sizes.iter().zip(&finished);
                        meter.begin(sums.filter(|(_, f)| **f).map(|(s, _)| s).sum());
                        late.append(&mut shares);
                        shares = sizes.iter().map(|_| meter.share()).collect();
                    }
                    // Begun anew.
                    9 => {
                        meter.begin(0);
                        finished.fill(false);
                        late.append(&mut shares);
                        shares = sizes.iter().map(|_| meter.share()).collect();
                    }
                    // What was given up still moves for a moment.
                    7 if !late.is_empty() => late[part % late.len()].reach(position),
                    _ if finished[part] => {}
                    _ => {
                        shares[part].reach(position.min(sizes[part]));
                        finished[part] = position >= sizes[part];
                    }
                }
                let now = meter.now();
                prop_assert!(now.done_bytes >= last && now.done_bytes <= total);
                last = now.done_bytes;
            }
            for (i, (share, size)) in shares.iter().zip(&sizes).enumerate() {
                if !finished[i] {
                    share.reach(*size);
                }
            }
            let end = Progress { done_bytes: total, total_bytes: Some(total) };
            prop_assert_eq!(meter.now(), end);
        }
    }
}
