//! What a program may count about every request sent.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Method;

use crate::error::ErrorKind;
use crate::operation::Operation;
use cos_http::ConnectTime;

/// One request on the wire; see [`crate::ClientBuilder::on_attempt`]. Holds no secret, and no key
/// names, which would make too many series.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptMetrics {
    /// What was asked.
    pub operation: Operation,
    /// The HTTP method.
    pub method: Method,
    /// The host that was asked.
    pub host: String,
    /// From 1; above 1 for repetitions.
    pub attempt: u32,
    /// The HTTP status, when an answer came.
    pub status: Option<u16>,
    /// The service's code, when it refused.
    pub code: Option<String>,
    /// How it failed; `None` when it did not.
    pub error: Option<ErrorKind>,
    /// Waiting for the credential provider.
    pub credential: Duration,
    /// From then to the first byte of the answer: signing, connecting when no connection was at
    /// hand, sending. Without an answer, until it was given up.
    pub first_byte: Duration,
    /// The part of `first_byte` that went into a new connection: name, TCP, proxy and TLS. Nothing
    /// when one was at hand.
    pub connect: Duration,
    /// Reading the content; of content that is read as it arrives, until the last byte was taken
    /// or the reader gave up.
    pub body: Duration,
    /// Bytes of the request's content.
    pub sent_bytes: u64,
    /// Bytes of the answer's content.
    pub received_bytes: u64,
}

pub(crate) type Hook = Arc<dyn Fn(&AttemptMetrics) + Send + Sync>;

/// A hook in the settings.
#[derive(Clone)]
pub(crate) struct OnAttempt(pub Hook);

impl fmt::Debug for OnAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnAttempt")
    }
}

/// A report that is being written; it is sent when dropped.
pub(crate) struct Report {
    hook: Hook,
    phase: Instant,
    pub connect: ConnectTime,
    pub metrics: AttemptMetrics,
}

impl Report {
    pub(crate) fn begin(hook: &OnAttempt, metrics: AttemptMetrics) -> Box<Self> {
        Box::new(Self {
            hook: Arc::clone(&hook.0),
            phase: Instant::now(),
            connect: ConnectTime::default(),
            metrics,
        })
    }

    /// The answer began, or will not come.
    pub(crate) fn first_byte(&mut self) {
        let now = Instant::now();
        self.metrics.first_byte = now - self.phase;
        self.metrics.connect = self.connect.get();
        self.phase = now;
    }

    /// More content was taken.
    pub(crate) fn received(&mut self, bytes: usize) {
        self.metrics.received_bytes += bytes as u64;
        self.metrics.body = self.phase.elapsed();
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        (self.hook)(&self.metrics);
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.metrics.fmt(f)
    }
}
