//! What the loop asks of a direction: up, down or across.

use super::entry::Entry;
use super::report::TreeAction;
use crate::error::{Error, Result};
use crate::transfer::progress::Share;

/// A file that was transferred.
pub(crate) struct Moved {
    pub bytes: u64,
    /// Of them, those that an earlier transfer had moved.
    pub resumed_bytes: u64,
}

impl Moved {
    pub(crate) fn all(bytes: u64) -> Self {
        Self {
            bytes,
            resumed_bytes: 0,
        }
    }
}

/// How files get from one side to the other.
pub(crate) trait Mover: Send + Sync {
    /// What a transfer is called.
    const ACTION: TreeAction;
    /// How many are deleted at a time.
    const DELETES: usize;

    /// Whether an entry of the source has a place at the target. Asked once for each, in order.
    fn admit(&self, source: &Entry) -> Result<()>;
    /// Whether an entry that only the target has would be hit by something that was admitted.
    fn hides(&self, target: &Entry) -> bool;
    /// Whether an entry of the source stands for a folder instead of content.
    fn is_folder(&self, source: &Entry) -> bool {
        source.is_folder()
    }
    /// Whether a folder of the source is made at the target.
    fn makes_folder(&self, source: &Entry) -> bool;
    /// Whether a folder of the target is deleted when the source has none.
    fn deletes_folder(&self) -> bool;
    fn make_folder(&self, source: &Entry) -> impl Future<Output = Result<()>> + Send;
    fn transfer(&self, source: &Entry, share: Share) -> impl Future<Output = Result<Moved>> + Send;
    /// Compares by checksum what has the same size.
    fn same_content(&self, source: &Entry) -> impl Future<Output = Result<bool>> + Send;
    /// Deletes at the target; what is not in the answer is gone.
    fn delete(&self, names: &[String]) -> impl Future<Output = Vec<(String, Error)>> + Send;
}
