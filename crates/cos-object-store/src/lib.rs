#![forbid(unsafe_code)]
//! [`object_store::ObjectStore`] for Tencent Cloud COS with temporary credentials.
//!
//! DataFusion, Ballista, Delta, Lance and whatever else works on `object_store` reads and writes COS
//! through this, with keys that are renewed while it runs.
//!
//! ```
//! use cos_client::Client;
//! use cos_object_store::CosStore;
//! use cos_sts::{Credentials, StaticProvider};
//! use object_store::{ObjectStore, ObjectStoreExt, path::Path};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = cos_emulator::Emulator::builder().start().await?;
//! # let (id, key) = (&emulator.accounts()[0].secret_id, &emulator.accounts()[0].secret_key);
//! # let provider = StaticProvider::new(Credentials::permanent(id, key)?);
//! let client = Client::builder()
//!     .bucket("demo-1250000000")
//!     .region("ap-guangzhou")
//!     .credentials(provider) // any provider: a broker, STS, the environment
//! #   .endpoint(emulator.http_url())
//!     .build()?;
//! let store = CosStore::new(client);
//!
//! let path = Path::from("tables/one.parquet");
//! store.put(&path, "rows".into()).await?;
//! assert_eq!(store.get_range(&path, 1..3).await?, "ow");
//! # Ok(())
//! # }
//! ```
//!
//! # What differs from other stores
//!
//! - `PutMode::Update` is not implemented: the service's PUT knows no `If-Match`.
//! - `PutMode::Create` and copies with `CopyMode::Create` use `x-cos-forbid-overwrite`, which the
//!   service ignores in buckets that keep versions or once did. The first such call therefore asks
//!   whether the bucket is one, and is refused if so; see [`CosStore::assume_unversioned`].
//! - Names of metadata: COS takes no `_`. It travels as `--` and comes back as `_`; names that this would
//!   mix up are refused. Upper case comes back as lower case.
//! - Keys that end with `/`, the "folders" that consoles make, have no [`Path`] and are left out of
//!   listings.
//! - A part has at least 1 MB, except the last; there are 10,000 at most.
//! - Uploads that are neither completed nor aborted keep their parts until a lifecycle rule removes them.
//!
//! Errors keep the [`cos_client::Error`] with code, request id and hint as their source.

mod attributes;
mod delete;
mod error;
mod list;
mod multipart;
mod read;

use std::fmt;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use bytes::Bytes;
use cos_client::{Client, CopySource, CopyTransfer, ErrorKind, Versioning};
use futures_util::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions,
    RenameTargetMode, Result,
};

use crate::error::{Problem, mapped};

/// How this store is named in errors.
const STORE: &str = "COS";

/// One bucket as an [`ObjectStore`]. Clones are cheap and share everything; `object_store`'s
/// `PrefixStore` makes one of a folder.
#[derive(Debug, Clone)]
pub struct CosStore {
    client: Client,
    /// Whether the bucket keeps versions or once did, as soon as somebody needed to know.
    versioned: Arc<OnceLock<bool>>,
}

impl CosStore {
    /// The store of the client's bucket. Time limits, repetition and connections are the client's.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            versioned: Arc::default(),
        }
    }

    /// Takes your word that the bucket never kept versions, so that `Create` needs no
    /// `name/cos:GetBucketVersioning`. If it did, `Create` would overwrite.
    #[must_use]
    pub fn assume_unversioned(self) -> Self {
        Self {
            versioned: Arc::new(OnceLock::from(false)),
            ..self
        }
    }

    /// The client underneath.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Refuses what would overwrite against the caller's will.
    async fn must_be_unversioned(&self) -> Result<()> {
        let versioned = match self.versioned.get() {
            Some(known) => *known,
            None => {
                let asked = self.client.get_bucket_versioning().await;
                let asked = asked.map_err(|e| match e.kind() {
                    ErrorKind::AccessDenied => Error::NotSupported {
                        source: Problem::unknown_versioning(e).into(),
                    },
                    _ => mapped(e, ""),
                })?;
                *self.versioned.get_or_init(|| asked != Versioning::Off)
            }
        };
        if versioned {
            return Err(Error::NotSupported {
                source: Problem::versioned().into(),
            });
        }
        Ok(())
    }

    async fn transfer(
        &self,
        mut copy: CopyTransfer,
        from: &Path,
        to: &Path,
        create: bool,
    ) -> Result<()> {
        if create {
            self.must_be_unversioned().await?;
            copy = copy.forbid_overwrite();
        }
        let done = copy.send().await;
        done.map_err(|e| {
            let is_there = e.code() == Some("FileAlreadyExists");
            let about = if is_there { to } else { from };
            mapped(e, about.as_ref())
        })?;
        Ok(())
    }

    /// What is there stays as it is.
    async fn onto_itself(&self, path: &Path, create: bool) -> Result<()> {
        let head = self.client.head_object(path.as_ref()).send().await;
        head.map_err(|e| mapped(e, path.as_ref()))?;
        if create {
            return Err(Error::AlreadyExists {
                path: path.to_string(),
                source: Problem::new("source and target are the same").into(),
            });
        }
        Ok(())
    }

    fn source(&self, from: &Path) -> Result<CopySource> {
        let (bucket, region) = (self.client.bucket(), self.client.region());
        CopySource::new(bucket.as_str(), region.as_str(), from.as_ref())
            .map_err(|e| mapped(e, from.as_ref()))
    }
}

impl fmt::Display for CosStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{STORE}({})", self.client.bucket())
    }
}

#[async_trait]
impl ObjectStore for CosStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        opts: PutOptions,
    ) -> Result<PutResult> {
        let mut put = self
            .client
            .put_object(location.as_ref(), Bytes::from(payload));
        for (name, value) in attributes::headers(&opts.attributes, &opts.tags)? {
            put = put.header(name, value);
        }
        match opts.mode {
            PutMode::Overwrite => {}
            PutMode::Create => {
                self.must_be_unversioned().await?;
                put = put.forbid_overwrite();
            }
            PutMode::Update(_) => {
                return Err(Error::NotImplemented {
                    operation: "put_opts with PutMode::Update".into(),
                    implementer: self.to_string(),
                });
            }
        }
        let done = put.send().await.map_err(|e| mapped(e, location.as_ref()))?;
        Ok(PutResult {
            e_tag: done.etag.map(|t| t.to_string()),
            version: done.version_id,
            extensions: Default::default(),
        })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let upload = multipart::Upload::begin(&self.client, location, opts).await?;
        Ok(Box::new(upload))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        read::get(&self.client, location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        delete::all(self.client.clone(), locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        list::objects(&self.client, prefix, "")
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        list::objects(&self.client, prefix, offset.as_ref())
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        list::folder(&self.client, prefix).await
    }

    /// A copy inside the service, of any size.
    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let create = options.mode == CopyMode::Create;
        if from == to {
            return self.onto_itself(from, create).await;
        }
        let copy = self.client.copy(self.source(from)?, to.as_ref());
        self.transfer(copy, from, to, create).await
    }

    /// A copy inside the service, then the deletion of the source, unless it changed meanwhile.
    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let create = options.target_mode == RenameTargetMode::Create;
        if from == to {
            return self.onto_itself(from, create).await;
        }
        let step = self.client.move_object(self.source(from)?, to.as_ref());
        self.transfer(step, from, to, create).await
    }
}

/// The example of README.md, compiled like the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
