//! Data of the app that several threads of ours use, and that is dropped on the callback thread.

use core::ffi::c_void;
use std::sync::Arc;

use super::shared::Shared;
use crate::callback::UserData;

/// The app's `user_data` of a function that is called on the callback thread. Its `drop` runs there too
/// as long as that lives, whoever lets go last.
pub(crate) struct AppData {
    user_data: Option<UserData>,
    shared: Arc<Shared>,
}

impl AppData {
    pub(crate) fn new(user_data: UserData, shared: Arc<Shared>) -> AppData {
        AppData {
            user_data: Some(user_data),
            shared,
        }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn pointer(&self) -> *mut c_void {
        self.user_data
            .as_ref()
            .map_or(core::ptr::null_mut(), UserData::pointer)
    }
}

impl Drop for AppData {
    fn drop(&mut self) {
        let Some(user_data) = self.user_data.take() else {
            return;
        };
        if self.shared.is_forked() {
            // The app's data is the parent's business, and so are the locks.
            core::mem::forget(user_data);
            return;
        }
        if let Err(job) = self.shared.queue.post(Box::new(move || drop(user_data))) {
            job();
        }
    }
}
