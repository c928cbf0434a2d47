//! Files that are open already, such as those a phone's system hands out.

use core::mem::MaybeUninit;
use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use cos_client::Client;

use super::get::{Get, cosffi_get_options, hand_out};
use super::upload_options::{Upload, cosffi_upload_options};
use super::{begin, follow, key, progress_of, unless_cancelled};
use crate::client::cosffi_client;
use crate::error::{Failure, cosffi_error};
use crate::response::cosffi_response;
use crate::result::cosffi_result;
use crate::text::cosffi_str;
use crate::transfer::callbacks::cosffi_transfer_callbacks;
use crate::transfer::cell::{Cell, or_cancelled};
use crate::transfer::cosffi_transfer;

/// As cosffi_upload_file(), from a regular file that is open for reading. It is read at positions from
/// its beginning to its end; its own position neither matters nor moves.
///
/// Ownership: as cosffi_upload_file(). The descriptor is duplicated; yours may be closed at once.
/// Threads: any, also inside a callback; callbacks come on the callback thread.
/// How often: see cosffi_transfer_callbacks.
/// Errors: INVALID_ARGUMENT, also for a descriptor that is not open and on systems without
/// descriptors; otherwise as cosffi_upload_file(), LOCAL when it is not a regular file.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_upload_fd(
    client: Option<&cosffi_client>,
    object_key: cosffi_str,
    fd: i32,
    options: *const cosffi_upload_options,
    callbacks: *const cosffi_transfer_callbacks,
    out_transfer: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    // SAFETY: what the caller passes lives for this call.
    let read = || unsafe { Ok((key(object_key)?, duplicate(fd)?, Upload::read(options)?)) };
    // SAFETY: as above.
    unsafe {
        begin(
            client,
            callbacks,
            out_transfer,
            err,
            read,
            |client, cell, (key, file, upload)| async move {
                let (file, keeps) = upload.apply_to_file(client.upload_open_file(key, file));
                let transfer = file.on_progress(progress_of(&cell)).start();
                Ok(cosffi_response::of_upload(
                    &follow(&cell, transfer, keeps).await?,
                ))
            },
        )
    }
}

/// Reads an object or a range of it and writes it to a descriptor from its position on: a file, a pipe,
/// a socket. Pieces are written in order as they arrive; what a failure or a cancel leaves there is the
/// program's to remove. For a file that appears whole or not at all use cosffi_download_file().
///
/// Ownership: as cosffi_get_object(). The descriptor is duplicated; yours may be closed at once.
/// Threads: any, also inside a callback; callbacks come on the callback thread.
/// How often: see cosffi_transfer_callbacks.
/// Errors: INVALID_ARGUMENT, also for a descriptor that is not open and on systems without
/// descriptors; otherwise as cosffi_get_object(), LOCAL when writing fails. A cancel takes effect
/// between two writes.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_download_fd(
    client: Option<&cosffi_client>,
    object_key: cosffi_str,
    fd: i32,
    options: *const cosffi_get_options,
    callbacks: *const cosffi_transfer_callbacks,
    out_transfer: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    // SAFETY: what the caller passes lives for this call.
    let read = || unsafe { Ok((key(object_key)?, duplicate(fd)?, Get::read(options)?)) };
    let work = |client: Client, cell: Arc<Cell>, (key, file, get): (String, File, Get)| async move {
        let object = or_cancelled(&cell, get.send(&client, key)).await?;
        let file = Arc::new(file);
        let written = hand_out(&cell, object, |_, piece| write(Arc::clone(&file), piece));
        unless_cancelled(&cell, written).await
    };
    // SAFETY: as above.
    unsafe { begin(client, callbacks, out_transfer, err, read, work) }
}

async fn write(file: Arc<File>, piece: Bytes) -> Result<(), Failure> {
    let local = |why: String| Failure::new(cosffi_result::COSFFI_ERROR_LOCAL, why);
    let written = tokio::task::spawn_blocking(move || (&*file).write_all(&piece)).await;
    written
        .map_err(|_| local("the runtime shut down while writing".to_owned()))?
        .map_err(|error| local(format!("cannot write to the descriptor: {error}")))
}

#[cfg(unix)]
fn duplicate(fd: i32) -> Result<File, Failure> {
    use std::os::fd::BorrowedFd;
    if fd < 0 {
        return Err(Failure::argument(format!("fd is {fd}")));
    }
    // SAFETY: not -1; a number that is not open is refused by the system in the next line, which is all
    // it is used for.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    let owned = borrowed
        .try_clone_to_owned()
        .map_err(|error| Failure::argument(format!("fd {fd} cannot be used: {error}")))?;
    Ok(owned.into())
}

#[cfg(not(unix))]
fn duplicate(_fd: i32) -> Result<File, Failure> {
    Err(Failure::argument("this system has no file descriptors"))
}
