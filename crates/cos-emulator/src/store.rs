//! Buckets, objects and uploads: an index in memory over blobs in memory or in a data directory.

mod bucket;
mod content;
mod disk;
mod load;
mod sink;
mod upload;
mod version;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde::Serialize;

pub(crate) use bucket::{Acl, Bucket, Deleted, Grant, Settings, Versioning};
pub(crate) use content::Content;
pub(crate) use sink::{Received, Sink, hashed};
pub(crate) use upload::{Part, Upload, UploadInfo};
pub(crate) use version::{Meta, NULL_VERSION, Version, hex};

use crate::config::BucketConfig;
use crate::error::{Code, Result};
use content::{Budget, Lease};
use disk::Disk;
use sink::Target;

/// Everything stored.
#[derive(Debug)]
pub(crate) struct Store {
    backend: Backend,
    buckets: RwLock<BTreeMap<String, Arc<Bucket>>>,
}

#[derive(Debug, Clone)]
pub(crate) enum Backend {
    Memory(Arc<Budget>),
    /// Objects are their length and checksum; they read as zeros.
    Nothing,
    Disk(Arc<Disk>),
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Backend::Disk(disk) = &self.backend {
            disk.retire();
        }
    }
}

impl Backend {
    /// Makes a record durable; nothing to do in memory.
    async fn save(&self, place: PathBuf, record: &(impl Serialize + Sync)) -> Result<()> {
        let Self::Disk(disk) = self else {
            return Ok(());
        };
        let json = serde_json::to_vec(record).map_err(std::io::Error::other)?;
        let disk = Arc::clone(disk);
        let saved = tokio::task::spawn_blocking(move || disk.save(&place, &json));
        Ok(saved.await.map_err(std::io::Error::other)??)
    }

    async fn remove(&self, place: PathBuf) -> Result<()> {
        let Self::Disk(disk) = self else {
            return Ok(());
        };
        let disk = Arc::clone(disk);
        let removed = tokio::task::spawn_blocking(move || disk.remove(&place));
        Ok(removed.await.map_err(std::io::Error::other)??)
    }
}

impl Store {
    /// An empty store in memory that takes at most `max_bytes`.
    pub(crate) fn in_memory(max_bytes: Option<u64>) -> Self {
        let budget = Budget {
            max: max_bytes.unwrap_or(u64::MAX),
            used: AtomicU64::new(0),
        };
        Self {
            backend: Backend::Memory(Arc::new(budget)),
            buckets: RwLock::default(),
        }
    }

    /// An empty store that remembers of each object what a listing shows.
    pub(crate) fn of_zeros() -> Self {
        Self {
            backend: Backend::Nothing,
            buckets: RwLock::default(),
        }
    }

    /// What the directory `root` holds.
    ///
    /// # Errors
    /// A directory that cannot be read or written.
    pub(crate) fn on_disk(root: &Path) -> std::io::Result<Self> {
        let disk = Disk::open(root)?;
        let buckets = load::buckets(&disk)?;
        disk.collect_garbage()?;
        Ok(Self {
            backend: Backend::Disk(Arc::new(disk)),
            buckets: RwLock::new(buckets),
        })
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Arc<Bucket>>> {
        self.buckets.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Arc<Bucket>>> {
        self.buckets.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates the configured buckets that do not exist yet.
    pub(crate) async fn configure(&self, buckets: &[BucketConfig], now_ms: u64) -> Result<()> {
        for config in buckets {
            let settings = Settings::from(config);
            match self.bucket(&config.name) {
                // The data directory remembers what was set by requests; these two only the file can say.
                Some(bucket) => {
                    let mut kept = (*bucket.settings()).clone();
                    kept.strict_signature = settings.strict_signature;
                    kept.accelerate = settings.accelerate;
                    bucket.set_settings(&self.backend, kept).await?;
                }
                None => {
                    self.create_bucket(&config.name, &config.region, settings, now_ms)
                        .await?;
                }
            }
        }
        Ok(())
    }

    /// # Errors
    /// `BucketAlreadyExists`.
    pub(crate) async fn create_bucket(
        &self,
        name: &str,
        region: &str,
        settings: Settings,
        now_ms: u64,
    ) -> Result<()> {
        let bucket = Bucket::new(name, region, now_ms, settings);
        if self.bucket(name).is_some() {
            return Err(Code::BucketAlreadyExists.into());
        }
        self.backend.save(bucket.place(), &bucket.record()).await?;
        self.write()
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new(bucket));
        Ok(())
    }

    pub(crate) fn bucket(&self, name: &str) -> Option<Arc<Bucket>> {
        self.read().get(name).cloned()
    }

    pub(crate) fn buckets(&self) -> Vec<Arc<Bucket>> {
        self.read().values().cloned().collect()
    }

    /// # Errors
    /// `BucketNotEmpty` while it has objects, versions or uploads.
    pub(crate) async fn delete_bucket(&self, bucket: &Bucket) -> Result<()> {
        if !bucket.is_empty() {
            return Err(Code::BucketNotEmpty.into());
        }
        self.backend.remove(bucket.dir()).await?;
        self.write().remove(&bucket.name);
        Ok(())
    }

    /// Forgets everything.
    pub(crate) async fn clear(&self) -> Result<()> {
        for bucket in self.buckets() {
            self.backend.remove(bucket.dir()).await?;
        }
        self.write().clear();
        Ok(())
    }

    pub(crate) fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Somewhere to put a body. Its MD5 is known afterwards if it is needed here, or by the caller.
    pub(crate) fn sink(&self, needs_md5: bool) -> Result<Sink> {
        let needs_md5 = needs_md5 || !matches!(self.backend, Backend::Nothing);
        let target = match &self.backend {
            Backend::Memory(budget) => Target::Memory {
                chunks: Vec::new(),
                tail: bytes::BytesMut::new(),
                lease: Lease::new(Arc::clone(budget)),
            },
            Backend::Nothing => Target::Nothing,
            Backend::Disk(disk) => Target::File(disk.create_blob()?),
        };
        Ok(Sink::new(target, needs_md5))
    }
}

/// An id that no other upload or version has, growing with time.
pub(crate) fn unique_id(now_ms: u64) -> String {
    format!("{now_ms:012x}{:020x}", fastrand::u128(..) >> 48)
}
