//! `cosffi_response`: what the service told about an object.

use std::any::Any;
use std::time::UNIX_EPOCH;

use cos_client::{Crc64, ETag, ObjectMeta, RestartReason, UploadOutput};

use crate::guard;
use crate::text::{Text, cosffi_bytes, cosffi_str};

/// The answer to a transfer that went well.
#[derive(Default)]
pub struct cosffi_response {
    etag: Text,
    crc64: Option<u64>,
    request_id: Text,
    version_id: Text,
    size_bytes: Option<u64>,
    last_modified_s: u64,
    status: u32,
    resumed_bytes: u64,
    restarted: Text,
    body: Vec<u8>,
    /// Names in lower case.
    headers: Vec<(String, Text)>,
    /// A signed URL, and when it ends.
    url: Text,
    expired_time_s: u64,
    /// What only some operations tell, so that programs without them are linked without it.
    extra: Option<Box<dyn Any + Send + Sync>>,
}

impl cosffi_response {
    /// Of an object that was written or read whole.
    pub(crate) fn of_object(
        etag: Option<&ETag>,
        crc64: Option<Crc64>,
        size_bytes: Option<u64>,
        version_id: Option<&str>,
        request_id: Option<&str>,
    ) -> cosffi_response {
        cosffi_response {
            etag: Text::optional(etag.map(ETag::as_str)),
            crc64: crc64.map(Crc64::as_u64),
            size_bytes,
            version_id: Text::optional(version_id),
            request_id: Text::optional(request_id),
            ..cosffi_response::default()
        }
    }

    /// Of an object that was uploaded, in one request or more.
    pub(crate) fn of_upload(done: &UploadOutput) -> cosffi_response {
        cosffi_response::of_object(
            done.etag.as_ref(),
            Some(done.crc64),
            Some(done.bytes),
            done.version_id.as_deref(),
            done.request_id.as_deref(),
        )
        .with_resumed(done.resumed_bytes, done.restarted)
    }

    /// The same, with what an earlier transfer had done.
    pub(crate) fn with_resumed(self, bytes: u64, restarted: Option<RestartReason>) -> Self {
        cosffi_response {
            resumed_bytes: bytes,
            restarted: Text::optional(restarted.map(RestartReason::as_str)),
            ..self
        }
    }

    /// The same, with the status of the one answer there was.
    pub(crate) fn with_status(self, status: u16) -> cosffi_response {
        cosffi_response {
            status: status.into(),
            ..self
        }
    }

    /// The same, with the content itself.
    pub(crate) fn with_body(self, body: Vec<u8>) -> cosffi_response {
        cosffi_response { body, ..self }
    }

    /// Of a request of any kind.
    pub(crate) fn of_any(status: u16, headers: &[(&str, &str)]) -> cosffi_response {
        let first = |wanted: &str| {
            let mut all = headers.iter();
            all.find(|(name, _)| *name == wanted)
                .map(|(_, value)| *value)
        };
        cosffi_response {
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Text::new(value)))
                .collect(),
            crc64: first("x-cos-hash-crc64ecma").and_then(|value| value.parse().ok()),
            ..cosffi_response::of_object(
                first("etag").map(ETag::new).as_ref(),
                None,
                None,
                first("x-cos-version-id"),
                first("x-cos-request-id"),
            )
        }
        .with_status(status)
    }

    /// The same, with what a URL is and when it ends.
    pub(crate) fn with_url(self, url: &str, expired_time_s: u64) -> cosffi_response {
        cosffi_response {
            url: Text::new(url),
            expired_time_s,
            ..self
        }
    }

    /// The same, of so many bytes in all.
    pub(crate) fn with_size(self, size_bytes: u64) -> cosffi_response {
        cosffi_response {
            size_bytes: Some(size_bytes),
            ..self
        }
    }

    /// The same, with what only this operation tells.
    pub(crate) fn with_extra(self, extra: impl Any + Send + Sync) -> cosffi_response {
        cosffi_response {
            extra: Some(Box::new(extra)),
            ..self
        }
    }

    /// What only one operation tells, if it was that one.
    pub(crate) fn extra<T: Any>(&self) -> Option<&T> {
        self.extra.as_deref()?.downcast_ref()
    }

    /// The same, about content that was read in any number of requests and checked here.
    pub(crate) fn with_content(self, size_bytes: u64, crc64: Crc64) -> cosffi_response {
        cosffi_response {
            size_bytes: Some(size_bytes),
            crc64: Some(crc64.as_u64()),
            status: 0,
            ..self
        }
    }

    /// Of an object whose properties were asked for.
    pub(crate) fn of_meta(meta: &ObjectMeta) -> cosffi_response {
        let fixed = [
            ("content-type", meta.content_type.as_deref()),
            ("cache-control", meta.cache_control.as_deref()),
            ("content-disposition", meta.content_disposition.as_deref()),
            ("content-encoding", meta.content_encoding.as_deref()),
            ("content-language", meta.content_language.as_deref()),
            ("expires", meta.expires.as_deref()),
            ("x-cos-storage-class", Some(meta.storage_class.as_str())),
        ];
        let fixed = fixed
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), Text::new(value?))));
        let own = meta.metadata.iter().map(|(name, value)| {
            let name = format!("x-cos-meta-{}", name.to_ascii_lowercase());
            (name, Text::new(value))
        });
        cosffi_response {
            last_modified_s: meta
                .last_modified
                .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
                .map_or(0, |since| since.as_secs()),
            headers: fixed.chain(own).collect(),
            status: meta.status.into(),
            ..cosffi_response::of_object(
                meta.etag.as_ref(),
                meta.crc64,
                Some(meta.size),
                meta.version_id.as_deref(),
                meta.request_id.as_deref(),
            )
        }
    }
}

