//! What all transfers of trees can be told.

use std::sync::Arc;

use tokio::sync::watch;

use super::Compare;
use super::filter::Filter;
use super::report::{TreeEventFn, TreeProgressFn};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::limits::{Claim, Priority};

#[derive(Clone, Default)]
pub(crate) struct TreeOptions {
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    pub compare: Compare,
    pub delete: bool,
    pub dry_run: bool,
    pub fail_fast: bool,
    pub concurrency: Option<usize>,
    pub priority: Priority,
    pub on_progress: Option<TreeProgressFn>,
    pub on_event: Option<TreeEventFn>,
    pub hold: Option<watch::Receiver<bool>>,
}

impl TreeOptions {
    pub(crate) fn filter(&self) -> Result<Arc<Filter>> {
        Ok(Arc::new(Filter::new(&self.include, &self.exclude)?))
    }

    pub(crate) fn files_in_flight(&self, client: &Client) -> Result<usize> {
        match self.concurrency {
            Some(0) => Err(Error::config("concurrency: must be at least 1")),
            Some(files) => Ok(files),
            None => Ok(client.settings().concurrency),
        }
    }

    /// What each of its requests may take of the client's limits.
    pub(crate) fn claim(&self, client: &Client) -> Claim {
        Claim {
            priority: self.priority,
            pace: client.pace(None),
        }
    }

    /// Waits while nothing further may be begun.
    pub(crate) async fn wait_for_room(&self) {
        if let Some(hold) = &self.hold {
            // Whoever held it and is gone cannot let go: that counts as letting go.
            let _ = hold.clone().wait_for(|held| !held).await;
        }
    }

    /// Whether it matters what is at the target.
    pub(crate) fn looks_at_target(&self) -> bool {
        self.delete || self.compare != Compare::Nothing
    }
}

/// A prefix as a folder: everything stays below it.
pub(crate) fn as_folder(prefix: &str) -> String {
    if prefix.is_empty() || prefix.ends_with('/') {
        return prefix.to_owned();
    }
    format!("{prefix}/")
}

/// Setters of everything that transfers a tree. The struct has a field `options`.
macro_rules! tree_options {
    () => {
        /// Only files that a pattern fits. May be called several times; any of them is enough.
        ///
        /// `*` and `?` stand for characters of one name, `**` for any number of folders, `[ab]`
        /// for one of the characters. A pattern without `/` (but at its end) fits at any depth, one
        /// with `/` from the tree's root on, and one that fits a folder fits everything below it.
        /// What takes no part is not deleted either.
        pub fn include(mut self, pattern: impl Into<String>) -> Self {
            self.options.include.push(pattern.into());
            self
        }

        /// No files that the pattern fits, whatever is included; patterns as for `include`.
        pub fn exclude(mut self, pattern: impl Into<String>) -> Self {
            self.options.exclude.push(pattern.into());
            self
        }

        /// What counts as the same on both sides and is left alone.
        pub fn compare(mut self, by: $crate::Compare) -> Self {
            self.options.compare = by;
            self
        }

        /// Deletes at the target what the source does not have: below the target's folder, never
        /// outside it. What is filtered out, skipped, or could not be read at the source stays.
        pub fn delete(mut self, yes: bool) -> Self {
            self.options.delete = yes;
            self
        }

        /// Finds out and reports what would be done, and changes nothing on either side.
        pub fn dry_run(mut self, yes: bool) -> Self {
            self.options.dry_run = yes;
            self
        }

        /// Ends with the first file that fails, and its error. Otherwise the others go on and the
        /// report names those that failed.
        pub fn fail_fast(mut self, yes: bool) -> Self {
            self.options.fail_fast = yes;
            self
        }

        /// Files in flight at most; as many as the client has requests by default. The client's
        /// own limit holds for all of them together.
        pub fn concurrency(mut self, files: usize) -> Self {
            self.options.concurrency = Some(files);
            self
        }

        /// Who goes first when the client's requests in flight are all taken.
        pub fn priority(mut self, priority: $crate::Priority) -> Self {
            self.options.priority = priority;
            self
        }

        /// Calls `callback` about ten times a second, and once at the end. It runs inside the
        /// transfer: return quickly.
        pub fn on_progress(
            mut self,
            callback: impl Fn($crate::TreeProgress) + Send + Sync + 'static,
        ) -> Self {
            self.options.on_progress = Some(std::sync::Arc::new(callback));
            self
        }

        /// Calls `callback` for each file that is done with. It runs inside the transfer: return
        /// quickly.
        pub fn on_event(
            mut self,
            callback: impl Fn($crate::TreeEvent<'_>) + Send + Sync + 'static,
        ) -> Self {
            self.options.on_event = Some(std::sync::Arc::new(callback));
            self
        }

        /// While `held` is true no further file is begun; those in flight go on. For callers that
        /// keep what `on_event` says until somebody has time for it, and want to keep little. When its
        /// sender is dropped, nothing is held any more.
        pub fn hold_while(mut self, held: tokio::sync::watch::Receiver<bool>) -> Self {
            self.options.hold = Some(held);
            self
        }

        /// Transfers and waits. Dropping the future cancels.
        ///
        /// # Errors
        /// What ends all of it: a side that cannot be read, no credentials or refused ones, a bucket
        /// that does not exist, with `fail_fast` any failure. What concerns single files is in the report. See [`crate::ErrorKind`].
        pub async fn send(self) -> $crate::Result<$crate::TreeReport> {
            self.start().await
        }

        /// Starts on the current Tokio runtime. Cancelling ends all files in flight.
        ///
        /// # Panics
        /// Outside a runtime.
        pub fn start(self) -> $crate::Transfer<$crate::TreeReport> {
            let meter = $crate::transfer::progress::Meter::new();
            let future = self.run(std::sync::Arc::clone(&meter));
            $crate::Transfer::start(None, $crate::transfer::whole::Once::new(meter, future))
        }
    };
}
pub(crate) use tree_options;
