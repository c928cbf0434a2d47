//! Files to objects, for the tree's loop.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::Method;

use super::compare::crc64_of_file;
use super::entry::Entry;
use super::mover::{Moved, Mover};
use super::report::TreeAction;
use super::{SMALL, part};
use crate::body::{Payload, Prompt, SourceFile};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::limits::Claim;
use crate::object::customer_key;
use crate::operation::Operation;
use crate::request::{Call, Headers};
use crate::transfer::blocking;
use crate::transfer::progress::{Meter, Share};
use crate::transfer::resume::ResumeFolder;
use crate::types::ObjectKey;

/// The movement of one transfer.
pub(super) struct Up {
    pub client: Client,
    pub root: PathBuf,
    pub prefix: String,
    pub headers: Headers,
    pub empty_folders: bool,
    pub part_size: Option<u64>,
    pub store: Option<ResumeFolder>,
    pub claim: Claim,
    /// Whether files can be read at once.
    pub prompt: Arc<Prompt>,
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

    /// The file's content, if it is still small.
    async fn read(&self, path: &Path) -> Result<Option<Bytes>> {
        if self.prompt.is_prompt() {
            return self.prompt.timed(|| read_small(path));
        }
        let (prompt, path) = (Arc::clone(&self.prompt), path.to_path_buf());
        blocking(move || prompt.timed(|| read_small(&path))).await
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
        if source.size <= SMALL
            && let Some(content) = self.read(&path).await?
        {
            return self.small(&key, content, share).await.map(Moved::all);
        }
        self.large(&key, &path, share).await
    }

    async fn same_content(&self, source: &Entry) -> Result<bool> {
        let path = self.root.join(&source.name);
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
        delete_objects(&self.client, &self.prefix, names).await
    }
}

/// The content of a file that is still small. Blocks.
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
