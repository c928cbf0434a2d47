//! A prefix to a local folder.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::compare::Compare;
use super::down::Down;
use super::merge::Merge;
use super::names::Names;
use super::options::{TreeOptions, as_folder, tree_options};
use super::report::TreeReport;
use super::state::State;
use super::{Symlinks, engine, entry, place, walk};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::object::customer_key;
use crate::request::Headers;
use crate::transfer::blocking;
use crate::transfer::progress::Meter;
use crate::transfer::resume::ResumeFolder;

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
    headers: Headers,
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
            headers: Headers::default(),
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

    /// The key of yours with which the objects were encrypted (SSE-C); use TLS.
    pub fn customer_key(mut self, key: &[u8; 32]) -> Self {
        customer_key::set(&mut self.headers, key);
        self
    }

    /// A header for every request for an object, such as `x-cos-traffic-limit`; it is signed.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.headers.set(name.as_ref(), value);
        self
    }

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
            headers: self.headers.checked()?,
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
