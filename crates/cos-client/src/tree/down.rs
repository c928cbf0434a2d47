//! Objects to files, for the tree's loop.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::compare::crc64_of_file;
use super::entry::Entry;
use super::mover::{Moved, Mover};
use super::names::Names;
use super::report::TreeAction;
use super::safe_path::{UnsafeKey, relative_path};
use super::{SMALL, part, place};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Claim;
use crate::object::customer_key;
use crate::request::Headers;
use crate::transfer::blocking;
use crate::transfer::progress::Share;
use crate::transfer::resume::ResumeFolder;
use crate::transfer::target::Target;

/// The movement of one transfer.
pub(super) struct Down {
    pub client: Client,
    pub root: PathBuf,
    pub prefix: String,
    pub windows: bool,
    pub names: Mutex<Names>,
    pub keep_existing: bool,
    pub part_size: Option<u64>,
    pub store: Option<ResumeFolder>,
    /// Of every request for an object.
    pub headers: Headers,
    pub claim: Claim,
}

impl Down {
    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn names(&self) -> std::sync::MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn relative(&self, name: &str) -> Result<PathBuf> {
        relative_path(name, self.windows).map_err(|why| self.refuse(name, why))
    }

    fn refuse(&self, name: &str, why: UnsafeKey) -> Error {
        let key = self.key(name);
        let message = format!("{key:?} has no place in {}: {why}", self.root.display());
        Error::new(ErrorKind::Local, message)
            .with_resource(Some(format!("{}/{key}", self.client.bucket())))
            .with_hint_text("download it alone, under a name of your choice")
            .with_source(why)
    }

    /// One request, one buffer, one visit to the disk. `None`: not small any more, or the content
    /// broke off, which the way of large objects can continue.
    async fn small(&self, key: &str, relative: &Path, share: &Share) -> Result<Option<u64>> {
        let permit = self.client.permit(&self.claim).await;
        let mut get = self.client.get_object(key);
        for (name, value) in self.headers.pairs() {
            get = get.header(name, value);
        }
        let object = get.send().await?;
        let (size, modified) = (object.meta.size, object.meta.last_modified);
        if size > SMALL {
            return Ok(None);
        }
        let content = match object.bytes().await {
            Ok(content) if content.len() as u64 == size => content,
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::Config => return Err(error),
            Err(error) => {
                tracing::debug!(%error, key, "a small object broke off");
                return Ok(None);
            }
        };
        permit.moved(size);
        drop(permit);
        share.reach(size);
        let (root, relative) = (self.root.clone(), relative.to_path_buf());
        blocking(move || {
            let path = place::for_file(&root, &relative)?;
            let target = Target::create(&path, size)?;
            target.file().write_all_at(&content, 0)?;
            target.rename(size, modified)
        })
        .await?;
        Ok(Some(size))
    }

    async fn large(&self, key: &str, path: &Path, share: Share) -> Result<Moved> {
        let mut download = self
            .client
            .download_file(key, path)
            .priority(self.claim.priority)
            .on_progress(move |p| share.reach(p.done_bytes));
        for (name, value) in self.headers.pairs() {
            download = download.header(name, value);
        }
        if let Some(bytes) = self.part_size {
            download = download.part_size(bytes);
        }
        if let Some(store) = &self.store {
            download = download.resume_store(store);
        }
        let keeps = self.store.is_some();
        let output = part::finish(&self.client, download.start(), keeps).await?;
        let path = path.to_path_buf();
        blocking(move || set_time(&path, output.meta.last_modified)).await?;
        Ok(Moved {
            bytes: output.bytes,
            resumed_bytes: output.resumed_bytes,
        })
    }
}

impl Mover for Down {
    const ACTION: TreeAction = TreeAction::Download;
    const DELETES: usize = 1;

    fn admit(&self, source: &Entry) -> Result<()> {
        self.relative(&source.name)?;
        if source.is_folder() && source.size > 0 {
            return Err(self.refuse(&source.name, UnsafeKey::EmptyName));
        }
        let taken = self.names().take(&source.name);
        taken.map_err(|why| self.refuse(&source.name, why))
    }

    fn hides(&self, target: &Entry) -> bool {
        self.names().hides(&target.name)
    }

    fn makes_folder(&self, _: &Entry) -> bool {
        true
    }

    fn deletes_folder(&self) -> bool {
        false
    }

    async fn make_folder(&self, source: &Entry) -> Result<()> {
        let (root, relative) = (self.root.clone(), self.relative(&source.name)?);
        blocking(move || place::make_folders(&root, &relative)).await
    }

    async fn transfer(&self, source: &Entry, share: Share) -> Result<Moved> {
        let (key, relative) = (self.key(&source.name), self.relative(&source.name)?);
        if source.size <= SMALL && !self.keep_existing {
            // Its place is found when there is something to write: one visit to the disk.
            if let Some(size) = self.small(&key, &relative, &share).await? {
                return Ok(Moved::all(size));
            }
        }
        let (root, keep_existing) = (self.root.clone(), self.keep_existing);
        let path = blocking(move || {
            let path = place::for_file(&root, &relative)?;
            if keep_existing && path.symlink_metadata().is_ok() {
                let why = std::io::ErrorKind::AlreadyExists.into();
                return Err(Error::local("write", &path, why));
            }
            Ok(path)
        })
        .await?;
        self.large(&key, &path, share).await
    }

    async fn same_content(&self, source: &Entry) -> Result<bool> {
        let path = self.root.join(self.relative(&source.name)?);
        let mut head = self.client.head_object(self.key(&source.name));
        for (name, value) in customer_key::of_object(&self.headers) {
            head = head.header(name, value);
        }
        let Some(theirs) = head.send().await?.crc64 else {
            return Ok(false);
        };
        Ok(blocking(move || crc64_of_file(&path)).await? == theirs)
    }

    async fn delete(&self, names: &[String]) -> Vec<(String, Error)> {
        let (root, names) = (self.root.clone(), names.to_vec());
        let work = blocking(move || {
            let failed = |name: String| {
                // These are names of files that were found, so they are paths as they stand.
                let error = place::delete_file(&root, Path::new(&name)).err()?;
                Some((name, error))
            };
            Ok(names.into_iter().filter_map(failed).collect())
        });
        work.await.unwrap_or_default()
    }
}

/// Gives a file the object's time: then it is not newer and not older.
fn set_time(path: &Path, modified: Option<SystemTime>) -> Result<()> {
    let Some(modified) = modified else {
        return Ok(());
    };
    let file = std::fs::OpenOptions::new().write(true).open(path);
    file.and_then(|f| f.set_modified(modified))
        .map_err(|e| Error::local("set the time of", path, e))
}
