//! A prefix to another, inside the service.

use std::sync::Arc;

use super::compare::Compare;
use super::entry::{self, Entry};
use super::merge::Merge;
use super::mover::{Moved, Mover};
use super::options::{TreeOptions, as_folder, tree_options};
use super::report::{TreeAction, TreeReport};
use super::state::State;
use super::up::delete_objects;
use super::{engine, part};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::limits::Priority;
use crate::object::{CopySource, customer_key, object_headers};
use crate::request::Headers;
use crate::transfer::progress::{Meter, Share};
use crate::types::ObjectKey;

/// Copies objects; see [`Client::copy_dir`] and [`Client::sync_copy`].
#[must_use = "call send() or start()"]
pub struct CopyDir {
    client: Client,
    source: Client,
    from: String,
    to: String,
    headers: Headers,
    replaces_metadata: bool,
    options: TreeOptions,
}

impl Client {
    /// Copies every object below `from` in the bucket of `source` (which may be this one) to the
    /// same name below `to` in this bucket, without moving its bytes through here. Each object goes
    /// as [`Client::copy`] does, whatever its size.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// client.put_object("2024/a", "a").send().await?;
    /// let report = client.copy_dir(&client, "2024", "archive/2024").send().await?;
    /// assert_eq!(report.transferred, 1);
    /// client.head_object("archive/2024/a").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn copy_dir(
        &self,
        source: &Client,
        from: impl Into<String>,
        to: impl Into<String>,
    ) -> CopyDir {
        CopyDir {
            client: self.clone(),
            source: source.clone(),
            from: as_folder(&from.into()),
            to: as_folder(&to.into()),
            headers: Headers::default(),
            replaces_metadata: false,
            options: TreeOptions::default(),
        }
    }

    /// [`Client::copy_dir`] of what is new or changed: [`Compare::SizeAndTime`], unless told to
    /// compare otherwise.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # client.put_object("2024/a", "x").send().await?;
    /// let copied = client.sync_copy(&client, "2024", "backup").send().await?;
    /// assert_eq!(copied.transferred, 1);
    /// // Nothing is new by now.
    /// let copied = client.sync_copy(&client, "2024", "backup").send().await?;
    /// assert_eq!(copied.transferred, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn sync_copy(
        &self,
        source: &Client,
        from: impl Into<String>,
        to: impl Into<String>,
    ) -> CopyDir {
        self.copy_dir(source, from, to)
            .compare(Compare::SizeAndTime)
    }
}

impl CopyDir {
    object_headers!();
    tree_options!();

    /// The key of yours with which the sources were encrypted (SSE-C); use TLS.
    pub fn source_customer_key(mut self, key: &[u8; 32]) -> Self {
        customer_key::set_source(&mut self.headers, key);
        self
    }

    /// Gives the copies the metadata of this call instead of the sources'.
    pub fn replace_metadata(mut self) -> Self {
        self.replaces_metadata = true;
        self
    }

    async fn run(self, meter: Arc<Meter>) -> Result<TreeReport> {
        let Self {
            client,
            source,
            from,
            to,
            options,
            ..
        } = self;
        let is_one_bucket = client.bucket() == source.bucket();
        if is_one_bucket && (from.starts_with(&to) || to.starts_with(&from)) {
            return Err(Error::config(format!(
                "one of {from:?} and {to:?} is inside the other"
            )));
        }
        let headers = self.headers.checked()?;
        let concurrency = options.files_in_flight(&client)?;
        let filter = options.filter()?;
        let target = options
            .looks_at_target()
            .then(|| entry::objects(&client, &to));
        let state = State::new(meter);
        let merge = Merge::new(entry::objects(&source, &from), target);
        let copy = Copy {
            client,
            source,
            from,
            to,
            headers,
            replaces_metadata: self.replaces_metadata,
            priority: options.priority,
        };
        engine::run(&copy, merge, &options, &filter, concurrency, &state).await
    }
}

impl std::fmt::Debug for CopyDir {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CopyDir")
            .field("from", &self.from)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

struct Copy {
    client: Client,
    source: Client,
    from: String,
    to: String,
    headers: Headers,
    replaces_metadata: bool,
    priority: Priority,
}

impl Mover for Copy {
    const ACTION: TreeAction = TreeAction::Copy;
    const DELETES: usize = 1_000;

    fn admit(&self, source: &Entry) -> Result<()> {
        ObjectKey::new(format!("{}{}", self.to, source.name))?;
        Ok(())
    }

    /// What looks like a folder is an object like any other here.
    fn is_folder(&self, _: &Entry) -> bool {
        false
    }

    fn hides(&self, _: &Entry) -> bool {
        false
    }

    fn makes_folder(&self, _: &Entry) -> bool {
        false
    }

    fn deletes_folder(&self) -> bool {
        true
    }

    async fn make_folder(&self, _: &Entry) -> Result<()> {
        Ok(())
    }

    async fn transfer(&self, source: &Entry, share: Share) -> Result<Moved> {
        let from = CopySource::new(
            self.source.bucket().as_str(),
            self.source.region().as_str(),
            format!("{}{}", self.from, source.name),
        )?;
        let mut copy = self
            .client
            .copy(from, format!("{}{}", self.to, source.name))
            .all_headers(self.headers.clone())
            .priority(self.priority)
            .on_progress(move |p| share.reach(p.done_bytes));
        if self.replaces_metadata {
            copy = copy.replace_metadata();
        }
        let output = part::finish(&self.client, copy.start(), false).await?;
        Ok(Moved::all(output.bytes))
    }

    async fn same_content(&self, source: &Entry) -> Result<bool> {
        let mut from = (self.source).head_object(format!("{}{}", self.from, source.name));
        for (name, value) in customer_key::as_own(&self.headers) {
            from = from.header(name, value);
        }
        let mut to = (self.client).head_object(format!("{}{}", self.to, source.name));
        for (name, value) in customer_key::of_object(&self.headers) {
            to = to.header(name, value);
        }
        let (from, to) = tokio::try_join!(from.send(), to.send())?;
        Ok(from.crc64.is_some() && from.crc64 == to.crc64)
    }

    async fn delete(&self, names: &[String]) -> Vec<(String, Error)> {
        delete_objects(&self.client, &self.to, names).await
    }
}
