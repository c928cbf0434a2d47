//! What became of a tree.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};

/// Failures that a report keeps; all are counted.
const KEPT_FAILURES: usize = 1_000;

/// What a transfer of a tree achieved. Files that failed do not end it: look at
/// [`TreeReport::failed`], or call [`TreeReport::into_result`].
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
#[must_use = "some files may have failed"]
pub struct TreeReport {
    /// Files transferred; in a dry run, those that would be.
    pub transferred: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Of them, those that an earlier, interrupted transfer had moved.
    pub resumed_bytes: u64,
    /// Files left as they are because both sides have the same.
    pub unchanged: u64,
    /// Files or objects deleted at the target; in a dry run, those that would be.
    pub deleted: u64,
    /// Left out: symbolic links, sockets and the like.
    pub skipped: u64,
    /// Files that could not be transferred or deleted, or have no place on the other side.
    pub failed: u64,
    /// 1,000 of them at most, by name, with the reason.
    pub failures: Vec<FileFailure>,
}

/// One file of a tree that failed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FileFailure {
    /// Its name relative to the tree's root.
    pub name: String,
    /// Why. An object that has no place in a folder has [`crate::UnsafeKey`] as its source.
    pub error: Error,
}

impl TreeReport {
    /// The report if everything went well, the first failure otherwise.
    ///
    /// # Errors
    /// That of the first file that failed.
    pub fn into_result(mut self) -> Result<Self> {
        if self.failures.is_empty() {
            return Ok(self);
        }
        Err(self.failures.swap_remove(0).error)
    }

    pub(crate) fn count(&mut self, event: &TreeEvent<'_>) {
        match event.action {
            TreeAction::Upload | TreeAction::Download | TreeAction::Copy => {
                self.transferred += 1;
                self.bytes += event.bytes;
                self.resumed_bytes += event.resumed_bytes;
            }
            TreeAction::Unchanged => self.unchanged += 1,
            TreeAction::Delete => self.deleted += 1,
            TreeAction::Skip => self.skipped += 1,
            TreeAction::Fail => {
                self.failed += 1;
                if let Some(error) = event.error
                    && self.failures.len() < KEPT_FAILURES
                {
                    self.failures.push(FileFailure {
                        name: event.name.to_owned(),
                        error: error.clone(),
                    });
                }
            }
            TreeAction::MakeFolder => {}
        }
    }
}

/// What was done with one file; in a dry run, what would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TreeAction {
    /// Sent to the bucket.
    Upload,
    /// Fetched from the bucket.
    Download,
    /// Copied inside the service.
    Copy,
    /// A folder was made, or the object that stands for one.
    MakeFolder,
    /// Deleted, as the source has no such file.
    Delete,
    /// Both sides have the same.
    Unchanged,
    /// Left out.
    Skip,
    /// Failed.
    Fail,
}

/// Told once for each file.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TreeEvent<'a> {
    /// What was done.
    pub action: TreeAction,
    /// The file's name relative to the tree's root.
    pub name: &'a str,
    /// Its size.
    pub bytes: u64,
    /// Of them, those that an earlier, interrupted transfer had moved.
    pub resumed_bytes: u64,
    /// Why it failed.
    pub error: Option<&'a Error>,
    /// Why it was left out.
    pub reason: Option<&'a str>,
}

/// How far a tree is. All numbers only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TreeProgress {
    /// Files that are done with, in whichever way.
    pub files_done: u64,
    /// Files found so far.
    pub files_found: u64,
    /// Bytes transferred.
    pub bytes_done: u64,
    /// Bytes to transfer, as far as known.
    pub bytes_found: u64,
    /// Whether both sides are read to their ends, so that what was found is all.
    pub is_complete: bool,
}

pub(crate) type TreeProgressFn = Arc<dyn Fn(TreeProgress) + Send + Sync>;
pub(crate) type TreeEventFn = Arc<dyn Fn(TreeEvent<'_>) + Send + Sync>;

/// Something that is done with, on its way to the report.
pub(crate) struct Outcome {
    pub name: String,
    pub action: TreeAction,
    pub bytes: u64,
    pub resumed_bytes: u64,
    pub error: Option<Error>,
    pub reason: Option<&'static str>,
}

impl Outcome {
    pub(crate) fn new(action: TreeAction, name: String, bytes: u64) -> Self {
        Self {
            name,
            action,
            bytes,
            resumed_bytes: 0,
            error: None,
            reason: None,
        }
    }

    pub(crate) fn failed(name: String, error: Error) -> Self {
        let mut outcome = Self::new(TreeAction::Fail, name, 0);
        outcome.error = Some(error);
        outcome
    }

    pub(crate) fn skipped(name: String, reason: &'static str) -> Self {
        let mut outcome = Self::new(TreeAction::Skip, name, 0);
        outcome.reason = Some(reason);
        outcome
    }

    pub(crate) fn event(&self) -> TreeEvent<'_> {
        TreeEvent {
            action: self.action,
            name: &self.name,
            bytes: self.bytes,
            resumed_bytes: self.resumed_bytes,
            error: self.error.as_ref(),
            reason: self.reason,
        }
    }
}

impl fmt::Display for TreeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} transferred ({} bytes), {} unchanged, {} deleted, {} skipped, {} failed",
            self.transferred, self.bytes, self.unchanged, self.deleted, self.skipped, self.failed
        )
    }
}
