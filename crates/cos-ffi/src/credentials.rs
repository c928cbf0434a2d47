//! `cosffi_credentials`: one set of keys, as handed over by the app or read from JSON.

use core::mem::MaybeUninit;
use core::ptr;

use cos_sts::{CredentialError, CredentialErrorKind, Credentials};
use zeroize::Zeroizing;

use crate::error::{Failure, cosffi_error};
use crate::guard;
use crate::result::cosffi_result;
use crate::text::{Text, cosffi_str};

/// A set of keys, permanent or temporary. Immutable; its secret parts are wiped from memory when
/// the last user of them is gone.
pub struct cosffi_credentials {
    credentials: Credentials,
    /// The token once more, with a NUL after it, for C to look at.
    token: Zeroizing<String>,
}

impl cosffi_credentials {
    pub(crate) fn into_raw(credentials: Credentials) -> *mut cosffi_credentials {
        let mut token = Zeroizing::new(String::new());
        if let Some(text) = credentials.session_token() {
            token.reserve_exact(text.len() + 1);
            token.push_str(text);
            token.push('\0');
        }
        Box::into_raw(Box::new(cosffi_credentials { credentials, token }))
    }

    pub(crate) fn get(&self) -> &Credentials {
        &self.credentials
    }
}

impl From<CredentialError> for Failure {
    fn from(error: CredentialError) -> Failure {
        use cosffi_result::*;
        let code = match error.kind() {
            CredentialErrorKind::Config => COSFFI_ERROR_INVALID_ARGUMENT,
            _ => COSFFI_ERROR_CREDENTIAL,
        };
        Failure {
            http_status: error.http_status().map_or(0, u32::from),
            service_code: Text::optional(error.service_code()),
            request_id: Text::optional(error.request_id()),
            resource: Text::optional(error.operation()),
            hint: Text::optional(error.hint()),
            is_retryable: error.is_retryable(),
            attempts: error.attempts(),
            ..Failure::new(code, error.message())
        }
    }
}

/// Makes credentials of their parts. `start_time_s` and `expired_time_s` are Unix seconds, 0 when
/// not known. With an empty `session_token` they are permanent keys, which belong on servers and in
/// tests, never in an app, and both times must be 0.
///
/// Ownership: `*out` is yours; end it with cosffi_credentials_free(). The text is copied.
/// Threads: any.
/// How often: any number of times.
/// Errors: INVALID_ARGUMENT, also for keys with blanks in them and times in milliseconds.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_credentials_new(
    secret_id: cosffi_str,
    secret_key: cosffi_str,
    session_token: cosffi_str,
    start_time_s: u64,
    expired_time_s: u64,
    out: Option<&mut MaybeUninit<*mut cosffi_credentials>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        let out = out
            .ok_or_else(|| Failure::null("out"))?
            .write(ptr::null_mut());
        // SAFETY: the caller's text lives for this call.
        let (id, key, token) = unsafe {
            (
                secret_id.read_required("secret_id")?,
                secret_key.read_required("secret_key")?,
                session_token.read_optional("session_token")?,
            )
        };
        let start = (start_time_s != 0).then_some(start_time_s);
        let credentials = match (token, expired_time_s) {
            (None, 0) if start.is_none() => Credentials::permanent(id, key)?,
            (None, _) => {
                return Err(Failure::argument(
                    "permanent keys have no start and no end: session_token is empty but a time is given",
                ));
            }
            (Some(token), 0) if start.is_none() => {
                Credentials::temporary_with_unknown_end(id, key, token)?
            }
            (Some(_), 0) => {
                return Err(Failure::argument(
                    "start_time_s is given without expired_time_s",
                ));
            }
            (Some(token), end) => Credentials::temporary(id, key, token, start, end)?,
        };
        *out = cosffi_credentials::into_raw(credentials);
        Ok(())
    })
}

