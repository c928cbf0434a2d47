//! Credentials the app hands over when it has them.

use core::mem::MaybeUninit;
use core::ptr;
use std::sync::Arc;

use cos_sts::PushProvider;

use super::{Kept, cosffi_provider};
use crate::credentials::cosffi_credentials;
use crate::error::{Failure, cosffi_error};
use crate::guard;
use crate::result::cosffi_result;

/// A provider that has what cosffi_provider_push_credentials() was last given. Until the first time, and
/// after the service has refused them, requests wait: set `operation_timeout_ms` of the client, or cancel.
///
/// Ownership: `*out` is yours; end it with cosffi_provider_free().
/// Threads: any.
/// How often: any number of times.
/// Errors: INVALID_ARGUMENT.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_provider_push(
    out: Option<&mut MaybeUninit<*mut cosffi_provider>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        let out = out
            .ok_or_else(|| Failure::null("out"))?
            .write(ptr::null_mut());
        let push = PushProvider::new();
        *out = cosffi_provider::into_raw(Arc::new(push.clone()), Kept::Pushed(push));
        Ok(())
    })
}

/// Gives a provider made by cosffi_provider_push() its next credentials; requests that wait go on.
///
/// Ownership: borrows `provider`; `credentials` are copied.
/// Threads: any, also inside a callback.
/// How often: any number of times.
/// Errors: INVALID_ARGUMENT, also for another kind of provider.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_provider_push_credentials(
    provider: Option<&cosffi_provider>,
    credentials: Option<&cosffi_credentials>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        let provider = provider.ok_or_else(|| Failure::null("provider"))?;
        let credentials = credentials.ok_or_else(|| Failure::null("credentials"))?;
        let Kept::Pushed(push) = &provider.kept else {
            return Err(Failure::argument(
                "provider was not made by cosffi_provider_push()",
            ));
        };
        push.set(credentials.get().clone());
        Ok(())
    })
}
