//! One version of an object.

use super::content::{Content, SegmentRecord};
use super::{Acl, Received};

/// The version id of objects written while versioning is off or suspended.
pub(crate) const NULL_VERSION: &str = "null";

/// What a client said about an object, given back with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Meta {
    /// Content-Type and its kin, and `x-cos-meta-*`: lower-case names, values as sent.
    pub(crate) headers: Vec<(String, String)>,
    /// `STANDARD` unless said otherwise.
    pub(crate) storage_class: String,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) acl: Option<Acl>,
}

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) modified_ms: u64,
    pub(crate) delete_marker: bool,
    /// Without quotes.
    pub(crate) etag: String,
    pub(crate) crc64: u64,
    pub(crate) meta: Meta,
    pub(crate) appendable: bool,
    /// Archived objects: Unix milliseconds until which a restored copy is readable.
    pub(crate) restored_until_ms: Option<u64>,
    segments: Vec<SegmentRecord>,
    #[serde(skip)]
    pub(crate) content: Content,
}

impl Version {
    /// An object from a body that arrived whole: the ETag is its MD5.
    pub(crate) fn simple(received: Received, meta: Meta, modified_ms: u64) -> Self {
        Self::new(
            hex(&received.md5),
            received.crc64,
            received.content,
            meta,
            modified_ms,
        )
    }

    pub(crate) fn new(
        etag: String,
        crc64: u64,
        content: Content,
        meta: Meta,
        modified_ms: u64,
    ) -> Self {
        Self {
            id: NULL_VERSION.to_owned(),
            modified_ms,
            delete_marker: false,
            etag,
            crc64,
            meta,
            appendable: false,
            restored_until_ms: None,
            segments: content.records(),
            content,
        }
    }

    pub(crate) fn delete_marker(id: String, modified_ms: u64) -> Self {
        Self {
            id,
            delete_marker: true,
            ..Self::new(
                String::new(),
                0,
                Content::default(),
                Meta::default(),
                modified_ms,
            )
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.content.len()
    }

    /// Whether the object must be restored before it can be read.
    pub(crate) fn is_archived(&self) -> bool {
        matches!(self.meta.storage_class.as_str(), "ARCHIVE" | "DEEP_ARCHIVE")
    }

    pub(super) fn segments(&self) -> &[SegmentRecord] {
        &self.segments
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
