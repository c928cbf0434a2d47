//! The app's own server as a source.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use zeroize::Zeroizing;

use crate::parse::parse_credentials;
use crate::sts::default_transport;
use crate::transport::{HttpRequest, Transport, without_secrets};
use crate::{
    BoxFuture, CredentialError, CredentialErrorKind, CredentialRequest, CredentialSource,
    Credentials, SecretKey,
};

/// Where `cos-broker` serves credentials; used when a URL has no path of its own.
const DEFAULT_PATH: &str = "/v1/credentials";

/// Asks the app's own server for credentials: `POST` (or `GET`, see [`BrokerSourceBuilder::get`]) with
/// `Authorization: Bearer …`, JSON back. The
/// answer may be spelled as the official STS helpers do (`credentials.tmpSecretId … sessionToken`), as
/// STS itself does (`Credentials.TmpSecretId … Token`), with or without an envelope.
#[derive(Clone)]
pub struct BrokerSource {
    url: String,
    method: &'static str,
    bearer: Option<SecretKey>,
    wish: Wish,
    timeout: Duration,
    transport: Arc<dyn Transport>,
}

/// What is asked for, where it is less than the server would give; its own words.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Wish {
    #[serde(skip_serializing_if = "Option::is_none")]
    allow: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_seconds: Option<u64>,
    #[serde(skip)]
    follow_key: bool,
}

impl Wish {
    fn body(&self, request: &CredentialRequest) -> Vec<u8> {
        let mut wish = self.clone();
        if self.follow_key
            && let Some(key) = &request.key
        {
            // `users/42/*` is everything below `users/42/`. What comes before any other `*` is wider,
            // and still the nearest a prefix gets.
            wish.prefix = key.split('*').next().map(str::to_owned);
        }
        // Strings and a number cannot fail to become JSON.
        serde_json::to_vec(&wish).unwrap_or_default()
    }
}

/// Settings of a [`BrokerSource`].
#[derive(Clone)]
#[must_use]
pub struct BrokerSourceBuilder {
    url: String,
    method: &'static str,
    bearer: Option<SecretKey>,
    wish: Wish,
    timeout: Duration,
    transport: Option<Arc<dyn Transport>>,
}

impl BrokerSource {
    /// `url` is the server's address; without a path, `/v1/credentials` is asked. `bearer` is the app
    /// user's own login token.
    ///
    /// # Errors
    /// `Config` for a malformed URL or token.
    pub fn new(url: impl Into<String>, bearer: impl Into<String>) -> Result<Self, CredentialError> {
        Self::builder(url).bearer(bearer).build()
    }

    /// Other settings.
    pub fn builder(url: impl Into<String>) -> BrokerSourceBuilder {
        BrokerSourceBuilder {
            url: url.into(),
            method: "POST",
            bearer: None,
            wish: Wish::default(),
            timeout: Duration::from_secs(15),
            transport: None,
        }
    }

    async fn ask(&self, wanted: &CredentialRequest) -> Result<Credentials, CredentialError> {
        let mut headers = vec![("Accept", "application/json".to_owned())];
        let mut body = Vec::new();
        if self.method == "POST" {
            headers.push(("Content-Type", "application/json".to_owned()));
            body = self.wish.body(wanted);
        }
        if let Some(bearer) = &self.bearer {
            headers.push(("Authorization", format!("Bearer {}", bearer.expose())));
        }
        let request = HttpRequest {
            method: self.method,
            url: self.url.clone(),
            host_override: None,
            headers,
            body,
            timeout: self.timeout,
        };
        let answer = self.transport.send(request).await;
        let answer = answer.map_err(CredentialError::from)?;
        let status = answer.status;
        let body = Zeroizing::new(answer.body);
        let parsed = parse_credentials(&body);
        if status == 200 {
            return Ok(parsed?.credentials);
        }
        let kind = match status {
            401 | 403 => CredentialErrorKind::Denied,
            _ => CredentialErrorKind::Service,
        };
        let (message, said) = match parsed {
            Err(said) if said.service_code().is_some() => (said.message().to_owned(), Some(said)),
            _ => (format!("the answer has status {status}"), None),
        };
        let mut error = CredentialError::new(kind, message)
            .with_http_status(status)
            .with_retryable(status == 429 || status >= 500);
        if let Some(code) = said.as_ref().and_then(CredentialError::service_code) {
            error = error.with_service_code(code);
        }
        if let Some(id) = said.as_ref().and_then(CredentialError::request_id) {
            error = error.with_request_id(id);
        }
        if status == 401 {
            error = error.with_hint("the app user's login token is missing, wrong or over");
        }
        Err(error)
    }
}

