//! The app's pointer and what to do with it at the end.

use core::ffi::c_void;

/// Tells the app that its `user_data` will not be used any more.
pub type cosffi_drop_fn = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// The app's `user_data` and its `drop`, which runs exactly once: when this value goes.
pub(crate) struct UserData {
    pointer: *mut c_void,
    drop: cosffi_drop_fn,
}

// SAFETY: the pointer is opaque to us; the header says from which threads callbacks may come and
// the app vouches that its data can stand it.
unsafe impl Send for UserData {}
// SAFETY: as above; we never look behind the pointer.
unsafe impl Sync for UserData {}

impl UserData {
    pub(crate) fn new(pointer: *mut c_void, drop: cosffi_drop_fn) -> UserData {
        UserData { pointer, drop }
    }

    pub(crate) fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(drop) = self.drop {
            // SAFETY: the app gave this function for this pointer, and ownership makes it once.
            unsafe { drop(self.pointer) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    unsafe extern "C" fn count(user_data: *mut c_void) {
        // SAFETY: the test below passes a live counter.
        unsafe { &*user_data.cast::<AtomicUsize>() }.fetch_add(1, Ordering::SeqCst);
    }

    #[test]
    fn drops_once_and_only_if_there_is_a_drop() {
        let counter = AtomicUsize::new(0);
        let pointer: *mut c_void = (&raw const counter).cast_mut().cast();
        drop(UserData::new(pointer, None));
        assert_eq!(counter.load(Ordering::SeqCst), 0);
        drop(UserData::new(pointer, Some(count)));
        assert_eq!(counter.load(Ordering::SeqCst), 1);
    }
}
