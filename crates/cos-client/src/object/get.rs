use std::ops::{Bound, RangeBounds};

use bytes::{Bytes, BytesMut};
use futures_util::stream::{BoxStream, StreamExt, try_unfold};
use http::Method;

use super::meta::{ObjectMeta, content_length, content_range};
use super::read_conditions;
use super::resume::Resume;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::request::{Call, Content, Headers};
use crate::response::{Body, BodyStream, Reply};
use crate::types::ObjectKey;
use cos_crc64::Running;

/// Reads an object or a range of it; see [`Client::get_object`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct GetObject {
    client: Client,
    key: String,
    headers: Headers,
    params: Vec<(String, String)>,
}

/// Stands for a range of no bytes, which HTTP cannot say, until `send` refuses it.
const EMPTY_RANGE: &str = "empty";

impl Client {
    /// Reads an object. The answer streams: nothing is held but the piece at hand.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # client.put_object("k", "0123456789").send().await?;
    /// let mut object = client.get_object("k").range(2..6).send().await?;
    /// println!("{} bytes, {:?}", object.meta.size, object.meta.content_type);
    /// let mut content = Vec::new();
    /// while let Some(piece) = object.chunk().await? {
    ///     content.extend_from_slice(&piece);
    /// }
    /// assert_eq!(content, b"2345");
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_object(&self, key: impl Into<String>) -> GetObject {
        GetObject {
            client: self.clone(),
            key: key.into(),
            headers: Headers::default(),
            params: Vec::new(),
        }
    }
}

impl GetObject {
    read_conditions!();

    /// Only these bytes, such as `0..1024` or `100..`. An empty range is refused when sent.
    pub fn range(mut self, bytes: impl RangeBounds<u64>) -> Self {
        let first = match bytes.start_bound() {
            Bound::Included(n) => *n,
            Bound::Excluded(n) => n.saturating_add(1),
            Bound::Unbounded => 0,
        };
        // The end is exclusive here, and none means to the end of the object.
        let end = match bytes.end_bound() {
            Bound::Included(n) => n.checked_add(1),
            Bound::Excluded(n) => Some(*n),
            Bound::Unbounded => None,
        };
        let text = match end {
            Some(end) if end <= first => EMPTY_RANGE.to_owned(),
            Some(end) => format!("bytes={first}-{}", end - 1),
            None => format!("bytes={first}-"),
        };
        self.headers.set("range", text);
        self
    }

    /// Only the last `bytes` bytes.
    pub fn range_last(mut self, bytes: u64) -> Self {
        self.headers.set("range", format!("bytes=-{bytes}"));
        self
    }

    /// Lets the answer carry another header value, such as `content-type` or
    /// `content-disposition` (the `response-*` parameters).
    pub fn response_header(mut self, name: impl AsRef<str>, value: impl Into<String>) -> Self {
        let name = format!("response-{}", name.as_ref().to_ascii_lowercase());
        self.params.push((name, value.into()));
        self
    }

    /// Sends it and returns when the answer begins.
    ///
    /// # Errors
    /// `NotFound`, `Precondition`, … see [`crate::ErrorKind`].
    pub async fn send(self) -> Result<GetObjectOutput> {
        let headers = self.headers.checked()?;
        let mut call = get_call(ObjectKey::new(self.key)?, headers)?;
        call.params = self.params;
        let ranged = call.headers.iter().find(|(n, _)| n == "range");
        if ranged.is_some_and(|(_, v)| v == EMPTY_RANGE) {
            return Err(Error::config("the range is empty").with_operation(Operation::GetObject));
        }
        let reply = self.client.execute(&call).await?;
        let mut output = GetObjectOutput::new(reply)?;
        output.resumable(self.client, call);
        Ok(output)
    }
}

/// A GET whose content streams.
pub(crate) fn get_call(key: ObjectKey, headers: Headers) -> Result<Call> {
    key.check_readable()?;
    let mut call = Call::new(Operation::GetObject, Method::GET)
        .key(key)
        .headers(headers);
    call.content = Content::Stream;
    Ok(call)
}

/// An object's properties, and its content as it arrives.
#[derive(Debug)]
#[non_exhaustive]
pub struct GetObjectOutput {
    /// Properties of the whole object.
    pub meta: ObjectMeta,
    /// Bytes of this answer, when the service said.
    pub content_length: Option<u64>,
    /// Offset of the first byte and the last, when only a range was asked for.
    pub content_range: Option<(u64, u64)>,
    /// The content.
    pub body: ObjectBody,
}

