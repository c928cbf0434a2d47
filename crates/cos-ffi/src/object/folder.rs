//! Whole folders, up and down.

use core::ffi::c_void;
use core::mem::MaybeUninit;
use std::sync::Arc;

use cos_client::{Transfer, TreeProgress, TreeReport};

use super::folder_backlog::{self, Backlog};
use super::folder_entry::{Report, cosffi_folder_entry};
use super::folder_options::{Settings, cosffi_folder_options};
use super::{begin, follow, unless_cancelled};
use crate::client::cosffi_client;
use crate::error::{Failure, cosffi_error};
use crate::response::cosffi_response;
use crate::result::cosffi_result;
use crate::text::cosffi_str;
use crate::transfer::callbacks::cosffi_transfer_callbacks;
use crate::transfer::cell::Cell;
use crate::transfer::cosffi_transfer;

/// Hears of each file of a folder that is done with, borrowed for the call; answers with a cosffi_flow. Called
/// on the callback thread, one at a time for one transfer, in the order in which files are done with. Files go
/// on meanwhile; while 1,000 of them wait to be told, no further one is begun.
pub type cosffi_folder_entry_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, entry: *const cosffi_folder_entry) -> i32>;

/// Uploads every file in the folder `path` and below it. The key is the prefix, a slash, and the file's path
/// with slashes; an empty `prefix` is the whole bucket. Many files go at a time, small ones in one request
/// each, large ones as cosffi_upload_file() does; the folder is read as it is sent, in constant memory. Single
/// files that fail do not end it: look at cosffi_response_folder().
///
/// Ownership: as cosffi_upload_file(). `user_data` of `callbacks` is also that of `on_entry`, which may be
/// NULL, and the transfer's until its `drop`.
/// Threads: any, also inside a callback; callbacks come on the callback thread.
/// How often: `on_entry` once per file, before completion, and not after a cancel; see
/// cosffi_transfer_callbacks. Progress has a total when the folder is read to its end.
/// Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED, LOCAL when the resume folder cannot be made; all others arrive
/// in `on_complete`: LOCAL when the folder cannot be read, CONFIG for a pattern that is none, whatever all
/// other files would meet too, such as refused credentials, and with `fail_fast` any failure.
/// Since: 0.1 (ABI 4).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_upload_folder(
    client: Option<&cosffi_client>,
    prefix: cosffi_str,
    path: cosffi_str,
    options: *const cosffi_folder_options,
    on_entry: cosffi_folder_entry_fn,
    callbacks: *const cosffi_transfer_callbacks,
    out_transfer: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    // SAFETY: what the caller passes lives for this call.
    let read = || unsafe {
        Ok((
            prefix.read("prefix")?.to_owned(),
            path.read_required("path")?.to_owned(),
            Settings::for_upload(options)?,
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
            move |client, cell, (prefix, path, settings)| async move {
                let keeps = settings.keeps();
                let mut folder = settings
                    .apply_to_upload(client.upload_dir(path, prefix))
                    .on_progress(progress_of(&cell));
                let backlog = on_entry.map(|_| Backlog::new());
                if let Some(backlog) = &backlog {
                    folder = folder.on_event(backlog.ear()).hold_while(backlog.is_full());
                }
                run(&cell, folder.start(), keeps, on_entry, backlog).await
            },
        )
    }
}

/// Downloads every object below `prefix` ("photos" means "photos/"; empty is the whole bucket) into the folder
/// `path`, which is made if need be. Objects whose keys end with a slash become folders; files get the time at
/// which the object was written. No file is written outside the folder or through a symbolic link in it:
/// objects that have no place there fail by name. Each file appears only when it is complete and verified.
/// Single files that fail do not end it: look at cosffi_response_folder().
///
/// Ownership: as cosffi_upload_folder().
/// Threads: any, also inside a callback; callbacks come on the callback thread.
/// How often: as cosffi_upload_folder().
/// Errors: as cosffi_upload_folder(), with LOCAL when the folder cannot be made.
/// Since: 0.1 (ABI 4).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_download_folder(
    client: Option<&cosffi_client>,
    prefix: cosffi_str,
    path: cosffi_str,
    options: *const cosffi_folder_options,
    on_entry: cosffi_folder_entry_fn,
    callbacks: *const cosffi_transfer_callbacks,
    out_transfer: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    // SAFETY: what the caller passes lives for this call.
    let read = || unsafe {
        Ok((
            prefix.read("prefix")?.to_owned(),
            path.read_required("path")?.to_owned(),
            Settings::for_download(options)?,
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
            move |client, cell, (prefix, path, settings)| async move {
                let keeps = settings.keeps();
                let mut folder = settings
                    .apply_to_download(client.download_dir(prefix, path))
                    .on_progress(progress_of(&cell));
                let backlog = on_entry.map(|_| Backlog::new());
                if let Some(backlog) = &backlog {
                    folder = folder.on_event(backlog.ear()).hold_while(backlog.is_full());
                }
                run(&cell, folder.start(), keeps, on_entry, backlog).await
            },
        )
    }
}

fn progress_of(cell: &Arc<Cell>) -> impl Fn(TreeProgress) + Send + Sync + 'static {
    let cell = Arc::clone(cell);
    move |now| {
        let total_bytes = match now.is_complete {
            true => now.bytes_found,
            false => u64::MAX,
        };
        cell.progress(now.bytes_done.min(total_bytes), total_bytes);
    }
}

/// Sees a transfer to its end while its files are told.
async fn run(
    cell: &Arc<Cell>,
    transfer: Transfer<TreeReport>,
    keeps: bool,
    on_entry: cosffi_folder_entry_fn,
    backlog: Option<Arc<Backlog>>,
) -> Result<cosffi_response, Failure> {
    let report = match on_entry.zip(backlog) {
        None => follow(cell, transfer, keeps).await?,
        Some((on_entry, backlog)) => {
            let moved = async {
                let report = follow(cell, transfer, keeps).await;
                backlog.close();
                report
            };
            let told = unless_cancelled(cell, folder_backlog::tell(cell, &backlog, on_entry));
            let (report, told) = tokio::join!(moved, told);
            let report = report?;
            told?;
            report
        }
    };
    let (bytes, resumed_bytes) = (report.bytes, report.resumed_bytes);
    Ok(cosffi_response::default()
        .with_size(bytes)
        .with_resumed(resumed_bytes, None)
        .with_extra(Report::new(report)))
}
