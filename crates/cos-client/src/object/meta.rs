use std::collections::BTreeMap;
use std::time::SystemTime;

use http::HeaderMap;

use crate::response::{Reply, header};
use crate::types::{Crc64, ETag, StorageClass};

/// Whether an archived object can be read; see [`crate::Client::restore_object`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestoreState {
    /// It is on its way back.
    Ongoing,
    /// It can be read, until then where the service told.
    Readable {
        /// When it is archived only again.
        until: Option<SystemTime>,
    },
}

/// What is known about an object besides its content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectMeta {
    /// Size of the whole object in bytes, also when only a range was read.
    pub size: u64,
    /// Tag of this version.
    pub etag: Option<ETag>,
    /// CRC-64 of the whole object; absent on very old objects.
    pub crc64: Option<Crc64>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// When it was written.
    pub last_modified: Option<SystemTime>,
    /// How it is kept.
    pub storage_class: StorageClass,
    /// Of an archived object: whether somebody asked for it back, and whether it is there.
    pub restore: Option<RestoreState>,
    /// Whether it grows by [`crate::Client::append_object`].
    pub is_appendable: bool,
    /// How the service encrypts it: `AES256` or `cos/kms`.
    pub server_side_encryption: Option<String>,
    /// Its version, in buckets with versioning.
    pub version_id: Option<String>,
    /// User metadata, names without `x-cos-meta-`.
    pub metadata: BTreeMap<String, String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Content-Encoding`.
    pub content_encoding: Option<String>,
    /// `Content-Language`.
    pub content_language: Option<String>,
    /// `Expires`, as it was given.
    pub expires: Option<String>,
    /// How many tags it has; 0 also where the credentials may not see them.
    pub tag_count: u32,
    /// HTTP status of the answer that told all this: 200, or 206 for a range.
    pub status: u16,
    /// Id of the request that told all this.
    pub request_id: Option<String>,
}

impl ObjectMeta {
    /// One walk over the headers: looking each of them up takes three times as long, in every GET.
    pub(crate) fn read(reply: &Reply) -> Self {
        let mut meta = Self {
            status: reply.status,
            ..Self::default()
        };
        let mut range = None;
        for (name, value) in &reply.headers {
            let name = name.as_str();
            if let Some(name) = name.strip_prefix("x-cos-meta-") {
                let value = String::from_utf8_lossy(value.as_bytes());
                meta.metadata.insert(name.to_owned(), value.into_owned());
            }
            let Ok(value) = value.to_str() else {
                continue;
            };
            let text = || Some(value.to_owned());
            match name {
                "content-length" => meta.size = value.trim().parse().unwrap_or(0),
                "content-range" => range = parse_range(value),
                "etag" => meta.etag = Some(ETag::new(value)),
                "x-cos-hash-crc64ecma" => meta.crc64 = Crc64::parse(value).ok(),
                "content-type" => meta.content_type = text(),
                "last-modified" => meta.last_modified = httpdate::parse_http_date(value).ok(),
                "x-cos-storage-class" => {
                    meta.storage_class = StorageClass::new(value).unwrap_or_default();
                }
                "x-cos-restore" => meta.restore = Some(restore_state(value)),
                "x-cos-object-type" => meta.is_appendable = value == "appendable",
                "x-cos-server-side-encryption" => meta.server_side_encryption = text(),
                "x-cos-version-id" => meta.version_id = text(),
                "cache-control" => meta.cache_control = text(),
                "content-disposition" => meta.content_disposition = text(),
                "content-encoding" => meta.content_encoding = text(),
                "content-language" => meta.content_language = text(),
                "expires" => meta.expires = text(),
                "x-cos-tagging-count" => meta.tag_count = value.parse().unwrap_or(0),
                "x-cos-request-id" => meta.request_id = text(),
                _ => {}
            }
        }
        // Of a part the length is its own and the range tells the whole's.
        if let Some(range) = range {
            meta.size = range.total;
        }
        meta
    }
}

/// `ongoing-request="false", expiry-date="Fri, 24 May 2019 10:56:40 GMT"`.
fn restore_state(text: &str) -> RestoreState {
    if text.contains("ongoing-request=\"true\"") {
        return RestoreState::Ongoing;
    }
    let date = text.split_once("expiry-date=\"");
    let date = date.and_then(|(_, rest)| rest.split_once('"'));
    RestoreState::Readable {
        until: date.and_then(|(date, _)| httpdate::parse_http_date(date).ok()),
    }
}

/// `Content-Range: bytes 0-9/100`, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContentRange {
    pub first: u64,
    pub last: u64,
    pub total: u64,
}

pub(crate) fn content_range(headers: &HeaderMap) -> Option<ContentRange> {
    parse_range(header(headers, "content-range")?)
}

fn parse_range(text: &str) -> Option<ContentRange> {
    let text = text.strip_prefix("bytes ")?;
    let (range, total) = text.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some(ContentRange {
        first: first.trim().parse().ok()?,
        last: last.trim().parse().ok()?,
        total: total.trim().parse().ok()?,
    })
}

/// Bytes this answer carries.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    header(headers, "content-length")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restores() {
        let ongoing = restore_state("ongoing-request=\"true\"");
        assert_eq!(ongoing, RestoreState::Ongoing);
        let text = "ongoing-request=\"false\", expiry-date=\"Fri, 24 May 2019 10:56:40 GMT\"";
        let since = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_558_695_400);
        let until = Some(since);
        assert_eq!(restore_state(text), RestoreState::Readable { until });
        let until = None;
        assert_eq!(restore_state("new words"), RestoreState::Readable { until });
    }

    #[test]
    fn ranges() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("content-range", text.parse().unwrap());
            content_range(&headers).map(|r| (r.first, r.last, r.total))
        };
        assert_eq!(read("bytes 0-9/100"), Some((0, 9, 100)));
        for bad in ["bytes */100", "bytes 0-9/*", "0-9/100", "bytes 0/1", ""] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
