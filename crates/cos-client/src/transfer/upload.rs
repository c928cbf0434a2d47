//! A file to an object: one PUT, or parts in parallel.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};

use super::abort::AbortGuard;
use super::blocking;
use super::destination::Destination;
use super::options::{Options, network_options, part_size_error, transfer_options};
use super::plan::{self, Piece, Ranges, UploadPlan};
use super::progress::Meter;
use crate::body::{CHUNK, Payload, SourceFile};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::multipart::UploadPartOutput;
use crate::object::object_headers;
use crate::request::Headers;
use crate::types::{Crc64, ETag, ObjectKey, UploadId};

/// Uploads a file; see [`Client::upload_file`].
#[must_use = "call send() or start()"]
pub struct UploadFile {
    client: Client,
    key: String,
    source: Source,
    headers: Headers,
    options: Options,
}

/// Where the content is.
#[derive(Debug)]
enum Source {
    Path(PathBuf),
    Open(std::fs::File),
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
}

impl Client {
    /// Uploads a file of any size up to 48.8 TiB.
    ///
    /// Small files go in one request, larger ones in parts, several at a time. Content is read in
    /// small pieces while it is sent and never held whole; its CRC-64 is computed on the way and
    /// compared with the service's for each part and for the whole. Every request signs with the
    /// credential of that moment, so the transfer may outlive any key. When it fails or is
    /// cancelled, the parts sent so far are removed.
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
    pub fn upload_open_file(&self, key: impl Into<String>, file: std::fs::File) -> UploadFile {
        let mut upload = self.upload_file(key, "");
        upload.source = Source::Open(file);
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

    async fn run(self, meter: Arc<Meter>) -> Result<UploadOutput> {
        let key = ObjectKey::new(self.key.as_str())?;
        let concurrency = self.options.concurrency(&self.client)?;
        let part_size = self.options.part_size(&self.client)?;
        let threshold = self.options.threshold;
        let threshold = threshold.or(self.client.settings().multipart_threshold);
        let source = self.source;
        let (file, content) = blocking(move || open(source)).await?;
        let size = file.size();
        let plan = plan::upload(size, part_size, threshold).map_err(part_size_error)?;
        meter.set_total(size);
        let upload = Upload {
            file,
            concurrency,
            to: Destination {
                claim: self.options.claim(&self.client)?,
                client: self.client,
                key,
                headers: self.headers.checked()?,
                meter,
            },
        };
        match plan {
            UploadPlan::Single => upload.single(content).await,
            UploadPlan::Parts(ranges) => upload.in_parts(ranges).await,
        }
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

/// Opens the file; a small one is read at once, which saves two trips to a blocking thread.
fn open(source: Source) -> Result<(Arc<SourceFile>, Option<Bytes>)> {
    let file = match source {
        Source::Path(path) => SourceFile::open(&path)?,
        Source::Open(file) => SourceFile::from_open(file, Path::new("the open file"))?,
    };
    if file.size() > CHUNK as u64 {
        return Ok((Arc::new(file), None));
    }
    let mut content = vec![0; file.size() as usize];
    match file.read_exact_at(&mut content, 0) {
        Ok(()) => {}
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Err(file.changed()),
        Err(e) => return Err(Error::local("read", file.path(), e)),
    }
    file.check_unchanged()?;
    Ok((Arc::new(file), Some(content.into())))
}

/// One running upload.
struct Upload {
    file: Arc<SourceFile>,
    concurrency: usize,
    to: Destination,
}

impl Upload {
    async fn single(self, content: Option<Bytes>) -> Result<UploadOutput> {
        let was_read = content.is_some();
        let payload = match content {
            Some(content) => Payload::bytes(content),
            None => self.slice(0, self.file.size()),
        };
        let output = self.to.put(payload).await?;
        if !was_read {
            self.check_unchanged().await?;
        }
        Ok(UploadOutput {
            bytes: self.file.size(),
            parts: 1,
            etag: output.etag,
            crc64: output.crc64,
            upload_id: None,
            version_id: output.version_id,
            request_id: output.request_id,
        })
    }

    async fn in_parts(self, ranges: Ranges) -> Result<UploadOutput> {
        let upload_id = self.to.initiate().await?;
        let guard = AbortGuard::new(&self.to.client, &self.to.key, &upload_id);
        let result = self.send_parts(ranges, &upload_id).await;
        match &result {
            Ok(_) => guard.disarm(),
            Err(error) => guard.abort(error).await,
        }
        result
    }

    async fn send_parts(&self, ranges: Ranges, upload_id: &UploadId) -> Result<UploadOutput> {
        let mut parts: Vec<(Piece, UploadPartOutput)> = futures_util::stream::iter(ranges.pieces())
            .map(|piece| async move {
                let payload = self.slice(piece.offset, piece.len);
                let part = self.to.send_part(upload_id, piece.index, payload).await?;
                Ok::<_, Error>((piece, part))
            })
            .buffer_unordered(self.concurrency)
            .try_collect()
            .await?;
        self.check_unchanged().await?;
        parts.sort_by_key(|(piece, _)| piece.index);
        let whole = parts.iter().fold(Crc64::of(b""), |sum, (piece, part)| {
            sum.then(part.crc64, piece.len)
        });
        let parts = parts.into_iter().map(|(_, part)| part.part);
        let output = self.to.complete(upload_id, parts, Some(whole)).await?;
        Ok(UploadOutput {
            bytes: self.file.size(),
            parts: ranges.count(),
            etag: output.etag,
            crc64: whole,
            upload_id: Some(upload_id.clone()),
            version_id: output.version_id,
            request_id: output.request_id,
        })
    }

    fn slice(&self, offset: u64, len: u64) -> Payload {
        Payload::File {
            file: Arc::clone(&self.file),
            offset,
            len,
            pool: Arc::clone(self.to.client.buffers()),
        }
    }

    async fn check_unchanged(&self) -> Result<()> {
        let file = Arc::clone(&self.file);
        blocking(move || file.check_unchanged()).await
    }
}
