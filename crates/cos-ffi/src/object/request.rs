//! Any other request of the service.

use core::mem::MaybeUninit;

use super::{begin, presign};
use crate::client::cosffi_client;
use crate::error::{Failure, cosffi_error};
use crate::options::{self, SizeTagged};
use crate::pair::{self, cosffi_pair};
use crate::response::cosffi_response;
use crate::result::cosffi_result;
use crate::text::{cosffi_bytes, cosffi_str};
use crate::transfer::callbacks::cosffi_transfer_callbacks;
use crate::transfer::cell::or_cancelled;
use crate::transfer::cosffi_transfer;

/// What else a request has. Zero and empty mean none.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_request_options {
    /// sizeof(cosffi_request_options) when the program was compiled.
    pub struct_size: usize,
    /// Query parameters, decoded; an empty value sends the bare name. The first one chooses what is asked:
    /// "tagging", "acl", "versioning" and so on.
    pub params: *const cosffi_pair,
    /// How many there are.
    pub params_count: usize,
    /// Headers; they are signed too.
    pub headers: *const cosffi_pair,
    /// How many there are.
    pub headers_count: usize,
    /// The content, e.g. an XML document.
    pub body: cosffi_bytes,
    /// Not 0: after a lost answer the request is never sent again, because doing it twice would do harm.
    /// A POST never is.
    pub only_once: u32,
    /// Must be 0.
    pub reserved: u32,
}

// SAFETY: repr(C), struct_size first; pointers and integers may be zero.
unsafe impl SizeTagged for cosffi_request_options {}

/// The same, owned.
#[derive(Default)]
struct Rest {
    params: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    only_once: bool,
}

/// # Safety
/// `options` is NULL or a struct that starts with its size, and what it points to lives for this call.
unsafe fn read(options: *const cosffi_request_options) -> Result<Rest, Failure> {
    if options.is_null() {
        return Ok(Rest::default());
    }
    // SAFETY: the caller's promise.
    let (options, params, headers, body) = unsafe {
        let options = options::read(options, "options")?;
        (
            options,
            pair::read(options.params, options.params_count, "options->params")?,
            pair::read(options.headers, options.headers_count, "options->headers")?,
            options.body.read("options->body")?,
        )
    };
    if options.reserved != 0 {
        return Err(Failure::argument("options->reserved is not 0"));
    }
    Ok(Rest {
        params: pair::owned(params),
        headers: pair::owned(headers),
        body: body.to_vec(),
        only_once: options.only_once != 0,
    })
}

/// Sends any request to the bucket, or to one of its objects: for what this library has no function for,
/// such as tags, access rules, versions, restoring. It is signed, repeated and judged like all others. The
/// response has the status, every header, and the content, at most 32 MiB of it, in cosffi_response_body().
///
/// Ownership: as cosffi_put_object(); an empty `object_key` means the bucket, `options` may be NULL.
/// Threads: any, also inside a callback; callbacks come on the callback thread.
/// How often: see cosffi_transfer_callbacks; there is no progress.
/// Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`.
/// Since: 0.1 (ABI 3).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_request(
    client: Option<&cosffi_client>,
    method: cosffi_str,
    object_key: cosffi_str,
    options: *const cosffi_request_options,
    callbacks: *const cosffi_transfer_callbacks,
    out_transfer: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    // SAFETY: what the caller passes lives for this call.
    let input = || unsafe {
        let key = object_key.read_optional("object_key")?.map(str::to_owned);
        Ok((presign::method(method)?, key, read(options)?))
    };
    // SAFETY: as above.
    unsafe {
        begin(
            client,
            callbacks,
            out_transfer,
            err,
            input,
            |client, cell, (method, key, rest)| async move {
                let mut request = client.request(method);
                if let Some(key) = key {
                    request = request.key(key);
                }
                for (name, value) in rest.params {
                    request = request.param(name, value);
                }
                for (name, value) in rest.headers {
                    request = request.header(name, value);
                }
                if !rest.body.is_empty() {
                    request = request.body(rest.body);
                }
                if rest.only_once {
                    request = request.idempotent(false);
                }
                let answer = or_cancelled(&cell, request.send()).await?;
                // Names are in lower case there; a value that is no text cannot be shown as text.
                let headers: Vec<(&str, &str)> = answer
                    .headers
                    .iter()
                    .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
                    .collect();
                Ok(
                    cosffi_response::of_any(answer.status, &headers)
                        .with_body(answer.body.to_vec()),
                )
            },
        )
    }
}
