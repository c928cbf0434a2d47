//! `cosffi_error`: a failure with the service's own words.

use crate::result::cosffi_result;
use crate::text::{Text, cosffi_str};

/// Why a call or a transfer failed. Holds no secret, no token, no signature and no signed URL.
#[derive(Debug)]
pub struct cosffi_error {
    failure: Failure,
}

/// A failure on its way to C.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) code: cosffi_result,
    pub(crate) http_status: u32,
    pub(crate) service_code: Text,
    pub(crate) message: Text,
    pub(crate) request_id: Text,
    pub(crate) resource: Text,
    pub(crate) hint: Text,
    pub(crate) resume_record: Text,
    pub(crate) is_retryable: bool,
    pub(crate) attempts: u32,
}

impl Failure {
    pub(crate) fn new(code: cosffi_result, message: impl AsRef<str>) -> Failure {
        Failure {
            code,
            http_status: 0,
            service_code: Text::default(),
            message: Text::new(message.as_ref()),
            request_id: Text::default(),
            resource: Text::default(),
            hint: Text::default(),
            resume_record: Text::default(),
            is_retryable: false,
            attempts: 0,
        }
    }

    pub(crate) fn argument(message: impl AsRef<str>) -> Failure {
        Failure::new(cosffi_result::COSFFI_ERROR_INVALID_ARGUMENT, message)
    }

    pub(crate) fn null(what: &str) -> Failure {
        Failure::argument(format!("{what} is NULL"))
    }

    pub(crate) fn panicked() -> Failure {
        Failure::new(
            cosffi_result::COSFFI_ERROR_PANIC,
            "a bug in the library was caught; what it says is on standard error",
        )
    }

    pub(crate) fn hint(mut self, hint: &str) -> Failure {
        self.hint = Text::new(hint);
        self
    }

    /// The same with the place where it happened.
    pub(crate) fn inside(mut self, what: &str) -> Failure {
        self.message = Text::new(&format!("{what}: {}", self.message.as_str()));
        self
    }

    pub(crate) fn code(&self) -> cosffi_result {
        self.code
    }

    pub(crate) fn text(&self) -> String {
        self.message.as_str().to_owned()
    }

    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        self.message.as_str()
    }
}

impl From<Failure> for cosffi_error {
    fn from(failure: Failure) -> Self {
        cosffi_error { failure }
    }
}

impl cosffi_error {
    pub(crate) fn into_raw(failure: Failure) -> *mut cosffi_error {
        Box::into_raw(Box::new(cosffi_error { failure }))
    }

    pub(crate) fn failure(&self) -> &Failure {
        &self.failure
    }
}

fn ask<T>(error: Option<&cosffi_error>, default: T, question: impl FnOnce(&Failure) -> T) -> T
where
    T: Copy,
{
    crate::guard::value(default, || {
        error.map_or(default, |error| question(&error.failure))
    })
}

/// The result code that came with the error; COSFFI_OK for NULL.
///
/// Ownership: borrows `error`.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_error_code(error: Option<&cosffi_error>) -> cosffi_result {
    // A panic is itself a code; NULL is no error at all.
    crate::guard::value(cosffi_result::COSFFI_ERROR_PANIC, || {
        error.map_or(cosffi_result::COSFFI_OK, |error| error.failure.code)
    })
}

/// The HTTP status of the last answer, 0 when there was none.
///
/// Ownership: borrows `error`; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_error_http_status(error: Option<&cosffi_error>) -> u32 {
    ask(error, 0, |failure| failure.http_status)
}

/// The service's own error code, e.g. "AccessDenied"; empty when the service did not answer.
///
/// Ownership: borrowed from `error`, valid until it is freed; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_error_service_code(error: Option<&cosffi_error>) -> cosffi_str {
    ask(error, cosffi_str::EMPTY, |failure| {
        failure.service_code.lend()
    })
}

/// What went wrong, for people; the service's own message where it gave one.
///
/// Ownership: borrowed from `error`, valid until it is freed; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_error_message(error: Option<&cosffi_error>) -> cosffi_str {
    ask(error, cosffi_str::EMPTY, |failure| failure.message.lend())
}

/// The service's id of the failed request (`x-cos-request-id`): the first thing its support asks
/// for. Empty when the service did not answer.
///
/// Ownership: borrowed from `error`, valid until it is freed; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_error_request_id(error: Option<&cosffi_error>) -> cosffi_str {
    ask(error, cosffi_str::EMPTY, |failure| {
        failure.request_id.lend()
    })
}

/// What the failed request was about (bucket, key or file); never a URL with a signature.
///
/// Ownership: borrowed from `error`, valid until it is freed; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_error_resource(error: Option<&cosffi_error>) -> cosffi_str {
    ask(error, cosffi_str::EMPTY, |failure| failure.resource.lend())
}

/// What to try next, for people; empty when there is no good advice.
///
/// Ownership: borrowed from `error`, valid until it is freed; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_error_hint(error: Option<&cosffi_error>) -> cosffi_str {
    ask(error, cosffi_str::EMPTY, |failure| failure.hint.lend())
}

/// What continues the upload or download that failed or was stopped, where something was kept of it: text
/// for `resume_record` of its options. It holds no secret and no path. Else empty.
///
/// Ownership: borrowed from `error`, valid until it is freed; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_error_resume_record(error: Option<&cosffi_error>) -> cosffi_str {
    ask(error, cosffi_str::EMPTY, |failure| {
        failure.resume_record.lend()
    })
}

/// 1 when the same call may well work later, else 0. The library has already retried what it could.
///
/// Ownership: borrows `error`; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_error_is_retryable(error: Option<&cosffi_error>) -> i32 {
    ask(error, 0, |failure| i32::from(failure.is_retryable))
}

/// How many times the failed request was sent; 0 when it never left.
///
/// Ownership: borrows `error`; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_error_attempts(error: Option<&cosffi_error>) -> u32 {
    ask(error, 0, |failure| failure.attempts)
}

/// Frees an error that was handed out through a `cosffi_error **`. An error borrowed in a
/// callback is not yours to free.
///
/// Ownership: takes `error`; NULL is fine.
/// Threads: any.
/// How often: once for each error; NULL any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_error_free(error: Option<Box<cosffi_error>>) {
    crate::guard::value((), || drop(error))
}