impl GetObjectOutput {
    pub(crate) fn new(reply: Reply) -> Result<Self> {
        let meta = ObjectMeta::read(&reply);
        let range = content_range(&reply.headers);
        let whole = reply.status == 200;
        let expected = meta.crc64.filter(|_| whole).map(|c| c.as_u64());
        let content_length = content_length(&reply.headers);
        let Body::Stream(stream) = reply.body else {
            return Err(Error::integrity("the answer was read already"));
        };
        Ok(Self {
            meta,
            content_length,
            content_range: range.map(|r| (r.first, r.last)),
            body: ObjectBody {
                stream: *stream,
                running: expected.map(|_| Running::new()),
                expected,
                left: content_length,
                resume: None,
            },
        })
    }

    /// Lets the content go on when its connection breaks.
    fn resumable(&mut self, client: Client, call: Call) {
        let Some(etag) = &self.meta.etag else {
            return;
        };
        let (first, end) = match self.content_range {
            Some((first, last)) => (first, last.saturating_add(1)),
            None => (0, self.meta.size),
        };
        // Without a length nobody knows that something is missing.
        if first < end && self.content_length == Some(end - first) {
            let resume = Resume::new(client, call, etag, first, end);
            self.body.resume = Some(Box::new(resume));
        }
    }

    /// The next piece of the content; `None` at the end.
    ///
    /// # Errors
    /// As [`ObjectBody::chunk`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.body.chunk().await
    }

    /// All of the content, in memory.
    ///
    /// # Errors
    /// As [`ObjectBody::chunk`].
    pub async fn bytes(self) -> Result<Bytes> {
        self.body.bytes().await
    }
}

/// The content of an object, piece by piece. Of a whole object the CRC-64 is checked at the end.
///
/// When the connection breaks, the rest of the same version is asked for, as often as the client's
/// [`crate::RetryPolicy`] says; bytes that arrive set the count back.
#[derive(Debug)]
pub struct ObjectBody {
    stream: BodyStream,
    running: Option<Running>,
    expected: Option<u64>,
    left: Option<u64>,
    resume: Option<Box<Resume>>,
}

impl ObjectBody {
    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// `Network` or `Timeout` when the stream breaks, `Integrity` when it ended early or its
    /// CRC-64 is not the object's.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        let fail = |message: String| Error::integrity(message).with_operation(Operation::GetObject);
        loop {
            let error = match self.stream.chunk().await {
                Ok(Some(piece)) => {
                    self.received(&piece);
                    return Ok(Some(piece));
                }
                Ok(None) => match self.left.filter(|left| *left > 0) {
                    Some(left) => fail(format!("the content ended {left} bytes early")),
                    None => break,
                },
                Err(error) => error,
            };
            let Some(resume) = &mut self.resume else {
                return Err(error);
            };
            self.stream = resume.reopen(error).await?;
        }
        let actual = self.running.take().map(|r| r.value());
        if let (Some(actual), Some(expected)) = (actual, self.expected)
            && actual != expected
        {
            return Err(fail(format!(
                "the content arrived damaged: its CRC-64 is {actual}, the object's is {expected}"
            )));
        }
        Ok(None)
    }

    fn received(&mut self, piece: &[u8]) {
        if let Some(running) = &mut self.running {
            running.update(piece);
        }
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(piece.len() as u64);
        }
        if let Some(resume) = &mut self.resume {
            resume.received(piece.len());
        }
    }

    /// The content as a [`futures_util::Stream`] of pieces, with the same checks.
    pub fn into_stream(self) -> BoxStream<'static, Result<Bytes>> {
        try_unfold(self, |mut body| async move {
            let piece = body.chunk().await?;
            Ok(piece.map(|piece| (piece, body)))
        })
        .boxed()
    }

    /// The bare stream, for callers that sum and count themselves.
    pub(crate) fn into_raw(self) -> BodyStream {
        self.stream
    }

    /// All of it, in memory.
    ///
    /// # Errors
    /// As [`ObjectBody::chunk`].
    pub async fn bytes(mut self) -> Result<Bytes> {
        let Some(first) = self.chunk().await? else {
            return Ok(Bytes::new());
        };
        let Some(second) = self.chunk().await? else {
            return Ok(first);
        };
        // What the service announces is a hint, not a reason to reserve any amount.
        let more = self.left.unwrap_or(0).min(64 << 20) as usize;
        let mut all = BytesMut::with_capacity(first.len() + second.len() + more);
        all.extend_from_slice(&first);
        all.extend_from_slice(&second);
        while let Some(piece) = self.chunk().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }
}
