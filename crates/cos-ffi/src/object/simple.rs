//! One request per transfer: put bytes, ask for properties, delete.

use core::mem::MaybeUninit;

use super::{begin, key};
use crate::client::cosffi_client;
use crate::error::cosffi_error;
use crate::object::upload_options::{Upload, cosffi_upload_options};
use crate::response::cosffi_response;
use crate::result::cosffi_result;
use crate::text::{cosffi_bytes, cosffi_str};
use crate::transfer::callbacks::cosffi_transfer_callbacks;
use crate::transfer::cell::or_cancelled;
use crate::transfer::cosffi_transfer;

/// Stores bytes as one object, replacing what has the key. For files use cosffi_upload_file().
///
/// Ownership: `*out_transfer` is yours; end it with cosffi_transfer_free(); `out_transfer` may be
/// NULL. The bytes and all text are copied. `user_data` is the transfer's until its `drop`.
/// Threads: any, also inside a callback; callbacks come on the callback thread.
/// How often: see cosffi_transfer_callbacks.
/// Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_put_object(
    client: Option<&cosffi_client>,
    object_key: cosffi_str,
    bytes: cosffi_bytes,
    options: *const cosffi_upload_options,
    callbacks: *const cosffi_transfer_callbacks,
    out_transfer: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    // SAFETY: what the caller passes lives for this call.
    let read = || unsafe {
        Ok((
            key(object_key)?,
            bytes.read("bytes")?.to_vec(),
            Upload::read_for_one_request(options)?,
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
            |client, cell, (key, bytes, upload)| async move {
                let size = bytes.len() as u64;
                cell.progress(0, size);
                let put = upload.apply_with_md5(client.put_object(key, bytes)).send();
                let put = or_cancelled(&cell, put).await?;
                cell.progress(size, size);
                Ok(cosffi_response::of_object(
                    put.etag.as_ref(),
                    Some(put.crc64),
                    Some(size),
                    put.version_id.as_deref(),
                    put.request_id.as_deref(),
                )
                .with_status(put.status))
            },
        )
    }
}

/// Asks for an object's properties without its content; see cosffi_response_header().
///
/// Ownership: as cosffi_put_object().
/// Threads: any, also inside a callback; callbacks come on the callback thread.
/// How often: see cosffi_transfer_callbacks; there is no progress.
/// Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`, NOT_FOUND among
/// them. The service gives no reason for a refusal; after HTTP 403 the client asks for the object's
/// first byte to learn it.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_head_object(
    client: Option<&cosffi_client>,
    object_key: cosffi_str,
    callbacks: *const cosffi_transfer_callbacks,
    out_transfer: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    // SAFETY: what the caller passes lives for this call.
    unsafe {
        begin(
            client,
            callbacks,
            out_transfer,
            err,
            || key(object_key),
            |client, cell, key| async move {
                let meta = or_cancelled(&cell, client.head_object(key).send()).await?;
                Ok(cosffi_response::of_meta(&meta))
            },
        )
    }
}

/// Deletes an object. Deleting what does not exist goes well.
///
/// Ownership: as cosffi_put_object().
/// Threads: any, also inside a callback; callbacks come on the callback thread.
/// How often: see cosffi_transfer_callbacks; there is no progress.
/// Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_delete_object(
    client: Option<&cosffi_client>,
    object_key: cosffi_str,
    callbacks: *const cosffi_transfer_callbacks,
    out_transfer: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    // SAFETY: what the caller passes lives for this call.
    unsafe {
        begin(
            client,
            callbacks,
            out_transfer,
            err,
            || key(object_key),
            |client, cell, key| async move {
                let gone = or_cancelled(&cell, client.delete_object(key).send()).await?;
                Ok(cosffi_response::of_object(
                    None,
                    None,
                    None,
                    gone.version_id.as_deref(),
                    gone.request_id.as_deref(),
                )
                .with_status(gone.status))
            },
        )
    }
}
