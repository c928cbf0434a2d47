//! Time comes through one door, so that tests and the emulator can move it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::BoxFuture;

/// A source of the time and of sleep.
pub trait Clock: Send + Sync + fmt::Debug + 'static {
    /// Unix time in milliseconds.
    fn now_ms(&self) -> u64;

    /// Unix time in seconds.
    fn now_s(&self) -> u64 {
        self.now_ms() / 1000
    }

    /// A future that is ready when `duration` has passed. Moving the date does not end it early.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The system's clock, to a few milliseconds, and Tokio's timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        unix_ms()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The time of the kernel's last tick, a few milliseconds old: what holds credentials for hours asks it
/// before every request, and the precise time costs five times as much.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn unix_ms() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
    // A date before 1970 is a device that was never set; 0 makes every signature check fail with a
    // clock error, which is then learned and corrected.
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1000) + u64::try_from(now.tv_nsec / 1_000_000).unwrap_or(0)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn unix_ms() -> u64 {
    precise_unix_ms()
}

/// As precise as the system has it.
#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
fn precise_unix_ms() -> u64 {
    use std::time::{SystemTime, UNIX_EPOCH};
    // Before 1970: as above.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now_ms(&self) -> u64 {
        (**self).now_ms()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        (**self).sleep(duration)
    }
}

/// A clock that stands still until it is told to move; clones share the same time.
///
/// Time that passes ([`ManualClock::advance`]) also ends sleeps; a date that is set
/// ([`ManualClock::set_s`]) does not, as on a real machine.
#[derive(Clone)]
pub struct ManualClock {
    state: Arc<Mutex<State>>,
}

struct State {
    /// Time since the clock was made; what sleeps are measured by.
    elapsed_ms: u64,
    /// Added to `elapsed_ms` to give the date.
    epoch_ms: i128,
    next_id: u64,
    sleepers: Vec<Sleeper>,
    /// Sleeping moves the clock at once.
    skips_sleep: bool,
}

struct Sleeper {
    id: u64,
    until_ms: u64,
    waker: Waker,
}

impl ManualClock {
    /// A clock standing at `now_s` (Unix seconds).
    pub fn new(now_s: u64) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                elapsed_ms: 0,
                epoch_ms: i128::from(now_s) * 1000,
                next_id: 0,
                sleepers: Vec::new(),
                skips_sleep: false,
            })),
        }
    }

    /// A clock on which every sleep ends at once and moves the time by its length.
    pub fn skipping_sleep(now_s: u64) -> Self {
        let clock = Self::new(now_s);
        clock.lock().skips_sleep = true;
        clock
    }

    /// Lets time pass and ends the sleeps that are over.
    pub fn advance(&self, by: Duration) {
        let by_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        let mut state = self.lock();
        state.elapsed_ms = state.elapsed_ms.saturating_add(by_ms);
        let now = state.elapsed_ms;
        let mut due = Vec::new();
        state.sleepers.retain(|s| {
            let over = s.until_ms <= now;
            if over {
                due.push(s.waker.clone());
            }
            !over
        });
        drop(state);
        due.into_iter().for_each(Waker::wake);
    }

    /// Lets `seconds` pass.
    pub fn advance_s(&self, seconds: u64) {
        self.advance(Duration::from_secs(seconds));
    }

    /// Sets the date, forward or back, as a person would; sleeps go on.
    pub fn set_s(&self, now_s: u64) {
        let mut state = self.lock();
        state.epoch_ms = i128::from(now_s) * 1000 - i128::from(state.elapsed_ms);
    }

    /// How many sleeps are waiting now.
    pub fn sleepers(&self) -> usize {
        self.lock().sleepers.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing here can panic halfway through a change, so a poisoned state is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualClock")
            .field("now_ms", &self.now_ms())
            .finish_non_exhaustive()
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> u64 {
        let state = self.lock();
        let now = state.epoch_ms + i128::from(state.elapsed_ms);
        u64::try_from(now.max(0)).unwrap_or(u64::MAX)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let skips = self.lock().skips_sleep;
        if skips {
            self.advance(duration);
            return Box::pin(std::future::ready(()));
        }
        let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let mut state = self.lock();
        let id = state.next_id;
        state.next_id += 1;
        let until_ms = state.elapsed_ms.saturating_add(ms);
        drop(state);
        Box::pin(Sleep {
            clock: self.clone(),
            id,
            until_ms,
        })
    }
}

struct Sleep {
    clock: ManualClock,
    id: u64,
    until_ms: u64,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.lock();
        if state.elapsed_ms >= self.until_ms {
            return Poll::Ready(());
        }
        match state.sleepers.iter_mut().find(|s| s.id == self.id) {
            Some(sleeper) => sleeper.waker.clone_from(cx.waker()),
            None => {
                let sleeper = Sleeper {
                    id: self.id,
                    until_ms: self.until_ms,
                    waker: cx.waker().clone(),
                };
                state.sleepers.push(sleeper);
            }
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.clock.lock().sleepers.retain(|s| s.id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sleeps_end_with_passing_time_not_with_the_date() {
        let clock = ManualClock::new(1_000);
        let sleep = tokio::spawn(clock.sleep(Duration::from_secs(5)));
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        clock.set_s(9_000);
        assert_eq!(clock.now_s(), 9_000);
        assert_eq!(clock.sleepers(), 1);
        clock.advance_s(5);
        sleep.await.unwrap();
        assert_eq!(clock.now_s(), 9_005);
        assert_eq!(clock.sleepers(), 0);
    }

    #[test]
    fn the_systems_clock_tells_the_date_and_is_never_ahead() {
        for _ in 0..100 {
            let before = precise_unix_ms();
            let now = SystemClock.now_ms();
            let after = precise_unix_ms();
            // More than a tick behind only while a processor of the machine stands still.
            assert!(
                before.saturating_sub(10_000) <= now && now <= after,
                "{before} {now} {after}"
            );
        }
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[test]
    fn the_systems_clock_is_hardly_behind() {
        let tick = rustix::time::clock_getres(rustix::time::ClockId::RealtimeCoarse);
        // The slowest kernels tick a hundred times a second.
        assert!(
            tick.tv_sec == 0 && tick.tv_nsec <= 10_000_000,
            "{tick:?} between two times"
        );
    }

    #[test]
    fn a_dropped_sleep_is_forgotten() {
        let clock = ManualClock::new(0);
        let mut sleep = clock.sleep(Duration::from_secs(5));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(sleep.as_mut().poll(&mut cx).is_pending());
        assert_eq!(clock.sleepers(), 1);
        drop(sleep);
        assert_eq!(clock.sleepers(), 0);
    }

    #[tokio::test]
    async fn skipping_moves_the_date() {
        let clock = ManualClock::skipping_sleep(100);
        clock.sleep(Duration::from_secs(7)).await;
        assert_eq!(clock.now_s(), 107);
    }
}
