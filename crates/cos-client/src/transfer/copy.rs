//! An object of any size to another place in the service: one copy, or parts in parallel.

use super::copy_run::CopyRun;
use super::options::{Options, transfer_options};
use super::plan;
use crate::client::Client;
use crate::error::Result;
use crate::object::{CopySource, customer_key, object_headers};
use crate::request::Headers;
use crate::types::{Crc64, ETag};

/// Bytes per part: no byte passes through here, so parts are large.
const PART_SIZE: u64 = 256 << 20;

/// Copies or moves an object of any size; see [`Client::copy`].
#[must_use = "call send() or start()"]
pub struct CopyTransfer {
    pub(super) client: Client,
    pub(super) source: CopySource,
    pub(super) key: String,
    pub(super) headers: Headers,
    pub(super) replaces_metadata: bool,
    pub(super) moves: bool,
    pub(super) if_match: Option<ETag>,
    pub(super) options: Options,
}

/// What a copy or move achieved.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CopyTransferOutput {
    /// Size of the object.
    pub bytes: u64,
    /// How many parts it was copied in; 1 for a simple copy.
    pub parts: u32,
    /// Tag of the copy.
    pub etag: Option<ETag>,
    /// CRC-64 of the copy, equal to the source's; absent where the service told none.
    pub crc64: Option<Crc64>,
    /// The copy's version, in buckets with versioning.
    pub version_id: Option<String>,
    /// Id of the last request to the copy.
    pub request_id: Option<String>,
}

impl Client {
    /// Copies an object of any size into this bucket without moving its bytes through here.
    ///
    /// Up to 5 GiB it is one request, above that parts, several at a time; a source that changes
    /// meanwhile ends the copy, and parts copied so far are removed. The copy's CRC-64 is compared
    /// with the source's. Content headers and user metadata come along unless
    /// [`CopyTransfer::replace_metadata`] is called, tags unless the header
    /// `x-cos-tagging-directive` is `Replaced`; storage class and access rule do not.
    ///
    /// Needs `name/cos:HeadObject` and `name/cos:GetObject` on the source and `name/cos:PutObject`
    /// on the target; for parts also `InitiateMultipartUpload`, `UploadPartCopy`,
    /// `CompleteMultipartUpload` and `AbortMultipartUpload`, and `GetObjectTagging` on the source to
    /// take its tags along, which credentials without it do not see.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use cos_client::CopySource;
    /// # client.put_object("films/1", vec![7; 3 << 20]).send().await?;
    ///
    /// let source = CopySource::new("demo-1250000000", "ap-guangzhou", "films/1")?;
    /// let copied = client.copy(source, "archive/1").send().await?;
    /// assert_eq!(copied.bytes, 3 << 20);
    /// # Ok(())
    /// # }
    /// ```
    pub fn copy(&self, source: CopySource, key: impl Into<String>) -> CopyTransfer {
        CopyTransfer {
            client: self.clone(),
            source,
            key: key.into(),
            headers: Headers::default(),
            replaces_metadata: false,
            moves: false,
            if_match: None,
            options: Options {
                part_size: Some(PART_SIZE),
                threshold: Some(plan::MAX_SINGLE_PUT + 1),
                ..Options::default()
            },
        }
    }

    /// [`Client::copy`], then deletes the source (`name/cos:DeleteObject`) if it is still what was
    /// copied. When that fails the copy stays, and the error says so.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use cos_client::CopySource;
    /// # client.put_object("inbox/1", "x").send().await?;
    ///
    /// let source = CopySource::new("demo-1250000000", "ap-guangzhou", "inbox/1")?;
    /// client.move_object(source, "done/1").send().await?;
    /// assert!(client.head_object("inbox/1").send().await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn move_object(&self, source: CopySource, key: impl Into<String>) -> CopyTransfer {
        let mut transfer = self.copy(source, key);
        transfer.moves = true;
        transfer
    }
}

impl CopyTransfer {
    object_headers!();

    pub(crate) fn all_headers(mut self, headers: Headers) -> Self {
        self.headers = headers;
        self
    }

    /// Gives the copy the metadata of this call instead of the source's. Needed to copy an object
    /// onto itself.
    pub fn replace_metadata(mut self) -> Self {
        self.replaces_metadata = true;
        self
    }

    /// The key of yours with which the source was encrypted (SSE-C); use TLS.
    pub fn source_customer_key(mut self, key: &[u8; 32]) -> Self {
        customer_key::set_source(&mut self.headers, key);
        self
    }

    /// Only this version of the source.
    pub fn source_if_match(mut self, etag: &ETag) -> Self {
        self.if_match = Some(etag.clone());
        self
    }

    transfer_options!(
        CopyTransferOutput,
        part_size: "Bytes per part, 1 MiB to 5 GiB; 256 MiB by default."
    );

    /// Goes in parts from this size on; by default above 5 GiB.
    pub fn multipart_threshold(mut self, bytes: u64) -> Self {
        self.options.threshold = Some(bytes);
        self
    }

    /// Copies and waits. Dropping the future cancels.
    ///
    /// # Errors
    /// `Precondition` when the source changes meanwhile, `Integrity` when the copy is not equal;
    /// see [`crate::ErrorKind`].
    pub async fn send(self) -> Result<CopyTransferOutput> {
        self.start().await
    }

    fn work(self) -> CopyRun {
        CopyRun::new(self)
    }
}

impl std::fmt::Debug for CopyTransfer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CopyTransfer")
            .field("source", &self.source)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
