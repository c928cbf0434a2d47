//! `cosffi_result`: what every fallible function returns.

/// What a call came to. The numbers are part of the ABI: they are never changed nor reused, only
/// added to, so treat a number you do not know as a failure.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum cosffi_result {
    /// It worked.
    COSFFI_OK = 0,
    /// An argument is NULL, out of range, not UTF-8, or contradicts another.
    COSFFI_ERROR_INVALID_ARGUMENT = 1,
    /// A bug in this library was caught at the border. Please report it.
    COSFFI_ERROR_PANIC = 2,
    /// The transfer was cancelled, by the app or because its runtime was shut down.
    COSFFI_ERROR_CANCELLED = 3,
    /// The runtime was shut down or freed before the call.
    COSFFI_ERROR_SHUT_DOWN = 4,
    /// The process was forked after the runtime started; its threads are not in this process.
    COSFFI_ERROR_FORKED = 5,
    /// The function would wait for the very thread it was called on (the callback thread).
    COSFFI_ERROR_WRONG_THREAD = 6,
    /// The time given to a wait is over; what was waited for goes on.
    COSFFI_ERROR_NOT_FINISHED = 7,
    /// A setting does not make sense: bucket, region, endpoint, certificate, limits.
    COSFFI_ERROR_CONFIG = 8,
    /// No usable credentials: the provider failed, did not answer in time, or they are over.
    COSFFI_ERROR_CREDENTIAL = 9,
    /// The service refused or failed; see cosffi_error_service_code().
    COSFFI_ERROR_SERVICE = 10,
    /// The service says these credentials may not do this.
    COSFFI_ERROR_ACCESS_DENIED = 11,
    /// The service knows no such object, bucket or upload.
    COSFFI_ERROR_NOT_FOUND = 12,
    /// The service could not be reached, or the connection broke.
    COSFFI_ERROR_NETWORK = 13,
    /// The service did not answer in the time configured.
    COSFFI_ERROR_TIMEOUT = 14,
    /// A local file could not be read or written.
    COSFFI_ERROR_LOCAL = 15,
    /// What arrived is not what was sent (length or checksum).
    COSFFI_ERROR_INTEGRITY = 16,
    /// A condition of the request, such as "only if it does not exist", was not met.
    COSFFI_ERROR_PRECONDITION = 17,
}

impl cosffi_result {
    /// Every code, for the tables below and in the tests.
    pub(crate) const ALL: [(cosffi_result, &'static core::ffi::CStr); 18] = {
        use cosffi_result::*;
        [
            (COSFFI_OK, c"COSFFI_OK"),
            (
                COSFFI_ERROR_INVALID_ARGUMENT,
                c"COSFFI_ERROR_INVALID_ARGUMENT",
            ),
            (COSFFI_ERROR_PANIC, c"COSFFI_ERROR_PANIC"),
            (COSFFI_ERROR_CANCELLED, c"COSFFI_ERROR_CANCELLED"),
            (COSFFI_ERROR_SHUT_DOWN, c"COSFFI_ERROR_SHUT_DOWN"),
            (COSFFI_ERROR_FORKED, c"COSFFI_ERROR_FORKED"),
            (COSFFI_ERROR_WRONG_THREAD, c"COSFFI_ERROR_WRONG_THREAD"),
            (COSFFI_ERROR_NOT_FINISHED, c"COSFFI_ERROR_NOT_FINISHED"),
            (COSFFI_ERROR_CONFIG, c"COSFFI_ERROR_CONFIG"),
            (COSFFI_ERROR_CREDENTIAL, c"COSFFI_ERROR_CREDENTIAL"),
            (COSFFI_ERROR_SERVICE, c"COSFFI_ERROR_SERVICE"),
            (COSFFI_ERROR_ACCESS_DENIED, c"COSFFI_ERROR_ACCESS_DENIED"),
            (COSFFI_ERROR_NOT_FOUND, c"COSFFI_ERROR_NOT_FOUND"),
            (COSFFI_ERROR_NETWORK, c"COSFFI_ERROR_NETWORK"),
            (COSFFI_ERROR_TIMEOUT, c"COSFFI_ERROR_TIMEOUT"),
            (COSFFI_ERROR_LOCAL, c"COSFFI_ERROR_LOCAL"),
            (COSFFI_ERROR_INTEGRITY, c"COSFFI_ERROR_INTEGRITY"),
            (COSFFI_ERROR_PRECONDITION, c"COSFFI_ERROR_PRECONDITION"),
        ]
    };

    /// The code with this number, if there is one.
    pub(crate) fn from_number(number: i32) -> Option<cosffi_result> {
        Self::ALL
            .into_iter()
            .map(|(code, _)| code)
            .find(|code| *code as i32 == number)
    }
}

/// The name of a result code, e.g. "COSFFI_ERROR_CANCELLED"; "COSFFI_ERROR_UNKNOWN" for a number
/// this version does not know.
///
/// Ownership: static text, never freed.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_result_name(result: i32) -> *const core::ffi::c_char {
    crate::guard::value(c"COSFFI_ERROR_UNKNOWN".as_ptr(), || {
        cosffi_result::ALL
            .iter()
            .find(|(code, _)| *code as i32 == result)
            .map_or(c"COSFFI_ERROR_UNKNOWN", |(_, name)| name)
            .as_ptr()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dense_and_named_after_themselves() {
        for (index, (code, name)) in cosffi_result::ALL.into_iter().enumerate() {
            assert_eq!(code as i32, index as i32);
            assert_eq!(format!("{code:?}"), name.to_str().unwrap());
            assert_eq!(cosffi_result::from_number(index as i32), Some(code));
        }
        assert_eq!(cosffi_result::from_number(-1), None);
        assert_eq!(cosffi_result::from_number(i32::MAX), None);
    }
}
