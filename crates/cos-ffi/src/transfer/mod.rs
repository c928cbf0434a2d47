//! `cosffi_transfer`: work in flight.

pub mod callbacks;
pub(crate) mod cell;
pub(crate) mod signal;
pub(crate) mod start;
pub mod state;
pub(crate) mod steering;

use core::mem::ManuallyDrop;
use core::mem::MaybeUninit;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Failure, cosffi_error};
use crate::guard;
use crate::response::cosffi_response;
use crate::result::cosffi_result;
use crate::text::cosffi_string;
use cell::Cell;
use steering::Steering;

/// An upload, a download or a single request that was started. Freeing it does not stop it.
pub struct cosffi_transfer {
    cell: Arc<Cell>,
}

impl cosffi_transfer {
    pub(crate) fn into_raw(cell: Arc<Cell>) -> *mut cosffi_transfer {
        Arc::into_raw(Arc::new(cosffi_transfer { cell })).cast_mut()
    }
}

/// Asks a transfer to stop. It still completes, once, as every transfer does: with
/// COSFFI_ERROR_CANCELLED, or with what it had come to before. An unfinished download leaves no file
/// under its name.
///
/// Ownership: borrows `transfer`; NULL is fine.
/// Threads: any, also inside a callback.
/// How often: any number of times.
/// Errors: none; any number of times, also after completion. In a forked child it does nothing.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_transfer_cancel(transfer: Option<&cosffi_transfer>) {
    guard::value((), || {
        if let Some(transfer) = transfer
            && !transfer.cell.shared.is_forked()
        {
            transfer.cell.cancel();
        }
    })
}

/// Holds an upload or download of a file, or an upload of a stream, until cosffi_transfer_resume(): its
/// requests in flight are given up and sent again then. Other transfers are single requests and go on.
///
/// Ownership: borrows `transfer`; NULL is fine.
/// Threads: any, also inside a callback.
/// How often: any number of times.
/// Errors: none; any number of times, also after completion. In a forked child it does nothing.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_transfer_pause(transfer: Option<&cosffi_transfer>) {
    steer(transfer, Steering::pause)
}

/// Ends an upload or download of a file and keeps what was transferred: it completes with
/// COSFFI_ERROR_CANCELLED, and cosffi_error_resume_record() continues it. Other transfers are cancelled.
///
/// Ownership: borrows `transfer`; NULL is fine.
/// Threads: any, also inside a callback.
/// How often: any number of times.
/// Errors: none; any number of times, also after completion. In a forked child it does nothing.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_transfer_stop(transfer: Option<&cosffi_transfer>) {
    steer(transfer, Steering::stop)
}

/// What would continue an upload or download of a file from where it is now, in this or another process:
/// text for `resume_record` of its options. It holds no secret and no path. `*out` stays {NULL, 0} while
/// there is nothing to continue: small files, and other transfers, begin anew.
///
/// Ownership: borrows `transfer`; `*out` is yours; end it with cosffi_string_free().
/// Threads: any, also inside a callback.
/// How often: any number of times.
/// Errors: INVALID_ARGUMENT, FORKED.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_transfer_resume_record(
    transfer: Option<&cosffi_transfer>,
    out: Option<&mut MaybeUninit<cosffi_string>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        let out = cosffi_string::clear(out)?;
        let transfer = transfer.ok_or_else(|| Failure::null("transfer"))?;
        transfer.cell.shared.check_process()?;
        match transfer.cell.steering.record() {
            None => Ok(()),
            Some(record) => out.write(&String::from_utf8_lossy(&record)),
        }
    })
}

fn steer(transfer: Option<&cosffi_transfer>, how: impl FnOnce(&Steering)) {
    guard::value((), || {
        if let Some(transfer) = transfer
            && !transfer.cell.shared.is_forked()
        {
            how(&transfer.cell.steering);
        }
    })
}

