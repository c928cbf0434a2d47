//! Going on with transfers that were interrupted: paused, cut off, or ended with their process.
//!
//! A transfer that can be continued has a [`ResumeRecord`]: which parts are done, with their
//! checksums. It holds no path and no secret, so it may be kept anywhere and carried to another
//! machine, and it is only trusted as far as its checksums hold: what is done is read again from the
//! local file and compared before it counts.
//!
//! Two ways to keep it:
//! - `.resume_store(`[`ResumeFolder::new`]`(dir)?)` on an upload or download writes it after every
//!   part and finds it again by itself, also after the process was killed;
//! - without a store take it from [`crate::Transfer::resume_record`] or
//!   [`crate::Error::resume_record`], and give its bytes to `.resume_from(…)` later.
//!
//! When it does not fit any more, the transfer starts again and its output says why:
//! [`RestartReason`].

mod folder;
mod janitor;
mod keeper;
mod record;
mod settings;
mod wire;

use std::fmt;
use std::sync::Arc;

pub use folder::ResumeFolder;
pub(crate) use folder::{slot_name, source_place, target_place};
pub use janitor::{CleanUpOutput, CleanUpStale};
pub(crate) use keeper::Keeper;
pub use record::InvalidRecord;
pub(crate) use record::{Checkpoint, Done, Kind, Tag, is_temporary_name, temporary_name};
pub(crate) use settings::digest;

/// What continues a transfer: bytes for any place to keep them.
///
/// Holds bucket, key, sizes, the upload's id or the object's tag, and the checksums of what is
/// done; no path, no credentials, no header values. 320 KB at most for an upload of 10,000 parts.
#[derive(Clone)]
pub struct ResumeRecord {
    checkpoint: Arc<Checkpoint>,
    /// How it is written. Called through the value, so that a program without transfers, whose errors never hold a
    /// record, is linked without the writer (docs/size.md).
    encode: fn(&Checkpoint) -> Vec<u8>,
}

impl PartialEq for ResumeRecord {
    fn eq(&self, other: &Self) -> bool {
        self.checkpoint == other.checkpoint
    }
}

impl Eq for ResumeRecord {}

impl ResumeRecord {
    pub(crate) fn new(checkpoint: Checkpoint) -> Self {
        Self {
            checkpoint: Arc::new(checkpoint),
            encode: Checkpoint::encode,
        }
    }

    /// Reads a record, to look at it: `resume_from` takes the bytes as they are.
    ///
    /// # Errors
    /// When the bytes are no undamaged record of a known version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidRecord> {
        Checkpoint::decode(bytes).map(Self::new)
    }

    /// The record as bytes, which are text.
    pub fn to_bytes(&self) -> Vec<u8> {
        (self.encode)(&self.checkpoint)
    }

    /// Whether it continues an upload; a download otherwise.
    pub fn is_upload(&self) -> bool {
        matches!(self.checkpoint.kind, Kind::Upload { .. })
    }

    /// The bucket.
    pub fn bucket(&self) -> &str {
        &self.checkpoint.bucket
    }

    /// The object's key.
    pub fn key(&self) -> &str {
        &self.checkpoint.key
    }

    /// Bytes that need not be transferred again.
    pub fn done_bytes(&self) -> u64 {
        self.checkpoint.done_bytes()
    }

    /// The object's size.
    pub fn total_bytes(&self) -> u64 {
        self.checkpoint.size
    }
}

impl fmt::Debug for ResumeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResumeRecord")
            .field("is_upload", &self.is_upload())
            .field("bucket", &self.bucket())
            .field("key", &self.key())
            .field("done_bytes", &self.done_bytes())
            .field("total_bytes", &self.total_bytes())
            .finish()
    }
}

/// Why a transfer did not go on where its record says, but from the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RestartReason {
    /// The record cannot be read.
    Record(InvalidRecord),
    /// The record is of another bucket, key or direction.
    OtherTransfer,
    /// Headers, conditions or part size differ from what the transfer began with.
    SettingsChanged,
    /// The local file is not what was uploaded so far.
    SourceChanged,
    /// The object was replaced since.
    ObjectChanged,
    /// The service no longer has the upload or one of its parts.
    UploadGone,
    /// The file downloaded into is gone, in use, or of another size.
    TemporaryFileGone,
}

impl RestartReason {
    /// A fixed lower-case word for logs and machine-read output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Record(InvalidRecord::Foreign) => "record_foreign",
            Self::Record(InvalidRecord::Newer) => "record_newer",
            Self::Record(InvalidRecord::Damaged) => "record_damaged",
            Self::OtherTransfer => "other_transfer",
            Self::SettingsChanged => "settings_changed",
            Self::SourceChanged => "source_changed",
            Self::ObjectChanged => "object_changed",
            Self::UploadGone => "upload_gone",
            Self::TemporaryFileGone => "temporary_file_gone",
        }
    }
}

impl fmt::Display for RestartReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(invalid) => invalid.fmt(f),
            Self::OtherTransfer => f.write_str("the resume record is of another transfer"),
            Self::SettingsChanged => f.write_str("the transfer began with other settings"),
            Self::SourceChanged => f.write_str("the local file changed"),
            Self::ObjectChanged => f.write_str("the object was replaced"),
            Self::UploadGone => f.write_str("the service no longer has the upload"),
            Self::TemporaryFileGone => f.write_str("the partly downloaded file is gone"),
        }
    }
}

/// What happens to the parts of an upload, or to the temporary file of a download, when the
/// transfer fails or is dropped. [`crate::Transfer::cancel`] always removes them and
/// [`crate::Transfer::stop`] always keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Leftovers {
    /// They are removed. The default without a resume store or record.
    Abort,
    /// They are kept for a resume, unless the failure is one that no resume can mend. The default
    /// with a resume store or record. Parts cost storage until they are completed or aborted: see
    /// [`crate::Client::clean_up_stale`].
    Keep,
}
