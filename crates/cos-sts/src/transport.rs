//! One HTTP call, as a trait: the crate's only way to a socket.

use std::fmt;
use std::time::Duration;

use crate::{BoxFuture, CredentialError, CredentialErrorKind};

/// An HTTP request to send once, without following redirects.
#[derive(Clone)]
pub struct HttpRequest {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Where to connect, and the path and query.
    pub url: String,
    /// The `Host` header, if it differs from the URL's (an emulator or gateway in between).
    pub host_override: Option<String>,
    /// All other headers, sent exactly so.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The time limit for the whole exchange.
    pub timeout: Duration,
}

/// Shows method, host and path, header names and the size of the body: queries, header values and
/// bodies hold secrets.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| *name).collect();
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &without_secrets(&self.url))
            .field("host_override", &self.host_override)
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// The URL up to its query, without user and password.
pub(crate) fn without_secrets(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}/{path}")
        }
        None => "(no scheme)".to_owned(),
    }
}

/// The host and port of a URL.
#[cfg(any(feature = "https", feature = "reqwest"))]
pub(crate) fn host_of(url: &str) -> String {
    let url = without_secrets(url);
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default().to_owned()
}

/// An HTTP answer, whatever its status.
#[derive(Clone)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The `Date` header as Unix seconds.
    pub fn date_s(&self) -> Option<u64> {
        let date = httpdate::parse_http_date(self.header("date")?).ok()?;
        let since = date.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(since.as_secs())
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Why no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The request could not be made at all: a malformed URL or header. Not worth repeating.
    Invalid,
    /// Name resolution or connection failed.
    Connect,
    /// A proxy on the way refuses: it wants a login or does not let anybody through. Not worth repeating.
    Proxy,
    /// TLS failed, above all a certificate nobody here trusts. Not worth repeating.
    Tls,
    /// The time limit passed.
    Timeout,
    /// The connection broke, or the answer was no HTTP or too large.
    Broken,
}

/// No answer came. Holds no URL and no header.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct TransportError {
    kind: TransportErrorKind,
    message: String,
    hint: Option<String>,
}

impl TransportError {
    /// A new error. The message must not hold a query, a header value or a body.
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
        }
    }

    /// Adds advice for a person; as little as the message may it hold a secret.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What a person can do about it.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// What sort of failure.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl From<TransportError> for CredentialError {
    fn from(error: TransportError) -> Self {
        use TransportErrorKind as K;
        let kind = match error.kind {
            K::Invalid => CredentialErrorKind::Config,
            K::Timeout => CredentialErrorKind::Timeout,
            K::Connect | K::Proxy | K::Tls | K::Broken => CredentialErrorKind::Network,
        };
        let worth_repeating = !matches!(error.kind, K::Invalid | K::Proxy | K::Tls);
        let made = Self::new(kind, error.message).with_retryable(worth_repeating);
        match error.hint {
            Some(hint) => made.with_hint(hint),
            None => made,
        }
    }
}

/// Sends requests. [`crate::HttpsTransport`] is the ready-made one (feature `https`).
pub trait Transport: Send + Sync + fmt::Debug + 'static {
    /// Sends one request and reads the whole answer.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>>;
}

impl<T: Transport + ?Sized> Transport for std::sync::Arc<T> {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        (**self).send(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_becomes_one_of_credential_errors() {
        use CredentialErrorKind as C;
        use TransportErrorKind as T;
        for (from, to, worth_repeating) in [
            (T::Invalid, C::Config, false),
            (T::Connect, C::Network, true),
            (T::Proxy, C::Network, false),
            (T::Tls, C::Network, false),
            (T::Timeout, C::Timeout, true),
            (T::Broken, C::Network, true),
        ] {
            let error = CredentialError::from(TransportError::new(from, "m").with_hint("h"));
            assert_eq!((error.kind(), error.is_retryable()), (to, worth_repeating));
            assert_eq!((error.message(), error.hint()), ("m", Some("h")));
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let request = HttpRequest {
            method: "POST",
            url: "https://u:PLANTED@sts.tencentcloudapi.com/p?x=PLANTED".into(),
            host_override: None,
            headers: vec![("Authorization", "PLANTED".into())],
            body: b"PLANTED".to_vec(),
            timeout: Duration::from_secs(1),
        };
        let text = format!("{request:?}");
        assert!(!text.contains("PLANTED"), "{text}");
        assert!(text.contains("https://sts.tencentcloudapi.com/p"), "{text}");
        let response = HttpResponse {
            status: 200,
            headers: vec![("date".into(), "Tue, 14 Nov 2023 22:13:20 GMT".into())],
            body: b"PLANTED".to_vec(),
        };
        assert!(!format!("{response:?}").contains("PLANTED"));
        assert_eq!(response.date_s(), Some(1_700_000_000));
    }
}
