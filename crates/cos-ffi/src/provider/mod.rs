//! `cosffi_provider`: where a client gets its credentials.

pub mod app;
pub mod ticket;

use core::mem::MaybeUninit;
use core::ptr;
use std::sync::Arc;

use cos_sts::{CredentialProvider, StaticProvider};

use crate::credentials::cosffi_credentials;
use crate::error::{Failure, cosffi_error};
use crate::guard;
use crate::result::cosffi_result;

/// Gives credentials to clients: fixed ones, or those the app fetches from its own server.
pub struct cosffi_provider {
    provider: Arc<dyn CredentialProvider>,
}

impl cosffi_provider {
    pub(crate) fn get(&self) -> &Arc<dyn CredentialProvider> {
        &self.provider
    }
}

/// A provider that always gives the same credentials.
///
/// Ownership: `*out` is yours; end it with cosffi_provider_free(). `credentials` are copied.
/// Threads: any.
/// Errors: INVALID_ARGUMENT.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_provider_static(
    credentials: Option<&cosffi_credentials>,
    out: Option<&mut MaybeUninit<*mut cosffi_provider>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        let out = out
            .ok_or_else(|| Failure::null("out"))?
            .write(ptr::null_mut());
        let credentials = credentials.ok_or_else(|| Failure::null("credentials"))?;
        *out = Box::into_raw(Box::new(cosffi_provider {
            provider: Arc::new(StaticProvider::new(credentials.get().clone())),
        }));
        Ok(())
    })
}

/// Frees a provider. Clients made with it keep what they need; the `drop` of its callbacks runs when
/// the last of them is gone too.
///
/// Ownership: takes `provider`; NULL is fine.
/// Threads: any, also inside a callback.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_provider_free(provider: Option<Box<cosffi_provider>>) {
    guard::value((), || drop(provider))
}
