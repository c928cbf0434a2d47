//! Removing what interrupted transfers left.

use core::mem::MaybeUninit;
use std::time::Duration;

use cos_client::ResumeFolder;

use super::begin;
use super::delete_many::Deleted;
use crate::client::cosffi_client;
use crate::error::{Failure, cosffi_error};
use crate::response::cosffi_response;
use crate::result::cosffi_result;
use crate::text::cosffi_str;
use crate::transfer::callbacks::cosffi_transfer_callbacks;
use crate::transfer::cell::or_cancelled;
use crate::transfer::cosffi_transfer;

/// Removes what is left of file transfers that were begun with this `resume_folder`, were interrupted and
/// have not been continued for `older_than_s` seconds (0: seven days): parts of uploads to the client's
/// bucket, and partly downloaded files. Nothing that runs is touched. Good once in a while, such as when an
/// app starts. cosffi_response_deleted_count() tells how many were removed.
///
/// Ownership: as cosffi_put_object().
/// Threads: any, also inside a callback; callbacks come on the callback thread.
/// How often: see cosffi_transfer_callbacks; there is no progress.
/// Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED, LOCAL when the folder cannot be made; all others arrive in
/// `on_complete`: the first that kept something from being removed, which is tried again the next time.
/// Since: 0.1 (ABI 3).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_clean_up_stale(
    client: Option<&cosffi_client>,
    resume_folder: cosffi_str,
    older_than_s: u64,
    callbacks: *const cosffi_transfer_callbacks,
    out_transfer: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    // SAFETY: what the caller passes lives for this call.
    let read = || unsafe {
        let folder = resume_folder.read_required("resume_folder")?;
        Ok(ResumeFolder::new(folder)?)
    };
    // SAFETY: as above.
    unsafe {
        begin(
            client,
            callbacks,
            out_transfer,
            err,
            read,
            move |client, cell, folder| async move {
                let mut stale = client.clean_up_stale(&folder);
                if older_than_s != 0 {
                    stale = stale.older_than(Duration::from_secs(older_than_s));
                }
                let mut cleaned = or_cancelled(&cell, stale.send()).await?;
                if !cleaned.failed.is_empty() {
                    return Err(Failure::from(cleaned.failed.swap_remove(0)));
                }
                let count = u64::from(cleaned.uploads_aborted) + u64::from(cleaned.files_removed);
                Ok(cosffi_response::default().with_extra(Deleted::new(count, &[])))
            },
        )
    }
}
