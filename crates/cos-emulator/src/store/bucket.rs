//! A bucket: its settings, objects with their versions, and open uploads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use md5::Digest as _;
use tokio::sync::{Mutex, MutexGuard};

use super::upload::UploadInfo;
use super::{Backend, NULL_VERSION, Upload, Version, unique_id, version};
use crate::config::BucketConfig;
use crate::error::{Code, Result};

const LOCKS: usize = 64;

/// Objects by key; the versions of each, oldest first.
pub(crate) type Objects = BTreeMap<String, Vec<Arc<Version>>>;
/// Open uploads by key and upload id.
pub(crate) type Uploads = BTreeMap<(String, String), Arc<Upload>>;

#[derive(Debug)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) created_ms: u64,
    settings: RwLock<Arc<Settings>>,
    objects: RwLock<Objects>,
    uploads: RwLock<Uploads>,
    /// Writers of one key take turns; different keys seldom meet.
    locks: Vec<Mutex<()>>,
}

#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Settings {
    pub(crate) acl: Acl,
    pub(crate) strict_signature: bool,
    pub(crate) accelerate: bool,
    pub(crate) versioning: Versioning,
    /// Sub-resources by their query name, bodies as given.
    pub(crate) documents: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Versioning {
    #[default]
    Off,
    Enabled,
    Suspended,
}

/// Who may do what without a policy.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Acl {
    /// `default`, `private`, `public-read`, `public-read-write` …
    pub(crate) canned: String,
    pub(crate) grants: Vec<Grant>,
}

/// A permission given to one account.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Grant {
    pub(crate) grantee: String,
    pub(crate) permission: String,
}

impl Default for Acl {
    fn default() -> Self {
        Self {
            canned: "private".to_owned(),
            grants: Vec::new(),
        }
    }
}

impl From<&BucketConfig> for Settings {
    fn from(config: &BucketConfig) -> Self {
        Self {
            acl: Acl {
                canned: config.acl.clone(),
                grants: Vec::new(),
            },
            strict_signature: config.strict_signature,
            accelerate: config.accelerate,
            versioning: match config.versioning.as_str() {
                "enabled" => Versioning::Enabled,
                "suspended" => Versioning::Suspended,
                _ => Versioning::Off,
            },
            documents: BTreeMap::new(),
        }
    }
}

/// A bucket as written to the data directory.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct BucketRecord {
    pub(super) name: String,
    pub(super) region: String,
    pub(super) created_ms: u64,
    pub(super) settings: Settings,
}

/// An object with its versions as written to the data directory.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct ObjectRecord<'a> {
    pub(super) key: std::borrow::Cow<'a, str>,
    pub(super) versions: Vec<Arc<Version>>,
}

/// What a delete did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Deleted {
    /// Of the removed version or the new delete marker; `None` while never versioned.
    pub(crate) version_id: Option<String>,
    /// Whether a delete marker was made or removed.
    pub(crate) delete_marker: bool,
}

impl Bucket {
    pub(super) fn new(name: &str, region: &str, created_ms: u64, settings: Settings) -> Self {
        Self {
            name: name.to_owned(),
            region: region.to_owned(),
            created_ms,
            settings: RwLock::new(Arc::new(settings)),
            objects: RwLock::default(),
            uploads: RwLock::default(),
            locks: (0..LOCKS).map(|_| Mutex::default()).collect(),
        }
    }

    pub(super) fn restored(record: BucketRecord, objects: Objects, uploads: Uploads) -> Self {
        Self {
            objects: RwLock::new(objects),
            uploads: RwLock::new(uploads),
            ..Self::new(
                &record.name,
                &record.region,
                record.created_ms,
                record.settings,
            )
        }
    }

    /// The digits after the last `-`.
    pub(crate) fn app_id(&self) -> &str {
        self.name.rsplit_once('-').map_or("", |(_, app_id)| app_id)
    }

    pub(crate) fn dir(&self) -> PathBuf {
        Path::new("buckets").join(&self.name)
    }

    pub(super) fn place(&self) -> PathBuf {
        self.dir().join("bucket.json")
    }

