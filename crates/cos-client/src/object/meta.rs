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
    pub(crate) fn read(reply: &Reply) -> Self {
        let headers = &reply.headers;
        let text = |name: &str| header(headers, name).map(str::to_owned);
        Self {
            size: whole_size(headers).unwrap_or(0),
            etag: reply.etag(),
            crc64: reply.crc64(),
            content_type: text("content-type"),
            last_modified: header(headers, "last-modified")
                .and_then(|t| httpdate::parse_http_date(t).ok()),
            storage_class: header(headers, "x-cos-storage-class")
                .and_then(|t| StorageClass::new(t).ok())
                .unwrap_or_default(),
            restore: header(headers, "x-cos-restore").map(restore_state),
            is_appendable: header(headers, "x-cos-object-type") == Some("appendable"),
            server_side_encryption: text("x-cos-server-side-encryption"),
            version_id: reply.version_id(),
            metadata: metadata(headers),
            cache_control: text("cache-control"),
            content_disposition: text("content-disposition"),
            content_encoding: text("content-encoding"),
            content_language: text("content-language"),
            expires: text("expires"),
            tag_count: header(headers, "x-cos-tagging-count")
                .and_then(|n| n.parse().ok())
                .unwrap_or(0),
            status: reply.status,
            request_id: reply.request_id(),
        }
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

fn metadata(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .filter_map(|(name, value)| {
            let name = name.as_str().strip_prefix("x-cos-meta-")?;
            Some((
                name.to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            ))
        })
        .collect()
}

/// `Content-Range: bytes 0-9/100`, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContentRange {
    pub first: u64,
    pub last: u64,
    pub total: u64,
}

pub(crate) fn content_range(headers: &HeaderMap) -> Option<ContentRange> {
    let text = header(headers, "content-range")?.strip_prefix("bytes ")?;
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

fn whole_size(headers: &HeaderMap) -> Option<u64> {
    content_range(headers)
        .map(|r| r.total)
        .or_else(|| content_length(headers))
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
