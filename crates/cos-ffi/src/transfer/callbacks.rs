//! The app's side of a transfer.

use core::ffi::c_void;
use std::sync::Arc;

use crate::callback::{UserData, cosffi_drop_fn};
use crate::error::{Failure, cosffi_error};
use crate::events::{Events, cosffi_queue};
use crate::options::{self, SizeTagged};
use crate::response::cosffi_response;
use crate::result::cosffi_result;

/// How far a transfer is: bytes done of bytes in total, both absolute. `total_bytes` is UINT64_MAX
/// while it is not known. At most about ten calls per second; the last value comes before
/// completion.
pub type cosffi_progress_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, done_bytes: u64, total_bytes: u64)>;

/// The end of a transfer. On COSFFI_OK `response` is set and `error` is NULL, otherwise the other
/// way round; both are borrowed and end with this call.
pub type cosffi_complete_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        result: cosffi_result,
        response: *const cosffi_response,
        error: *const cosffi_error,
    ),
>;

/// What a transfer calls, always on the callback thread of its runtime, one at a time, and never
/// from inside the function that started it:
///
/// 1. `on_progress`, any number of times;
/// 2. `on_complete`, exactly once, also after a cancel and at shutdown;
/// 3. `drop`, exactly once; `user_data` is not used after that.
///
/// When the start fails, `drop` is called before the starting function returns, and nothing else.
/// Each function may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_transfer_callbacks {
    /// sizeof(cosffi_transfer_callbacks) when the program was compiled.
    pub struct_size: usize,
    /// Handed to each function; never looked at.
    pub user_data: *mut c_void,
    /// How far it is.
    pub on_progress: cosffi_progress_fn,
    /// How it ended.
    pub on_complete: cosffi_complete_fn,
    /// `user_data` is not needed any more.
    pub drop: cosffi_drop_fn,
    /// Where progress and completion go as events instead of the two functions above, which are then
    /// not called; see cosffi_queue_next(). NULL for callbacks.
    pub queue: *const cosffi_queue,
}

// SAFETY: repr(C), struct_size first; NULL pointers and functions are zero.
unsafe impl SizeTagged for cosffi_transfer_callbacks {}

/// Callbacks with the ownership of their data.
pub(crate) struct Callbacks {
    on_progress: cosffi_progress_fn,
    on_complete: cosffi_complete_fn,
    user_data: UserData,
    events: Option<Arc<Events>>,
}

impl Callbacks {
    /// Takes the callbacks over; NULL means none. From here on the app's `drop` runs whatever happens.
    ///
    /// # Safety
    /// `callbacks` is NULL or a struct that starts with its size.
    pub(crate) unsafe fn read(
        callbacks: *const cosffi_transfer_callbacks,
    ) -> Result<Callbacks, Failure> {
        if callbacks.is_null() {
            return Ok(Callbacks {
                on_progress: None,
                on_complete: None,
                user_data: UserData::new(core::ptr::null_mut(), None),
                events: None,
            });
        }
        // SAFETY: the caller's promise.
        let callbacks = unsafe { options::read(callbacks, "callbacks") }?;
        let user_data = UserData::new(callbacks.user_data, callbacks.drop);
        // SAFETY: NULL or a live handle, by the caller's promise.
        let queue = unsafe { callbacks.queue.as_ref() };
        Ok(Callbacks {
            on_progress: callbacks.on_progress,
            on_complete: callbacks.on_complete,
            user_data,
            events: queue.map(cosffi_queue::events).transpose()?,
        })
    }

    pub(crate) fn wants_progress(&self) -> bool {
        self.on_progress.is_some() || self.events.is_some()
    }

    pub(crate) fn events(&self) -> Option<Arc<Events>> {
        self.events.clone()
    }

    pub(crate) fn user_data(&self) -> &UserData {
        &self.user_data
    }

    pub(crate) fn progress(&self, done_bytes: u64, total_bytes: u64) {
        if let Some(on_progress) = self.on_progress {
            // SAFETY: the app gave this function for this pointer, which `self` keeps alive.
            unsafe { on_progress(self.user_data.pointer(), done_bytes, total_bytes) }
        }
    }

    pub(crate) fn complete(&self, outcome: &Result<cosffi_response, cosffi_error>) {
        let Some(on_complete) = self.on_complete else {
            return;
        };
        let (result, response, error) = match outcome {
            Ok(response) => (
                cosffi_result::COSFFI_OK,
                core::ptr::from_ref(response),
                core::ptr::null(),
            ),
            Err(error) => (
                error.failure().code(),
                core::ptr::null(),
                core::ptr::from_ref(error),
            ),
        };
        // SAFETY: as above; both references outlive the call.
        unsafe { on_complete(self.user_data.pointer(), result, response, error) }
    }
}
