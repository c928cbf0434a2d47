//! `cosffi_provider`: where a client gets its credentials.

pub mod app;
pub mod push;
pub mod remote;
pub mod ticket;

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr;
use std::sync::Arc;
use std::time::Duration;

use cos_sts::{
    CachingProvider, CredentialProvider, CredentialRequest, PushProvider, StaticProvider,
    SystemClock,
};

use crate::callback::{UserData, cosffi_drop_fn};
use crate::credentials::cosffi_credentials;
use crate::error::{Failure, cosffi_error};
use crate::guard;
use crate::options::{self, SizeTagged};
use crate::result::cosffi_result;
use crate::runtime::cosffi_runtime;
use app::{AppSource, cosffi_fetch_fn};

/// Gives credentials to clients: fixed ones, or those the app fetches from its own server.
pub struct cosffi_provider {
    provider: Arc<dyn CredentialProvider>,
    kept: Kept,
}

/// The provider once more, as what it is: for those that keep credentials.
enum Kept {
    Fixed,
    Fetched(CachingProvider),
    Pushed(PushProvider),
}

impl cosffi_provider {
    fn into_raw(provider: Arc<dyn CredentialProvider>, kept: Kept) -> *mut cosffi_provider {
        Box::into_raw(Box::new(cosffi_provider { provider, kept }))
    }

    pub(crate) fn get(&self) -> &Arc<dyn CredentialProvider> {
        &self.provider
    }
}

/// The app's own source of credentials.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_provider_callbacks {
    /// sizeof(cosffi_provider_callbacks) when the program was compiled.
    pub struct_size: usize,
    /// Handed to each function; never looked at.
    pub user_data: *mut c_void,
    /// Asks for credentials: called on the callback thread, one request at a time for one provider.
    /// It returns at once; the request is the app's and is answered later from any thread. Required.
    pub fetch: cosffi_fetch_fn,
    /// `user_data` is not needed any more: called once, on the callback thread, when the provider and
    /// all its clients are freed; after the runtime has ended, on the thread that frees the last one.
    pub drop: cosffi_drop_fn,
    /// How long an answer is waited for. Default: 30,000.
    pub timeout_ms: u64,
    /// How long before the end of the credentials new ones are asked for; never more than a quarter of
    /// their life. Default: 300.
    pub refresh_margin_s: u64,
}

// SAFETY: repr(C), struct_size first; pointers, functions and integers may be zero.
unsafe impl SizeTagged for cosffi_provider_callbacks {}

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// The source's own time-out names the app; the cache's must not come first.
const SLACK: Duration = Duration::from_secs(5);

/// A provider that asks the app, keeps what it gets and asks again before that ends or when the
/// service refuses it. All clients and transfers share one request at a time; until the end of the old
/// credentials nobody waits.
///
/// Ownership: `*out` is yours; end it with cosffi_provider_free(). `callbacks` is read during the call.
/// `user_data` is the provider's until its `drop`, which a call that fails makes before it returns.
/// Threads: any; `fetch` and `drop` come on the callback thread of `runtime`.
/// How often: `fetch` once per request for credentials, `drop` once.
/// Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_provider_new(
    runtime: Option<&cosffi_runtime>,
    callbacks: *const cosffi_provider_callbacks,
    out: Option<&mut MaybeUninit<*mut cosffi_provider>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        // First of all, so that whatever fails drops the app's data.
        // SAFETY: NULL or a struct that starts with its size.
        let callbacks = unsafe { options::read(callbacks, "callbacks") };
        let user_data = callbacks
            .as_ref()
            .ok()
            .map(|callbacks| UserData::new(callbacks.user_data, callbacks.drop));
        let out = out
            .ok_or_else(|| Failure::null("out"))?
            .write(ptr::null_mut());
        let callbacks = callbacks?;
        let shared = runtime.ok_or_else(|| Failure::null("runtime"))?.shared();
        drop(shared.hold()?);
        let (Some(fetch), Some(user_data)) = (callbacks.fetch, user_data) else {
            return Err(Failure::null("callbacks->fetch"));
        };
        let timeout = match callbacks.timeout_ms {
            0 => DEFAULT_TIMEOUT,
            ms => Duration::from_millis(ms),
        };
        let clock = Arc::new(SystemClock);
        let source = AppSource::new(Arc::clone(shared), fetch, user_data, clock, timeout);
        let mut cache =
            CachingProvider::builder(source).fetch_timeout(timeout.saturating_add(SLACK));
        if callbacks.refresh_margin_s != 0 {
            cache = cache.refresh_margin(Duration::from_secs(callbacks.refresh_margin_s));
        }
        let cache = cache.build();
        *out = cosffi_provider::into_raw(Arc::new(cache.clone()), Kept::Fetched(cache));
        Ok(())
    })
}

/// Forgets the credentials at hand, e.g. when the user logs out: the next request asks anew, or waits for
/// the next push.
/// Does nothing for fixed credentials.
///
/// Ownership: borrows `provider`; NULL is fine.
/// Threads: any, also inside a callback.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_provider_invalidate(provider: Option<&cosffi_provider>) {
    guard::value((), || match provider.map(|provider| &provider.kept) {
        Some(Kept::Fetched(cache)) => cache.clear(),
        Some(Kept::Pushed(push)) => {
            if let Some(known) = push.cached(&CredentialRequest::new()) {
                push.invalidate(known.generation());
            }
        }
        Some(Kept::Fixed) | None => {}
    })
}

/// A provider that always gives the same credentials.
///
/// Ownership: `*out` is yours; end it with cosffi_provider_free(). `credentials` are copied.
/// Threads: any.
/// How often: any number of times.
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
        let fixed = StaticProvider::new(credentials.get().clone());
        *out = cosffi_provider::into_raw(Arc::new(fixed), Kept::Fixed);
        Ok(())
    })
}

/// Frees a provider. Clients made with it keep what they need; the `drop` of its callbacks runs when
/// the last of them is gone too.
///
/// Ownership: takes `provider`; NULL is fine.
/// Threads: any, also inside a callback.
/// How often: once for each; NULL any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_provider_free(provider: Option<Box<cosffi_provider>>) {
    guard::value((), || drop(provider))
}
