//! An object to a file: parallel ranges of one version, shown only when complete and verified.

use std::path::{Path, PathBuf};

use super::download_run::DownloadRun;
use super::options::{Options, network_options, resume_options, transfer_options};
use super::resume::RestartReason;
use crate::client::Client;
use crate::error::Result;
use crate::object::{ObjectMeta, read_conditions};
use crate::request::Headers;
use crate::types::Crc64;

/// Downloads an object into a file; see [`Client::download_file`].
#[must_use = "call send() or start()"]
pub struct DownloadFile {
    pub(super) client: Client,
    pub(super) key: String,
    pub(super) path: PathBuf,
    pub(super) headers: Headers,
    pub(super) params: Vec<(String, String)>,
    pub(super) options: Options,
}

/// What a download achieved.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DownloadOutput {
    /// Size of the file.
    pub bytes: u64,
    /// How many pieces it was fetched in.
    pub parts: u32,
    /// CRC-64 of the content, computed here.
    pub crc64: Crc64,
    /// Whether the service told a CRC-64 to compare with. It does for all but very old objects.
    pub verified: bool,
    /// The object's properties.
    pub meta: ObjectMeta,
    /// Bytes that an earlier transfer had fetched, which this one did not fetch again.
    pub resumed_bytes: u64,
    /// Why a resume record was of no use and everything was fetched from the beginning.
    pub restarted: Option<RestartReason>,
}

impl Client {
    /// Downloads an object into `path`, replacing a file of that name.
    ///
    /// Pieces are fetched in parallel, all of one version of the object, and written as they arrive
    /// into a hidden temporary file in the same folder. When everything is there and its CRC-64 is
    /// the object's, the file is made durable and renamed, which nothing interrupts; until then, and
    /// after any failure or cancellation before, `path` is untouched and no temporary file remains; with
    /// [`DownloadFile::resume_store`] it is kept after a failure, or the end of the process, and the
    /// next call goes on with it. Needs `name/cos:GetObject` only.
    ///
    /// The whole file's room on the disk is taken first, where the file system can: a disk that is too
    /// small is an error of kind [`Local`](crate::ErrorKind::Local) before anything is transferred, and a
    /// download that is paused holds the room of all of it.
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
        part_size: "Bytes per piece instead of the client's part size, 1 MiB to 5 GiB. One request may \
                    bring several pieces that follow each other, up to 64 MiB."
    );
    network_options!();
    resume_options!();

    /// Downloads and waits. Dropping the future cancels.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`]: `Integrity` when the content is not the object's, `Precondition` when the
    /// object was replaced meanwhile, `Local` when the file cannot be written.
    pub async fn send(self) -> Result<DownloadOutput> {
        self.start().await
    }

    fn work(self) -> DownloadRun {
        DownloadRun::new(self)
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
