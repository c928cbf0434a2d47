//! A file, or content in memory, to an object: one PUT, or parts in parallel.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::options::{Options, md5_option, network_options, resume_options, transfer_options};
use super::resume::RestartReason;
use super::upload_run::UploadRun;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::object::object_headers;
use crate::request::Headers;
use crate::types::{Crc64, ETag, UploadId};

/// Uploads a file or bytes; see [`Client::upload_file`], [`Client::upload_open_file`] and
/// [`Client::upload_bytes`].
#[must_use = "call send() or start()"]
pub struct UploadFile {
    pub(super) client: Client,
    pub(super) key: String,
    pub(super) source: Source,
    pub(super) headers: Headers,
    pub(super) options: Options,
}

/// Where the content is.
pub(super) enum Source {
    Path(PathBuf),
    Open(std::fs::File),
    Memory(Bytes),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(path) => path.fmt(f),
            Self::Open(file) => file.fmt(f),
            Self::Memory(content) => write!(f, "{} bytes", content.len()),
        }
    }
}

impl Source {
    /// The same once more: a transfer that is resumed opens its file again.
    pub(super) fn again(&self) -> Result<Self> {
        match self {
            Self::Path(path) => Ok(Self::Path(path.clone())),
            Self::Memory(content) => Ok(Self::Memory(content.clone())),
            Self::Open(file) => match file.try_clone() {
                Ok(file) => Ok(Self::Open(file)),
                Err(e) => Err(Error::local("use", Path::new("the open file"), e)),
            },
        }
    }

    pub(super) fn path(&self) -> Option<PathBuf> {
        match self {
            Self::Path(path) => Some(path.clone()),
            Self::Open(_) | Self::Memory(_) => None,
        }
    }
}

/// What an upload achieved.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadOutput {
    /// Size of the object.
    pub bytes: u64,
    /// How many parts it was sent in; 1 for a simple upload.
    pub parts: u32,
    /// Tag of the object.
    pub etag: Option<ETag>,
    /// CRC-64 of the content, computed while it was sent and equal to the service's.
    pub crc64: Crc64,
    /// The id of the upload in parts; `None` for a simple one.
    pub upload_id: Option<UploadId>,
    /// The new version, in buckets with versioning.
    pub version_id: Option<String>,
    /// Id of the last request.
    pub request_id: Option<String>,
    /// Bytes that an earlier transfer had sent, which this one did not send again.
    pub resumed_bytes: u64,
    /// Why a resume record was of no use and everything was sent from the beginning.
    pub restarted: Option<RestartReason>,
}

impl Client {
    /// Uploads a file of any size up to 48.8 TiB.
    ///
    /// Small files go in one request, larger ones in parts, several at a time. Content is read in
    /// small pieces while it is sent and never held whole; its CRC-64 is computed on the way and
    /// compared with the service's for each part and for the whole. Every request signs with the
    /// credential of that moment, so the transfer may outlive any key. When it fails or is
    /// cancelled, the parts sent so far are removed; with [`UploadFile::resume_store`] they are kept
    /// after a failure, or the end of the process, and the next call goes on from there. What was
    /// sent is then read again and compared, so that an object is never made of two files.
    ///
    /// Needs `name/cos:PutObject`, and for parts `InitiateMultipartUpload`, `UploadPart`,
    /// `CompleteMultipartUpload` and `AbortMultipartUpload`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("film.mp4");
    /// # std::fs::write(&path, vec![7; 3 << 20])?;
    /// let transfer = client
    ///     .upload_file("films/1.mp4", &path)
    ///     .part_size(1 << 20)
    ///     .content_type("video/mp4")
    ///     .on_progress(|p| println!("{} of {:?} bytes", p.done_bytes, p.total_bytes))
    ///     .start();
    /// // `transfer.cancel()` would stop it.
    /// let uploaded = transfer.await?;
    /// assert_eq!((uploaded.bytes, uploaded.parts), (3 << 20, 3));
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_file(&self, key: impl Into<String>, path: impl AsRef<Path>) -> UploadFile {
        UploadFile {
            client: self.clone(),
            key: key.into(),
            source: Source::Path(path.as_ref().to_path_buf()),
            headers: Headers::default(),
            options: Options::default(),
        }
    }

    /// [`Client::upload_file`] for a regular file that is open already, such as one a phone's system
    /// handed out as a descriptor. It is read at positions; its own position does not matter.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("a.jpg");
    /// # std::fs::write(&path, "pixels")?;
    /// let file = std::fs::File::open(&path)?;
    /// let uploaded = client.upload_open_file("a.jpg", file).send().await?;
    /// assert_eq!(uploaded.bytes, 6);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_open_file(&self, key: impl Into<String>, file: std::fs::File) -> UploadFile {
        let mut upload = self.upload_file(key, "");
        upload.source = Source::Open(file);
        upload
    }

    /// [`Client::upload_file`] for content in memory, without a copy of it: large ones go in parts,
    /// several at a time, with progress, pause and resume. [`Client::put_object`] is one request.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// let picture = vec![7; 3 << 20];
    /// let upload = client.upload_bytes("a.jpg", picture).part_size(1 << 20);
    /// let uploaded = upload.content_type("image/jpeg").send().await?;
    /// assert_eq!((uploaded.bytes, uploaded.parts), (3 << 20, 3));
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_bytes(&self, key: impl Into<String>, content: impl Into<Bytes>) -> UploadFile {
        let mut upload = self.upload_file(key, "");
        upload.source = Source::Memory(content.into());
        upload
    }
}

impl UploadFile {
    object_headers!();

    transfer_options!(
        UploadOutput,
        part_size: "Bytes per part instead of the client's, 1 MiB to 5 GiB."
    );
    network_options!();
    md5_option!(
        "That is one more reading of each part of the file before it is sent, and costs time."
    );
    resume_options!();

    pub(crate) fn all_headers(mut self, headers: Headers) -> Self {
        self.headers = headers;
        self
    }

    /// Goes in parts from this size on.
    pub fn multipart_threshold(mut self, bytes: u64) -> Self {
        self.options.threshold = Some(bytes);
        self
    }

    /// Uploads and waits. Dropping the future cancels.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`]: `Local` when the file cannot be read or changes meanwhile.
    pub async fn send(self) -> Result<UploadOutput> {
        self.start().await
    }

    fn work(self) -> UploadRun {
        UploadRun::new(self)
    }
}

impl std::fmt::Debug for UploadFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UploadFile")
            .field("key", &self.key)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
