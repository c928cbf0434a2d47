//! Whole folders: up, down, and from one bucket to another.
//!
//! Both sides are read as streams in one order and merged, so memory does not grow with the tree.

mod compare;
mod copy;
mod down;
mod download;
mod engine;
mod entry;
mod filter;
mod merge;
mod mover;
mod names;
mod options;
mod part;
mod place;
mod report;
mod safe_path;
mod state;
mod up;
mod upload;
mod walk;

pub use compare::Compare;
pub use copy::CopyDir;
pub use download::DownloadDir;
pub use report::{FileFailure, TreeAction, TreeEvent, TreeProgress, TreeReport};
pub use safe_path::UnsafeKey;
pub use upload::UploadDir;

/// Files up to this size go in one request from one buffer, without a task of their own.
const SMALL: u64 = crate::body::CHUNK as u64;

/// What to do with symbolic links in a local folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Symlinks {
    /// They are left out and reported as skipped.
    #[default]
    Skip,
    /// What they lead to is taken, also outside the folder. A link back to a folder above it fails
    /// by name.
    Follow,
}
