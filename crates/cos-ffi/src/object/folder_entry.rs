//! What is told about the files of a folder's transfer.

use core::ptr;

use cos_client::{TreeAction, TreeEvent, TreeReport};

use crate::error::{Failure, cosffi_error};
use crate::guard;
use crate::response::cosffi_response;
use crate::text::{Text, cosffi_str};

/// What was done with one file of a folder; in a dry run, what would be. Treat a number that you do not know
/// as something that was done.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum cosffi_folder_action {
    /// Something newer than this library.
    COSFFI_FOLDER_OTHER = 0,
    /// Sent to the bucket.
    COSFFI_FOLDER_UPLOAD = 1,
    /// Fetched from the bucket.
    COSFFI_FOLDER_DOWNLOAD = 2,
    /// A folder was made, or the object that stands for one.
    COSFFI_FOLDER_MAKE_FOLDER = 3,
    /// Deleted, as the source has no such file.
    COSFFI_FOLDER_DELETE = 4,
    /// Both sides have the same.
    COSFFI_FOLDER_UNCHANGED = 5,
    /// Left out: a symbolic link, a socket and the like.
    COSFFI_FOLDER_SKIP = 6,
    /// It failed.
    COSFFI_FOLDER_FAIL = 7,
}

/// One file of a folder's transfer. Later versions may add fields at the end; use it by pointer only.
#[repr(C)]
pub struct cosffi_folder_entry {
    /// Its name relative to the folder, with slashes.
    pub name: cosffi_str,
    /// Why it was left out; else empty.
    pub reason: cosffi_str,
    /// Why it failed; else NULL. Borrowed, as the entry is: do not free it.
    pub error: *const cosffi_error,
    /// Its size.
    pub size_bytes: u64,
    /// Of them, those that an earlier, interrupted transfer had moved.
    pub resumed_bytes: u64,
    /// What was done, a cosffi_folder_action.
    pub action: i32,
    /// 0 so far.
    pub reserved: u32,
}

/// What the transfer of a folder achieved. Later versions may add fields at the end; use it by pointer only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_folder_report {
    /// Files transferred; in a dry run, those that would be.
    pub transferred: u64,
    /// Their bytes.
    pub transferred_bytes: u64,
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
}

/// The texts and the error that an entry points to.
pub(crate) struct Entry {
    name: Text,
    reason: Text,
    error: Option<cosffi_error>,
    size_bytes: u64,
    resumed_bytes: u64,
    action: cosffi_folder_action,
}

impl Entry {
    pub(crate) fn new(event: &TreeEvent<'_>) -> Entry {
        Entry {
            name: Text::new(event.name),
            reason: Text::optional(event.reason),
            error: event
                .error
                .map(|error| cosffi_error::from(Failure::from(error.clone()))),
            size_bytes: event.bytes,
            resumed_bytes: event.resumed_bytes,
            action: action(event.action),
        }
    }

    #[cfg(test)]
    pub(crate) fn named(name: &str) -> Entry {
        Entry {
            name: Text::new(name),
            reason: Text::default(),
            error: None,
            size_bytes: 0,
            resumed_bytes: 0,
            action: cosffi_folder_action::COSFFI_FOLDER_OTHER,
        }
    }

    #[cfg(test)]
    pub(crate) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Borrows `self`.
    pub(crate) fn lend(&self) -> cosffi_folder_entry {
        cosffi_folder_entry {
            name: self.name.lend(),
            reason: self.reason.lend(),
            error: self.error.as_ref().map_or(ptr::null(), ptr::from_ref),
            size_bytes: self.size_bytes,
            resumed_bytes: self.resumed_bytes,
            action: self.action as i32,
            reserved: 0,
        }
    }
}

fn action(of: TreeAction) -> cosffi_folder_action {
    use cosffi_folder_action::*;
    match of {
        TreeAction::Upload => COSFFI_FOLDER_UPLOAD,
        TreeAction::Download => COSFFI_FOLDER_DOWNLOAD,
        TreeAction::MakeFolder => COSFFI_FOLDER_MAKE_FOLDER,
        TreeAction::Delete => COSFFI_FOLDER_DELETE,
        TreeAction::Unchanged => COSFFI_FOLDER_UNCHANGED,
        TreeAction::Skip => COSFFI_FOLDER_SKIP,
        TreeAction::Fail => COSFFI_FOLDER_FAIL,
        _ => COSFFI_FOLDER_OTHER,
    }
}

/// The report with the failures it keeps.
pub(crate) struct Report {
    counts: cosffi_folder_report,
    failures: Vec<cosffi_folder_entry>,
    /// What the failures point to; never changed.
    _entries: Vec<Entry>,
}

// SAFETY: the failures point to what the same value owns and never changes.
unsafe impl Send for Report {}
// SAFETY: as above; it is only read.
unsafe impl Sync for Report {}

impl Report {
    pub(crate) fn new(report: TreeReport) -> Report {
        let entries: Vec<Entry> = report.failures.into_iter().map(failed).collect();
        Report {
            counts: cosffi_folder_report {
                transferred: report.transferred,
                transferred_bytes: report.bytes,
                resumed_bytes: report.resumed_bytes,
                unchanged: report.unchanged,
                deleted: report.deleted,
                skipped: report.skipped,
                failed: report.failed,
            },
            failures: entries.iter().map(Entry::lend).collect(),
            _entries: entries,
        }
    }
}

fn failed(failure: cos_client::FileFailure) -> Entry {
    Entry {
        name: Text::new(&failure.name),
        reason: Text::default(),
        error: Some(cosffi_error::from(Failure::from(failure.error))),
        size_bytes: 0,
        resumed_bytes: 0,
        action: cosffi_folder_action::COSFFI_FOLDER_FAIL,
    }
}

fn ask<T>(
    response: Option<&cosffi_response>,
    question: impl FnOnce(&Report) -> *const T,
) -> *const T {
    guard::value(ptr::null(), || {
        response
            .and_then(cosffi_response::extra::<Report>)
            .map_or(ptr::null(), question)
    })
}

/// What cosffi_upload_folder() or cosffi_download_folder() achieved: look at `failed`.
///
/// Ownership: borrowed from `response`, valid as long as that; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: NULL for other responses.
/// Since: 0.1 (ABI 4).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_response_folder(
    response: Option<&cosffi_response>,
) -> *const cosffi_folder_report {
    ask(response, |report| ptr::from_ref(&report.counts))
}

/// A file of the folder that failed, counted from 0, in the order of names. The first 1,000 are kept; all are
/// counted.
///
/// Ownership: borrowed from `response`, valid as long as that; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: NULL when there are not so many, and for other responses.
/// Since: 0.1 (ABI 4).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_response_folder_failure(
    response: Option<&cosffi_response>,
    index: usize,
) -> *const cosffi_folder_entry {
    ask(response, |report| {
        report
            .failures
            .get(index)
            .map_or(ptr::null(), ptr::from_ref)
    })
}
