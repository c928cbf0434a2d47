//! One version of an object as a file to read: sequentially, or anywhere by seeking.

use std::fmt;
use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncSeek, ReadBuf};

use super::window::{Window, skip};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::object::{ObjectMeta, changed, customer_key_header};
use crate::operation::Operation;
use crate::request::Headers;

/// Opens an object for reading; see [`Client::object_reader`].
#[derive(Debug)]
#[must_use = "call open()"]
pub struct OpenReader {
    client: Client,
    key: String,
    version_id: Option<String>,
    headers: Headers,
}

impl Client {
    /// An object as something to read and to seek in, like a file.
    ///
    /// One HEAD tells its size; then ranges are read, 1 MiB first and up to 64 MiB while reading goes
    /// straight on. All of them are of the version that was opened: when the object changes, reading
    /// fails. Connections that break are made anew. Needs `name/cos:HeadObject` and
    /// `name/cos:GetObject`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use std::io::SeekFrom;
    /// use tokio::io::{AsyncReadExt, AsyncSeekExt};
    /// # client.put_object("k", "0123456789").send().await?;
    ///
    /// let mut reader = client.object_reader("k").open().await?;
    /// reader.seek(SeekFrom::End(-3)).await?;
    /// let mut end = String::new();
    /// reader.read_to_string(&mut end).await?;
    /// assert_eq!(end, "789");
    /// # Ok(())
    /// # }
    /// ```
    pub fn object_reader(&self, key: impl Into<String>) -> OpenReader {
        OpenReader {
            client: self.clone(),
            key: key.into(),
            version_id: None,
            headers: Headers::default(),
        }
    }
}

impl OpenReader {
    /// A certain version of the object.
    pub fn version_id(mut self, version: impl Into<String>) -> Self {
        self.version_id = Some(version.into());
        self
    }

    customer_key_header!();

    /// A header for every request; it is signed too.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.headers.set(name.as_ref(), value);
        self
    }

    /// Asks for size and version.
    ///
    /// # Errors
    /// `NotFound`, `AccessDenied`, … see [`crate::ErrorKind`].
    pub async fn open(self) -> Result<ObjectReader> {
        let mut head = self.client.head_object(self.key.as_str());
        if let Some(version) = &self.version_id {
            head = head.version_id(version);
        }
        for (name, value) in self.headers.pairs() {
            head = head.header(name, value);
        }
        let meta = head.send().await?;
        if meta.etag.is_none() {
            return Err(Error::integrity("the object has no ETag to hold on to")
                .with_operation(Operation::HeadObject));
        }
        Ok(ObjectReader {
            from: self,
            meta,
            position: 0,
            state: State::Idle,
            window: Window::new(),
        })
    }
}

/// One version of an object; see [`Client::object_reader`].
///
/// After an error the next read tries again from the same place.
pub struct ObjectReader {
    from: OpenReader,
    meta: ObjectMeta,
    /// Of the next byte to give.
    position: u64,
    state: State,
    window: Window,
}

enum State {
    /// Nothing is asked for.
    Idle,
    Opening(BoxFuture<'static, Result<Range>>),
    Reading(Range),
}

/// An answer that is being read.
struct Range {
    pieces: BoxStream<'static, Result<Bytes>>,
    piece: Bytes,
    /// Bytes to drop before the next to give.
    skip: u64,
    /// Offset of its end in the object.
    end: u64,
}

impl ObjectReader {
    /// What is known about the object.
    pub fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.meta.size
    }

    /// Offset of the next byte that a read gives.
    pub fn position(&self) -> u64 {
        self.position
    }

