//! What the calls of one client may spend on repetitions together.
//!
//! When a service is in trouble, every call that repeats makes it worse. So repetitions are paid from one
//! purse, which successes fill: while most requests succeed nobody notices it, when hardly any does the
//! purse is soon empty and failures are told at once.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a repetition costs.
const COST: u64 = 10;
/// What a success at the first attempt brings: two repetitions for ten of them.
const REWARD: u64 = 2;

/// What is left after one repetition; `None` when that cannot be paid.
fn spend(left: u64) -> Option<u64> {
    left.checked_sub(COST)
}

/// What is there after a success. One that took repetitions gives the price of its last one back.
fn earn(left: u64, capacity: u64, repeated: bool) -> u64 {
    let more = if repeated { COST } else { REWARD };
    left.saturating_add(more).min(capacity)
}

/// The purse of a client.
#[derive(Debug)]
pub(crate) struct Budget {
    capacity: u64,
    left: AtomicU64,
}

impl Budget {
    pub(crate) fn new(repetitions: u32) -> Self {
        let capacity = u64::from(repetitions) * COST;
        Self {
            capacity,
            left: AtomicU64::new(capacity),
        }
    }

    /// Pays for one repetition, if that is possible.
    pub(crate) fn take(&self) -> bool {
        let (set, get) = (Ordering::AcqRel, Ordering::Acquire);
        self.left.fetch_update(set, get, spend).is_ok()
    }

    /// A request succeeded.
    pub(crate) fn succeeded(&self, repeated: bool) {
        // Nearly always full.
        if self.left.load(Ordering::Relaxed) == self.capacity {
            return;
        }
        let (set, get) = (Ordering::AcqRel, Ordering::Acquire);
        let more = |left| Some(earn(left, self.capacity, repeated));
        let _ = self.left.fetch_update(set, get, more);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What happened to a client's requests.
    #[derive(Debug, Clone, Copy)]
    enum Step {
        Failed,
        Succeeded,
        SucceededAgain,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            Just(Step::Failed),
            Just(Step::Succeeded),
            Just(Step::SucceededAgain)
        ];
        prop::collection::vec(step, 0..200)
    }

    proptest! {
        /// Repetitions never exceed what was there and what successes brought.
        #[test]
        fn nothing_is_spent_that_was_not_there(retries in 0_u32..50, steps in steps()) {
            let budget = Budget::new(retries);
            let (mut paid, mut earned) = (0, 0);
            for step in steps {
                match step {
                    Step::Failed => paid += u64::from(budget.take()),
                    Step::Succeeded => {
                        budget.succeeded(false);
                        earned += REWARD;
                    }
                    Step::SucceededAgain => {
                        budget.succeeded(true);
                        earned += COST;
                    }
                }
                let left = budget.left.load(Ordering::Relaxed);
                prop_assert!(left <= budget.capacity);
                prop_assert!(paid * COST <= budget.capacity + earned);
            }
        }

        /// From any state: only so many in a row, and full again after so many successes.
        #[test]
        fn it_runs_dry_and_fills_again(retries in 0_u32..50, steps in steps()) {
            let budget = Budget::new(retries);
            for step in steps {
                match step {
                    Step::Failed => {
                        budget.take();
                    }
                    Step::Succeeded => budget.succeeded(false),
                    Step::SucceededAgain => budget.succeeded(true),
                }
            }
            let in_a_row = (0..=retries).filter(|_| budget.take()).count();
            prop_assert!(in_a_row <= retries as usize);
            prop_assert!(!budget.take());
            for _ in 0..budget.capacity.div_ceil(REWARD) {
                budget.succeeded(false);
            }
            prop_assert_eq!(budget.left.load(Ordering::Relaxed), budget.capacity);
        }

        /// Where at least five of six requests succeed at once, it never runs dry.
        #[test]
        fn rare_failures_are_always_repeated(runs in prop::collection::vec(5_u32..20, 1..200)) {
            let budget = Budget::new(1);
            for successes in runs {
                prop_assert!(budget.take());
                (0..successes).for_each(|_| budget.succeeded(false));
            }
        }
    }
}
