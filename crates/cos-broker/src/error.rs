//! What goes wrong: at start ([`BrokerError`]) and for one request ([`ApiError`]).

use axum::response::{IntoResponse, Response};
use cos_sts::{CredentialError, CredentialErrorKind};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

/// Why a broker did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// The configuration cannot be used. The message never repeats a secret.
    #[error("broker configuration: {0}")]
    Config(String),
    /// The address cannot be listened on.
    #[error("broker: cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

impl BrokerError {
    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::Config(message.into())
    }
}

/// The id of one request to the broker: it is in the answer and in the log.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

impl RequestId {
    pub(crate) fn random() -> Self {
        Self(format!("{:032x}", fastrand::u128(..)))
    }
}

/// Adds the id of the request to an answer.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A refusal or failure, as the app sees it.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after_s: Option<u32>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            retry_after_s: None,
        }
    }

    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "NotGranted", message)
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidRequest", message)
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("the body is longer than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "BodyTooLarge", message)
    }

    pub(crate) fn not_found() -> Self {
        let message = "there is only POST /v1/credentials and GET /healthz";
        Self::new(StatusCode::NOT_FOUND, "NotFound", message)
    }

    pub(crate) fn wrong_method() -> Self {
        let message = "use POST /v1/credentials or GET /healthz";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message)
    }

    pub(crate) fn busy() -> Self {
        Self {
            retry_after_s: Some(1),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "Busy",
                "too many requests are under way",
            )
        }
    }

    pub(crate) fn too_slow() -> Self {
        Self {
            retry_after_s: Some(1),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "Timeout",
                "the request took too long",
            )
        }
    }

    /// What STS said, for the app: the code, and whether trying again can help. STS's message stays in the
    /// log, because it may name the owner's accounts and roles.
    pub(crate) fn from_sts(error: &CredentialError) -> Self {
        let said = error
            .service_code()
            .map_or_else(|| error.kind().as_str().to_owned(), str::to_owned);
        let message = format!("the token service gave no credentials: {said}");
        let unreachable = matches!(
            error.kind(),
            CredentialErrorKind::Network
                | CredentialErrorKind::Timeout
                | CredentialErrorKind::Unavailable
        );
        if unreachable || error.is_retryable() {
            Self {
                retry_after_s: Some(2),
                ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "StsUnavailable", message)
            }
        } else {
            Self::new(StatusCode::BAD_GATEWAY, "StsRefused", message)
        }
    }

    /// The token service answered with keys that never end: passing those on is what we are here to prevent.
    pub(crate) fn not_temporary() -> Self {
        Self::new(
            StatusCode::BAD_GATEWAY,
            "StsRefused",
            "the token service gave no temporary credentials",
        )
    }

    #[cfg(test)]
    pub(crate) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// The answer `{"error":{"code","message","requestId"}}`.
    pub(crate) fn into_response_with(self, id: &RequestId) -> Response {
        let body = json!({"error": {
            "code": self.code,
            "message": self.message,
            "requestId": id.0,
        }});
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sts_words_stay_inside() {
        let refused = CredentialError::new(CredentialErrorKind::Denied, "role X of account 42")
            .with_service_code("UnauthorizedOperation");
        let e = ApiError::from_sts(&refused);
        assert_eq!(e.status(), 502);
        assert!(e.message.contains("UnauthorizedOperation") && !e.message.contains("42"));
        for kind in [CredentialErrorKind::Network, CredentialErrorKind::Timeout] {
            let e = ApiError::from_sts(&CredentialError::new(kind, "x"));
            assert_eq!((e.status(), e.retry_after_s), (503, Some(2)));
        }
        let limited = CredentialError::new(CredentialErrorKind::Service, "x").with_retryable(true);
        assert_eq!(ApiError::from_sts(&limited).status(), 503);
    }
}
