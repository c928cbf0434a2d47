//! The one error type of this crate.

use std::fmt;
use std::sync::Arc;

/// What sort of failure a [`CredentialError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialErrorKind {
    /// Something given to us is wrong (an empty key, a duration above the limit, a bad URL); sending it
    /// again cannot help.
    Config,
    /// The service answered and refused because of who is asking or what for.
    Denied,
    /// The service answered with another error; see [`CredentialError::service_code`].
    Service,
    /// An answer came but could not be understood.
    InvalidResponse,
    /// No answer: name resolution, connection, TLS or a broken stream.
    Network,
    /// No answer within the time limit.
    Timeout,
    /// A local file that was named, or that is there, cannot be read.
    Local,
    /// The credential at hand is over and there is no newer one.
    Expired,
    /// Nothing was tried: no source has credentials, or the provider is cooling down after failures.
    Unavailable,
}

impl CredentialErrorKind {
    /// A lower-case name for logs and machine-readable output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Denied => "denied",
            Self::Service => "service",
            Self::InvalidResponse => "invalid-response",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Local => "local",
            Self::Expired => "expired",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Why credentials could not be obtained: in the service's own words where it spoke.
///
/// Cheap to clone, because every caller waiting for one fetch gets the same failure. It never holds a
/// secret key, a token, a signature or a URL with any of them.
#[derive(Clone)]
pub struct CredentialError {
    inner: Arc<Inner>,
}

#[derive(Clone, Debug)]
struct Inner {
    kind: CredentialErrorKind,
    message: String,
    operation: Option<String>,
    service_code: Option<String>,
    request_id: Option<String>,
    http_status: Option<u16>,
    hint: Option<String>,
    retryable: bool,
    attempts: u32,
}

impl CredentialError {
    /// A new error; [`CredentialErrorKind::Network`] and [`CredentialErrorKind::Timeout`] start as
    /// retryable, all others do not. An app's own provider makes its failures with this.
    pub fn new(kind: CredentialErrorKind, message: impl Into<String>) -> Self {
        let retryable = matches!(
            kind,
            CredentialErrorKind::Network | CredentialErrorKind::Timeout
        );
        Self {
            inner: Arc::new(Inner {
                kind,
                message: message.into(),
                operation: None,
                service_code: None,
                request_id: None,
                http_status: None,
                hint: None,
                retryable,
                attempts: 0,
            }),
        }
    }

    fn edit(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.inner));
        self
    }

    /// Names what was tried, for example `AssumeRole at sts.tencentcloudapi.com`.
    #[must_use]
    pub fn with_operation(self, operation: impl Into<String>) -> Self {
        self.edit(|e| e.operation = Some(operation.into()))
    }

    /// Adds the service's error code.
    #[must_use]
    pub fn with_service_code(self, code: impl Into<String>) -> Self {
        self.edit(|e| e.service_code = Some(code.into()))
    }

    /// Adds the service's request id.
    #[must_use]
    pub fn with_request_id(self, id: impl Into<String>) -> Self {
        self.edit(|e| e.request_id = Some(id.into()))
    }

    /// Adds the HTTP status of the answer.
    #[must_use]
    pub fn with_http_status(self, status: u16) -> Self {
        self.edit(|e| e.http_status = Some(status))
    }

    /// Adds advice for a person.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        self.edit(|e| e.hint = Some(hint.into()))
    }

    /// Says whether the same call may succeed later.
    #[must_use]
    pub fn with_retryable(self, retryable: bool) -> Self {
        self.edit(|e| e.retryable = retryable)
    }

    /// Says how many requests were sent.
    #[must_use]
    pub fn with_attempts(self, attempts: u32) -> Self {
        self.edit(|e| e.attempts = attempts)
    }

    /// What sort of failure this is.
    pub fn kind(&self) -> CredentialErrorKind {
        self.inner.kind
    }

    /// The message: the service's own where it spoke, ours otherwise.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// What was tried.
    pub fn operation(&self) -> Option<&str> {
        self.inner.operation.as_deref()
    }

    /// The service's error code, such as `FailedOperation.TempKeyNotAllowed`.
    pub fn service_code(&self) -> Option<&str> {
        self.inner.service_code.as_deref()
    }

    /// The service's request id, the first thing its support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.inner.request_id.as_deref()
    }

    /// The HTTP status, where an answer came. STS reports its errors under status 200.
    pub fn http_status(&self) -> Option<u16> {
        self.inner.http_status
    }

    /// What a person can do about it.
    pub fn hint(&self) -> Option<&str> {
        self.inner.hint.as_deref()
    }

    /// Whether the same call may succeed later, with nothing changed.
    pub fn is_retryable(&self) -> bool {
        self.inner.retryable
    }

    /// How many requests were sent before giving up; 0 if none was.
    pub fn attempts(&self) -> u32 {
        self.inner.attempts
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(CredentialErrorKind::Config, message)
    }

    pub(crate) fn invalid_response(message: impl Into<String>) -> Self {
        Self::new(CredentialErrorKind::InvalidResponse, message)
    }
}

impl fmt::Debug for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &*self.inner;
        f.debug_struct("CredentialError")
            .field("kind", &e.kind)
            .field("message", &e.message)
            .field("operation", &e.operation)
            .field("service_code", &e.service_code)
            .field("request_id", &e.request_id)
            .field("http_status", &e.http_status)
            .field("hint", &e.hint)
            .field("retryable", &e.retryable)
            .field("attempts", &e.attempts)
            .finish()
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &*self.inner;
        if let Some(operation) = &e.operation {
            write!(f, "{operation}: ")?;
        }
        if let Some(code) = &e.service_code {
            write!(f, "{code}: ")?;
        }
        f.write_str(&e.message)?;
        if let Some(status) = e.http_status.filter(|s| *s != 200) {
            write!(f, " (HTTP {status})")?;
        }
        if let Some(id) = &e.request_id {
            write!(f, " (request id {id})")?;
        }
        if e.attempts > 1 {
            write!(f, " after {} attempts", e.attempts)?;
        }
        if let Some(hint) = &e.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for CredentialError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_carries_the_service_words() {
        let e = CredentialError::new(CredentialErrorKind::Service, "time set too long")
            .with_operation("AssumeRole")
            .with_service_code("InvalidParameter.OverTimeError")
            .with_request_id("r-1")
            .with_http_status(200)
            .with_attempts(1)
            .with_hint("ask for at most 43200 s");
        assert_eq!(
            e.to_string(),
            "AssumeRole: InvalidParameter.OverTimeError: time set too long (request id r-1); ask for at most 43200 s"
        );
        assert!(!e.is_retryable());
        assert_eq!(e.http_status(), Some(200));
    }

    #[test]
    fn network_and_timeout_start_retryable() {
        assert!(CredentialError::new(CredentialErrorKind::Network, "x").is_retryable());
        assert!(CredentialError::new(CredentialErrorKind::Timeout, "x").is_retryable());
        assert!(!CredentialError::new(CredentialErrorKind::Denied, "x").is_retryable());
    }

    #[test]
    fn editing_a_shared_error_leaves_the_other_copy_alone() {
        let a = CredentialError::config("bad");
        let b = a.clone().with_hint("fix it");
        assert_eq!(a.hint(), None);
        assert_eq!(b.hint(), Some("fix it"));
    }
}
