//! Operations on objects. Each starts a transfer and returns at once.

// In the order of the header.
pub mod priority;

pub mod file;

pub mod upload_options;

pub(crate) mod resume_options;

pub mod simple;

pub mod flow;

pub mod get;

pub mod stream;

pub mod descriptor;

pub mod copy;

pub mod folder_options;

pub mod folder_entry;

pub(crate) mod folder_backlog;

pub mod folder;

pub mod delete_many;

pub mod presign;

pub mod form;

pub mod request;

pub mod clean_up;

pub mod list;

pub mod versions;

use core::mem::MaybeUninit;
use core::ptr;
use std::sync::Arc;

use cos_client::{Client, Progress, Transfer};

use crate::client::cosffi_client;
use crate::error::{Failure, cosffi_error};
use crate::guard;
use crate::response::cosffi_response;
use crate::result::cosffi_result;
use crate::text::cosffi_str;
use crate::transfer::callbacks::{Callbacks, cosffi_transfer_callbacks};
use crate::transfer::cell::{Cell, cancelled};
use crate::transfer::{cosffi_transfer, start};

/// What every starting function does: guards, takes the callbacks over first of all, so that whatever
/// fails afterwards the app's `drop` runs, reads its own arguments with `read` and starts `work`.
/// `*out_transfer` is NULL until the start.
///
/// # Safety
/// `callbacks` is NULL or a struct that starts with its size.
pub(crate) unsafe fn begin<Input, Work>(
    client: Option<&cosffi_client>,
    callbacks: *const cosffi_transfer_callbacks,
    mut out_transfer: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
    read: impl FnOnce() -> Result<Input, Failure>,
    work: impl FnOnce(Client, Arc<Cell>, Input) -> Work,
) -> cosffi_result
where
    Work: Future<Output = Result<cosffi_response, Failure>> + Send + 'static,
{
    guard::call(err, || {
        if let Some(out) = &mut out_transfer {
            out.write(ptr::null_mut());
        }
        // SAFETY: the caller's promise.
        let callbacks = unsafe { Callbacks::read(callbacks) }?;
        let client = client.ok_or_else(|| Failure::null("client"))?;
        let input = read()?;
        start::start(
            &client.shared,
            &client.client,
            callbacks,
            out_transfer,
            |client, cell| work(client, cell, input),
        )
    })
}

/// # Safety
/// The text lives for this call.
unsafe fn key(object_key: cosffi_str) -> Result<String, Failure> {
    // SAFETY: the caller's promise.
    Ok(unsafe { object_key.read_required("object_key") }?.to_owned())
}

fn progress_of(cell: &Arc<Cell>) -> impl Fn(Progress) + Send + Sync + 'static {
    let cell = Arc::clone(cell);
    move |now| cell.progress(now.done_bytes, now.total_bytes.unwrap_or(u64::MAX))
}

/// Waits for a transfer; a cancel lets it end in its own way, which is quick and tidy. `keeps`: what a
/// shutdown interrupts is kept, because the app has asked for a place to continue it from.
async fn follow<T: Send + 'static>(
    cell: &Cell,
    mut transfer: Transfer<T>,
    keeps: bool,
) -> Result<T, Failure> {
    let control = transfer.control();
    cell.steering.connect(control.clone());
    let result = tokio::select! {
        biased;
        result = &mut transfer => result,
        () = cell.cancelled() => {
            match keeps && !cell.is_cancelled() {
                true => control.stop(),
                false => control.cancel(),
            }
            transfer.await
        }
    };
    Ok(result?)
}

/// As [`crate::transfer::cell::or_cancelled`], for work that fails in our own words.
async fn unless_cancelled<T>(
    cell: &Cell,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        () = cell.cancelled() => Err(cancelled()),
        result = work => result,
    }
}
