//! The two addresses of the broker, and what surrounds them: ids, limits, timeouts, answers as JSON.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use cos_sts::Clock;
use http::{HeaderValue, header};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::auth::Authenticator;
use crate::error::{ApiError, REQUEST_ID, RequestId};
use crate::grant::{Grant, Wish};
use crate::issue::Issuer;
use crate::reply;

/// Longest body of a request; a wish is a few hundred bytes.
pub(crate) const MAX_BODY_BYTES: usize = 8 * 1024;

/// Longest time for one request, STS's answer included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// Most calls to STS at once. Its limit is a number per second (600), so this only bounds our memory.
const MAX_UNDER_WAY: usize = 512;

/// What the handlers share.
pub(crate) struct Shared {
    pub(crate) auth: Authenticator,
    pub(crate) grant: Grant,
    pub(crate) issuer: Box<dyn Issuer>,
    pub(crate) clock: Arc<dyn Clock>,
    under_way: Semaphore,
}

impl Shared {
    pub(crate) fn new(
        auth: Authenticator,
        grant: Grant,
        issuer: Box<dyn Issuer>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            auth,
            grant,
            issuer,
            clock,
            under_way: Semaphore::new(MAX_UNDER_WAY),
        }
    }
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v1/credentials", post(credentials))
        .route("/healthz", get(health))
        .method_not_allowed_fallback(async |Extension(id): Extension<RequestId>| {
            ApiError::wrong_method().into_response_with(&id)
        })
        .fallback(async |Extension(id): Extension<RequestId>| {
            ApiError::not_found().into_response_with(&id)
        })
        .layer(middleware::from_fn(around))
        .with_state(shared)
}

/// Gives every request an id and an end, and keeps every answer out of caches.
async fn around(mut request: Request, next: Next) -> Response {
    let id = RequestId::random();
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    // The path only: a query could hold a token put there by mistake.
    let path = request.uri().path().to_owned();
    let mut response = tokio::time::timeout(REQUEST_TIMEOUT, next.run(request))
        .await
        .unwrap_or_else(|_| ApiError::too_slow().into_response_with(&id));
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(REQUEST_ID, value);
    }
    tracing::info!(request_id = %id.0, %method, path, status = response.status().as_u16(), "answered");
    response
}

async fn health() -> Response {
    axum::Json(json!({"ok": true})).into_response()
}

