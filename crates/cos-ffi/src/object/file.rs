//! Whole files, up and down.

use core::mem::MaybeUninit;

use cos_client::Priority;

use super::priority;
use super::resume_options::Resume;
use super::upload_options::{Upload, cosffi_upload_options};
use super::{begin, follow, key, progress_of};
use crate::client::cosffi_client;
use crate::error::{Failure, cosffi_error};
use crate::options::{self, SizeTagged};
use crate::response::cosffi_response;
use crate::result::cosffi_result;
use crate::text::cosffi_str;
use crate::transfer::callbacks::cosffi_transfer_callbacks;
use crate::transfer::cosffi_transfer;

/// Settings of one download. Zero means default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_download_options {
    /// sizeof(cosffi_download_options) when the program was compiled.
    pub struct_size: usize,
    /// Bytes per piece; one request may fetch several. Default: the client's part size.
    pub part_size_bytes: u64,
    /// Requests in flight at most; the client's own limit holds as well. Default: the client's.
    pub concurrency: u32,
    /// Must be 0.
    pub reserved: u32,
    /// A folder for resume records, made if it is missing: a download of the same object to the same file
    /// goes on where an earlier one ended, however that was.
    pub resume_folder: cosffi_str,
    /// Go on where this ends: what cosffi_error_resume_record() or cosffi_transfer_resume_record() gave. If
    /// it does not fit any more, the download begins anew.
    pub resume_record: cosffi_str,
    /// Bytes per second at most, all requests of this download together; the client's own limit holds as
    /// well. Default: no limit. (ABI 3)
    pub rate_limit_bytes_per_s: u64,
    /// Who goes first, a cosffi_priority. Default: COSFFI_PRIORITY_NORMAL. (ABI 3)
    pub priority: i32,
    /// Must be 0. (ABI 3)
    pub reserved2: u32,
}

// SAFETY: repr(C), struct_size first; text and integers may be zero.
unsafe impl SizeTagged for cosffi_download_options {}

/// Uploads a file of any size: small ones in one request, larger ones in parts, several at a time.
/// The service's checksum of the whole is compared with ours. Credentials are asked for with each
/// request, so the transfer may outlive any of them. What a failed or cancelled upload had sent is
/// removed, unless `options` have a resume folder or record: then only a cancel removes it.
///
/// Ownership: `*out_transfer` is yours; end it with cosffi_transfer_free(); `out_transfer` may be
/// NULL. All text is copied; the file must not change until completion. `user_data` is the transfer's
/// until its `drop`.
/// Threads: any, also inside a callback; callbacks come on the callback thread.
/// How often: see cosffi_transfer_callbacks.
/// Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`, among them LOCAL
/// when the file cannot be read. LOCAL when the resume folder cannot be made.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_upload_file(
    client: Option<&cosffi_client>,
    object_key: cosffi_str,
    path: cosffi_str,
    options: *const cosffi_upload_options,
    callbacks: *const cosffi_transfer_callbacks,
    out_transfer: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    // SAFETY: what the caller passes lives for this call.
    let read = || unsafe {
        Ok((
            key(object_key)?,
            path.read_required("path")?.to_owned(),
            Upload::read(options)?,
        ))
    };
    // SAFETY: as above.
    unsafe {
        begin(
            client,
            callbacks,
            out_transfer,
            err,
            read,
            |client, cell, (key, path, upload)| async move {
                let (file, keeps) = upload.apply_to_file(client.upload_file(key, path));
                let transfer = file.on_progress(progress_of(&cell)).start();
                Ok(cosffi_response::of_upload(
                    &follow(&cell, transfer, keeps).await?,
                ))
            },
        )
    }
}

/// Downloads an object into a file, replacing a file of that name: ranges in parallel, all of one
/// version, into a temporary file beside it. `path` appears, or changes, only when everything is there
/// and its checksum is right; after a failure or a cancel nothing is left, unless `options` have a resume
/// folder or record: then only a cancel removes the temporary file.
///
/// Ownership: as cosffi_upload_file().
/// Threads: any, also inside a callback; callbacks come on the callback thread.
/// How often: see cosffi_transfer_callbacks.
/// Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`, among them LOCAL
/// when the file cannot be written and INTEGRITY when the content is not the object's. LOCAL when the
/// resume folder cannot be made.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_download_file(
    client: Option<&cosffi_client>,
    object_key: cosffi_str,
    path: cosffi_str,
    options: *const cosffi_download_options,
    callbacks: *const cosffi_transfer_callbacks,
    out_transfer: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    // SAFETY: what the caller passes lives for this call.
    let read = || unsafe {
        Ok((
            key(object_key)?,
            path.read_required("path")?.to_owned(),
            Download::read(options)?,
        ))
    };
    // SAFETY: as above.
    unsafe {
        begin(
            client,
            callbacks,
            out_transfer,
            err,
            read,
            |client, cell, (key, path, settings)| async move {
                let mut file = client
                    .download_file(key, path)
                    .priority(settings.priority)
                    .on_progress(progress_of(&cell));
                if let Some(bytes_per_s) = settings.rate_limit {
                    file = file.rate_limit(bytes_per_s);
                }
                if let Some(bytes) = settings.part_size {
                    file = file.part_size(bytes);
                }
                if let Some(ranges) = settings.concurrency {
                    file = file.concurrency(ranges);
                }
                let keeps = settings.resume.is_wanted();
                let file = settings.resume.apply_to_download(file);
                let done = follow(&cell, file.start(), keeps).await?;
                Ok(cosffi_response::of_meta(&done.meta)
                    .with_content(done.bytes, done.crc64)
                    .with_resumed(done.resumed_bytes, done.restarted))
            },
        )
    }
}

#[derive(Default)]
struct Download {
    part_size: Option<u64>,
    concurrency: Option<usize>,
    priority: Priority,
    rate_limit: Option<u64>,
    resume: Resume,
}

impl Download {
    /// # Safety
    /// `options` is NULL or a struct that starts with its size.
    unsafe fn read(options: *const cosffi_download_options) -> Result<Download, Failure> {
        if options.is_null() {
            return Ok(Download::default());
        }
        // SAFETY: the caller's promise.
        let (options, resume) = unsafe {
            let options = options::read(options, "options")?;
            (
                options,
                Resume::read(options.resume_folder, options.resume_record)?,
            )
        };
        if (options.reserved, options.reserved2) != (0, 0) {
            return Err(Failure::argument("options->reserved is not 0"));
        }
        Ok(Download {
            priority: priority::read(options.priority)?,
            rate_limit: (options.rate_limit_bytes_per_s != 0)
                .then_some(options.rate_limit_bytes_per_s),
            part_size: (options.part_size_bytes != 0).then_some(options.part_size_bytes),
            concurrency: (options.concurrency != 0).then_some(options.concurrency as usize),
            resume,
        })
    }
}
