//! Forms with which a web page uploads a file.

use core::mem::MaybeUninit;
use std::time::Duration;

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

/// What a form allows. Zero and empty mean default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_post_form_options {
    /// sizeof(cosffi_post_form_options) when the program was compiled.
    pub struct_size: usize,
    /// How long the form is good, seconds; it ends with the credentials if they end first. Required.
    pub expires_s: u64,
    /// Lets the holder choose any key that begins with this; the form's own key is a suggestion then.
    pub key_prefix: cosffi_str,
    /// The fewest bytes the file may have.
    pub min_bytes: u64,
    /// The most bytes the file may have. Default: what the service takes.
    pub max_bytes: u64,
    /// Further fields that the holder cannot change: Content-Type, x-cos-meta-*, success_action_status.
    pub fields: *const cosffi_pair,
    /// How many there are.
    pub fields_count: usize,
}

// SAFETY: repr(C), struct_size first; text, pointers and integers may be zero.
unsafe impl SizeTagged for cosffi_post_form_options {}

struct Form {
    expires: Duration,
    key_prefix: Option<String>,
    size: Option<(u64, u64)>,
    fields: Vec<(String, String)>,
}

impl Form {
    /// # Safety
    /// `options` is NULL or a struct that starts with its size, and what it points to lives for this
    /// call.
    unsafe fn read(options: *const cosffi_post_form_options) -> Result<Form, Failure> {
        // SAFETY: the caller's promise.
        let (options, key_prefix, fields) = unsafe {
            let options = options::read(options, "options")?;
            (
                options,
                options.key_prefix.read_optional("options->key_prefix")?,
                pair::read(options.fields, options.fields_count, "options->fields")?,
            )
        };
        let max_bytes = match options.max_bytes {
            0 => u64::MAX,
            max => max,
        };
        if options.min_bytes > max_bytes {
            return Err(Failure::argument(
                "options->min_bytes is more than max_bytes",
            ));
        }
        if options.expires_s == 0 {
            return Err(Failure::argument("options->expires_s is 0"));
        }
        let limited = (options.min_bytes, options.max_bytes) != (0, 0);
        Ok(Form {
            expires: Duration::from_secs(options.expires_s),
            key_prefix: key_prefix.map(str::to_owned),
            size: limited.then_some((options.min_bytes, max_bytes.min(MAX_OBJECT))),
            fields: pair::owned(fields),
        })
    }
}

/// More than a form can carry (5 GiB).
const MAX_OBJECT: u64 = 5 << 30;

/// Signs a form with which a web page uploads one file as `object_key`, without any other permission;
/// "${filename}" in the key stands for the file's name. Nothing is sent but what the provider of
/// credentials sends. The response's body (cosffi_response_body()) is JSON for the page: "url", where
/// the form goes as multipart/form-data; "fields", an array of [name, value] in order, before the file,
/// which is named "file"; "expired_time_s". It is a secret until then.
///
/// Ownership: as cosffi_put_object().
/// Threads: any, also inside a callback; callbacks come on the callback thread.
/// How often: see cosffi_transfer_callbacks; there is no progress.
/// Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`, among them CONFIG for a
/// field that forms cannot have, and CREDENTIAL.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_post_form(
    client: Option<&cosffi_client>,
    object_key: cosffi_str,
    options: *const cosffi_post_form_options,
    callbacks: *const cosffi_transfer_callbacks,
    out_transfer: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    // SAFETY: what the caller passes lives for this call.
    let read = || unsafe { Ok((key(object_key)?, Form::read(options)?)) };
    // SAFETY: as above.
    unsafe {
        begin(
            client,
            callbacks,
            out_transfer,
            err,
            read,
            |client, cell, (key, form)| async move {
                let mut post = client.post_form(key, form.expires);
                if let Some(prefix) = form.key_prefix {
                    post = post.key_starts_with(prefix);
                }
                if let Some((min, max)) = form.size {
                    post = post.content_length(min..=max);
                }
                for (name, value) in form.fields {
                    post = post.field(name, value);
                }
                let signed = or_cancelled(&cell, post.sign()).await?;
                let json = serde_json::json!({
                    "url": signed.url,
                    "fields": signed.fields,
                    "expired_time_s": signed.expired_time_s,
                });
                Ok(cosffi_response::default()
                    .with_url("", signed.expired_time_s)
                    .with_body(json.to_string().into_bytes()))
            },
        )
    }
}
