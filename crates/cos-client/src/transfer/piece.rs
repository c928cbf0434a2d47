//! Pieces of an object to their places, continued where a connection broke.

use bytes::Bytes;

use super::plan::Piece;
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

/// One request for pieces that follow each other, and what is under way of its answer.
pub(crate) struct Asked {
    /// Offset behind the last byte it asks for.
    end: u64,
    /// `None` before it is sent, and once its connection broke.
    stream: Option<BodyStream>,
    /// What arrived together with the end of the piece before.
    rest: Bytes,
}

impl Asked {
    /// For everything from where it is begun up to `end`; `begun` is an answer that has begun already.
    pub(crate) fn up_to(end: u64, begun: Option<BodyStream>) -> Self {
        Self {
            end,
            stream: begun,
            rest: Bytes::new(),
        }
    }
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

    /// Gives `sink` what it does not have yet of a piece, however often the connection breaks.
    pub(crate) async fn pour(
        &self,
        piece: &Piece,
        asked: &mut Asked,
        sink: &mut impl Sink,
    ) -> Result<()> {
        let mut failures = 0;
        while sink.received() < piece.len {
            let before = sink.received();
            let error = match &mut asked.stream {
                Some(stream) => {
                    let is_last = piece.offset + piece.len == asked.end;
                    match drain(stream, &mut asked.rest, piece.len, is_last, sink).await? {
                        None => break,
                        Some(error) => error,
                    }
                }
                None => {
                    asked.stream = Some(self.open(piece.offset + before, asked.end).await?);
                    continue;
                }
            };
            asked.stream = None;
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

    /// Asks for `first..end`.
    async fn open(&self, first: u64, end: u64) -> Result<BodyStream> {
        let last = end - 1;
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
}

/// Takes a piece of `len` bytes out of a stream, of which it is the last or not. `Ok(Some(_))` is a
/// broken connection, which may be continued.
async fn drain(
    stream: &mut BodyStream,
    rest: &mut Bytes,
    len: u64,
    is_last: bool,
    sink: &mut impl Sink,
) -> Result<Option<Error>> {
    let fail = |why: &str| Error::integrity(why.to_owned()).with_operation(Operation::GetObject);
    loop {
        let left = len - sink.received();
        if left == 0 && !is_last {
            return Ok(None);
        }
        let mut data = std::mem::take(rest);
        if data.is_empty() {
            data = match stream.chunk().await {
                Ok(Some(data)) => data,
                Ok(None) if left == 0 => return Ok(None),
                Ok(None) => return Ok(Some(fail("the content ended early"))),
                Err(error) => return Ok(Some(error)),
            };
        }
        if data.len() as u64 > left {
            if is_last {
                return Err(fail("more bytes arrived than were asked for"));
            }
            *rest = data.split_off(left as usize);
        }
        sink.push(data).await?;
    }
}
