//! A prefix to a local folder.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::compare::{Compare, crc64_of_file};
use super::engine::{self, Moved, Mover};
use super::entry::{self, Entry};
use super::merge::Merge;
use super::names::Names;
use super::options::{TreeOptions, as_folder, tree_options};
use super::report::{TreeAction, TreeReport};
use super::safe_path::{UnsafeKey, relative_path};
use super::state::State;
use super::{SMALL, Symlinks, part, place, walk};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Claim;
use crate::transfer::blocking;
use crate::transfer::progress::{Meter, Share};
use crate::transfer::resume::ResumeFolder;
use crate::transfer::target::Target;

/// Downloads a prefix; see [`Client::download_dir`] and [`Client::sync_down`].
#[must_use = "call send() or start()"]
pub struct DownloadDir {
    client: Client,
    root: PathBuf,
    prefix: String,
    portable_names: bool,
    keep_existing: bool,
    part_size: Option<u64>,
    store: Option<ResumeFolder>,
    options: TreeOptions,
}

impl Client {
    /// Downloads every object below `prefix` (`photos` means `photos/`; empty is the whole bucket)
    /// into the folder `path`, which is made if need be. Objects whose keys end with `/` become
    /// folders. Files get the time at which the object was written.
    ///
    /// Objects that have no place in the folder fail by name, with [`crate::UnsafeKey`] as the
    /// error's source; the rest goes on. No file is written outside the folder or through a
    /// symbolic link in it. Each file appears under its name only when it is complete and
    /// verified. Needs `name/cos:GetBucket` and `name/cos:GetObject`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("here");
    /// client.put_object("photos/2024/1.jpg", "jpeg").send().await?;
    /// client.put_object("photos/../../etc/passwd", "gotcha").send().await?;
    /// let report = client.download_dir("photos", &path).send().await?;
    /// assert_eq!(std::fs::read(path.join("2024/1.jpg"))?, b"jpeg");
    /// assert_eq!(report.failed, 1);
    /// println!("{}: {}", report.failures[0].name, report.failures[0].error);
    /// # Ok(())
    /// # }
    /// ```
    pub fn download_dir(&self, prefix: impl Into<String>, path: impl AsRef<Path>) -> DownloadDir {
        DownloadDir {
            client: self.clone(),
            root: path.as_ref().to_path_buf(),
            prefix: as_folder(&prefix.into()),
            portable_names: false,
            keep_existing: false,
            part_size: None,
            store: None,
            options: TreeOptions::default(),
        }
    }

    /// [`Client::download_dir`] of what is new or changed: [`Compare::SizeAndTime`], unless told to
    /// compare otherwise. With [`DownloadDir::delete`] the folder's files become those of the
    /// prefix; folders stay, also when nothing is left in them.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path();
    /// # client.put_object("config/a.toml", "x = 1").send().await?;
    /// let report = client.sync_down("config", path).dry_run(true).send().await?;
    /// assert_eq!(report.transferred, 1, "what would be");
    /// let report = client.sync_down("config", path).send().await?;
    /// assert_eq!(report.transferred, 1);
    /// let report = client.sync_down("config", path).send().await?;
    /// assert_eq!((report.transferred, report.unchanged), (0, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn sync_down(&self, prefix: impl Into<String>, path: impl AsRef<Path>) -> DownloadDir {
        self.download_dir(prefix, path)
            .compare(Compare::SizeAndTime)
    }
}

impl DownloadDir {
    tree_options!();

    /// Takes only names that every system can hold: refuses what Windows has no names for, and
    /// keys that differ only by case. Without it, what this system and folder cannot hold.
    pub fn portable_names(mut self, yes: bool) -> Self {
        self.portable_names = yes;
        self
    }

    /// Fails with `AlreadyExists` instead of replacing a file.
    pub fn forbid_overwrite(mut self) -> Self {
        self.keep_existing = true;
        self
    }

    /// Bytes per range of large objects; see [`crate::DownloadFile::part_size`].
    pub fn part_size(mut self, bytes: u64) -> Self {
        self.part_size = Some(bytes);
        self
    }

    /// Keeps resume records of large files in `store`, so that another call goes on with them
    /// after a failure, a cancellation or the end of the process; see
    /// [`crate::DownloadFile::resume_store`]. Without it nothing remains of files in flight.
    pub fn resume_store(mut self, store: &ResumeFolder) -> Self {
        self.store = Some(store.clone());
        self
    }

    async fn run(self, meter: Arc<Meter>) -> Result<TreeReport> {
        let options = self.options;
        let concurrency = options.files_in_flight(&self.client)?;
        let filter = options.filter()?;
        let (root, dry_run) = (self.root.clone(), options.dry_run);
        let (exists, folds_case) = blocking(move || look_at(&root, dry_run)).await?;
        let source = entry::objects(&self.client, &self.prefix);
        let target = (exists && options.looks_at_target())
            .then(|| walk::files(self.root.clone(), Symlinks::Skip, Arc::clone(&filter)));
        let down = Down {
            claim: options.claim(&self.client),
            client: self.client,
            root: self.root,
            prefix: self.prefix,
            windows: self.portable_names || cfg!(windows),
            names: Mutex::new(Names::new(self.portable_names || folds_case)),
            keep_existing: self.keep_existing,
            part_size: self.part_size,
            store: self.store,
        };
        let state = State::new(meter);
        let merge = Merge::new(source, target);
        engine::run(&down, merge, &options, &filter, concurrency, &state).await
    }
}

impl std::fmt::Debug for DownloadDir {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DownloadDir")
            .field("prefix", &self.prefix)
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

/// Whether the folder is there, and whether it folds case. Makes it, unless in a dry run.
fn look_at(root: &Path, dry_run: bool) -> Result<(bool, bool)> {
    if dry_run {
        return Ok((root.exists(), place::folds_case_usually()));
    }
    std::fs::create_dir_all(root).map_err(|e| Error::local("make the folder", root, e))?;
    Ok((true, place::folds_case(root)))
}

struct Down {
    client: Client,
    root: PathBuf,
    prefix: String,
    windows: bool,
    names: Mutex<Names>,
    keep_existing: bool,
    part_size: Option<u64>,
    store: Option<ResumeFolder>,
    claim: Claim,
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
        let object = self.client.get_object(key).send().await?;
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
        let meta = self.client.head_object(self.key(&source.name)).send();
        let Some(theirs) = meta.await?.crc64 else {
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
