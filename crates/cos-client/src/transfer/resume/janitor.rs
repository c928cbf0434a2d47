//! Removes what interrupted transfers left and nobody continued.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::folder::{ResumeFolder, Slot};
use super::{Checkpoint, InvalidRecord, Kind, is_temporary_name};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::transfer::blocking;
use crate::types::UploadId;

/// Older than this it is stale, unless told otherwise.
const STALE: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Removes what is left of transfers that nobody continued; see [`Client::clean_up_stale`].
#[derive(Debug, Clone)]
#[must_use = "call send()"]
pub struct CleanUpStale {
    client: Client,
    store: ResumeFolder,
    older_than: Duration,
    folders: Vec<PathBuf>,
}

/// What was removed.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct CleanUpOutput {
    /// Uploads aborted, or found to be gone.
    pub uploads_aborted: u32,
    /// Temporary files of downloads removed.
    pub files_removed: u32,
    /// What could not be removed now; its record is kept for the next time.
    pub failed: Vec<Error>,
}

impl Client {
    /// Aborts uploads to this bucket that were begun with `store` and not continued for seven days,
    /// and removes partly downloaded files of the same age.
    ///
    /// It knows them by their records, so it never touches an upload that another program began,
    /// and none that is running. It needs `name/cos:AbortMultipartUpload`, no permission to list.
    /// What was begun without a store is not known here: a lifecycle rule of the bucket
    /// (`AbortIncompleteMultipartUpload`) is the net under it.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # let folder = tempfile::tempdir()?;
    /// use std::time::Duration;
    ///
    /// let store = cos_client::ResumeFolder::new(folder.path())?;
    /// let three_days = Duration::from_secs(3 * 24 * 3_600);
    /// let cleaned = client.clean_up_stale(&store).older_than(three_days).send().await?;
    /// assert_eq!(cleaned.uploads_aborted, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn clean_up_stale(&self, store: &ResumeFolder) -> CleanUpStale {
        CleanUpStale {
            client: self.clone(),
            store: store.clone(),
            older_than: STALE,
            folders: Vec::new(),
        }
    }
}

impl CleanUpStale {
    /// Only what was not continued for this long, instead of seven days.
    pub fn older_than(mut self, age: Duration) -> Self {
        self.older_than = age;
        self
    }

    /// Also removes temporary files of this age in `folder` that no record of the store names, as
    /// downloads without a store leave them when their process is killed.
    pub fn folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.folders.push(folder.as_ref().to_path_buf());
        self
    }

    /// Cleans up.
    ///
    /// # Errors
    /// `Local` when the store cannot be read; what cannot be removed is in the output.
    pub async fn send(self) -> Result<CleanUpOutput> {
        let store = self.store.clone();
        let names = blocking(move || {
            let fail = |e| Error::local("read the resume folder", store.path(), e);
            store.names().map_err(fail)
        })
        .await?;
        let mut output = CleanUpOutput::default();
        let mut named = Vec::new();
        for name in names {
            let store = self.store.clone();
            // In use: not stale.
            let Ok(slot) = blocking(move || store.slot(&name)).await else {
                continue;
            };
            match self.look_at(slot, &mut output).await {
                Ok(kept) => named.extend(kept),
                Err(error) => output.failed.push(error),
            }
        }
        for folder in &self.folders {
            let (folder, named, age) = (folder.clone(), named.clone(), self.older_than);
            let removed = blocking(move || remove_orphans(&folder, &named, age)).await;
            match removed {
                Ok(files) => output.files_removed += files,
                Err(error) => output.failed.push(error),
            }
        }
        Ok(output)
    }

    /// Removes what one record is about if it is stale; else gives the name of its temporary file.
    async fn look_at(&self, slot: Slot, output: &mut CleanUpOutput) -> Result<Option<String>> {
        let (slot, bytes) = blocking(move || {
            let bytes = slot.load().unwrap_or_default();
            Ok((slot, bytes))
        })
        .await?;
        let age = self.older_than;
        let checkpoint = match Checkpoint::decode(&bytes) {
            Ok(checkpoint) => checkpoint,
            // Not ours to judge.
            Err(InvalidRecord::Newer | InvalidRecord::Foreign) => return Ok(None),
            Err(InvalidRecord::Damaged) => {
                blocking(move || {
                    if slot.modified().is_some_and(|t| is_old(t, age)) {
                        forget(&slot)?;
                    }
                    Ok(())
                })
                .await?;
                return Ok(None);
            }
        };
        let is_stale = checkpoint.saved_s.saturating_add(age.as_secs()) <= self.client.now().s;
        match checkpoint.kind {
            Kind::Upload { upload_id } => {
                if !is_stale || checkpoint.bucket != self.client.bucket().as_str() {
                    return Ok(None);
                }
                let id = UploadId::new(upload_id)?;
                let abort = self.client.abort_multipart_upload(checkpoint.key, &id);
                match abort.send().await {
                    Err(error) if error.code() != Some("NoSuchUpload") => return Err(error),
                    _ => output.uploads_aborted += 1,
                }
                blocking(move || forget(&slot)).await?;
            }
            Kind::Download { temporary, .. } => {
                if !is_stale {
                    return Ok(Some(temporary));
                }
                let removed = blocking(move || {
                    let file = slot.noted_place().map(|folder| folder.join(temporary));
                    let removed = match &file {
                        Some(file) => remove_unused(file)?,
                        None => false,
                    };
                    forget(&slot)?;
                    Ok(removed)
                })
                .await?;
                output.files_removed += u32::from(removed);
            }
        }
        Ok(None)
    }
}

fn forget(slot: &Slot) -> Result<()> {
    slot.remove(u64::MAX).map_err(|e| {
        let why = "cannot remove a resume record";
        Error::new(crate::error::ErrorKind::Local, why).with_source(e)
    })
}

fn is_old(time: SystemTime, age: Duration) -> bool {
    SystemTime::now()
        .duration_since(time)
        .is_ok_and(|passed| passed >= age)
}

/// Removes a temporary file unless a download has it open. Whether it was there.
fn remove_unused(path: &Path) -> Result<bool> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(Error::local("open", path, e)),
    };
    if matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)) {
        return Ok(false);
    }
    std::fs::remove_file(path).map_err(|e| Error::local("remove", path, e))?;
    Ok(true)
}

/// Removes old temporary files whose name no record knows.
fn remove_orphans(folder: &Path, named: &[String], age: Duration) -> Result<u32> {
    let fail = |e| Error::local("read the folder", folder, e);
    let mut removed = 0;
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|n| is_temporary_name(n)) else {
            continue;
        };
        let modified = entry.metadata().and_then(|m| m.modified());
        let is_stale = modified.is_ok_and(|t| is_old(t, age));
        if is_stale && !named.iter().any(|n| n == name) && remove_unused(&entry.path())? {
            removed += 1;
        }
    }
    Ok(removed)
}
