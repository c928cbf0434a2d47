//! Copies inside the service.

use core::mem::MaybeUninit;

use cos_client::{Client, CopySource, CopyTransfer, ETag};

use super::priority;
use super::upload_options::OneUpload as _;
use super::{begin, follow, key, progress_of};
use crate::client::cosffi_client;
use crate::error::{Failure, cosffi_error};
use crate::options::{self, SizeTagged};
use crate::pair::{self, cosffi_pair};
use crate::response::cosffi_response;
use crate::result::cosffi_result;
use crate::text::cosffi_str;
use crate::transfer::callbacks::cosffi_transfer_callbacks;
use crate::transfer::cosffi_transfer;

/// Settings of one copy. Zero and empty mean default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_copy_options {
    /// sizeof(cosffi_copy_options) when the program was compiled.
    pub struct_size: usize,
    /// The bucket to copy from, with its appid. Default: the client's.
    pub source_bucket: cosffi_str,
    /// Its region. Default: the client's.
    pub source_region: cosffi_str,
    /// The version to copy, in buckets with versioning. Default: the newest.
    pub source_version_id: cosffi_str,
    /// Copy only if the source still has this tag, else fail with PRECONDITION.
    pub source_if_match: cosffi_str,
    /// The copy's content type; only with `replace_metadata`.
    pub content_type: cosffi_str,
    /// Further headers of the copy: x-cos-storage-class and so on; with `replace_metadata` also
    /// cache-control and x-cos-meta-*.
    pub headers: *const cosffi_pair,
    /// How many there are.
    pub headers_count: usize,
    /// Not 0: the copy has the content type and metadata given here, and none of the source's. Needed to
    /// copy an object onto itself.
    pub replace_metadata: u32,
    /// Not 0: a move. The source is deleted when the copy is complete, if it is still what was copied.
    pub delete_source: u32,
    /// Not 0: fail with PRECONDITION instead of replacing an object that has the key.
    pub forbid_overwrite: u32,
    /// Who goes first, a cosffi_priority. Default: COSFFI_PRIORITY_NORMAL.
    pub priority: i32,
    /// Bytes per part, when a copy goes in parts, 1 MiB to 5 GiB. Default: 256 MiB.
    pub part_size_bytes: u64,
    /// From which size on a copy goes in parts. Default: above 5 GiB.
    pub multipart_threshold_bytes: u64,
    /// Parts in flight at most; the client's own limit holds as well. Default: the client's.
    pub concurrency: u32,
    /// Must be 0.
    pub reserved: u32,
}

// SAFETY: repr(C), struct_size first; text, pointers and integers may be zero.
unsafe impl SizeTagged for cosffi_copy_options {}

/// The same, owned.
#[derive(Default)]
struct Copy {
    bucket: Option<String>,
    region: Option<String>,
    version_id: Option<String>,
    if_match: Option<ETag>,
    headers: Vec<(String, String)>,
    replaces_metadata: bool,
    moves: bool,
    forbid_overwrite: bool,
    priority: cos_client::Priority,
    part_size: u64,
    threshold: u64,
    concurrency: u32,
}

