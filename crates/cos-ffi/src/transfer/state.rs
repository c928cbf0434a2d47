//! Looking at a transfer: what it is doing, and how far it is.

use core::mem::MaybeUninit;

use super::cosffi_transfer;
use crate::guard;
use crate::result::cosffi_result;

/// What a transfer is doing. Treat a number that you do not know as in progress.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum cosffi_transfer_state {
    /// There is none: the answer for NULL.
    COSFFI_TRANSFER_NONE = 0,
    /// It works, or waits for its turn.
    COSFFI_TRANSFER_IN_PROGRESS = 1,
    /// It waits for cosffi_transfer_resume() after cosffi_transfer_pause(); nothing is in flight.
    COSFFI_TRANSFER_PAUSED = 2,
    /// It went well.
    COSFFI_TRANSFER_COMPLETED = 3,
    /// It was cancelled or stopped, or its runtime was shut down.
    COSFFI_TRANSFER_CANCELLED = 4,
    /// It failed.
    COSFFI_TRANSFER_FAILED = 5,
}

/// What a transfer is doing at this moment. The last three states are final, and are told when the last
/// callback has returned, or the completion is in the queue.
///
/// Ownership: borrows `transfer`; COSFFI_TRANSFER_NONE for NULL.
/// Threads: any, also inside a callback.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 3).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_transfer_status(
    transfer: Option<&cosffi_transfer>,
) -> cosffi_transfer_state {
    use cosffi_transfer_state::*;
    guard::value(COSFFI_TRANSFER_NONE, || {
        let Some(transfer) = transfer.filter(|transfer| !transfer.cell.shared.is_forked()) else {
            return COSFFI_TRANSFER_NONE;
        };
        match transfer.cell.outcome() {
            Some(Ok(_)) => COSFFI_TRANSFER_COMPLETED,
            Some(Err(error)) if error.failure().code() == cosffi_result::COSFFI_ERROR_CANCELLED => {
                COSFFI_TRANSFER_CANCELLED
            }
            Some(Err(_)) => COSFFI_TRANSFER_FAILED,
            None if transfer.cell.steering.is_paused() => COSFFI_TRANSFER_PAUSED,
            None => COSFFI_TRANSFER_IN_PROGRESS,
        }
    })
}

/// How far a transfer is at this moment: bytes done of bytes in total, UINT64_MAX while that is not known.
/// For programs that would rather look than be told.
///
/// Ownership: borrows `transfer`; NULL is fine, also for `out_done_bytes` and `out_total_bytes`.
/// Threads: any, also inside a callback.
/// How often: any number of times.
/// Errors: returns 1 when there is something to tell, else 0 and writes 0 and UINT64_MAX: before the first
/// byte, for NULL, and for transfers that have no progress. In a forked child it is 0.
/// Since: 0.1 (ABI 3).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_transfer_progress(
    transfer: Option<&cosffi_transfer>,
    out_done_bytes: Option<&mut MaybeUninit<u64>>,
    out_total_bytes: Option<&mut MaybeUninit<u64>>,
) -> i32 {
    guard::value(0, || {
        let latest = transfer
            .filter(|transfer| !transfer.cell.shared.is_forked())
            .and_then(|transfer| transfer.cell.latest_progress());
        let (done, total) = latest.unwrap_or((0, u64::MAX));
        if let Some(out) = out_done_bytes {
            out.write(done);
        }
        if let Some(out) = out_total_bytes {
            out.write(total);
        }
        i32::from(latest.is_some())
    })
}
