//! How long a request waited for a new connection: name, TCP, proxy and TLS together.
//!
//! The pool makes connections inside itself. The connector sees each one begin and end, and writes the time down
//! for the request that runs it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

tokio::task_local! {
    /// Of the request that is being polled.
    static WAITING: ConnectTime;
}

/// Where the time is written down.
#[derive(Debug, Clone, Default)]
pub struct ConnectTime(Arc<AtomicU64>);

impl ConnectTime {
    /// Nothing when a connection was at hand.
    pub fn get(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Acquire))
    }

    /// Runs a request; what its connection takes is written here.
    pub async fn of<T>(self, request: impl Future<Output = T>) -> T {
        WAITING.scope(self, request).await
    }
}

/// Begins to measure, for the request that is being polled if it wants to know.
pub(crate) fn watch() -> Option<Watch> {
    WAITING.try_with(Clone::clone).ok().map(Watch::begin)
}

/// Writes the time down when it is dropped: connected, failed, or given up.
pub(crate) struct Watch {
    began: Instant,
    time: ConnectTime,
}

impl Watch {
    fn begin(time: ConnectTime) -> Self {
        let began = Instant::now();
        Self { began, time }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let nanos = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.time.0.store(nanos, Ordering::Release);
    }
}
