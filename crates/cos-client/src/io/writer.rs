//! An object as something to write to. It appears whole, or not at all.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_util::stream::{BoxStream, StreamExt, try_unfold};
use tokio::io::AsyncWrite;
use tokio::sync::mpsc;
use tokio_util::io::StreamReader;
use tokio_util::sync::PollSender;

use crate::body::CHUNK;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::limits::Priority;
use crate::object::object_headers;
use crate::request::Headers;
use crate::transfer::handle::Transfer;
use crate::transfer::options::{Options, md5_option, network_options};
use crate::transfer::progress::Progress;
use crate::transfer::upload::UploadOutput;

/// Pieces on the way to the upload.
const PIECES: usize = 2;

/// Opens an object for writing; see [`Client::object_writer`].
#[must_use = "call open()"]
pub struct OpenWriter {
    client: Client,
    key: String,
    headers: Headers,
    options: Options,
}

impl Client {
    /// An object as something to write to, like a file.
    ///
    /// What is written goes up meanwhile, as [`Client::upload_reader`] sends it: in parts, several at
    /// a time, at most `concurrency` + 1 of them in memory and no more than the client's
    /// `memory_budget`; writing waits when the network is slower. The object exists when `shutdown` or [`ObjectWriter::finish`] has succeeded, its CRC-64
    /// compared. Dropping the writer before that gives everything up and removes the parts, for which
    /// [`Client::wait_for_cleanup`] waits.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use tokio::io::AsyncWriteExt;
    ///
    /// let mut writer = client.object_writer("report.csv").content_type("text/csv").open();
    /// writer.write_all(b"name,size\n").await?;
    /// writer.write_all(b"a,1\n").await?;
    /// let stored = writer.finish().await?;
    /// assert_eq!(stored.bytes, 14);
    /// # Ok(())
    /// # }
    /// ```
    pub fn object_writer(&self, key: impl Into<String>) -> OpenWriter {
        OpenWriter {
            client: self.clone(),
            key: key.into(),
            headers: Headers::default(),
            options: Options::default(),
        }
    }
}

impl OpenWriter {
    object_headers!();
    network_options!();
    md5_option!("That costs time before each part is sent.");

    /// Bytes per part instead of the client's, 1 MiB to 5 GiB; doubled after every 1,000 parts.
    pub fn part_size(mut self, bytes: u64) -> Self {
        self.options.part_size = Some(bytes);
        self
    }

    /// Parts in flight at most; the client's own limit holds as well.
    pub fn concurrency(mut self, parts: usize) -> Self {
        self.options.concurrency = Some(parts);
        self
    }

    /// Who goes first when the client's requests in flight are all taken.
    pub fn priority(mut self, priority: Priority) -> Self {
        self.options.priority = priority;
        self
    }

    /// Calls `callback` about ten times a second while bytes arrive at the service. It runs inside the
    /// transfer: return quickly.
    pub fn on_progress(mut self, callback: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.options.on_progress = Some(Arc::new(callback));
        self
    }

    /// Begins. What is wrong with key or settings is told by the first write or the end.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn open(self) -> ObjectWriter {
        let (sender, receiver) = mpsc::channel(PIECES);
        let upload = self
            .client
            .upload_reader(self.key.as_str(), StreamReader::new(pieces(receiver)))
            .with(self.headers, self.options);
        ObjectWriter {
            key: self.key,
            client: self.client,
            transfer: Some(upload.start()),
            sender: PollSender::new(sender),
            piece: BytesMut::new(),
            ended: false,
            result: None,
        }
    }
}

impl fmt::Debug for OpenWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenWriter")
            .field("key", &self.key)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// What the writer tells the upload.
enum Told {
    Piece(Bytes),
    End,
}

/// The upload's side. A writer that is gone without a word is no end of the content.
fn pieces(receiver: mpsc::Receiver<Told>) -> BoxStream<'static, io::Result<Bytes>> {
    try_unfold(receiver, |mut receiver| async move {
        match receiver.recv().await {
            Some(Told::Piece(piece)) => Ok(Some((piece, receiver))),
            Some(Told::End) => Ok(None),
            None => Err(io::Error::other("the writer was dropped")),
        }
    })
    .boxed()
}

/// An object that is being written; see [`Client::object_writer`].
#[must_use = "it must be finished, or nothing is stored"]
pub struct ObjectWriter {
    key: String,
    client: Client,
    /// Until its result is there.
    transfer: Option<Transfer<UploadOutput>>,
    sender: PollSender<Told>,
    /// Not yet on the way.
    piece: BytesMut,
    ended: bool,
    result: Option<Result<UploadOutput>>,
}

impl ObjectWriter {
    /// Sends the rest, waits until the object exists, and tells what it is.
    ///
    /// # Errors
    /// What the upload failed with.
    pub async fn finish(mut self) -> Result<UploadOutput> {
        std::future::poll_fn(|cx| self.poll_end(cx)).await
    }

    /// What the object is, once `shutdown` has succeeded.
    pub fn output(&self) -> Option<&UploadOutput> {
        self.result.as_ref()?.as_ref().ok()
    }

    /// A place for the next piece; an error when the upload has ended.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        match ready!(self.sender.poll_reserve(cx)) {
            Ok(()) => Poll::Ready(Ok(())),
            // Nobody takes pieces any more: the upload knows why.
            Err(_) => Poll::Ready(ready!(self.poll_result(cx)).and(Err(Error::cancelled()))),
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if self.piece.is_empty() {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_room(cx))?;
        let piece = self.piece.split().freeze();
        // There is room, so this fails only if the upload has ended just now; the next call says so.
        let _ = self.sender.send_item(Told::Piece(piece));
        Poll::Ready(Ok(()))
    }

    fn poll_result(&mut self, cx: &mut Context<'_>) -> Poll<Result<UploadOutput>> {
        let result = match &self.result {
            Some(result) => result.clone(),
            None => {
                let result = match &mut self.transfer {
                    Some(transfer) => ready!(Pin::new(transfer).poll(cx)),
                    None => Err(Error::cancelled()),
                };
                self.transfer = None;
                self.result.insert(result).clone()
            }
        };
        Poll::Ready(result)
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<UploadOutput>> {
        if !self.ended {
            ready!(self.poll_send(cx))?;
            ready!(self.poll_room(cx))?;
            let _ = self.sender.send_item(Told::End);
            self.ended = true;
        }
        self.poll_result(cx)
    }
}

impl AsyncWrite for ObjectWriter {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if this.piece.len() >= CHUNK {
            ready!(this.poll_send(cx))?;
        }
        let bytes = buf.len().min(CHUNK - this.piece.len());
        this.piece.extend_from_slice(&buf[..bytes]);
        Poll::Ready(Ok(bytes))
    }

    /// Hands on what was written. When a part is sent is decided by its size.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.ended {
            ready!(this.poll_send(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Completes the object.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.get_mut().poll_end(cx))?;
        Poll::Ready(Ok(()))
    }
}

impl Drop for ObjectWriter {
    /// Gives up what is not finished; [`Client::wait_for_cleanup`] waits for that.
    fn drop(&mut self) {
        if let Some(transfer) = self.transfer.take() {
            transfer.cancel();
            self.client.spawn_cleanup(async move {
                let _ = transfer.await;
            });
        }
    }
}

impl fmt::Debug for ObjectWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectWriter")
            .field("key", &self.key)
            .field("finished", &self.result.is_some())
            .finish_non_exhaustive()
    }
}