fn ask<T: Copy>(
    response: Option<&cosffi_response>,
    default: T,
    question: impl FnOnce(&cosffi_response) -> T,
) -> T {
    guard::value(default, || response.map_or(default, question))
}

/// The object's tag with its quotes, as the service sent it.
///
/// Ownership: borrowed from `response`, valid as long as that; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: empty when there is none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_response_etag(response: Option<&cosffi_response>) -> cosffi_str {
    ask(response, cosffi_str::EMPTY, |response| response.etag.lend())
}

/// The HTTP status of the answer, such as 200 or 206; 0 after uploads and downloads of files, which are
/// any number of requests.
///
/// Ownership: borrows `response`; 0 for NULL.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_response_status(response: Option<&cosffi_response>) -> u32 {
    ask(response, 0, |response| response.status)
}

/// Bytes of a file that an earlier transfer had done, so that this one did not do them again.
///
/// Ownership: borrows `response`; 0 for NULL.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_response_resumed_bytes(response: Option<&cosffi_response>) -> u64 {
    ask(response, 0, |response| response.resumed_bytes)
}

/// Why a resume record was of no use, so that the file was transferred from its beginning:
/// "record_damaged", "other_transfer", "settings_changed", "source_changed", "object_changed",
/// "upload_gone", "temporary_file_gone" and others. Empty when it was of use, or when there was none.
///
/// Ownership: borrowed from `response`, valid as long as that; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_response_restart_reason(response: Option<&cosffi_response>) -> cosffi_str {
    ask(response, cosffi_str::EMPTY, |response| {
        response.restarted.lend()
    })
}

/// The content: of an object that cosffi_get_object() was asked to keep in memory, of the answer to
/// cosffi_request(), the JSON of cosffi_post_form(); else nothing.
///
/// Ownership: borrowed from `response`, valid as long as that; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_response_body(response: Option<&cosffi_response>) -> cosffi_bytes {
    let nothing = cosffi_bytes {
        data: core::ptr::null(),
        len: 0,
    };
    ask(response, nothing, |response| cosffi_bytes {
        data: response.body.as_ptr(),
        len: response.body.len(),
    })
}

/// The id of the last request (`x-cos-request-id`).
///
/// Ownership: borrowed from `response`, valid as long as that; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: empty when there is none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_response_request_id(response: Option<&cosffi_response>) -> cosffi_str {
    ask(response, cosffi_str::EMPTY, |response| {
        response.request_id.lend()
    })
}

/// The version of the object, in buckets with versioning.
///
/// Ownership: borrowed from `response`, valid as long as that; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: empty when there is none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_response_version_id(response: Option<&cosffi_response>) -> cosffi_str {
    ask(response, cosffi_str::EMPTY, |response| {
        response.version_id.lend()
    })
}

/// The CRC-64 of the whole object (`x-cos-hash-crc64ecma`), written to `*out_crc64`.
///
/// Ownership: borrows `response`; NULL is fine, also for `out_crc64`.
/// Threads: any.
/// How often: any number of times.
/// Errors: returns 1 when it is known, else 0 and writes 0.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_response_crc64(
    response: Option<&cosffi_response>,
    out_crc64: Option<&mut core::mem::MaybeUninit<u64>>,
) -> i32 {
    guard::value(0, || {
        let crc64 = response.and_then(|response| response.crc64);
        if let Some(out) = out_crc64 {
            out.write(crc64.unwrap_or(0));
        }
        i32::from(crc64.is_some())
    })
}

/// The size of the whole object in bytes; UINT64_MAX when the answer does not tell.
///
/// Ownership: borrows `response`; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: UINT64_MAX for NULL.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_response_size_bytes(response: Option<&cosffi_response>) -> u64 {
    ask(response, u64::MAX, |response| {
        response.size_bytes.unwrap_or(u64::MAX)
    })
}

/// When the object was written, Unix seconds; 0 when the answer does not tell.
///
/// Ownership: borrows `response`; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_response_last_modified_s(response: Option<&cosffi_response>) -> u64 {
    ask(response, 0, |response| response.last_modified_s)
}

/// A header of the answer to cosffi_head_object(), cosffi_get_object() or a download, in any case of
/// letters: content-type, cache-control, content-disposition, content-encoding, content-language,
/// expires, x-cos-storage-class, and x-cos-meta-* of your own; any header of the answer to
/// cosffi_request().
///
/// Ownership: borrowed from `response`, valid as long as that; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: empty when there is no such header or `name` is not text.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_response_header(
    response: Option<&cosffi_response>,
    name: cosffi_str,
) -> cosffi_str {
    ask(response, cosffi_str::EMPTY, |response| {
        // SAFETY: the caller's text lives for this call.
        let Ok(name) = (unsafe { name.read("name") }) else {
            return cosffi_str::EMPTY;
        };
        response
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or(cosffi_str::EMPTY, |(_, value)| value.lend())
    })
}

/// The URL that cosffi_presign_object() made; else empty. A secret until it ends.
///
/// Ownership: borrowed from `response`, valid as long as that; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 3).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_response_url(response: Option<&cosffi_response>) -> cosffi_str {
    ask(response, cosffi_str::EMPTY, |response| response.url.lend())
}

/// When the URL of cosffi_presign_object() or the form of cosffi_post_form() ends, Unix seconds; else 0.
///
/// Ownership: borrows `response`; 0 for NULL.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 3).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_response_expired_time_s(response: Option<&cosffi_response>) -> u64 {
    ask(response, 0, |response| response.expired_time_s)
}