async fn credentials(
    State(shared): State<Arc<Shared>>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Response {
    match give(&shared, &id, request).await {
        Ok(response) => response,
        Err(error) => {
            tracing::info!(request_id = %id.0, code = error.code(), "refused");
            error.into_response_with(&id)
        }
    }
}

/// Who is it, what do they want, may they: only then STS is asked.
async fn give(shared: &Shared, id: &RequestId, request: Request) -> Result<Response, ApiError> {
    let authorization = request.headers().get(header::AUTHORIZATION);
    let user = shared.auth.authenticate(
        authorization.map(HeaderValue::as_bytes),
        shared.clock.as_ref(),
    )?;
    let wish = Wish::parse(&body(request.into_body()).await?)?;
    let narrowed = shared.grant.narrow(&user, &wish)?;
    let _slot = shared
        .under_way
        .try_acquire()
        .map_err(|_| ApiError::busy())?;
    let issued = shared
        .issuer
        .issue(&user, &narrowed)
        .await
        .map_err(|error| {
            tracing::warn!(request_id = %id.0, user = %user, %error, "STS gave no credentials");
            ApiError::from_sts(&error)
        })?;
    tracing::info!(
        request_id = %id.0,
        user = %user,
        prefix = narrowed.prefix,
        duration_s = narrowed.duration_s,
        sts_request_id = issued.request_id,
        "issued"
    );
    Ok(axum::Json(reply::json(&shared.grant, &narrowed, &issued)?).into_response())
}

async fn body(body: Body) -> Result<axum::body::Bytes, ApiError> {
    // A broken connection ends here, too; then nobody reads the answer.
    to_bytes(body, MAX_BODY_BYTES)
        .await
        .map_err(|_| ApiError::too_large(MAX_BODY_BYTES))
}

#[cfg(test)]
mod tests {
    use cos_sts::policy::Operation;
    use cos_sts::{BoxFuture, CredentialError, CredentialErrorKind, Credentials, ManualClock};
    use http::StatusCode;
    use hyper::service::Service as _;
    use hyper_util::service::TowerToHyperService;
    use serde_json::Value;

    use super::*;
    use crate::auth::TokenHash;
    use crate::grant::Narrowed;
    use crate::issue::Issued;
    use crate::prefix::UserName;

    /// Answers as told, in place of STS.
    struct Fake(Option<CredentialErrorKind>);

    impl Issuer for Fake {
        fn issue<'a>(
            &'a self,
            _user: &'a UserName,
            narrowed: &'a Narrowed,
        ) -> BoxFuture<'a, Result<Issued, CredentialError>> {
            Box::pin(async move {
                if let Some(kind) = self.0 {
                    return Err(CredentialError::new(kind, "PLANTED role of the owner")
                        .with_service_code("A.Code"));
                }
                let end = 1_700_000_000 + narrowed.duration_s;
                Ok(Issued {
                    credentials: Credentials::temporary("tmp-id", "tmp-key", "tok", None, end)?,
                    expiration: Some("2023-11-14T22:43:20Z".to_owned()),
                    request_id: Some("sts-request".to_owned()),
                })
            })
        }
    }

    fn app(fake: Fake) -> TowerToHyperService<Router> {
        let auth = Authenticator {
            tokens: vec![(
                UserName::new("alice").unwrap(),
                TokenHash::of(b"alice-token"),
            )],
            jwt: None,
        };
        let operations = [Operation::Upload, Operation::Download];
        let grant = Grant::new(
            "demo-1250000000",
            "ap-guangzhou",
            "users/{user}/",
            operations,
        );
        let clock = Arc::new(ManualClock::new(1_700_000_000));
        let shared = Shared::new(auth, grant.unwrap(), Box::new(fake), clock);
        TowerToHyperService::new(router(Arc::new(shared)))
    }

    async fn call(
        app: &TowerToHyperService<Router>,
        (method, path): (&str, &str),
        token: &str,
        body: impl Into<Body>,
    ) -> (StatusCode, http::HeaderMap, Value) {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .body(body.into())
            .unwrap();
        let response = app.call(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 100_000).await.unwrap();
        let json = serde_json::from_slice(&body).unwrap();
        (parts.status, parts.headers, json)
    }

    const POST: (&str, &str) = ("POST", "/v1/credentials");

    #[tokio::test]
    async fn the_answer_has_the_shape_sdks_know() {
        let (status, headers, json) = call(&app(Fake(None)), POST, "alice-token", "").await;
        assert_eq!(status, 200);
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(
            json,
            json!({
                "credentials": {"tmpSecretId": "tmp-id", "tmpSecretKey": "tmp-key", "sessionToken": "tok"},
                "startTime": 1_700_000_000, "expiredTime": 1_700_001_800,
                "expiration": "2023-11-14T22:43:20Z", "requestId": "sts-request",
                "bucket": "demo-1250000000", "region": "ap-guangzhou", "prefix": "users/alice/",
                "allow": ["upload", "download"],
            })
        );
        let wish = r#"{"allow":["download"],"durationSeconds":600}"#;
        let (_, _, json) = call(&app(Fake(None)), POST, "alice-token", wish).await;
        assert_eq!(json["allow"], json!(["download"]));
        assert_eq!(json["expiredTime"], 1_700_000_600);
    }

    #[tokio::test]
    async fn refusals_are_json_with_an_id() {
        let app = app(Fake(None));
        let long = "x".repeat(MAX_BODY_BYTES + 1);
        for (target, token, body, status, code) in [
            (POST, "bob-token", "", 401, "Unauthorized"),
            (POST, "bob-token", long.as_str(), 401, "Unauthorized"),
            (
                POST,
                "alice-token",
                r#"{"allow":["delete"]}"#,
                403,
                "NotGranted",
            ),
            (
                POST,
                "alice-token",
                r#"{"prefix":"users/bob/"}"#,
                403,
                "NotGranted",
            ),
            (POST, "alice-token", "{", 400, "InvalidRequest"),
            (POST, "alice-token", long.as_str(), 413, "BodyTooLarge"),
            (
                ("GET", "/v1/credentials"),
                "alice-token",
                "",
                405,
                "MethodNotAllowed",
            ),
            (("GET", "/"), "alice-token", "", 404, "NotFound"),
        ] {
            let (got, headers, json) = call(&app, target, token, body.to_owned()).await;
            assert_eq!(got, status, "{target:?} {body:.20}");
            assert_eq!(json["error"]["code"], code);
            assert_eq!(
                json["error"]["requestId"].as_str().unwrap(),
                headers["x-request-id"]
            );
            assert_eq!(headers["cache-control"], "no-store");
            assert_eq!(headers.contains_key("www-authenticate"), status == 401);
        }
    }

    #[tokio::test]
    async fn sts_failures_say_whether_to_try_again_and_no_more() {
        for (kind, status) in [
            (CredentialErrorKind::Denied, 502),
            (CredentialErrorKind::Config, 502),
            (CredentialErrorKind::InvalidResponse, 502),
            (CredentialErrorKind::Network, 503),
            (CredentialErrorKind::Timeout, 503),
        ] {
            let (got, headers, json) = call(&app(Fake(Some(kind))), POST, "alice-token", "").await;
            assert_eq!(got, status, "{kind:?}");
            let message = json["error"]["message"].as_str().unwrap();
            assert!(
                message.contains("A.Code") && !message.contains("PLANTED"),
                "{message}"
            );
            assert_eq!(headers.contains_key("retry-after"), status == 503);
        }
    }

    #[tokio::test]
    async fn health_needs_no_token() {
        let (status, _, json) = call(&app(Fake(None)), ("GET", "/healthz"), "", "").await;
        assert_eq!((status.as_u16(), json), (200, json!({"ok": true})));
    }
}
