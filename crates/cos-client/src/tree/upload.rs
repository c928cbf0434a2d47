//! A local folder to a prefix.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::compare::Compare;
use super::merge::Merge;
use super::options::{TreeOptions, as_folder, tree_options};
use super::report::TreeReport;
use super::state::State;
use super::up::Up;
use super::{Symlinks, engine, entry, walk};
use crate::client::Client;
use crate::error::Result;
use crate::object::object_headers;
use crate::request::Headers;
use crate::transfer::progress::Meter;
use crate::transfer::resume::ResumeFolder;

/// Uploads a folder; see [`Client::upload_dir`] and [`Client::sync_up`].
#[must_use = "call send() or start()"]
pub struct UploadDir {
    client: Client,
    root: PathBuf,
    prefix: String,
    headers: Headers,
    symlinks: Symlinks,
    empty_folders: bool,
    part_size: Option<u64>,
    store: Option<ResumeFolder>,
    options: TreeOptions,
}

impl Client {
    /// Uploads every file in the folder `path` and below it. The key is the prefix, a slash, and
    /// the file's path with slashes; an empty prefix is the whole bucket.
    ///
    /// Many files go at a time, small ones in one request each, large ones as
    /// [`Client::upload_file`] does. Names that are not UTF-8 and keys the service would refuse
    /// fail by name, as does every other single file; the rest goes on.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path();
    /// # std::fs::create_dir(path.join("2024"))?;
    /// # std::fs::write(path.join("2024/1.jpg"), "jpeg")?;
    /// # std::fs::write(path.join("notes.txt"), "notes")?;
    /// let report = client.upload_dir(path, "photos").include("*.jpg").send().await?;
    /// assert_eq!((report.transferred, report.failed), (1, 0));
    /// client.head_object("photos/2024/1.jpg").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_dir(&self, path: impl AsRef<Path>, prefix: impl Into<String>) -> UploadDir {
        UploadDir {
            client: self.clone(),
            root: path.as_ref().to_path_buf(),
            prefix: as_folder(&prefix.into()),
            headers: Headers::default(),
            symlinks: Symlinks::default(),
            empty_folders: false,
            part_size: None,
            store: None,
            options: TreeOptions::default(),
        }
    }

    /// [`Client::upload_dir`] of what is new or changed: [`Compare::SizeAndTime`], unless told to
    /// compare otherwise. With [`UploadDir::delete`] the prefix becomes what the folder is.
    ///
    /// Lists the prefix (`name/cos:GetBucket`). Folder and listing are compared as they are read,
    /// in constant memory.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path();
    /// # std::fs::write(path.join("index.html"), "hello")?;
    /// # client.put_object("site/old.html", "old").send().await?;
    /// let report = client.sync_up(path, "site").delete(true).send().await?;
    /// assert_eq!((report.transferred, report.deleted), (1, 1));
    /// let report = client.sync_up(path, "site").delete(true).send().await?;
    /// assert_eq!((report.transferred, report.unchanged), (0, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn sync_up(&self, path: impl AsRef<Path>, prefix: impl Into<String>) -> UploadDir {
        self.upload_dir(path, prefix).compare(Compare::SizeAndTime)
    }
}

impl UploadDir {
    object_headers!();
    tree_options!();

    /// What to do with symbolic links.
    pub fn symlinks(mut self, policy: Symlinks) -> Self {
        self.symlinks = policy;
        self
    }

    /// Puts an object `folder/` of no content for each empty folder, as the service's console
    /// does. Otherwise empty folders leave no trace.
    pub fn empty_folders(mut self, yes: bool) -> Self {
        self.empty_folders = yes;
        self
    }

    /// Bytes per part of large files; see [`crate::UploadFile::part_size`].
    pub fn part_size(mut self, bytes: u64) -> Self {
        self.part_size = Some(bytes);
        self
    }

    /// Keeps resume records of large files in `store`, so that another call goes on with them
    /// after a failure, a cancellation or the end of the process; see
    /// [`crate::UploadFile::resume_store`]. Without it nothing remains of files in flight.
    pub fn resume_store(mut self, store: &ResumeFolder) -> Self {
        self.store = Some(store.clone());
        self
    }

    async fn run(self, meter: Arc<Meter>) -> Result<TreeReport> {
        let Self {
            client,
            root,
            prefix,
            ..
        } = self;
        let (options, headers) = (self.options, self.headers.checked()?);
        let concurrency = options.files_in_flight(&client)?;
        let filter = options.filter()?;
        let source = walk::files(root.clone(), self.symlinks, Arc::clone(&filter));
        let target = options
            .looks_at_target()
            .then(|| entry::objects(&client, &prefix));
        let up = Up {
            claim: options.claim(&client),
            client,
            root,
            prefix,
            headers,
            empty_folders: self.empty_folders,
            part_size: self.part_size,
            store: self.store,
            prompt: Arc::default(),
        };
        let state = State::new(meter);
        let merge = Merge::new(source, target);
        engine::run(&up, merge, &options, &filter, concurrency, &state).await
    }
}

impl std::fmt::Debug for UploadDir {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UploadDir")
            .field("root", &self.root)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
