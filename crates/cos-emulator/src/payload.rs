//! A request's body as it arrives.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use crate::error::{Code, Result};
use crate::faults;

/// How much of a refused body is read before the answer: a client that is still sending would otherwise see a
/// broken connection instead of the reason.
const DRAIN_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Payload {
    incoming: Incoming,
    received: Arc<AtomicU64>,
    /// The client waits for `100 Continue`: reading would ask it to send.
    waits: bool,
    started: bool,
    ended: bool,
    corrupt_at: Option<u64>,
    rate: Option<u64>,
    /// Longest wait for the client's next bytes.
    patience: Duration,
}

impl Payload {
    pub(crate) fn new(incoming: Incoming, waits: bool, patience: Duration) -> Self {
        Self {
            incoming,
            received: Arc::default(),
            waits,
            started: false,
            ended: false,
            corrupt_at: None,
            rate: None,
            patience,
        }
    }

    /// Lets a fault rule spoil the body.
    pub(crate) fn spoil(&mut self, corrupt_at: Option<u64>, rate: Option<u64>) {
        self.corrupt_at = corrupt_at;
        self.rate = rate;
    }

    /// Reads no faster than `rate` bytes per second.
    pub(crate) fn slow_down(&mut self, rate: u64) {
        self.rate = Some(self.rate.map_or(rate, |old| old.min(rate)));
    }

    /// Counts the bytes that arrived.
    pub(crate) fn received(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.received)
    }

    /// The next bytes, `None` at the end.
    ///
    /// # Errors
    /// `IncompleteBody` when the client breaks off, `RequestTimeout` when it stalls.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>> {
        self.started = true;
        loop {
            let Ok(frame) = tokio::time::timeout(self.patience, self.incoming.frame()).await else {
                self.ended = true;
                return Err(Code::RequestTimeout.into());
            };
            match frame {
                None => {
                    self.ended = true;
                    return Ok(None);
                }
                Some(Err(error)) => {
                    tracing::debug!(%error, "request body broke off");
                    self.ended = true;
                    return Err(Code::IncompleteBody.into());
                }
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        let at = self
                            .received
                            .fetch_add(data.len() as u64, Ordering::Relaxed);
                        if let Some(rate) = self.rate {
                            faults::pace(data.len() as u64, rate).await;
                        }
                        return Ok(Some(faults::flip(data, at, self.corrupt_at)));
                    }
                }
            }
        }
    }

    /// The whole body, for documents.
    ///
    /// # Errors
    /// `too_large` beyond `limit` bytes.
    pub(crate) async fn collect(&mut self, limit: usize, too_large: Code) -> Result<Bytes> {
        let mut all = BytesMut::new();
        while let Some(data) = self.next().await? {
            if all.len() + data.len() > limit {
                return Err(too_large.into());
            }
            all.extend_from_slice(&data);
        }
        Ok(all.freeze())
    }

    /// Reads on without keeping anything, so that the client gets to read the answer.
    pub(crate) async fn drain(&mut self) {
        if self.waits && !self.started {
            return;
        }
        let mut left = DRAIN_BYTES;
        while !self.ended && left > 0 {
            match self.next().await {
                Ok(Some(data)) => left = left.saturating_sub(data.len() as u64),
                _ => return,
            }
        }
    }
}