    fn request(&self, first: u64, end: u64) -> BoxFuture<'static, Result<Range>> {
        let OpenReader {
            client,
            key,
            version_id,
            headers,
        } = &self.from;
        let mut get = client.get_object(key.as_str()).range(first..end);
        if let Some(version) = version_id {
            get = get.version_id(version);
        }
        for (name, value) in headers.pairs() {
            get = get.header(name, value);
        }
        if let Some(etag) = &self.meta.etag {
            get = get.if_match(etag);
        }
        Box::pin(async move {
            let answer = get.send().await.map_err(changed)?;
            if answer.content_range != Some((first, end - 1)) {
                return Err(
                    Error::integrity("the answer is not the range that was asked for")
                        .with_operation(Operation::GetObject)
                        .with_hint_text(
                            "a cache between here and the bucket may not support ranges",
                        ),
                );
            }
            Ok(Range {
                pieces: answer.body.into_stream(),
                piece: Bytes::new(),
                skip: 0,
                end,
            })
        })
    }

    /// What is at hand at the present position; empty at the end of the object only.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<&[u8]>> {
        loop {
            match &mut self.state {
                State::Idle => match self.window.next(self.position, self.meta.size) {
                    Some((first, end)) => self.state = State::Opening(self.request(first, end)),
                    None => return Poll::Ready(Ok(&[])),
                },
                State::Opening(opening) => {
                    let opened = ready!(opening.as_mut().poll(cx));
                    self.state = match opened {
                        Ok(range) => State::Reading(range),
                        Err(error) => return self.failed(error),
                    };
                }
                State::Reading(range) => {
                    if range.piece.is_empty() {
                        match ready!(range.pieces.poll_next_unpin(cx)) {
                            Some(Ok(piece)) => range.piece = piece,
                            Some(Err(error)) => return self.failed(error),
                            // All of the range was given.
                            None => self.state = State::Idle,
                        }
                        continue;
                    }
                    let drop = range.skip.min(range.piece.len() as u64);
                    range.piece.advance(drop as usize);
                    range.skip -= drop;
                    if !range.piece.is_empty() {
                        break;
                    }
                }
            }
        }
        let State::Reading(range) = &self.state else {
            return Poll::Ready(Ok(&[]));
        };
        Poll::Ready(Ok(&range.piece))
    }

    fn failed<T>(&mut self, error: Error) -> Poll<Result<T>> {
        self.state = State::Idle;
        self.window = Window::new();
        Poll::Ready(Err(error))
    }

    fn took(&mut self, bytes: usize) {
        if let State::Reading(range) = &mut self.state {
            let bytes = bytes.min(range.piece.len());
            range.piece.advance(bytes);
            self.position += bytes as u64;
        }
    }
}

impl AsyncRead for ObjectReader {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let piece = ready!(this.poll_piece(cx))?;
        let bytes = piece.len().min(buf.remaining());
        buf.put_slice(&piece[..bytes]);
        this.took(bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncBufRead for ObjectReader {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Poll::Ready(Ok(ready!(self.get_mut().poll_piece(cx))?))
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        self.get_mut().took(amt);
    }
}

impl AsyncSeek for ObjectReader {
    /// Beyond the end is allowed; reading there gives nothing.
    fn start_seek(self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        let this = self.get_mut();
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(by) => this.meta.size.checked_add_signed(by),
            SeekFrom::Current(by) => this.position.checked_add_signed(by),
        };
        let before = || io::Error::new(io::ErrorKind::InvalidInput, "a seek before the beginning");
        let target = target.ok_or_else(before)?;
        if target == this.position {
            return Ok(());
        }
        let near = match &this.state {
            State::Reading(range) => skip(this.position, target, range.end),
            _ => None,
        };
        match (&mut this.state, near) {
            (State::Reading(range), Some(bytes)) => range.skip += bytes,
            _ => {
                this.state = State::Idle;
                this.window = Window::new();
            }
        }
        this.position = target;
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Ok(self.position))
    }
}

impl fmt::Debug for ObjectReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectReader")
            .field("key", &self.from.key)
            .field("position", &self.position)
            .field("size", &self.meta.size)
            .finish_non_exhaustive()
    }
}