impl CredentialSource for BrokerSource {
    fn fetch<'a>(
        &'a self,
        request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(async move {
            let asked = self.ask(request).await;
            asked.map_err(|e| {
                let attempts = e.attempts().max(1);
                e.with_operation(format!("{} {}", self.method, without_secrets(&self.url)))
                    .with_attempts(attempts)
            })
        })
    }
}

impl fmt::Debug for BrokerSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokerSource")
            .field("url", &without_secrets(&self.url))
            .finish_non_exhaustive()
    }
}

impl BrokerSourceBuilder {
    /// The app user's own login token.
    pub fn bearer(mut self, token: impl Into<String>) -> Self {
        self.bearer = Some(SecretKey::new(token));
        self
    }

    /// Asks for less than the server would give, in its own words: `["download"]`.
    pub fn allow(mut self, operations: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.wish.allow = Some(operations.into_iter().map(Into::into).collect());
        self
    }

    /// Asks for the keys below this prefix only.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.wish.prefix = Some(prefix.into());
        self
    }

    /// Asks for a shorter life than the server gives, in seconds; 1,800 at least.
    pub fn duration_s(mut self, seconds: u64) -> Self {
        self.wish.duration_seconds = Some(seconds);
        self
    }

    /// Asks for the prefix of the key that the request is about, where it tells one. Meant for a
    /// [`crate::ScopedProvider`], which tells `users/42/*` where its scope says so; one credential then
    /// opens one folder.
    pub fn follow_key(mut self) -> Self {
        self.wish.follow_key = true;
        self
    }

    /// Asks with `GET`, as the servers in the official samples are asked: what the app wants is in the
    /// URL, if anywhere, and nothing else is said.
    pub fn get(mut self) -> Self {
        self.method = "GET";
        self
    }

    /// The time limit of one request; 15 s unless set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Another way to send requests; [`crate::HttpsTransport`] unless set.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// The source.
    ///
    /// # Errors
    /// `Config` for a malformed URL or token, or for wishes that a `GET` cannot carry.
    pub fn build(self) -> Result<BrokerSource, CredentialError> {
        let rest = self
            .url
            .strip_prefix("https://")
            .or_else(|| self.url.strip_prefix("http://"))
            .ok_or_else(|| {
                CredentialError::config("the server's URL must begin with https:// or http://")
            })?;
        let (authority, path) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let printable = |text: &str| text.bytes().all(|b| b.is_ascii_graphic());
        if authority.is_empty() || !printable(rest) {
            return Err(CredentialError::config("the server's URL is malformed"));
        }
        let url = match path {
            "" | "/" => format!("{}{DEFAULT_PATH}", self.url.trim_end_matches('/')),
            _ => self.url.clone(),
        };
        if let Some(bearer) = &self.bearer
            && (bearer.expose().is_empty() || !printable(bearer.expose()))
        {
            return Err(CredentialError::config(
                "the bearer token is empty or holds blanks or line breaks",
            ));
        }
        if self.method == "GET" && self.wish != Wish::default() {
            return Err(
                CredentialError::config("a GET has no body for allow, prefix or duration")
                    .with_hint("write what is wanted into the URL's query"),
            );
        }
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport()?,
        };
        Ok(BrokerSource {
            url,
            method: self.method,
            bearer: self.bearer,
            wish: self.wish,
            timeout: self.timeout,
            transport,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{HttpResponse, TransportError};
    use std::sync::Mutex;

    #[derive(Debug, Clone)]
    struct Answers {
        status: u16,
        body: &'static str,
        sent: Arc<Mutex<Vec<HttpRequest>>>,
    }

    impl Transport for Answers {
        fn send(
            &self,
            request: HttpRequest,
        ) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
            self.sent.lock().unwrap().push(request);
            Box::pin(std::future::ready(Ok(HttpResponse {
                status: self.status,
                headers: Vec::new(),
                body: self.body.as_bytes().to_vec(),
            })))
        }
    }

    async fn fetch(
        status: u16,
        body: &'static str,
    ) -> (Result<Credentials, CredentialError>, HttpRequest) {
        let transport = Answers {
            status,
            body,
            sent: Arc::default(),
        };
        let source = BrokerSource::builder("https://app.example.com")
            .bearer("PLANTED")
            .allow(["download"])
            .transport(transport.clone())
            .build()
            .unwrap();
        assert!(!format!("{source:?}").contains("PLANTED"));
        let result = source.fetch(&CredentialRequest::new()).await;
        let sent = transport.sent.lock().unwrap()[0].clone();
        (result, sent)
    }

    #[tokio::test]
    async fn asks_and_understands() {
        let (result, sent) = fetch(
            200,
            r#"{"credentials":{"tmpSecretId":"a","tmpSecretKey":"k","sessionToken":"t"},"startTime":1700000000,"expiredTime":1700001800}"#,
        )
        .await;
        let credentials = result.unwrap();
        assert_eq!(credentials.expired_time_s(), Some(1_700_001_800));
        assert_eq!(sent.url, "https://app.example.com/v1/credentials");
        assert_eq!(sent.body, br#"{"allow":["download"]}"#);
        assert!(
            sent.headers
                .contains(&("Authorization", "Bearer PLANTED".into()))
        );
    }

    #[tokio::test]
    async fn a_get_says_nothing_but_who_asks() {
        let transport = Answers {
            status: 200,
            body: r#"{"credentials":{"tmpSecretId":"a","tmpSecretKey":"k","sessionToken":"t"},"expiredTime":1700001800}"#,
            sent: Arc::default(),
        };
        let url = "https://app.example.com/sts?folder=a";
        let source = BrokerSource::builder(url).bearer("b").get();
        let source = source.transport(transport.clone()).build().unwrap();
        source.fetch(&CredentialRequest::new()).await.unwrap();
        let sent = transport.sent.lock().unwrap()[0].clone();
        assert_eq!((sent.method, sent.url.as_str()), ("GET", url));
        assert!(sent.body.is_empty());
        assert!(!sent.headers.iter().any(|(name, _)| *name == "Content-Type"));
        let both = BrokerSource::builder(url).get().prefix("a/").build();
        assert_eq!(both.unwrap_err().kind(), CredentialErrorKind::Config);
    }

    #[test]
    fn the_wish_follows_the_key() {
        let mut wish = Wish::default();
        let about = |key: &str| CredentialRequest::new().with_key(key);
        let text = |wish: &Wish, key: &str| String::from_utf8(wish.body(&about(key))).unwrap();
        assert_eq!(text(&wish, "users/42/*"), "{}");
        wish.follow_key = true;
        assert_eq!(text(&wish, "users/42/*"), r#"{"prefix":"users/42/"}"#);
        assert_eq!(text(&wish, "users/42/a"), r#"{"prefix":"users/42/a"}"#);
        wish.prefix = Some("users/".into());
        wish.duration_seconds = Some(1800);
        let about_none = wish.body(&CredentialRequest::new());
        assert_eq!(about_none, br#"{"prefix":"users/","durationSeconds":1800}"#);
    }

    #[tokio::test]
    async fn refusals_keep_the_servers_words() {
        let (result, _) = fetch(
            403,
            r#"{"error":{"code":"NotGranted","message":"delete is not granted","requestId":"r"}}"#,
        )
        .await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), CredentialErrorKind::Denied);
        assert_eq!(error.service_code(), Some("NotGranted"));
        assert!(
            error.to_string().contains("delete is not granted"),
            "{error}"
        );
        assert!(!format!("{error} {error:?}").contains("PLANTED"));
        for (status, retryable) in [(401, false), (429, true), (502, true), (404, false)] {
            let error = fetch(status, "<html>").await.0.unwrap_err();
            assert_eq!(
                (error.http_status(), error.is_retryable()),
                (Some(status), retryable)
            );
        }
        let error = fetch(200, "<html>").await.0.unwrap_err();
        assert_eq!(error.kind(), CredentialErrorKind::InvalidResponse);
    }

    #[test]
    fn urls_and_tokens_are_checked() {
        for (url, bearer) in [
            ("app.example.com", "t"),
            ("https://", "t"),
            ("https://a b", "t"),
            ("https://a", "t\n"),
            ("https://a", ""),
        ] {
            let error = BrokerSource::new(url, bearer).unwrap_err();
            assert_eq!(
                error.kind(),
                CredentialErrorKind::Config,
                "{url} {bearer:?}"
            );
        }
    }
}
