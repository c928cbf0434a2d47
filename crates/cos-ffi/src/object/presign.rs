//! URLs signed with the client's credentials.

use core::mem::MaybeUninit;
use std::time::Duration;

use cos_client::Method;

use super::{begin, key};
use crate::client::cosffi_client;
use crate::error::{Failure, cosffi_error};
use crate::options::{self, SizeTagged};
use crate::pair::{self, cosffi_pair};
use crate::response::cosffi_response;
use crate::result::cosffi_result;
use crate::text::cosffi_str;
use crate::transfer::callbacks::cosffi_transfer_callbacks;
use crate::transfer::cell::or_cancelled;
use crate::transfer::cosffi_transfer;

/// What a URL allows. Zero and empty mean default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_presign_object_options {
    /// sizeof(cosffi_presign_object_options) when the program was compiled.
    pub struct_size: usize,
    /// How long the URL is good, seconds; it ends with the credentials if they end first. Required.
    pub expires_s: u64,
    /// Further query parameters, decoded: response-content-disposition, versionId and so on.
    pub params: *const cosffi_pair,
    /// How many there are.
    pub params_count: usize,
    /// Headers that the user of the URL must send exactly so, besides Host.
    pub headers: *const cosffi_pair,
    /// How many there are.
    pub headers_count: usize,
}

// SAFETY: repr(C), struct_size first; pointers and integers may be zero.
unsafe impl SizeTagged for cosffi_presign_object_options {}

type Pairs = Vec<(String, String)>;

/// # Safety
/// `options` is NULL or a struct that starts with its size, and what it points to lives for this call.
unsafe fn read(
    options: *const cosffi_presign_object_options,
) -> Result<(Duration, Pairs, Pairs), Failure> {
    // SAFETY: the caller's promise.
    let (options, params, headers) = unsafe {
        let options = options::read(options, "options")?;
        (
            options,
            pair::read(options.params, options.params_count, "options->params")?,
            pair::read(options.headers, options.headers_count, "options->headers")?,
        )
    };
    if options.expires_s == 0 {
        return Err(Failure::argument("options->expires_s is 0"));
    }
    Ok((
        Duration::from_secs(options.expires_s),
        pair::owned(params),
        pair::owned(headers),
    ))
}

/// # Safety
/// The text lives for this call.
pub(super) unsafe fn method(method: cosffi_str) -> Result<Method, Failure> {
    // SAFETY: the caller's promise.
    let method = unsafe { method.read_required("method") }?;
    Method::from_bytes(method.as_bytes())
        .map_err(|_| Failure::argument("method is not the name of an HTTP method"))
}

/// Makes a URL that lets its holder do `method` ("GET", "PUT" and so on) to one object, with the
/// client's credentials: cosffi_response_url() and cosffi_response_expired_time_s() of the response. A
/// program that has the credentials itself can use cosffi_presign_url() instead. Nothing is sent but what
/// the provider of credentials sends. The URL names the bucket's own host and is a secret until it ends.
///
/// Ownership: as cosffi_put_object().
/// Threads: any, also inside a callback; callbacks come on the callback thread.
/// How often: see cosffi_transfer_callbacks; there is no progress.
/// Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`, among them CONFIG and
/// CREDENTIAL.
/// Since: 0.1 (ABI 3).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_presign_object(
    client: Option<&cosffi_client>,
    method: cosffi_str,
    object_key: cosffi_str,
    options: *const cosffi_presign_object_options,
    callbacks: *const cosffi_transfer_callbacks,
    out_transfer: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    // SAFETY: what the caller passes lives for this call.
    let input = || unsafe { Ok((self::method(method)?, key(object_key)?, read(options)?)) };
    // SAFETY: as above.
    unsafe {
        begin(
            client,
            callbacks,
            out_transfer,
            err,
            input,
            |client, cell, (method, key, (expires, params, headers))| async move {
                let mut url = client.presign(method, key, expires);
                for (name, value) in params {
                    url = url.param(name, value);
                }
                for (name, value) in headers {
                    url = url.header(name, value);
                }
                let signed = or_cancelled(&cell, url.sign()).await?;
                Ok(cosffi_response::default().with_url(&signed.url, signed.expired_time_s))
            },
        )
    }
}
