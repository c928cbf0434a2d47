//! How a command ends: the exit status, and the error as one document.

use std::fmt;
use std::path::Path;

use cos_sts::{CredentialError, CredentialErrorKind};
use serde_json::{Value, json};

/// Exit statuses that scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The service or the policy said no.
    Refused = 1,
    /// Wrong usage.
    Usage = 2,
    /// No answer, or it broke off.
    Network = 3,
    /// A local file.
    Local = 4,
    /// Content was damaged on its way.
    Integrity = 5,
    /// Stopped by the user.
    Interrupted = 130,
}

/// Why a command did not do its work.
#[derive(Debug)]
pub(crate) struct Failure(Box<Parts>);

#[derive(Debug)]
struct Parts {
    exit: Exit,
    kind: &'static str,
    message: String,
    operation: Option<String>,
    http_status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
    resource: Option<String>,
    retryable: bool,
    attempts: u32,
    hint: Option<String>,
    silent: bool,
}

/// What commands return.
pub(crate) type Result<T = (), E = Failure> = std::result::Result<T, E>;

impl Failure {
    fn new(exit: Exit, kind: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            exit,
            kind,
            message: message.into(),
            operation: None,
            http_status: None,
            code: None,
            request_id: None,
            resource: None,
            retryable: false,
            attempts: 0,
            hint: None,
            silent: false,
        }))
    }

    /// Wrong usage.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// A policy said no, found out here.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, "access_denied", message)
    }

    /// A local file.
    pub(crate) fn local(what: &str, path: &Path, error: &std::io::Error) -> Self {
        let message = format!("cannot {what} {}: {error}", path.display());
        Self::new(Exit::Local, "local", message)
    }

    /// Content was damaged on its way.
    pub(crate) fn integrity(message: impl Into<String>) -> Self {
        Self::new(Exit::Integrity, "integrity", message)
    }

    /// Stopped by the user.
    pub(crate) fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "cancelled", "interrupted")
    }

    /// A server that this command runs could not start.
    pub(crate) fn start(message: impl Into<String>) -> Self {
        Self::new(Exit::Network, "network", message)
    }

    /// Something in this program does not hold; never the user's doing.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, "internal", message)
    }

    /// A refusal that the command has already printed.
    pub(crate) fn silent_refusal() -> Self {
        let mut failure = Self::refused("refused");
        failure.0.silent = true;
        failure
    }

    /// The same end as this failure's, when it was printed already.
    #[must_use]
    pub(crate) fn silenced(mut self) -> Self {
        self.0.silent = true;
        self
    }

    /// Whether there is nothing left to print.
    pub(crate) fn is_silent(&self) -> bool {
        self.0.silent
    }

    /// Names the file the message is about.
    #[must_use]
    pub(crate) fn in_file(mut self, path: &Path) -> Self {
        self.0.message = format!("{}: {}", path.display(), self.0.message);
        self
    }

    /// Adds what a person can do.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds what a person can do, after what is said already.
    #[must_use]
    pub(crate) fn also_hint(mut self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        self.0.hint = Some(match self.0.hint.take() {
            Some(before) => format!("{before}; {hint}"),
            None => hint,
        });
        self
    }

    /// The exit status.
    pub(crate) fn exit(&self) -> Exit {
        self.0.exit
    }

    /// The error document of `--json`; absent parts are `null`.
    pub(crate) fn to_json(&self) -> Value {
        json!({"error": {
            "kind": self.0.kind,
            "message": self.0.message,
            "http_status": self.0.http_status,
            "code": self.0.code,
            "request_id": self.0.request_id,
            "resource": self.0.resource,
            "retryable": self.0.retryable,
            "attempts": self.0.attempts,
            "hint": self.0.hint,
        }})
    }
}

/// For a person: one sentence, what identifies it to support, and the hint on a line of its own.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = &self.0.operation {
            write!(f, "{operation}: ")?;
        }
        if let Some(code) = &self.0.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(&self.0.message)?;
        let mut facts = Vec::new();
        // STS reports its errors under status 200, which says nothing.
        if let Some(status) = self.0.http_status.filter(|s| *s != 200) {
            facts.push(format!("HTTP {status}"));
        }
        if let Some(id) = &self.0.request_id {
            facts.push(format!("request id {id}"));
        }
        if self.0.attempts > 1 {
            facts.push(format!("{} attempts", self.0.attempts));
        }
        if !facts.is_empty() {
            write!(f, " ({})", facts.join(", "))?;
        }
        if let Some(hint) = &self.0.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

