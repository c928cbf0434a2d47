//! Checked values: a name that exists as a type has already passed its rules.

mod bucket;
mod checksum;
mod endpoint;
mod multipart;
mod object_key;
mod region;
mod storage_class;

pub use bucket::BucketName;
pub use checksum::{Crc64, ETag};
pub use endpoint::{Domain, Endpoint};
pub use multipart::{MAX_PARTS, PartNumber, UploadId};
pub use object_key::ObjectKey;
pub use region::Region;
pub use storage_class::StorageClass;

/// A name, key or address that breaks the service's rules.
///
/// It says which kind of value was wrong and which rule it broke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid {what}: {why}")]
pub struct InvalidValue {
    what: &'static str,
    why: String,
}

impl InvalidValue {
    pub(crate) fn new(what: &'static str, why: impl Into<String>) -> Self {
        Self {
            what,
            why: why.into(),
        }
    }

    /// The kind of value: `bucket name`, `region`, `object key`, …
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// The rule that was broken.
    pub fn why(&self) -> &str {
        &self.why
    }
}
