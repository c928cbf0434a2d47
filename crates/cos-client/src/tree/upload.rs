//! A local folder to a prefix.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::Method;

use super::compare::{Compare, crc64_of_file};
use super::engine::{self, Moved, Mover};
use super::entry::{self, Entry};
use super::merge::Merge;
use super::options::{TreeOptions, as_folder, tree_options};
use super::report::{TreeAction, TreeReport};
use super::state::State;
use super::{SMALL, Symlinks, part, walk};
use crate::body::{Payload, SourceFile};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::limits::Claim;
use crate::object::object_headers;
use crate::operation::Operation;
use crate::request::{Call, Headers};
use crate::transfer::blocking;
use crate::transfer::progress::{Meter, Share};
use crate::transfer::resume::ResumeFolder;
use crate::types::ObjectKey;

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

struct Up {
    client: Client,
    root: PathBuf,
    prefix: String,
    headers: Headers,
    empty_folders: bool,
    part_size: Option<u64>,
    store: Option<ResumeFolder>,
    claim: Claim,
}

impl Up {
    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    async fn small(&self, key: &str, content: Bytes, share: Share) -> Result<u64> {
        let size = content.len() as u64;
        let mut call = Call::new(Operation::PutObject, Method::PUT)
            .key(ObjectKey::new(key)?)
            .headers(self.headers.clone())
            .payload(Payload::bytes(content));
        call.check_crc = true;
        call.share = Some(share);
        call.pace = self.claim.pace.clone();
        let permit = self.client.permit(&self.claim).await;
        crate::object::put(&self.client, &call).await?;
        permit.moved(size);
        Ok(size)
    }

    async fn large(&self, key: &str, path: &Path, share: Share) -> Result<Moved> {
        let mut upload = self
            .client
            .upload_file(key, path)
            .all_headers(self.headers.clone())
            .priority(self.claim.priority)
            .on_progress(move |p| share.reach(p.done_bytes));
        if let Some(bytes) = self.part_size {
            upload = upload.part_size(bytes);
        }
        if let Some(store) = &self.store {
            upload = upload.resume_store(store);
        }
        let keeps = self.store.is_some();
        let output = part::finish(&self.client, upload.start(), keeps).await?;
        Ok(Moved {
            bytes: output.bytes,
            resumed_bytes: output.resumed_bytes,
        })
    }
}

impl Mover for Up {
    const ACTION: TreeAction = TreeAction::Upload;
    const DELETES: usize = 1_000;

    fn admit(&self, source: &Entry) -> Result<()> {
        let key = ObjectKey::new(self.key(&source.name));
        key.map(drop)
            .map_err(|e| Error::config(format!("{:?}: {e}", source.name)))
    }

    fn hides(&self, _: &Entry) -> bool {
        false
    }

    fn makes_folder(&self, source: &Entry) -> bool {
        self.empty_folders && source.is_empty_folder
    }

    fn deletes_folder(&self) -> bool {
        true
    }

    async fn make_folder(&self, source: &Entry) -> Result<()> {
        let share = Meter::new().share();
        self.small(&self.key(&source.name), Bytes::new(), share)
            .await
            .map(drop)
    }

    async fn transfer(&self, source: &Entry, share: Share) -> Result<Moved> {
        let (key, path) = (self.key(&source.name), self.root.join(&source.name));
        if source.size <= SMALL {
            let small = path.clone();
            if let Some(content) = blocking(move || read_small(&small)).await? {
                return self.small(&key, content, share).await.map(Moved::all);
            }
        }
        self.large(&key, &path, share).await
    }

    async fn same_content(&self, source: &Entry) -> Result<bool> {
        let path = self.root.join(&source.name);
        let meta = self.client.head_object(self.key(&source.name)).send();
        let Some(theirs) = meta.await?.crc64 else {
            return Ok(false);
        };
        Ok(blocking(move || crc64_of_file(&path)).await? == theirs)
    }

    async fn delete(&self, names: &[String]) -> Vec<(String, Error)> {
        delete_objects(&self.client, &self.prefix, names).await
    }
}

/// The file's content, if it is still small.
fn read_small(path: &Path) -> Result<Option<Bytes>> {
    let file = SourceFile::open(path)?;
    if file.size() > SMALL {
        return Ok(None);
    }
    let mut content = vec![0; file.size() as usize];
    match file.read_exact_at(&mut content, 0) {
        Ok(()) => file.check_unchanged()?,
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Err(file.changed()),
        Err(e) => return Err(Error::local("read", path, e)),
    }
    Ok(Some(content.into()))
}

/// Deletes objects below a prefix and tells which are still there.
pub(super) async fn delete_objects(
    client: &Client,
    prefix: &str,
    names: &[String],
) -> Vec<(String, Error)> {
    let keys = names.iter().map(|name| format!("{prefix}{name}"));
    match client.delete_objects(keys).send().await {
        Ok(output) => {
            let failures = output.failures.into_iter();
            failures
                .map(|f| {
                    let name = f.key.strip_prefix(prefix).unwrap_or(&f.key).to_owned();
                    (name, Error::from_delete(client.bucket().as_str(), f))
                })
                .collect()
        }
        Err(error) => {
            let all = names.iter();
            all.map(|name| (name.clone(), error.clone())).collect()
        }
    }
}