/// Reads credentials from JSON: the reply of STS, of the official STS helper libraries, or of an
/// app's own token server (`Token`, `sessionToken` and the other usual spellings).
///
/// Ownership: `*out` is yours; end it with cosffi_credentials_free(). The text is not kept.
/// Threads: any.
/// How often: any number of times.
/// Errors: CREDENTIAL with the service's code and message when the JSON is an error or is not what
/// it should be; INVALID_ARGUMENT when the text is empty or not UTF-8.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_credentials_parse_sts(
    json: cosffi_str,
    out: Option<&mut MaybeUninit<*mut cosffi_credentials>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        let out = out
            .ok_or_else(|| Failure::null("out"))?
            .write(ptr::null_mut());
        // SAFETY: the caller's text lives for this call.
        let json = unsafe { json.read_required("json") }?;
        *out = cosffi_credentials::into_raw(Credentials::parse_sts_json(json)?);
        Ok(())
    })
}

/// The session token, for the header `x-cos-security-token` of requests you send yourself. Empty
/// for permanent keys. Treat it as a secret: do not log it.
///
/// Ownership: borrowed from `credentials`, valid until they are freed; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_credentials_session_token(
    credentials: Option<&cosffi_credentials>,
) -> cosffi_str {
    guard::value(cosffi_str::EMPTY, || match credentials {
        Some(own) if !own.token.is_empty() => cosffi_str {
            data: own.token.as_ptr().cast(),
            len: own.token.len() - 1,
        },
        _ => cosffi_str::EMPTY,
    })
}

/// When the credentials end, Unix seconds; 0 for permanent keys and where it is not known.
///
/// Ownership: borrows `credentials`; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_credentials_expired_time_s(
    credentials: Option<&cosffi_credentials>,
) -> u64 {
    guard::value(0, || {
        credentials
            .and_then(|own| own.credentials.expired_time_s())
            .unwrap_or(0)
    })
}

/// Frees credentials. Providers made of them keep what they need.
///
/// Ownership: takes `credentials`; NULL is fine.
/// Threads: any.
/// How often: once for each; NULL any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_credentials_free(credentials: Option<Box<cosffi_credentials>>) {
    guard::value((), || drop(credentials))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &'static str) -> cosffi_str {
        cosffi_str {
            data: text.as_ptr().cast(),
            len: text.len(),
        }
    }

    fn make(token: &'static str, start: u64, end: u64) -> Result<Box<cosffi_credentials>, String> {
        let (mut out, mut err) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        // SAFETY: static text; both outputs are always written, and owned by us.
        unsafe {
            let result = cosffi_credentials_new(
                text("AKIDx"),
                text("key"),
                text(token),
                start,
                end,
                Some(&mut out),
                Some(&mut err),
            );
            if result == cosffi_result::COSFFI_OK {
                assert!(err.assume_init().is_null());
                return Ok(Box::from_raw(out.assume_init()));
            }
            assert!(out.assume_init().is_null());
            let error = Box::from_raw(err.assume_init());
            assert_eq!(error.failure().code(), result);
            Err(error.failure().message().to_owned())
        }
    }

    #[test]
    fn each_kind_of_credentials_and_each_mistake() {
        assert!(make("", 0, 0).unwrap().get().session_token().is_none());
        let temporary = make("token", 10, 20).unwrap();
        assert_eq!(cosffi_credentials_expired_time_s(Some(&temporary)), 20);
        let lent = cosffi_credentials_session_token(Some(&temporary));
        // SAFETY: borrowed from `temporary`, which lives.
        assert_eq!(unsafe { lent.read("token") }.unwrap(), "token");
        assert_eq!(make("token", 0, 0).unwrap().get().expired_time_s(), None);
        assert!(make("", 0, 20).err().unwrap().contains("permanent"));
        assert!(
            make("token", 10, 0)
                .err()
                .unwrap()
                .contains("expired_time_s")
        );
        assert!(make("token", 20, 10).err().unwrap().contains("not after"));
        assert!(
            make("token", 0, 1_700_000_000_000)
                .err()
                .unwrap()
                .contains("milliseconds")
        );
    }
}
