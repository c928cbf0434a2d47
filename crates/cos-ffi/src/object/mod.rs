//! Operations on objects. Each starts a transfer and returns at once.

pub mod file;
pub mod simple;
pub mod upload_options;

use core::mem::MaybeUninit;
use core::ptr;
use std::sync::Arc;

use cos_client::Client;

use crate::client::cosffi_client;
use crate::error::Failure;
use crate::response::cosffi_response;
use crate::text::cosffi_str;
use crate::transfer::callbacks::{Callbacks, cosffi_transfer_callbacks};
use crate::transfer::cell::Cell;
use crate::transfer::{cosffi_transfer, start};

/// The arguments all starting functions share, taken over first of all: whatever fails afterwards,
/// the app's `drop` runs, and `*out_transfer` is NULL.
struct Started<'a> {
    client: &'a cosffi_client,
    callbacks: Callbacks,
    out: Option<&'a mut MaybeUninit<*mut cosffi_transfer>>,
}

impl<'a> Started<'a> {
    /// # Safety
    /// `callbacks` is NULL or a struct that starts with its size.
    unsafe fn new(
        client: Option<&'a cosffi_client>,
        callbacks: *const cosffi_transfer_callbacks,
        mut out: Option<&'a mut MaybeUninit<*mut cosffi_transfer>>,
    ) -> Result<Started<'a>, Failure> {
        if let Some(out) = &mut out {
            out.write(ptr::null_mut());
        }
        // SAFETY: the caller's promise.
        let callbacks = unsafe { Callbacks::read(callbacks) }?;
        Ok(Started {
            client: client.ok_or_else(|| Failure::null("client"))?,
            callbacks,
            out,
        })
    }

    fn go<Work>(self, work: impl FnOnce(Client, Arc<Cell>) -> Work) -> Result<(), Failure>
    where
        Work: Future<Output = Result<cosffi_response, Failure>> + Send + 'static,
    {
        let client = self.client;
        start::start(
            &client.shared,
            &client.client,
            self.callbacks,
            self.out,
            work,
        )
    }
}

/// # Safety
/// The text lives for this call.
unsafe fn key(object_key: cosffi_str) -> Result<String, Failure> {
    // SAFETY: the caller's promise.
    Ok(unsafe { object_key.read_required("object_key") }?.to_owned())
}