/// Lets a transfer go on that was paused, or whose function answered COSFFI_FLOW_PAUSE. It may come before
/// that function has returned, from another thread: the pause is then none. A transfer that does not wait
/// is not changed.
///
/// Ownership: borrows `transfer`; NULL is fine.
/// Threads: any, also inside a callback.
/// How often: any number of times.
/// Errors: none. In a forked child it does nothing.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_transfer_resume(transfer: Option<&cosffi_transfer>) {
    guard::value((), || {
        if let Some(transfer) = transfer
            && !transfer.cell.shared.is_forked()
        {
            transfer.cell.go_on();
            transfer.cell.steering.resume();
        }
    })
}

/// Waits until a transfer is over and its last callback has returned, and gives its result: for
/// tools and tests. Waits up to `timeout_ms`; a negative time means as long as it takes. Of a transfer
/// with a queue it returns when the completion is in there.
///
/// Ownership: borrows `transfer`, which its callbacks may free meanwhile. `*err` is yours, a copy of
/// the transfer's error.
/// Threads: any except the callback thread.
/// How often: any number of times.
/// Errors: those of the transfer; NOT_FINISHED when the time was over first (the transfer goes on);
/// WRONG_THREAD on the callback thread; FORKED.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_transfer_wait(
    transfer: *const cosffi_transfer,
    timeout_ms: i64,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        // A pointer and not a reference, because a callback may free the handle meanwhile.
        // SAFETY: NULL or a live handle, by the caller's promise.
        let transfer = unsafe { transfer.as_ref() };
        let cell = Arc::clone(&transfer.ok_or_else(|| Failure::null("transfer"))?.cell);
        cell.shared.check_process()?;
        if cell.shared.queue.is_callback_thread() {
            return Err(Failure::new(
                cosffi_result::COSFFI_ERROR_WRONG_THREAD,
                "a wait on the callback thread would wait for itself",
            )
            .hint("use on_complete here, or wait on another thread"));
        }
        let timeout = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
        if !cell.wait(timeout) {
            return Err(Failure::new(
                cosffi_result::COSFFI_ERROR_NOT_FINISHED,
                format!("the transfer was not over after {timeout_ms} ms"),
            ));
        }
        match cell.outcome() {
            Some(Err(error)) => Err(error.failure().clone()),
            _ => Ok(()),
        }
    })
}

/// The response of a transfer that is over and went well, else NULL.
///
/// Ownership: borrowed from `transfer`, valid until the last reference to it is freed.
/// Threads: any.
/// How often: any number of times.
/// Errors: NULL, also for NULL.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_transfer_response(
    transfer: Option<&cosffi_transfer>,
) -> *const cosffi_response {
    guard::value(core::ptr::null(), || {
        match transfer.and_then(|transfer| transfer.cell.outcome()) {
            Some(Ok(response)) => core::ptr::from_ref(response),
            _ => core::ptr::null(),
        }
    })
}

/// One more reference, for one more owner; each is ended with cosffi_transfer_free().
///
/// Ownership: borrows `transfer`; NULL is fine.
/// Threads: any.
/// How often: any number of times, each matched by one cosffi_transfer_free().
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_transfer_retain(transfer: *const cosffi_transfer) {
    guard::value((), || {
        if !transfer.is_null() {
            // SAFETY: a live handle came from `into_raw`, so it is an Arc with at least one owner.
            unsafe { Arc::increment_strong_count(transfer) }
        }
    })
}

/// Ends a reference. The transfer itself goes on, and its callbacks still come; to stop it, cancel it
/// first.
///
/// Ownership: takes one reference; NULL is fine.
/// Threads: any, also inside a callback of this very transfer.
/// How often: once for each reference: that of the start, and one for each cosffi_transfer_retain().
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_transfer_free(transfer: *const cosffi_transfer) {
    guard::value((), || {
        if transfer.is_null() {
            return;
        }
        // SAFETY: as above; the caller gives its reference up.
        let transfer = ManuallyDrop::new(unsafe { Arc::from_raw(transfer) });
        // In a forked child, a lock inside might be held by a thread that is not here: leak it.
        if !transfer.cell.shared.is_forked() {
            drop(ManuallyDrop::into_inner(transfer));
        }
    })
}
