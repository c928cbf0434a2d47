//! `cosffi_credential_request`: the ticket with which the app answers a request for credentials.

use cos_sts::{CredentialError, CredentialErrorKind, CredentialRequest, Credentials, Reason};
use tokio::sync::oneshot;

use crate::credentials::cosffi_credentials;
use crate::guard;
use crate::result::cosffi_result;
use crate::text::{Text, cosffi_str};

/// A request for credentials, owned by the app until it answers: with
/// cosffi_credential_request_complete(), _fail() or _free(), exactly one of them, once.
pub struct cosffi_credential_request {
    bucket: Text,
    region: Text,
    action: Text,
    object_key: Text,
    reason: cosffi_credential_reason,
    deadline_ms: u64,
    answer: oneshot::Sender<Answer>,
}

pub(crate) type Answer = Result<Credentials, CredentialError>;

/// Why credentials are asked for.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum cosffi_credential_reason {
    /// There are none yet.
    COSFFI_REASON_FIRST = 0,
    /// Those at hand end soon or have ended.
    COSFFI_REASON_EXPIRING = 1,
    /// The service refused those at hand.
    COSFFI_REASON_REJECTED = 2,
}

impl cosffi_credential_request {
    pub(crate) fn new(
        request: &CredentialRequest,
        deadline_ms: u64,
        answer: oneshot::Sender<Answer>,
    ) -> cosffi_credential_request {
        use cosffi_credential_reason::*;
        cosffi_credential_request {
            bucket: Text::optional(request.bucket.as_deref()),
            region: Text::optional(request.region.as_deref()),
            action: Text::optional(request.action.as_deref()),
            object_key: Text::optional(request.key.as_deref()),
            reason: match request.reason {
                Reason::Expiring => COSFFI_REASON_EXPIRING,
                Reason::Rejected => COSFFI_REASON_REJECTED,
                _ => COSFFI_REASON_FIRST,
            },
            deadline_ms,
            answer,
        }
    }

    /// Nobody waits any more.
    pub(crate) fn is_over(&self) -> bool {
        self.answer.is_closed()
    }

    /// An answer after the deadline finds nobody waiting and is dropped, which is what the app was
    /// told would happen.
    fn answer(self, answer: Answer) {
        let _ = self.answer.send(answer);
    }
}

fn lend(
    request: Option<&cosffi_credential_request>,
    field: impl FnOnce(&cosffi_credential_request) -> &Text,
) -> cosffi_str {
    guard::value(cosffi_str::EMPTY, || {
        request.map_or(cosffi_str::EMPTY, |request| field(request).lend())
    })
}

/// The bucket the credentials are for, e.g. "photos-1250000000"; empty when not known.
///
/// Ownership: borrowed from `request`, valid until it is answered; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_credential_request_bucket(
    request: Option<&cosffi_credential_request>,
) -> cosffi_str {
    lend(request, |request| &request.bucket)
}

/// The region of that bucket, e.g. "ap-guangzhou"; empty when not known.
///
/// Ownership: borrowed from `request`, valid until it is answered; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_credential_request_region(
    request: Option<&cosffi_credential_request>,
) -> cosffi_str {
    lend(request, |request| &request.region)
}

/// The action about to be made, e.g. "name/cos:PutObject"; empty when not known.
///
/// Ownership: borrowed from `request`, valid until it is answered; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_credential_request_action(
    request: Option<&cosffi_credential_request>,
) -> cosffi_str {
    lend(request, |request| &request.action)
}

/// The object key or key prefix the credentials are for; empty when not known.
///
/// Ownership: borrowed from `request`, valid until it is answered; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_credential_request_object_key(
    request: Option<&cosffi_credential_request>,
) -> cosffi_str {
    lend(request, |request| &request.object_key)
}

/// Why they are asked for; COSFFI_REASON_FIRST for NULL.
///
/// Ownership: borrows `request`.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_credential_request_reason(
    request: Option<&cosffi_credential_request>,
) -> cosffi_credential_reason {
    let first = cosffi_credential_reason::COSFFI_REASON_FIRST;
    guard::value(first, || request.map_or(first, |request| request.reason))
}

/// Until when an answer is waited for, Unix milliseconds; a later one is ignored.
///
/// Ownership: borrows `request`; 0 for NULL.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_credential_request_deadline_ms(
    request: Option<&cosffi_credential_request>,
) -> u64 {
    guard::value(0, || request.map_or(0, |request| request.deadline_ms))
}

/// Answers with credentials. After the deadline, or when nobody waits any more, nothing happens.
///
/// Ownership: takes `request`, also on errors; `credentials` are copied and still yours.
/// Threads: any, also from inside the fetch callback.
/// How often: once for each request, and then none of the others.
/// Errors: INVALID_ARGUMENT when either is NULL; the request has then failed.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_credential_request_complete(
    request: Option<Box<cosffi_credential_request>>,
    credentials: Option<&cosffi_credentials>,
) -> cosffi_result {
    guard::call(None, || {
        let request = request.ok_or_else(|| crate::error::Failure::null("request"))?;
        let credentials = credentials.ok_or_else(|| crate::error::Failure::null("credentials"))?;
        request.answer(Ok(credentials.get().clone()));
        Ok(())
    })
}

/// Answers that there are no credentials, and why. The code COSFFI_ERROR_NETWORK or
/// COSFFI_ERROR_TIMEOUT means "try again later", COSFFI_ERROR_ACCESS_DENIED "this user may not", any
/// other is final as well. The message ends up in cosffi_error_message(); put no secret in it.
///
/// Ownership: takes `request`, also on errors; the text is copied.
/// Threads: any, also from inside the fetch callback.
/// How often: once for each request, and then none of the others.
/// Errors: INVALID_ARGUMENT when `request` is NULL or the message is not UTF-8; the request has then
/// failed without a message.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_credential_request_fail(
    request: Option<Box<cosffi_credential_request>>,
    code: i32,
    message: cosffi_str,
) -> cosffi_result {
    use cosffi_result::*;
    guard::call(None, || {
        let request = request.ok_or_else(|| crate::error::Failure::null("request"))?;
        let kind = match cosffi_result::from_number(code) {
            Some(COSFFI_ERROR_NETWORK) => CredentialErrorKind::Network,
            Some(COSFFI_ERROR_TIMEOUT) => CredentialErrorKind::Timeout,
            Some(COSFFI_ERROR_ACCESS_DENIED) => CredentialErrorKind::Denied,
            _ => CredentialErrorKind::Unavailable,
        };
        // SAFETY: the caller's text lives for this call.
        let message = unsafe { message.read_optional("message") };
        let said = message.as_ref().ok().copied().flatten();
        request.answer(Err(CredentialError::new(
            kind,
            said.unwrap_or("the app has no credentials and did not say why"),
        )));
        message.map(|_| ())
    })
}

/// Gives a request back without an answer: it fails at once, so that nobody waits for nothing.
///
/// Ownership: takes `request`; NULL is fine.
/// Threads: any, also from inside the fetch callback.
/// How often: once for each request, and then none of the others; NULL any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_credential_request_free(request: Option<Box<cosffi_credential_request>>) {
    guard::value((), || drop(request))
}
