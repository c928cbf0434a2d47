//! The response body: bytes, a list of chunks, or a stream, never copied.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use http_body::{Frame, SizeHint};

pub(crate) type ByteStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

enum Source {
    Chunks(VecDeque<Bytes>),
    Stream(ByteStream),
}

/// A response body of known or unknown length.
pub(crate) struct Body {
    source: Source,
    remaining: Option<u64>,
    sent: Option<Arc<AtomicU64>>,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body")
            .field("remaining", &self.remaining)
            .finish_non_exhaustive()
    }
}

impl Body {
    pub(crate) fn empty() -> Self {
        Self::chunks(VecDeque::new())
    }

    pub(crate) fn chunks(chunks: VecDeque<Bytes>) -> Self {
        let remaining = chunks.iter().map(|c| c.len() as u64).sum();
        Self {
            source: Source::Chunks(chunks),
            remaining: Some(remaining),
            sent: None,
        }
    }

    /// A stream; with `None` it is sent chunked.
    pub(crate) fn stream(stream: ByteStream, length: Option<u64>) -> Self {
        Self {
            source: Source::Stream(stream),
            remaining: length,
            sent: None,
        }
    }

    /// Adds what is sent to `counter`.
    pub(crate) fn counted(mut self, counter: Arc<AtomicU64>) -> Self {
        self.sent = Some(counter);
        self
    }

    pub(crate) fn length(&self) -> Option<u64> {
        self.remaining
    }

    fn next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        match &mut self.source {
            Source::Chunks(chunks) => Poll::Ready(chunks.pop_front().map(Ok)),
            Source::Stream(stream) => stream.as_mut().poll_next(cx),
        }
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(data: T) -> Self {
        let data = data.into();
        Self::chunks(if data.is_empty() {
            VecDeque::new()
        } else {
            VecDeque::from([data])
        })
    }
}

impl Stream for Body {
    type Item = io::Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        self.next(cx)
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let next = std::task::ready!(self.next(cx));
        Poll::Ready(next.map(|result| {
            result.map(|data| {
                let n = data.len() as u64;
                if let Some(left) = &mut self.remaining {
                    *left = left.saturating_sub(n);
                }
                if let Some(sent) = &self.sent {
                    sent.fetch_add(n, Ordering::Relaxed);
                }
                Frame::data(data)
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        // A stream must be polled to its end: a fault may sit behind the last byte.
        matches!(&self.source, Source::Chunks(chunks) if chunks.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        self.remaining
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
