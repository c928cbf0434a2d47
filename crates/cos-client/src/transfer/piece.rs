//! One range of an object to its place in the file, continued where a connection broke.

use std::sync::Arc;

use bytes::Bytes;

use super::lent::Lent;
use super::plan::Piece;
use super::progress::Meter;
use super::target::TargetFile;
use super::writer::RangeWriter;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::judge;
use crate::limits::Claim;
use crate::object::{content_range, get_call};
use crate::operation::Operation;
use crate::request::Headers;
use crate::response::{Body, BodyStream, Reply};
use crate::types::{ETag, ObjectKey};

/// What all ranges of a download have in common.
pub(crate) struct Source {
    pub client: Client,
    pub key: ObjectKey,
    pub params: Vec<(String, String)>,
    pub headers: Headers,
    /// The version that all ranges must be of.
    pub etag: Option<ETag>,
    pub claim: Claim,
}

/// What takes the bytes of a piece, in order.
pub(crate) trait Sink: Send {
    /// Bytes taken so far.
    fn received(&self) -> u64;

    /// Takes the next ones. A failure is the sink's own and not repeated.
    fn push(&mut self, data: Bytes) -> impl Future<Output = Result<()>> + Send;
}

impl Source {
    /// Asks for `first..=last`, of the pinned version once there is one.
    pub(crate) async fn get(&self, first: u64, last: u64) -> Result<Reply> {
        let mut headers = self.headers.clone();
        headers.set("range", format!("bytes={first}-{last}"));
        self.get_with(headers).await
    }

    /// Asks for everything.
    pub(crate) async fn get_whole(&self) -> Result<Reply> {
        self.get_with(self.headers.clone()).await
    }

    async fn get_with(&self, mut headers: Headers) -> Result<Reply> {
        if let Some(etag) = &self.etag {
            headers.set("if-match", etag.as_str());
        }
        let mut call = get_call(self.key.clone(), headers)?;
        call.params.clone_from(&self.params);
        call.pace = self.claim.pace.clone();
        self.client.execute(&call).await
    }

    /// A failure after the first range: the object must have changed if it is not the same any more.
    fn explain(&self, error: Error) -> Error {
        match error.kind() {
            ErrorKind::Precondition => {
                error.with_hint_text("the object was replaced while it was downloaded; start again")
            }
            ErrorKind::NotFound => {
                error.with_hint_text("the object was deleted while it was downloaded")
            }
            _ => error,
        }
    }

    /// Fetches one piece and gives its CRC-64. `begun` is an answer that has already begun.
    pub(crate) async fn fetch(
        &self,
        piece: Piece,
        begun: Option<BodyStream>,
        target: Lent<TargetFile>,
        meter: &Arc<Meter>,
    ) -> Result<u64> {
        let mut writer = RangeWriter::new(target, piece.offset, meter.share());
        self.pour(&piece, begun, &mut writer).await?;
        writer.finish().await
    }

    /// Gives `sink` what it does not have yet of a piece, however often the connection breaks.
    pub(crate) async fn pour(
        &self,
        piece: &Piece,
        begun: Option<BodyStream>,
        sink: &mut impl Sink,
    ) -> Result<()> {
        let mut stream = begun;
        let mut failures = 0;
        while sink.received() < piece.len {
            let before = sink.received();
            let error = match stream.take() {
                Some(stream) => match self.drain(stream, piece, sink).await? {
                    None => break,
                    Some(error) => error,
                },
                None => {
                    stream = Some(self.open(piece, before).await?);
                    continue;
                }
            };
            // Only attempts that bring nothing count: a slow network that advances is not given up.
            failures = if sink.received() > before {
                1
            } else {
                failures + 1
            };
            let policy = &self.client.settings().retry;
            // Without a tag nobody knows whether the rest is of the same version.
            let is_lost = self.etag.is_none() && sink.received() > 0;
            if is_lost || failures >= policy.max_attempts {
                return Err(error.with_attempts(failures));
            }
            tracing::debug!(%error, at = sink.received(), "continuing a range");
            let after = judge::back_off(policy, failures, 1, fastrand::f64());
            self.client.settings().clock.sleep(after).await;
        }
        Ok(())
    }

    /// Begins, or goes on with, a piece at `done` bytes from its start.
    async fn open(&self, piece: &Piece, done: u64) -> Result<BodyStream> {
        let first = piece.offset + done;
        let last = piece.offset + piece.len - 1;
        let reply = self.get(first, last).await.map_err(|e| self.explain(e))?;
        let range = content_range(&reply.headers);
        let fits = reply.status == 206 && range.is_some_and(|r| r.first == first && r.last == last);
        let Body::Stream(stream) = reply.body else {
            return Err(Error::integrity("the answer was read already"));
        };
        if !fits {
            return Err(
                Error::integrity("the answer is not the range that was asked for")
                    .with_operation(Operation::GetObject)
                    .with_hint_text("a cache between here and the bucket may not support ranges"),
            );
        }
        Ok(*stream)
    }

    /// Takes what a stream gives. `Ok(Some(_))` is a broken connection, which may be continued.
    async fn drain(
        &self,
        mut stream: BodyStream,
        piece: &Piece,
        sink: &mut impl Sink,
    ) -> Result<Option<Error>> {
        loop {
            match stream.chunk().await {
                Ok(Some(data)) => {
                    if sink.received() + data.len() as u64 > piece.len {
                        return Err(Error::integrity("more bytes arrived than were asked for")
                            .with_operation(Operation::GetObject));
                    }
                    sink.push(data).await?;
                }
                Ok(None) if sink.received() == piece.len => return Ok(None),
                Ok(None) => {
                    return Ok(Some(
                        Error::integrity("the content ended early")
                            .with_operation(Operation::GetObject),
                    ));
                }
                Err(error) => return Ok(Some(error)),
            }
        }
    }
}
