//! Bytes per second: whoever moves bytes waits afterwards until they are paid for.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// After a rest this much may move at once: enough that a thread's late waking loses no speed.
const BURST: Duration = Duration::from_millis(50);

/// One limit, shared by all who move bytes under it.
#[derive(Debug)]
pub(crate) struct RateLimit {
    bytes_per_s: u64,
    /// Until then, all that has moved is paid for.
    paid_until: Mutex<Option<Instant>>,
}

impl RateLimit {
    pub(crate) fn new(bytes_per_s: u64) -> Arc<Self> {
        Arc::new(Self {
            bytes_per_s: bytes_per_s.max(1),
            paid_until: Mutex::new(None),
        })
    }

    /// Notes that bytes move now; the next may when the moment given has come.
    fn spend(&self, bytes: usize, now: Instant) -> Instant {
        let cost = Duration::from_secs_f64(bytes as f64 / self.bytes_per_s as f64);
        // One assignment: a panic cannot leave it half made.
        let mut paid_until = self
            .paid_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let from = paid_until.map_or(now, |paid| paid.max(now.checked_sub(BURST).unwrap_or(now)));
        let until = from + cost;
        *paid_until = Some(until);
        until
    }
}

/// The limits that hold for some bytes: the client's, the transfer's, both or none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pace(Vec<Arc<RateLimit>>);

impl Pace {
    pub(crate) fn of(limits: impl IntoIterator<Item = Arc<RateLimit>>) -> Self {
        Self(limits.into_iter().collect())
    }

    pub(crate) fn is_unlimited(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes bytes that move now, and when the next may.
    fn spend(&self, bytes: usize, now: Instant) -> Option<Instant> {
        self.0.iter().map(|limit| limit.spend(bytes, now)).max()
    }
}

/// One stream of bytes under its limits. Most have none.
#[derive(Debug, Default)]
pub(crate) struct Paced(Option<Box<Limited>>);

#[derive(Debug)]
struct Limited {
    pace: Pace,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    pub(crate) fn new(pace: Pace) -> Self {
        let limited = (!pace.is_unlimited()).then_some(Limited {
            pace,
            waiting: None,
        });
        Self(limited.map(Box::new))
    }

    pub(crate) fn moved(&mut self, bytes: usize) {
        if let Some(limited) = &mut self.0 {
            let now = Instant::now();
            let until = limited.pace.spend(bytes, now).filter(|until| *until > now);
            limited.waiting = until.map(|until| Box::pin(sleep_until(until)));
        }
    }

    /// When the next bytes may move, if not yet.
    pub(crate) fn waits_until(&self) -> Option<Instant> {
        let waiting = self.0.as_ref()?.waiting.as_ref()?;
        Some(waiting.deadline())
    }

    /// Ready when the next bytes may move.
    pub(crate) fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(limited) = &mut self.0
            && let Some(waiting) = &mut limited.waiting
        {
            ready!(waiting.as_mut().poll(context));
            limited.waiting = None;
        }
        Poll::Ready(())
    }

    pub(crate) async fn ready(&mut self) {
        std::future::poll_fn(|context| self.poll_ready(context)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Moves pieces one after another, as fast as allowed; the time it takes.
    async fn move_all(limits: &[u64], pieces: &[usize]) -> Duration {
        let began = Instant::now();
        let mut paced = Paced::new(Pace::of(limits.iter().map(|limit| RateLimit::new(*limit))));
        for piece in pieces {
            paced.ready().await;
            paced.moved(*piece);
        }
        paced.ready().await;
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_megabyte_at_a_hundred_kilobytes_a_second_takes_ten_seconds() {
        let took = move_all(&[100_000], &[10_000; 100]).await;
        assert!((took.as_secs_f64() - 10.0).abs() < 0.1, "{took:?}");
        let took = move_all(&[100_000, 50_000], &[10_000; 100]).await;
        assert!(
            (took.as_secs_f64() - 20.0).abs() < 0.2,
            "the slower one holds: {took:?}"
        );
        assert_eq!(move_all(&[], &[10_000; 100]).await, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn streams_share_one_limit() {
        let limit = RateLimit::new(100_000);
        let began = Instant::now();
        let streams: Vec<_> = (0..4)
            .map(|_| {
                let mut paced = Paced::new(Pace::of([Arc::clone(&limit)]));
                tokio::spawn(async move {
                    for _ in 0..25 {
                        paced.ready().await;
                        paced.moved(10_000);
                    }
                    paced.ready().await;
                })
            })
            .collect();
        for stream in streams {
            stream.await.unwrap();
        }
        let took = began.elapsed().as_secs_f64();
        assert!((took - 10.0).abs() < 0.2, "{took}");
    }

    proptest! {
        /// Over any stretch no more moves than the rate, a burst and one piece allow.
        #[test]
        fn never_faster_than_the_limit(
            rate in 1_000_u64..10_000_000,
            steps in prop::collection::vec((0_u64..500, 1_usize..100_000), 1..100),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time().start_paused(true).build().unwrap();
            runtime.block_on(async {
                let mut paced = Paced::new(Pace::of([RateLimit::new(rate)]));
                let mut moved: Vec<(Instant, usize)> = Vec::new();
                for (rest_ms, bytes) in steps {
                    tokio::time::sleep(Duration::from_millis(rest_ms)).await;
                    paced.ready().await;
                    paced.moved(bytes);
                    moved.push((Instant::now(), bytes));
                }
                for first in 0..moved.len() {
                    // Without the last piece, which is paid for afterwards.
                    let bytes: usize = moved[first..moved.len() - 1].iter().map(|(_, n)| n).sum();
                    let time = moved[moved.len() - 1].0 - moved[first].0 + BURST;
                    let allowed = rate as f64 * (time.as_secs_f64() + 0.002);
                    prop_assert!(bytes as f64 <= allowed, "{bytes} in {time:?}");
                }
                Ok(())
            })?;
        }
    }
}