/// The one table from a client's error kind to the exit status.
fn exit_of(kind: cos_client::ErrorKind) -> Exit {
    use cos_client::ErrorKind as K;
    match kind {
        K::Network | K::Timeout => Exit::Network,
        K::Local => Exit::Local,
        K::Integrity => Exit::Integrity,
        K::Cancelled => Exit::Interrupted,
        K::Config => Exit::Usage,
        // The service spoke, or there is nothing that it would take.
        _ => Exit::Refused,
    }
}

impl From<cos_client::Error> for Failure {
    fn from(error: cos_client::Error) -> Self {
        // Without credentials nothing was sent: what went wrong is the credential error's to say.
        let cause = std::error::Error::source(&error)
            .and_then(|s| s.downcast_ref::<CredentialError>())
            .filter(|_| error.kind() == cos_client::ErrorKind::Credential);
        if let Some(cause) = cause {
            return Self::from(cause.clone());
        }
        let mut failure = Self::new(
            exit_of(error.kind()),
            error.kind().as_str(),
            error.message(),
        );
        let parts = &mut *failure.0;
        parts.operation = error.operation().map(str::to_owned);
        parts.http_status = error.http_status();
        parts.code = error.code().map(str::to_owned);
        parts.request_id = error.request_id().map(str::to_owned);
        parts.resource = error.resource().map(str::to_owned);
        parts.retryable = error.is_retryable();
        parts.attempts = error.attempts();
        parts.hint = error.hint().map(str::to_owned);
        failure
    }
}

impl From<CredentialError> for Failure {
    fn from(error: CredentialError) -> Self {
        use CredentialErrorKind as K;
        let exit = match error.kind() {
            K::Config => Exit::Usage,
            K::Network | K::Timeout => Exit::Network,
            K::Local => Exit::Local,
            _ => Exit::Refused,
        };
        let mut failure = Self::new(exit, error.kind().as_str(), error.message());
        let parts = &mut *failure.0;
        parts.operation = error.operation().map(str::to_owned);
        parts.http_status = error.http_status();
        parts.code = error.service_code().map(str::to_owned);
        parts.request_id = error.request_id().map(str::to_owned);
        parts.retryable = error.is_retryable();
        parts.attempts = error.attempts();
        parts.hint = error.hint().map(str::to_owned);
        failure
    }
}

impl From<cos_sign_core::SignError> for Failure {
    fn from(error: cos_sign_core::SignError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<cos_client::InvalidValue> for Failure {
    fn from(error: cos_client::InvalidValue) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<cos_sts::policy::PolicyError> for Failure {
    fn from(error: cos_sts::policy::PolicyError) -> Self {
        let failure = match error.path() {
            Some(path) => Self::usage(format!("policy: {}: {}", path, error.message())),
            None => Self::usage(format!("policy: {}", error.message())),
        };
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_status() {
        use cos_client::ErrorKind as K;
        for (kind, exit) in [
            (K::Service, Exit::Refused),
            (K::AccessDenied, Exit::Refused),
            (K::NotFound, Exit::Refused),
            (K::Precondition, Exit::Refused),
            (K::Credential, Exit::Refused),
            (K::Config, Exit::Usage),
            (K::Network, Exit::Network),
            (K::Timeout, Exit::Network),
            (K::Local, Exit::Local),
            (K::Integrity, Exit::Integrity),
            (K::Cancelled, Exit::Interrupted),
        ] {
            assert_eq!(exit_of(kind), exit, "{kind:?}");
        }
    }

    #[test]
    fn credential_errors_keep_their_words() {
        let e = CredentialError::new(CredentialErrorKind::Denied, "no")
            .with_service_code("AuthFailure.X")
            .with_request_id("r");
        let f = Failure::from(e);
        assert_eq!(f.exit(), Exit::Refused);
        let json = f.to_json();
        assert_eq!(json["error"]["code"], "AuthFailure.X");
        assert_eq!(json["error"]["http_status"], Value::Null);
        assert_eq!(f.to_string(), "AuthFailure.X: no (request id r)");
        for (kind, exit) in [
            (CredentialErrorKind::Config, Exit::Usage),
            (CredentialErrorKind::Denied, Exit::Refused),
            (CredentialErrorKind::Service, Exit::Refused),
            (CredentialErrorKind::InvalidResponse, Exit::Refused),
            (CredentialErrorKind::Expired, Exit::Refused),
            (CredentialErrorKind::Unavailable, Exit::Refused),
            (CredentialErrorKind::Network, Exit::Network),
            (CredentialErrorKind::Timeout, Exit::Network),
            (CredentialErrorKind::Local, Exit::Local),
        ] {
            let failure = Failure::from(CredentialError::new(kind, "x"));
            assert_eq!(failure.exit(), exit, "{kind:?}");
        }
    }
}
