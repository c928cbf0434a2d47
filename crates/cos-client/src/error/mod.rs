//! The one error of this crate.

pub(crate) mod hint;
pub(crate) mod service;

use std::fmt;
use std::sync::Arc;

use crate::operation::Operation;
use crate::transfer::resume::ResumeRecord;
use crate::types::{InvalidValue, PartNumber};

/// What sort of failure it was: decides what a program does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The service refused or failed, in a way no other kind names.
    Service,
    /// The service or a policy said no (HTTP 401 or 403).
    AccessDenied,
    /// The object, bucket or upload does not exist.
    NotFound,
    /// A condition such as `If-Match` was not met (HTTP 304, 409 on overwrite, 412).
    Precondition,
    /// No connection, or it broke.
    Network,
    /// A time limit ran out.
    Timeout,
    /// A local file could not be read or written, or changed meanwhile.
    Local,
    /// Content arrived damaged: a checksum or a length did not match.
    Integrity,
    /// It was cancelled, or stopped: then [`Error::resume_record`] continues it.
    Cancelled,
    /// A setting or an argument is wrong.
    Config,
    /// No usable credentials could be had.
    Credential,
}

impl ErrorKind {
    /// A fixed lower-case word for logs and machine-read output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::AccessDenied => "access_denied",
            Self::NotFound => "not_found",
            Self::Precondition => "precondition",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Local => "local",
            Self::Integrity => "integrity",
            Self::Cancelled => "cancelled",
            Self::Config => "config",
            Self::Credential => "credential",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why an operation failed, in the service's own words where it spoke.
///
/// Never holds a URL, a token, a key or a signature. Cheap to clone.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    kind: ErrorKind,
    operation: Option<Operation>,
    message: String,
    status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
    trace_id: Option<String>,
    resource: Option<String>,
    part: Option<PartNumber>,
    attempts: u32,
    retryable: bool,
    hint: Option<String>,
    resume: Option<ResumeRecord>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// What callers get.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            operation: None,
            message: message.into(),
            status: None,
            code: None,
            request_id: None,
            trace_id: None,
            resource: None,
            part: None,
            attempts: 0,
            retryable: matches!(kind, ErrorKind::Network | ErrorKind::Timeout),
            hint: None,
            resume: None,
            source: None,
        }))
    }

    pub(crate) fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "cancelled")
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    pub(crate) fn integrity(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Integrity, message)
    }

    /// A failure of a local file; the path is part of the message, the cause its source.
    pub(crate) fn local(what: &str, path: &std::path::Path, source: std::io::Error) -> Self {
        let mut error = Self::new(
            ErrorKind::Local,
            format!("cannot {what} {}: {source}", path.display()),
        );
        error.edit().source = Some(Arc::new(source));
        error
    }

    fn edit(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }

    pub(crate) fn with_operation(mut self, operation: Operation) -> Self {
        self.edit().operation = Some(operation);
        self
    }

    pub(crate) fn with_part(mut self, number: PartNumber) -> Self {
        self.edit().part = Some(number);
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.edit().attempts = attempts;
        self
    }

    pub(crate) fn with_retryable(mut self, retryable: bool) -> Self {
        self.edit().retryable = retryable;
        self
    }

    pub(crate) fn with_hint(mut self, hint: Option<String>) -> Self {
        self.edit().hint = hint;
        self
    }

    pub(crate) fn with_hint_text(self, hint: impl Into<String>) -> Self {
        self.with_hint(Some(hint.into()))
    }

    pub(crate) fn with_resource(mut self, resource: Option<String>) -> Self {
        if self.0.resource.is_none() {
            self.edit().resource = resource;
        }
        self
    }

    pub(crate) fn with_resume_record(mut self, record: ResumeRecord) -> Self {
        self.edit().resume = Some(record);
        self
    }

    pub(crate) fn with_source(
        mut self,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        self.edit().source = Some(Arc::new(source));
        self
    }

    pub(crate) fn from_service(answer: service::ServiceError) -> Self {
        let mut error = Self::new(answer.kind(), answer.message_or_status());
        let inner = error.edit();
        inner.status = Some(answer.status);
        inner.code = answer.code;
        inner.request_id = answer.request_id;
        inner.trace_id = answer.trace_id;
        inner.resource = answer.resource;
        error
    }

    /// One object's part of a request to delete many, in the service's words.
    pub(crate) fn from_delete(bucket: &str, failure: crate::object::DeleteFailure) -> Self {
        let kind = match failure.code.as_str() {
            "AccessDenied" => ErrorKind::AccessDenied,
            _ => ErrorKind::Service,
        };
        let mut error = Self::new(kind, failure.message);
        let inner = error.edit();
        inner.operation = Some(Operation::DeleteMultipleObjects);
        inner.resource = Some(format!("{bucket}/{}", failure.key));
        inner.code = Some(failure.code);
        error
    }

    /// What sort of failure it was.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status of the last answer, when there was one.
    pub fn http_status(&self) -> Option<u16> {
        self.0.status
    }

    /// The service's code, such as `NoSuchKey`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The service's message, or our own sentence when it was not the service that failed.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// `x-cos-request-id`, the first thing support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// `x-cos-trace-id`.
    pub fn trace_id(&self) -> Option<&str> {
        self.0.trace_id.as_deref()
    }

    /// What the request was about: `bucket/key`.
    pub fn resource(&self) -> Option<&str> {
        self.0.resource.as_deref()
    }

    /// The operation's name, such as `UploadPart`; of a transfer, the step that failed.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation.map(Operation::as_str)
    }

    /// The part of an upload or copy that failed, when it was one.
    pub fn part_number(&self) -> Option<PartNumber> {
        self.0.part
    }

    /// How many requests were sent for it; 0 when it failed before the first.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Whether the same call may succeed later without any change.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// What continues the transfer that failed or was stopped, where something was kept of it: give
    /// its bytes to `resume_from`.
    pub fn resume_record(&self) -> Option<&ResumeRecord> {
        self.0.resume.as_ref()
    }

    /// What to do about it, when this crate can tell.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &*self.0;
        if let Some(operation) = e.operation {
            write!(f, "{operation}")?;
            if let Some(part) = e.part {
                write!(f, " of part {part}")?;
            }
            f.write_str(": ")?;
        }
        if let Some(code) = &e.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(&e.message)?;
        let mut open = " (";
        if let Some(status) = e.status {
            write!(f, "{open}HTTP {status}")?;
            open = ", ";
        }
        if let Some(id) = &e.request_id {
            write!(f, "{open}request id {id}")?;
            open = ", ";
        }
        if e.attempts > 1 {
            write!(f, "{open}{} attempts", e.attempts)?;
            open = ", ";
        }
        if open == ", " {
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &*self.0;
        f.debug_struct("Error")
            .field("kind", &e.kind)
            .field("operation", &self.operation())
            .field("message", &e.message)
            .field("status", &e.status)
            .field("code", &e.code)
            .field("request_id", &e.request_id)
            .field("trace_id", &e.trace_id)
            .field("resource", &e.resource)
            .field("part", &e.part)
            .field("attempts", &e.attempts)
            .field("retryable", &e.retryable)
            .field("hint", &e.hint)
            .field("resume", &e.resume)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|s| s as _)
    }
}

impl From<InvalidValue> for Error {
    fn from(value: InvalidValue) -> Self {
        Self::config(value.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_one_sentence() {
        let answer = service::ServiceError {
            status: 403,
            code: Some("AccessDenied".into()),
            message: Some("Access Denied.".into()),
            request_id: Some("NjQ".into()),
            ..Default::default()
        };
        let error = Error::from_service(answer)
            .with_operation(Operation::PutObject)
            .with_attempts(2);
        assert_eq!(
            error.to_string(),
            "PutObject: AccessDenied: Access Denied. (HTTP 403, request id NjQ, 2 attempts)"
        );
        assert_eq!(error.kind(), ErrorKind::AccessDenied);
        let part = error
            .with_operation(Operation::UploadPart)
            .with_part(PartNumber::new(7).unwrap());
        assert!(
            part.to_string()
                .starts_with("UploadPart of part 7: AccessDenied: ")
        );
        assert_eq!(Error::cancelled().to_string(), "cancelled");
    }
}
