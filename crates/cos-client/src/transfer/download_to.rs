//! An object to anything that can be written to: one stream, in order.

use tokio::io::AsyncWrite;

use super::download_to_run::DownloadToRun;
use super::options::{Options, network_options, run_options};
use crate::client::Client;
use crate::error::Result;
use crate::object::{ObjectMeta, read_conditions};
use crate::request::Headers;
use crate::types::Crc64;

/// Downloads an object to a writer; see [`Client::download_to`].
#[must_use = "call send() or start()"]
pub struct DownloadTo<W> {
    pub(super) client: Client,
    pub(super) key: String,
    pub(super) writer: W,
    pub(super) headers: Headers,
    pub(super) params: Vec<(String, String)>,
    pub(super) options: Options,
}

/// What a download to a writer achieved.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DownloadToOutput<W> {
    /// Bytes written.
    pub bytes: u64,
    /// CRC-64 of the content, computed here.
    pub crc64: Crc64,
    /// Whether the service told a CRC-64 to compare with. It does for all but very old objects.
    pub verified: bool,
    /// The object's properties.
    pub meta: ObjectMeta,
    /// The writer, which was shut down.
    pub writer: W,
}

impl Client {
    /// Downloads an object to `writer`, from the first byte to the last: standard output, a pipe, a
    /// socket, memory.
    ///
    /// One request, whose answer is written as it arrives; nothing is held but the piece at hand. When
    /// the connection breaks, or after a pause, the rest of the same version is asked for, so the writer
    /// sees every byte once. At the end the CRC-64 is compared with the object's, and only then the
    /// writer is flushed and shut down.
    ///
    /// **The writer has had the bytes by then.** After a failure, cancellation or
    /// [`Integrity`](crate::ErrorKind::Integrity) error it was given a part of the object, or damaged
    /// content, and is dropped without being shut down: do not use what it was given. Prefer
    /// [`Client::download_file`] for files, which shows all or nothing, fetches ranges in parallel and
    /// can go on in another process. Needs `name/cos:GetObject` only.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # client.put_object("k", "hello").send().await?;
    /// let output = client.download_to("k", Vec::new()).send().await?;
    /// assert!(output.verified);
    /// assert_eq!(output.writer, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn download_to<W>(&self, key: impl Into<String>, writer: W) -> DownloadTo<W>
    where
        W: AsyncWrite + Send + Unpin + 'static,
    {
        DownloadTo {
            client: self.clone(),
            key: key.into(),
            writer,
            headers: Headers::default(),
            params: Vec::new(),
            options: Options::default(),
        }
    }
}

impl<W: AsyncWrite + Send + Unpin + 'static> DownloadTo<W> {
    read_conditions!();

    run_options!(DownloadToOutput<W>);
    network_options!();

    /// Downloads and waits. Dropping the future cancels.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`]: `Integrity` when the content is not the object's, `Precondition` when the
    /// object was replaced meanwhile, `Local` when the writer fails, with its error as the source.
    pub async fn send(self) -> Result<DownloadToOutput<W>> {
        self.start().await
    }

    fn work(self) -> DownloadToRun<W> {
        DownloadToRun::new(self)
    }
}

impl<W> std::fmt::Debug for DownloadTo<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DownloadTo")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl<W> std::fmt::Debug for DownloadToOutput<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DownloadToOutput")
            .field("bytes", &self.bytes)
            .field("crc64", &self.crc64)
            .field("verified", &self.verified)
            .field("meta", &self.meta)
            .finish_non_exhaustive()
    }
}
