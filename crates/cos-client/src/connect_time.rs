//! How long a request waited for a new connection: name, TCP, proxy and TLS together.
//!
//! The HTTP library makes connections inside itself. A layer around its connector sees each one begin and
//! end, and writes the time down for the request that runs it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tower_layer::Layer;
use tower_service::Service;

tokio::task_local! {
    /// Of the request that is being polled.
    static WAITING: ConnectTime;
}

/// Where the time is written down.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConnectTime(Arc<AtomicU64>);

impl ConnectTime {
    /// Nothing when a connection was at hand.
    pub(crate) fn get(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Acquire))
    }

    /// Runs a request; what its connection takes is written here.
    pub(crate) async fn of<T>(self, request: impl Future<Output = T>) -> T {
        WAITING.scope(self, request).await
    }
}

/// Wraps the connector.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeConnects;

impl<S> Layer<S> for TimeConnects {
    type Service = Timed<S>;

    fn layer(&self, inner: S) -> Timed<S> {
        Timed(inner)
    }
}

/// A connector that is timed.
#[derive(Debug, Clone)]
pub(crate) struct Timed<S>(S);

impl<S, R> Service<R> for Timed<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let connecting = self.0.call(request);
        // Called where the request is polled; the connection may end elsewhere.
        let watch = WAITING.try_with(Clone::clone).ok().map(Watch::begin);
        Box::pin(async move {
            let _watch = watch;
            connecting.await
        })
    }
}

/// Writes the time down when it is dropped: connected, failed, or given up.
struct Watch {
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