    pub(super) fn record(&self) -> BucketRecord {
        BucketRecord {
            name: self.name.clone(),
            region: self.region.clone(),
            created_ms: self.created_ms,
            settings: (*self.settings()).clone(),
        }
    }

    pub(crate) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) async fn set_settings(&self, backend: &Backend, settings: Settings) -> Result<()> {
        backend
            .save(
                self.place(),
                &BucketRecord {
                    settings: settings.clone(),
                    ..self.record()
                },
            )
            .await?;
        *self
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.objects().is_empty() && self.uploads().is_empty()
    }

    pub(crate) fn objects(&self) -> RwLockReadGuard<'_, Objects> {
        self.objects.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn uploads(&self) -> RwLockReadGuard<'_, Uploads> {
        self.uploads.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn uploads_mut(&self) -> RwLockWriteGuard<'_, Uploads> {
        self.uploads.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest version, or the one asked for.
    ///
    /// # Errors
    /// `NoSuchKey`, or `NoSuchVersion` when that version does not exist; `MethodNotAllowed` for a delete marker
    /// asked for by its id.
    pub(crate) fn version(&self, key: &str, version_id: Option<&str>) -> Result<Arc<Version>> {
        let objects = self.objects();
        let versions = objects.get(key).ok_or(Code::NoSuchKey)?;
        match version_id.filter(|id| !id.is_empty()) {
            None => versions
                .last()
                .filter(|v| !v.delete_marker)
                .cloned()
                .ok_or_else(|| Code::NoSuchKey.into()),
            Some(id) => {
                let version = versions
                    .iter()
                    .find(|v| v.id == id)
                    .ok_or(Code::NoSuchVersion)?;
                if version.delete_marker {
                    return Err(Code::MethodNotAllowed.into());
                }
                Ok(Arc::clone(version))
            }
        }
    }

    /// The lock of a key. Hold it from checking what is there until the change is made.
    pub(crate) async fn lock(&self, key: &str) -> MutexGuard<'_, ()> {
        let hash = key.bytes().fold(0_usize, |h, b| {
            h.wrapping_mul(31).wrapping_add(usize::from(b))
        });
        self.locks[hash % LOCKS].lock().await
    }

    /// Stores a version as versioning demands; durable when this returns. Hold the key's lock.
    ///
    /// Returns the version id to tell the client, `None` while never versioned.
    pub(crate) async fn put(
        &self,
        backend: &Backend,
        key: &str,
        mut new: Version,
    ) -> Result<Option<String>> {
        let mut versions = self.objects().get(key).cloned().unwrap_or_default();
        let told = match self.settings().versioning {
            Versioning::Off => {
                versions.clear();
                None
            }
            Versioning::Enabled => {
                new.id = unique_id(new.modified_ms);
                Some(new.id.clone())
            }
            Versioning::Suspended => {
                versions.retain(|v| v.id != NULL_VERSION);
                Some(NULL_VERSION.to_owned())
            }
        };
        versions.push(Arc::new(new));
        self.set_versions(backend, key, versions).await?;
        Ok(told)
    }

    /// Puts a changed copy in the place of the version with its id. Hold the key's lock.
    pub(crate) async fn replace(
        &self,
        backend: &Backend,
        key: &str,
        changed: Version,
    ) -> Result<()> {
        let mut versions = self.objects().get(key).cloned().unwrap_or_default();
        if let Some(slot) = versions.iter_mut().find(|v| v.id == changed.id) {
            *slot = Arc::new(changed);
        }
        self.set_versions(backend, key, versions).await
    }

    /// Deletes an object or one version of it; what is not there counts as deleted. Hold the key's lock.
    pub(crate) async fn delete(
        &self,
        backend: &Backend,
        key: &str,
        version_id: Option<&str>,
        now_ms: u64,
    ) -> Result<Deleted> {
        let mut versions = self.objects().get(key).cloned().unwrap_or_default();
        if let Some(id) = version_id.filter(|id| !id.is_empty()) {
            let at = versions.iter().position(|v| v.id == id);
            let delete_marker = at.is_some_and(|at| versions.remove(at).delete_marker);
            if at.is_some() {
                self.set_versions(backend, key, versions).await?;
            }
            return Ok(Deleted {
                version_id: Some(id.to_owned()),
                delete_marker,
            });
        }
        let id = match self.settings().versioning {
            Versioning::Off => {
                if !versions.is_empty() {
                    self.set_versions(backend, key, Vec::new()).await?;
                }
                return Ok(Deleted::default());
            }
            Versioning::Enabled => unique_id(now_ms),
            Versioning::Suspended => {
                versions.retain(|v| v.id != NULL_VERSION);
                NULL_VERSION.to_owned()
            }
        };
        versions.push(Arc::new(Version::delete_marker(id.clone(), now_ms)));
        self.set_versions(backend, key, versions).await?;
        Ok(Deleted {
            version_id: Some(id),
            delete_marker: true,
        })
    }

    async fn set_versions(
        &self,
        backend: &Backend,
        key: &str,
        versions: Vec<Arc<Version>>,
    ) -> Result<()> {
        let name = format!(
            "{}{:016x}.json",
            version::hex(&md5::Md5::digest(key)),
            cos_crc64::checksum(key.as_bytes())
        );
        let place = self.dir().join("objects").join(&name[..2]).join(&name);
        if versions.is_empty() {
            backend.remove(place).await?;
        } else {
            backend
                .save(
                    place,
                    &ObjectRecord {
                        key: key.into(),
                        versions: versions.clone(),
                    },
                )
                .await?;
        }
        let mut objects = self.objects.write().unwrap_or_else(PoisonError::into_inner);
        // What is replaced is freed after the lock is gone: freeing files takes time.
        let old = if versions.is_empty() {
            objects.remove(key)
        } else {
            objects.insert(key.to_owned(), versions)
        };
        drop(objects);
        drop(old);
        Ok(())
    }

    pub(crate) async fn begin_upload(&self, backend: &Backend, info: UploadInfo) -> Result<()> {
        backend
            .save(
                self.dir().join("uploads").join(format!("{}.json", info.id)),
                &info,
            )
            .await?;
        self.uploads_mut().insert(
            (info.key.clone(), info.id.clone()),
            Arc::new(Upload::new(info, BTreeMap::new())),
        );
        Ok(())
    }

    /// # Errors
    /// `NoSuchUpload`.
    pub(crate) fn upload(&self, key: &str, id: &str) -> Result<Arc<Upload>> {
        let found = self
            .uploads()
            .get(&(key.to_owned(), id.to_owned()))
            .cloned();
        found.ok_or_else(|| Code::NoSuchUpload.into())
    }

    /// Drops an upload with its parts.
    pub(crate) async fn abort_upload(&self, backend: &Backend, upload: &Upload) -> Result<()> {
        let mut over = upload.over.lock().await;
        self.end_upload(backend, upload, &mut over).await
    }

    async fn end_upload(&self, backend: &Backend, upload: &Upload, over: &mut bool) -> Result<()> {
        if std::mem::replace(over, true) {
            return Err(Code::NoSuchUpload.into());
        }
        let id = &upload.info.id;
        backend
            .remove(self.dir().join("uploads").join(format!("{id}.json")))
            .await?;
        backend.remove(self.dir().join("parts").join(id)).await?;
        self.uploads_mut()
            .remove(&(upload.info.key.clone(), id.clone()));
        Ok(())
    }

    /// Turns an upload into an object: `assemble` checks the parts and makes the version. Hold the key's lock.
    pub(crate) async fn complete_upload(
        &self,
        backend: &Backend,
        upload: &Upload,
        assemble: impl FnOnce(&Upload) -> Result<Version>,
    ) -> Result<Option<String>> {
        let mut over = upload.over.lock().await;
        if *over {
            return Err(Code::NoSuchUpload.into());
        }
        let version = assemble(upload)?;
        // The object first: a crash in between leaves both, never neither.
        let id = self.put(backend, &upload.info.key, version).await?;
        self.end_upload(backend, upload, &mut over).await?;
        Ok(id)
    }
}
