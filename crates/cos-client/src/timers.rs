//! Time limits that are set for every request and hardly ever reached.
//!
//! Registering a timer with the runtime may wake its driver, which costs more than the rest of the
//! limit. Moving a registered one to a later moment costs next to nothing, so timers are used again.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, Sleep, sleep_until};

/// More idle timers than this are given back to the runtime.
const KEEP: usize = 64;

/// Timers nobody uses at the moment.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    idle: Mutex<Vec<Registered>>,
}

#[derive(Debug)]
struct Registered {
    /// A timer belongs to the runtime it was made on.
    runtime: Id,
    sleep: Pin<Box<Sleep>>,
}

impl Timers {
    /// A timer that is not set yet. Must be used, and dropped, by the task that asks for it.
    pub(crate) fn take(self: &Arc<Self>) -> Timer {
        let runtime = Handle::current().id();
        let idle = self.lock().pop();
        Timer {
            timers: Arc::clone(self),
            // One of another runtime is dropped; programs with several are rare.
            registered: idle.filter(|idle| idle.runtime == runtime),
            runtime,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Registered>> {
        // A panic elsewhere leaves a list of timers, still good.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One time limit at a time; goes back when dropped.
#[derive(Debug)]
pub(crate) struct Timer {
    timers: Arc<Timers>,
    registered: Option<Registered>,
    runtime: Id,
}

impl Timer {
    /// Waits until `deadline`; with the next call another one holds.
    pub(crate) async fn at(&mut self, deadline: Instant) {
        let registered = self.registered.get_or_insert_with(|| Registered {
            runtime: self.runtime,
            sleep: Box::pin(sleep_until(deadline)),
        });
        let sleep = &mut registered.sleep;
        if sleep.deadline() != deadline || sleep.is_elapsed() {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().await;
    }

    /// What `work` gives, or `None` when it takes longer than `limit`. The clock is not asked when
    /// it is ready at once.
    pub(crate) async fn limit<T>(
        &mut self,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        tokio::select! {
            biased;
            result = work => Some(result),
            () = async { self.at(Instant::now() + limit).await } => None,
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(registered) = self.registered.take() {
            let mut idle = self.timers.lock();
            if idle.len() < KEEP {
                idle.push(registered);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn keeps_each_limit_however_often_it_is_used_again() {
        let timers = Arc::new(Timers::default());
        let began = Instant::now();
        let after = |s| began + Duration::from_secs(s);
        let s = Duration::from_secs;
        assert_eq!(timers.take().limit(s(30), async { 7 }).await, Some(7));
        // Later, earlier, and when it is over already.
        for (deadline, now) in [(40, 40), (41, 41), (200, 200), (60, 200), (201, 201)] {
            timers.take().at(after(deadline)).await;
            assert_eq!(Instant::now(), after(now));
        }
        let never = std::future::pending::<()>();
        assert_eq!(timers.take().limit(s(9), never).await, None);
        assert_eq!(Instant::now(), after(210));
        // Set far, then near: the near one holds.
        let mut timer = timers.take();
        let soon = tokio::time::sleep(s(1));
        assert_eq!(timer.limit(s(9000), soon).await, Some(()));
        timer.at(after(300)).await;
        assert_eq!(Instant::now(), after(300));
        drop(timer);
        let (a, b) = (timers.take(), timers.take());
        drop((a, b));
        assert_eq!(timers.lock().len(), 1, "only what was set is registered");
    }

    #[test]
    fn a_timer_of_a_runtime_that_is_gone_is_not_used() {
        let timers = Arc::new(Timers::default());
        for _ in 0..3 {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .unwrap();
            runtime.block_on(async {
                let soon = Instant::now() + Duration::from_millis(1);
                timers.take().at(soon).await;
            });
        }
        assert_eq!(timers.lock().len(), 1);
    }
}
