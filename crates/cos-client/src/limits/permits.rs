//! The right to have a request in flight, handed to the most important who waits.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Adapt, Priority};

/// Permits of one client; their number moves with what the service takes.
#[derive(Debug)]
pub(crate) struct Permits {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    adapt: Adapt,
    used: usize,
    /// Grows with every waiter: first come, first served within a priority.
    arrivals: u64,
    waiting: BTreeMap<(Reverse<Priority>, u64), oneshot::Sender<Permit>>,
}

/// One request may be in flight until this is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    /// `None` once its right was passed on.
    permits: Option<Arc<Permits>>,
}

impl Permits {
    pub(crate) fn new(adapt: Adapt) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                adapt,
                used: 0,
                arrivals: 0,
                waiting: BTreeMap::new(),
            }),
        })
    }

    /// Waits for a permit. Dropping the future gives up the place.
    pub(crate) async fn take(self: &Arc<Self>, priority: Priority) -> Permit {
        loop {
            let turn = {
                let mut state = self.lock();
                if state.used < state.adapt.limit() && state.nobody_before(priority) {
                    state.used += 1;
                    return self.permit();
                }
                let (sender, turn) = oneshot::channel();
                let place = (Reverse(priority), state.arrivals);
                state.arrivals += 1;
                state.waiting.insert(place, sender);
                turn
            };
            // A sender is only dropped with the permits themselves, which we hold.
            if let Ok(permit) = turn.await {
                return permit;
            }
        }
    }

    /// The service said that it is too much.
    pub(crate) fn slow_down(&self) {
        let mut state = self.lock();
        state.adapt.slow_down(Instant::now());
        tracing::info!(
            requests = state.adapt.limit(),
            "the service is busy: fewer at a time"
        );
    }

    fn permit(self: &Arc<Self>) -> Permit {
        Permit {
            permits: Some(Arc::clone(self)),
        }
    }

    /// Gives free places to those who wait.
    fn pass_on(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        while state.used < state.adapt.limit() {
            let Some((_, turn)) = state.waiting.pop_first() else {
                break;
            };
            match turn.send(self.permit()) {
                Ok(()) => state.used += 1,
                // Gave up waiting. Dropped as it is, it would lock again.
                Err(mut permit) => permit.permits = None,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Numbers and a list, each change of which is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn nobody_before(&mut self, priority: Priority) -> bool {
        self.first_waiting().is_none_or(|first| first < priority)
    }

    /// The most important one's. Those who gave up do not count; they are forgotten here.
    fn first_waiting(&mut self) -> Option<Priority> {
        while let Some(first) = self.waiting.first_entry() {
            if !first.get().is_closed() {
                return Some(first.key().0.0);
            }
            first.remove();
        }
        None
    }
}

impl Permit {
    /// The request moved so many bytes.
    pub(crate) fn moved(&self, bytes: u64) {
        if let Some(permits) = &self.permits {
            let mut state = permits.lock();
            let waiting = !state.waiting.is_empty();
            state.adapt.moved(bytes, waiting, Instant::now());
            permits.pass_on(state);
        }
    }

    /// Whether others wait for one.
    pub(crate) fn is_scarce(&self) -> bool {
        let permits = self.permits.as_ref();
        permits.is_some_and(|permits| permits.lock().first_waiting().is_some())
    }

    /// Whether a request that goes on for long should end and ask for a permit anew: somebody more
    /// important than `priority` waits, or there are fewer permits now.
    pub(crate) fn is_wanted_back(&self, priority: Priority) -> bool {
        let Some(permits) = &self.permits else {
            return false;
        };
        let mut state = permits.lock();
        state.used > state.adapt.limit()
            || state.first_waiting().is_some_and(|first| first > priority)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(permits) = self.permits.take() {
            let mut state = permits.lock();
            state.used -= 1;
            permits.pass_on(state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::{FutureExt, poll_immediate};

    fn permits(limit: usize) -> Arc<Permits> {
        Permits::new(Adapt::new(limit, limit))
    }

    #[tokio::test]
    async fn the_most_important_goes_first_and_equals_in_their_order() {
        let permits = permits(1);
        let held = permits.take(Priority::Low).await;
        let (sender, mut order) = tokio::sync::mpsc::unbounded_channel();
        let waiters = [
            (Priority::Low, 0),
            (Priority::Normal, 1),
            (Priority::High, 2),
            (Priority::Normal, 3),
            (Priority::High, 4),
        ];
        for (priority, name) in waiters {
            let (permits, sender) = (Arc::clone(&permits), sender.clone());
            tokio::spawn(async move {
                let _permit = permits.take(priority).await;
                sender.send(name).unwrap();
            });
            tokio::task::yield_now().await;
        }
        drop((held, sender));
        let mut got = Vec::new();
        while let Some(name) = order.recv().await {
            got.push(name);
        }
        assert_eq!(got, [2, 4, 1, 3, 0]);
    }

    #[tokio::test]
    async fn who_gives_up_takes_nothing_along() {
        let permits = permits(1);
        let held = permits.take(Priority::Normal).await;
        let mut gave_up: Vec<_> = (0..5)
            .map(|_| Box::pin(permits.take(Priority::High)))
            .collect();
        for waiting in &mut gave_up {
            assert!(poll_immediate(waiting).await.is_none());
        }
        let mut waits = Box::pin(permits.take(Priority::Low));
        assert!(poll_immediate(&mut waits).await.is_none());
        drop(gave_up.drain(1..));
        drop(held);
        // The last one had its permit when it gave up.
        assert!(poll_immediate(&mut waits).await.is_none());
        drop(gave_up);
        drop(waits.now_or_never().unwrap());
        assert_eq!(permits.lock().used, 0);
        assert!(permits.lock().waiting.is_empty());
        assert!(permits.take(Priority::Low).now_or_never().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn who_holds_one_for_long_hears_who_waits() {
        let permits = permits(4);
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(permits.take(Priority::Normal).await);
        }
        let wanted = |held: &[Permit]| {
            let first = held.first().unwrap();
            (first.is_scarce(), first.is_wanted_back(Priority::Normal))
        };
        assert_eq!(wanted(&held), (false, false));
        let mut equal = Box::pin(permits.take(Priority::Normal));
        assert!(poll_immediate(&mut equal).await.is_none());
        assert_eq!(wanted(&held), (true, false));
        let mut higher = Box::pin(permits.take(Priority::High));
        assert!(poll_immediate(&mut higher).await.is_none());
        assert_eq!(wanted(&held), (true, true));
        drop(higher);
        assert_eq!(wanted(&held), (true, false));
        drop(equal);
        assert_eq!(wanted(&held), (false, false), "they gave up");
        permits.slow_down();
        assert_eq!(wanted(&held), (false, true), "four in flight, two allowed");
        drop(held.drain(2..));
        assert_eq!(wanted(&held), (false, false));
    }

    #[tokio::test(start_paused = true)]
    async fn a_smaller_limit_holds_for_those_to_come() {
        let permits = permits(4);
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(permits.take(Priority::Normal).await);
        }
        permits.slow_down();
        let mut next = Box::pin(permits.take(Priority::Normal));
        drop(held.drain(..2));
        assert!(
            poll_immediate(&mut next).await.is_none(),
            "two are in flight"
        );
        drop(held.pop());
        assert!(poll_immediate(&mut next).await.is_some());
    }
}
