//! An object to a file: parallel ranges of one version, shown only when complete and verified.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt};

use super::blocking;
use super::options::{Options, network_options, transfer_options};
use super::piece::Source;
use super::plan::{Piece, Ranges};
use super::progress::Meter;
use super::target::Target;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::object::{GetObjectOutput, ObjectMeta, read_conditions};
use crate::operation::Operation;
use crate::request::Headers;
use crate::response::{BodyStream, Reply};
use crate::types::{Crc64, ObjectKey};

/// Downloads an object into a file; see [`Client::download_file`].
#[must_use = "call send() or start()"]
pub struct DownloadFile {
    client: Client,
    key: String,
    path: PathBuf,
    headers: Headers,
    params: Vec<(String, String)>,
    options: Options,
}

/// What a download achieved.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DownloadOutput {
    /// Size of the file.
    pub bytes: u64,
    /// How many ranges it was fetched in.
    pub parts: u32,
    /// CRC-64 of the content, computed here.
    pub crc64: Crc64,
    /// Whether the service told a CRC-64 to compare with. It does for all but very old objects.
    pub verified: bool,
    /// The object's properties.
    pub meta: ObjectMeta,
}

impl Client {
    /// Downloads an object into `path`, replacing a file of that name.
    ///
    /// Ranges are fetched in parallel, all of one version of the object, and written as they arrive
    /// into a hidden temporary file in the same folder. When everything is there and its CRC-64 is
    /// the object's, the file is made durable and renamed; until then, and after any failure or
    /// cancellation, `path` is untouched and no temporary file remains. Needs `name/cos:GetObject`
    /// only.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # client.put_object("k", "hello").send().await?;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("k.txt");
    /// let output = client.download_file("k", &path).send().await?;
    /// assert!(output.verified);
    /// assert_eq!(std::fs::read(&path)?, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn download_file(&self, key: impl Into<String>, path: impl AsRef<Path>) -> DownloadFile {
        DownloadFile {
            client: self.clone(),
            key: key.into(),
            path: path.as_ref().to_path_buf(),
            headers: Headers::default(),
            params: Vec::new(),
            options: Options::default(),
        }
    }
}

impl DownloadFile {
    read_conditions!();

    transfer_options!(
        DownloadOutput,
        part_size: "Bytes per range instead of the client's part size, 1 MiB to 5 GiB."
    );
    network_options!();

    /// Downloads and waits. Dropping the future cancels.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`]: `Integrity` when the content is not the object's, `Precondition` when the
    /// object was replaced meanwhile, `Local` when the file cannot be written.
    pub async fn send(self) -> Result<DownloadOutput> {
        self.start().await
    }

    async fn run(self, meter: Arc<Meter>) -> Result<DownloadOutput> {
        let part_size = self.options.part_size(&self.client)?;
        let concurrency = self.options.concurrency(&self.client)?;
        let mut source = Source {
            client: self.client.clone(),
            key: ObjectKey::new(self.key)?,
            params: self.params,
            headers: self.headers.checked()?,
            etag: None,
            claim: self.options.claim(&self.client)?,
        };
        // The first range tells everything about the object, and is all of it when it is small:
        // no HEAD, no second permission.
        let permit = source.client.permit(&source.claim).await;
        let first = begin(&source, part_size).await?;
        source.etag.clone_from(&first.meta.etag);
        let total = first.meta.size;
        meter.set_total(total);
        let path = self.path;
        let target = blocking(move || Target::create(&path, total)).await?;
        let file = target.file();

        let source = &source;
        let meter = &meter;
        let begun = std::iter::once(Some((first.stream, permit)));
        let jobs = first
            .ranges
            .pieces()
            .zip(begun.chain(std::iter::repeat_with(|| None)));
        let work = jobs.map(|(piece, begun)| {
            let file = Arc::clone(&file);
            async move {
                let (stream, permit) = match begun {
                    Some((stream, permit)) => (Some(stream), permit),
                    None => (None, source.client.permit(&source.claim).await),
                };
                let crc = source.fetch(piece, stream, file, meter).await?;
                permit.moved(piece.len);
                Ok::<_, Error>((piece, crc))
            }
        });
        let mut sums: Vec<(Piece, u64)> = futures_util::stream::iter(work)
            .buffer_unordered(concurrency)
            .try_collect()
            .await?;
        sums.sort_by_key(|(piece, _)| piece.index);
        let crc64 = sums.iter().fold(Crc64::of(b""), |sum, (piece, crc)| {
            sum.then(Crc64::from_u64(*crc), piece.len)
        });
        if let Some(expected) = first.meta.crc64.filter(|expected| *expected != crc64) {
            return Err(Error::integrity(format!(
                "the content arrived damaged: its CRC-64 is {crc64}, the object's is {expected}"
            ))
            .with_operation(Operation::GetObject));
        }
        blocking(move || target.commit(total)).await?;
        Ok(DownloadOutput {
            bytes: total,
            parts: first.ranges.count().max(1),
            crc64,
            verified: first.meta.crc64.is_some(),
            meta: first.meta,
        })
    }
}

impl std::fmt::Debug for DownloadFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DownloadFile")
            .field("key", &self.key)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// The first answer.
struct First {
    meta: ObjectMeta,
    stream: BodyStream,
    ranges: Ranges,
}

async fn begin(source: &Source, part_size: u64) -> Result<First> {
    let reply: Reply = match source.get(0, part_size - 1).await {
        // An empty object has no first byte.
        Err(error) if error.http_status() == Some(416) => source.get_whole().await?,
        other => other?,
    };
    let is_range = reply.status == 206;
    let output = GetObjectOutput::new(reply)?;
    let (meta, stream) = (output.meta, output.body.into_raw());
    let odd =
        |what: &str| Err(Error::integrity(what.to_owned()).with_operation(Operation::GetObject));
    let piece = if is_range {
        if output.content_range != Some((0, part_size.min(meta.size).wrapping_sub(1))) {
            return odd("the answer is not the range that was asked for");
        }
        part_size
    } else {
        // The whole object at once: empty, or from a cache that ignores ranges.
        if output.content_length.is_none() {
            return odd("the answer does not tell the object's size");
        }
        meta.size.max(1)
    };
    let ranges = Ranges {
        total: meta.size,
        piece,
    };
    Ok(First {
        meta,
        stream,
        ranges,
    })
}