impl Copy {
    /// # Safety
    /// `options` is NULL or a struct that starts with its size, and what it points to lives for this
    /// call.
    unsafe fn read(options: *const cosffi_copy_options) -> Result<Copy, Failure> {
        if options.is_null() {
            return Ok(Copy::default());
        }
        // SAFETY: the caller's promise.
        let options = unsafe { options::read(options, "options") }?;
        // SAFETY: as above.
        let optional = |text: cosffi_str, what| unsafe {
            Ok::<_, Failure>(text.read_optional(what)?.map(str::to_owned))
        };
        // SAFETY: as above.
        let headers =
            unsafe { pair::read(options.headers, options.headers_count, "options->headers") }?;
        let content_type = optional(options.content_type, "options->content_type")?;
        if options.reserved != 0 {
            return Err(Failure::argument("options->reserved is not 0"));
        }
        if content_type.is_some() && options.replace_metadata == 0 {
            return Err(Failure::argument(
                "options->content_type is only used with replace_metadata",
            ));
        }
        Ok(Copy {
            bucket: optional(options.source_bucket, "options->source_bucket")?,
            region: optional(options.source_region, "options->source_region")?,
            version_id: optional(options.source_version_id, "options->source_version_id")?,
            if_match: optional(options.source_if_match, "options->source_if_match")?.map(ETag::new),
            headers: pair::owned(headers)
                .into_iter()
                .chain(content_type.map(|value| ("content-type".to_owned(), value)))
                .collect(),
            replaces_metadata: options.replace_metadata != 0,
            moves: options.delete_source != 0,
            forbid_overwrite: options.forbid_overwrite != 0,
            priority: priority::read(options.priority)?,
            part_size: options.part_size_bytes,
            threshold: options.multipart_threshold_bytes,
            concurrency: options.concurrency,
        })
    }

    fn transfer(
        self,
        client: &Client,
        source_key: String,
        key: String,
    ) -> cos_client::Result<CopyTransfer> {
        let bucket = self
            .bucket
            .unwrap_or_else(|| client.bucket().as_str().to_owned());
        let region = self
            .region
            .unwrap_or_else(|| client.region().as_str().to_owned());
        let mut source = CopySource::new(bucket, region, source_key)?;
        if let Some(version) = self.version_id {
            source = source.with_version_id(version);
        }
        let mut copy = match self.moves {
            true => client.move_object(source, key),
            false => client.copy(source, key),
        };
        for (name, value) in &self.headers {
            copy = copy.with_header(name, value);
        }
        if self.forbid_overwrite {
            copy = copy.without_overwrite();
        }
        if self.replaces_metadata {
            copy = copy.replace_metadata();
        }
        if let Some(tag) = &self.if_match {
            copy = copy.source_if_match(tag);
        }
        if self.part_size != 0 {
            copy = copy.part_size(self.part_size);
        }
        if self.threshold != 0 {
            copy = copy.multipart_threshold(self.threshold);
        }
        if self.concurrency != 0 {
            copy = copy.concurrency(self.concurrency as usize);
        }
        Ok(copy.priority(self.priority))
    }
}

/// Copies an object to `object_key` of the client's bucket, or moves it, without moving its bytes through
/// here: up to 5 GiB in one request, above that in parts. The copy has the source's metadata unless
/// `options` replace them; its storage class and access rule are those of a new object. The checksums of
/// both are compared.
///
/// Ownership: as cosffi_put_object(); `options` may be NULL.
/// Threads: any, also inside a callback; callbacks come on the callback thread.
/// How often: see cosffi_transfer_callbacks.
/// Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`, among them NOT_FOUND,
/// PRECONDITION when the source changes meanwhile, and whatever keeps a moved source from being deleted.
/// Since: 0.1 (ABI 3).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_copy_object(
    client: Option<&cosffi_client>,
    source_object_key: cosffi_str,
    object_key: cosffi_str,
    options: *const cosffi_copy_options,
    callbacks: *const cosffi_transfer_callbacks,
    out_transfer: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    // SAFETY: what the caller passes lives for this call.
    let read = || unsafe {
        let source = source_object_key.read_required("source_object_key")?;
        Ok((source.to_owned(), key(object_key)?, Copy::read(options)?))
    };
    // SAFETY: as above.
    unsafe {
        begin(
            client,
            callbacks,
            out_transfer,
            err,
            read,
            |client, cell, (source, key, copy)| async move {
                let copy = copy.transfer(&client, source, key)?;
                let transfer = copy.on_progress(progress_of(&cell)).start();
                let done = follow(&cell, transfer, false).await?;
                Ok(cosffi_response::of_object(
                    done.etag.as_ref(),
                    done.crc64,
                    Some(done.bytes),
                    done.version_id.as_deref(),
                    done.request_id.as_deref(),
                ))
            },
        )
    }
}
