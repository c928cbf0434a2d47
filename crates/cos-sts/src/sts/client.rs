//! The STS client: sign, send, judge, repeat what is worth repeating.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cos_sign_core::tc3::Tc3Request;
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use super::endpoint::{StsEndpoint, is_the_service};
use super::errors::{Retry, lookup};
use super::limits::{AccountKind, Limits};
use super::request::{
    AssumeRoleRequest, Call, FederationTokenRequest, WebIdentityRequest, caller_identity,
};
use crate::parse::{check_reply, parse_credentials};
use crate::transport::{HttpRequest, HttpResponse, Transport};
use crate::{
    Clock, CredentialError, CredentialErrorKind, CredentialProvider, CredentialRequest,
    Credentials, StaticProvider, SystemClock,
};

const SERVICE: &str = "sts";
const VERSION: &str = "2018-08-13";
/// Byte-equal in the header and in the signature.
const CONTENT_TYPE: &str = "application/json";

/// Temporary credentials, and what came with them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Issued {
    /// The credentials; their start is this client's time of asking.
    pub credentials: Credentials,
    /// The end of their life, ISO 8601, UTC.
    pub expiration: Option<String>,
    /// The service's request id.
    pub request_id: Option<String>,
}

/// Who the service thinks is calling.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct CallerIdentity {
    /// `qcs::cam:<owner>:uin/<uin>` or `qcs::sts:<owner>:assumed-role/<role id>`.
    pub arn: String,
    /// The owner's uin.
    pub account_id: String,
    /// The caller's uin, `<role id>:<session>` or `<uin>:<name>`.
    pub user_id: String,
    /// The principal's id.
    #[serde(default)]
    pub principal_id: String,
    /// `CAMUser` or `CAMRole`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// The service's request id.
    #[serde(default)]
    pub request_id: String,
}

/// Calls STS. Cheap to clone.
#[derive(Clone, Debug)]
pub struct StsClient {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    provider: Arc<dyn CredentialProvider>,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    host: String,
    /// Where to connect; the Host header stays `host`.
    url: String,
    region: String,
    timeout: Duration,
    attempts: u32,
    limits: Limits,
    /// Service time minus ours, learned from a refused timestamp.
    offset_s: AtomicI64,
}

/// Settings of an [`StsClient`].
#[derive(Clone, Debug)]
#[must_use]
pub struct StsClientBuilder {
    provider: Arc<dyn CredentialProvider>,
    transport: Option<Arc<dyn Transport>>,
    clock: Arc<dyn Clock>,
    host: Option<String>,
    endpoint: Option<String>,
    region: String,
    timeout: Duration,
    attempts: u32,
    limits: Limits,
}

impl StsClient {
    /// A client that calls with fixed keys, on a server only.
    pub fn builder(credentials: Credentials) -> StsClientBuilder {
        Self::with_provider(StaticProvider::new(credentials))
    }

    /// A client for [`StsClient::assume_role_with_web_identity`], which takes no keys; other calls fail
    /// until [`StsClientBuilder::credentials`] gives some.
    pub fn without_credentials() -> StsClientBuilder {
        Self::with_provider(NoCredentials)
    }

    /// A client that takes its own credentials from a provider (an instance role, say).
    pub fn with_provider(provider: impl CredentialProvider) -> StsClientBuilder {
        StsClientBuilder {
            provider: Arc::new(provider),
            transport: None,
            clock: Arc::new(SystemClock),
            host: None,
            endpoint: None,
            region: "ap-guangzhou".into(),
            timeout: Duration::from_secs(10),
            attempts: 3,
            limits: Limits::default(),
        }
    }

    /// Temporary credentials of a role (1312/48197).
    ///
    /// # Errors
    /// `Config` before sending, the service's own error, or no answer.
    pub async fn assume_role(
        &self,
        request: &AssumeRoleRequest,
    ) -> Result<Issued, CredentialError> {
        self.issue(request.call(self.inner.limits)?).await
    }

    /// Temporary credentials of the calling user (1312/48195).
    ///
    /// # Errors
    /// As [`StsClient::assume_role`].
    pub async fn get_federation_token(
        &self,
        request: &FederationTokenRequest,
    ) -> Result<Issued, CredentialError> {
        self.issue(request.call(self.inner.limits)?).await
    }

    /// Temporary credentials of a role for the holder of a web identity token.
    ///
    /// # Errors
    /// As [`StsClient::assume_role`].
    pub async fn assume_role_with_web_identity(
        &self,
        request: &WebIdentityRequest,
    ) -> Result<Issued, CredentialError> {
        self.issue(request.call(self.inner.limits)?).await
    }

    /// Who is calling.
    ///
    /// # Errors
    /// As [`StsClient::assume_role`].
    pub async fn get_caller_identity(&self) -> Result<CallerIdentity, CredentialError> {
        #[derive(Deserialize)]
        struct Envelope {
            #[serde(rename = "Response")]
            response: CallerIdentity,
        }
        let call = caller_identity();
        let body = self.send(&call).await?;
        let parsed: Result<Envelope, _> = serde_json::from_slice(&body);
        parsed.map(|envelope| envelope.response).map_err(|e| {
            CredentialError::invalid_response(format!(
                "the identity cannot be read (line {}, column {})",
                e.line(),
                e.column()
            ))
            .with_operation(self.operation(&call))
        })
    }

    async fn issue(&self, call: Call) -> Result<Issued, CredentialError> {
        let asked_at_s = self.now_s();
        let body = self.send(&call).await?;
        let reply =
            parse_credentials(&body).map_err(|e| e.with_operation(self.operation(&call)))?;
        let credentials = reply.credentials;
        let expiration = credentials.expired_time_s().and_then(iso8601);
        // STS does not say when a life begins; ours begins when we asked.
        let credentials = match (credentials.start_time_s(), credentials.expired_time_s()) {
            (None, Some(end)) if asked_at_s < end => Credentials::temporary(
                credentials.secret_id(),
                credentials.secret_key().expose(),
                credentials.session_token().unwrap_or_default(),
                Some(asked_at_s),
                end,
            )?,
            _ => credentials,
        };
        Ok(Issued {
            credentials,
            expiration,
            request_id: reply.request_id,
        })
    }

    /// Sends until there is an answer without an error; the body of that answer.
    async fn send(&self, call: &Call) -> Result<Zeroizing<Vec<u8>>, CredentialError> {
        let mut clock_fixed = false;
        let mut renewed = false;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let caller = match call.signed {
                true => Some(
                    self.inner
                        .provider
                        .credentials(&CredentialRequest::new())
                        .await?,
                ),
                false => None,
            };
            let result = self.once(call, caller.as_ref()).await;
            let (error, date_s) = match result {
                Ok(body) => return Ok(Zeroizing::new(body)),
                Err(failed) => failed,
            };
            let error = error
                .with_operation(self.operation(call))
                .with_attempts(attempt);
            let retry = error.service_code().and_then(lookup).map(|row| row.retry);
            let token_refused = caller.as_ref().filter(|c| {
                c.session_token().is_some()
                    && matches!(
                        error.service_code(),
                        Some("AuthFailure.TokenFailure" | "AuthFailure.SecretIdNotFound")
                    )
            });
            if let (Some(Retry::AfterClockFix), Some(date_s), false) = (retry, date_s, clock_fixed)
            {
                clock_fixed = true;
                let local = i64::try_from(self.inner.clock.now_s()).unwrap_or(i64::MAX);
                let offset = i64::try_from(date_s).unwrap_or(i64::MAX) - local;
                self.inner.offset_s.store(offset, Ordering::Relaxed);
                tracing::warn!(offset_s = offset, "clock corrected from the answer of STS");
                continue;
            }
            if let (Some(caller), false) = (token_refused, renewed) {
                renewed = true;
                self.inner.provider.invalidate(caller.generation());
                continue;
            }
            if !error.is_retryable() || attempt >= self.inner.attempts {
                return Err(error);
            }
            tracing::debug!(
                action = call.action,
                attempt,
                code = error.service_code(),
                "STS call is repeated"
            );
            self.inner.clock.sleep(backoff(attempt)).await;
        }
    }

    /// One request. An error comes with the service's time, if it said it.
    async fn once(
        &self,
        call: &Call,
        caller: Option<&Credentials>,
    ) -> Result<Vec<u8>, (CredentialError, Option<u64>)> {
        let request = self.request(call, caller).map_err(|e| (e, None))?;
        let answer = self.inner.transport.send(request).await;
        let answer = answer.map_err(|e| (CredentialError::from(e), None))?;
        let date_s = answer.date_s();
        judge(answer).map_err(|e| (e, date_s))
    }

    fn request(
        &self,
        call: &Call,
        caller: Option<&Credentials>,
    ) -> Result<HttpRequest, CredentialError> {
        let inner = &*self.inner;
        let timestamp_s = self.now_s();
        let authorization = match caller {
            Some(caller) => Tc3Request {
                service: SERVICE,
                method: "POST",
                host: &inner.host,
                query: "",
                content_type: CONTENT_TYPE,
                payload: call.body.as_bytes(),
                unsigned_payload: false,
                timestamp_s,
            }
            .authorization(caller.secret_id(), caller.secret_key().expose())
            .map_err(|e| CredentialError::config(e.to_string()))?,
            None => "SKIP".to_owned(),
        };
        let mut headers = vec![
            ("Authorization", authorization),
            ("Content-Type", CONTENT_TYPE.to_owned()),
            ("X-TC-Action", call.action.to_owned()),
            ("X-TC-Version", VERSION.to_owned()),
            ("X-TC-Timestamp", timestamp_s.to_string()),
            ("X-TC-Region", inner.region.clone()),
        ];
        if let Some(token) = caller.and_then(Credentials::session_token) {
            headers.push(("X-TC-Token", token.to_owned()));
        }
        Ok(HttpRequest {
            method: "POST",
            url: inner.url.clone(),
            host_override: Some(inner.host.clone()),
            headers,
            body: call.body.clone().into_bytes(),
            timeout: inner.timeout,
        })
    }

    fn now_s(&self) -> u64 {
        let offset = self.inner.offset_s.load(Ordering::Relaxed);
        self.inner.clock.now_s().saturating_add_signed(offset)
    }

    fn operation(&self, call: &Call) -> String {
        format!("{} at {}", call.action, self.inner.host)
    }
}

/// Has nothing to sign with.
#[derive(Debug)]
struct NoCredentials;

impl CredentialProvider for NoCredentials {
    fn credentials<'a>(
        &'a self,
        _request: &'a CredentialRequest,
    ) -> crate::BoxFuture<'a, Result<Credentials, CredentialError>> {
        let error = CredentialError::config("this client of STS has no credentials to sign with");
        Box::pin(std::future::ready(Err(error)))
    }

    fn invalidate(&self, _generation: u64) {}
}

impl StsClientBuilder {
    /// Calls with these keys.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.provider = Arc::new(StaticProvider::new(credentials));
        self
    }

    /// Another host: an [`StsEndpoint`], or a name. Unless set, the one that [`StsEndpoint::for_region`]
    /// knows for the region.
    ///
    /// ```no_run
    /// use cos_sts::{Credentials, StsClient, StsEndpoint};
    ///
    /// let keys = Credentials::permanent("AKID…", "key")?;
    /// let abroad = StsClient::builder(keys).host(StsEndpoint::International).build()?;
    /// # Ok::<(), cos_sts::CredentialError>(())
    /// ```
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// Connects to this `scheme://host:port` and keeps the real `Host` header: for the emulator and
    /// private gateways. One of the service's own hosts here is itself the real one.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// The region named in the request; `ap-guangzhou` unless set. Credentials are good everywhere.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// Another way to send requests; [`crate::HttpsTransport`] unless set.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Another clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The time limit of one request; 10 s unless set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// How often a call is sent at most; 3 unless set.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// What kind of account calls, if known: durations are checked more sharply.
    pub fn account_kind(mut self, kind: AccountKind) -> Self {
        self.limits.account = kind;
        self
    }

    /// The longest life that may be asked for, in seconds, where that is known better than in
    /// [`crate::DURATION_LIMITS`]: the session limit of a role, or a rule that the service has changed.
    pub fn max_duration_s(mut self, seconds: u64) -> Self {
        self.limits.longest_s = Some(seconds);
        self
    }

    /// The client.
    ///
    /// # Errors
    /// `Config` for a malformed host, endpoint or region, or without any transport.
    pub fn build(self) -> Result<StsClient, CredentialError> {
        let plain = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'))
        };
        if !plain(&self.region) {
            return Err(CredentialError::config(format!(
                "`{}` is not a region such as ap-guangzhou",
                self.region
            )));
        }
        let connect_to = match &self.endpoint {
            None => None,
            Some(endpoint) => {
                let authority = endpoint
                    .strip_prefix("https://")
                    .or_else(|| endpoint.strip_prefix("http://"))
                    .map(|rest| rest.trim_end_matches('/'));
                let authority = authority.filter(|text| plain(text)).ok_or_else(|| {
                    CredentialError::config(
                        "the STS endpoint is not scheme://host:port with http or https",
                    )
                })?;
                Some((authority, endpoint.trim_end_matches('/')))
            }
        };
        let host = self.host.unwrap_or_else(|| match connect_to {
            Some((authority, _)) if is_the_service(authority) => authority.to_owned(),
            _ => StsEndpoint::for_region(&self.region).host(),
        });
        if !plain(&host) {
            return Err(CredentialError::config(format!(
                "`{host}` is not a host name"
            )));
        }
        let url = match connect_to {
            None => format!("https://{host}/"),
            Some((_, url)) => format!("{url}/"),
        };
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport()?,
        };
        Ok(StsClient {
            inner: Arc::new(Inner {
                provider: self.provider,
                transport,
                clock: self.clock,
                host,
                url,
                region: self.region,
                timeout: self.timeout,
                attempts: self.attempts,
                limits: self.limits,
                offset_s: AtomicI64::new(0),
            }),
        })
    }
}

#[cfg(feature = "https")]
pub(crate) fn default_transport() -> Result<Arc<dyn Transport>, CredentialError> {
    Ok(Arc::new(crate::HttpsTransport::new()?))
}

#[cfg(not(feature = "https"))]
pub(crate) fn default_transport() -> Result<Arc<dyn Transport>, CredentialError> {
    Err(CredentialError::config(
        "no transport: give one, or turn the feature `https` on",
    ))
}

/// STS answers 200 also for its errors; any other status comes from something in between.
fn judge(answer: HttpResponse) -> Result<Vec<u8>, CredentialError> {
    let status = answer.status;
    if let Err(error) = check_reply(&answer.body) {
        // A gateway's HTML is no reply of the service: its status says more.
        let spoke = error.service_code().is_some();
        if spoke || status == 200 {
            return Err(error.with_http_status(status));
        }
    }
    if status == 200 {
        return Ok(answer.body);
    }
    let retryable = status == 429 || status >= 500;
    Err(CredentialError::new(
        CredentialErrorKind::Service,
        format!("the answer has status {status}"),
    )
    .with_http_status(status)
    .with_retryable(retryable))
}

/// 200 ms, 400 ms, 800 ms … up to 5 s, each between half and all of it.
fn backoff(attempt: u32) -> Duration {
    let full_ms = 200_u64
        .saturating_mul(1 << attempt.saturating_sub(1).min(10))
        .min(5_000);
    Duration::from_millis(fastrand::u64(full_ms / 2..=full_ms))
}

fn iso8601(unix_s: u64) -> Option<String> {
    let time = OffsetDateTime::from_unix_timestamp(i64::try_from(unix_s).ok()?).ok()?;
    time.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{TransportError, TransportErrorKind};
    use crate::{BoxFuture, ManualClock};
    use std::collections::VecDeque;
    use std::sync::Mutex;

    const ROLE: &str = "qcs::cam::uin/100000000001:roleName/uploader";
    const NOW: u64 = 1_700_000_000;

    #[derive(Debug, Clone, Default)]
    struct Script {
        answers: Arc<Mutex<VecDeque<Result<HttpResponse, TransportError>>>>,
        sent: Arc<Mutex<Vec<HttpRequest>>>,
    }

    impl Script {
        fn of(answers: impl IntoIterator<Item = Result<HttpResponse, TransportError>>) -> Self {
            let script = Self::default();
            script.answers.lock().unwrap().extend(answers);
            script
        }

        fn timestamps(&self) -> Vec<String> {
            let sent = self.sent.lock().unwrap();
            sent.iter()
                .map(|r| {
                    r.headers
                        .iter()
                        .find(|(n, _)| *n == "X-TC-Timestamp")
                        .unwrap()
                        .1
                        .clone()
                })
                .collect()
        }
    }

    impl Transport for Script {
        fn send(
            &self,
            request: HttpRequest,
        ) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
            self.sent.lock().unwrap().push(request);
            let answer = self.answers.lock().unwrap().pop_front();
            Box::pin(std::future::ready(
                answer.expect("more requests than the script has"),
            ))
        }
    }

    fn answer(status: u16, body: &str) -> Result<HttpResponse, TransportError> {
        Ok(HttpResponse {
            status,
            headers: vec![("date".into(), "Tue, 14 Nov 2023 23:13:20 GMT".into())],
            body: body.as_bytes().to_vec(),
        })
    }

    fn issued() -> Result<HttpResponse, TransportError> {
        answer(
            200,
            r#"{"Response":{"Credentials":{"Token":"t","TmpSecretId":"AKIDt","TmpSecretKey":"k"},"ExpiredTime":1700001800,"Expiration":"2023-11-14T22:43:20Z","RequestId":"r-1"}}"#,
        )
    }

    fn failed(code: &str) -> Result<HttpResponse, TransportError> {
        answer(
            200,
            &format!(
                r#"{{"Response":{{"Error":{{"Code":"{code}","Message":"no"}},"RequestId":"r-2"}}}}"#
            ),
        )
    }

    fn client(script: &Script) -> StsClient {
        StsClient::builder(Credentials::permanent("AKIDowner", "PLANTEDkey").unwrap())
            .transport(script.clone())
            .clock(ManualClock::skipping_sleep(NOW))
            .build()
            .unwrap()
    }

    async fn assume(client: &StsClient) -> Result<Issued, CredentialError> {
        client
            .assume_role(&AssumeRoleRequest::new(ROLE, "app"))
            .await
    }

    #[tokio::test]
    async fn an_answer_becomes_credentials() {
        let script = Script::of([issued()]);
        let issued = assume(&client(&script)).await.unwrap();
        assert_eq!(issued.credentials.session_token(), Some("t"));
        assert_eq!(issued.credentials.start_time_s(), Some(NOW));
        assert_eq!(issued.expiration.as_deref(), Some("2023-11-14T22:43:20Z"));
        assert_eq!(issued.request_id.as_deref(), Some("r-1"));
        let sent = script.sent.lock().unwrap();
        assert_eq!(
            sent[0].host_override.as_deref(),
            Some("sts.tencentcloudapi.com")
        );
    }

    #[tokio::test]
    async fn only_what_is_worth_it_is_repeated() {
        let script = Script::of([
            failed("InternalError.DbError"),
            answer(502, "<html>"),
            issued(),
        ]);
        assert!(assume(&client(&script)).await.is_ok());
        for (code, attempts) in [
            ("AuthFailure.SignatureFailure", 1),
            ("InvalidParameter.OverTimeError", 1),
            ("RequestLimitExceeded.UinLimitExceeded", 3),
        ] {
            let script = Script::of((0..3).map(|_| failed(code)));
            let error = assume(&client(&script)).await.unwrap_err();
            assert_eq!(error.service_code(), Some(code));
            assert_eq!(error.request_id(), Some("r-2"));
            assert_eq!(error.attempts(), attempts, "{code}");
            assert!(error.to_string().contains("AssumeRole"), "{error}");
            assert!(!format!("{error} {error:?}").contains("PLANTED"));
        }
    }

    #[tokio::test]
    async fn a_clock_that_is_off_is_corrected_once() {
        let script = Script::of([failed("AuthFailure.SignatureExpire"), issued()]);
        assume(&client(&script)).await.unwrap();
        assert_eq!(script.timestamps(), ["1700000000", "1700003600"]);
        let script = Script::of((0..2).map(|_| failed("AuthFailure.SignatureExpire")));
        assert!(assume(&client(&script)).await.is_err());
    }

    #[tokio::test]
    async fn no_answer_is_an_error_that_says_so() {
        let lost = || Err(TransportError::new(TransportErrorKind::Connect, "refused"));
        let script = Script::of((0..3).map(|_| lost()));
        let error = assume(&client(&script)).await.unwrap_err();
        assert_eq!(error.kind(), CredentialErrorKind::Network);
        assert_eq!(error.attempts(), 3);
        let untrusted = TransportError::new(TransportErrorKind::Tls, "untrusted");
        let script = Script::of([Err(untrusted)]);
        let error = assume(&client(&script)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (CredentialErrorKind::Network, 1)
        );
        let script = Script::of([answer(403, "<html>")]);
        let error = assume(&client(&script)).await.unwrap_err();
        assert_eq!(
            (error.http_status(), error.is_retryable()),
            (Some(403), false)
        );
    }

    #[test]
    fn the_host_follows_region_and_endpoint() {
        let nobody = || StsClient::without_credentials().transport(Script::default());
        let of = |builder: StsClientBuilder| {
            let inner = builder.build().unwrap().inner;
            (inner.host.clone(), inner.url.clone())
        };
        let plain = "sts.tencentcloudapi.com";
        let finance = "sts.ap-shanghai-fsi.tencentcloudapi.com";
        let abroad = "sts.intl.tencentcloudapi.com";
        for (builder, host, url) in [
            (
                nobody(),
                plain,
                "https://sts.tencentcloudapi.com/".to_owned(),
            ),
            (
                nobody().region("ap-shanghai-fsi"),
                finance,
                format!("https://{finance}/"),
            ),
            (
                nobody().host(StsEndpoint::International),
                abroad,
                format!("https://{abroad}/"),
            ),
            (
                nobody().endpoint("http://127.0.0.1:9/"),
                plain,
                "http://127.0.0.1:9/".to_owned(),
            ),
            (
                nobody().endpoint(format!("https://{abroad}")),
                abroad,
                format!("https://{abroad}/"),
            ),
            (
                nobody()
                    .endpoint("http://127.0.0.1:9")
                    .host(StsEndpoint::Internal),
                "sts.internal.tencentcloudapi.com",
                "http://127.0.0.1:9/".to_owned(),
            ),
        ] {
            assert_eq!(of(builder), (host.to_owned(), url));
        }
    }

    #[tokio::test]
    async fn a_longer_life_than_allowed_is_not_asked_for() {
        let script = Script::of([issued()]);
        let keys = Credentials::permanent("AKIDowner", "key").unwrap();
        let client = StsClient::builder(keys).transport(script.clone());
        let client = client.max_duration_s(3600).build().unwrap();
        let request = |s| AssumeRoleRequest::new(ROLE, "app").duration_s(s);
        let error = client.assume_role(&request(7200)).await.unwrap_err();
        assert_eq!(error.kind(), CredentialErrorKind::Config);
        assert!(script.sent.lock().unwrap().is_empty());
        assert!(client.assume_role(&request(3600)).await.is_ok());
    }

    #[test]
    fn wrong_settings_are_named() {
        let builder = || StsClient::builder(Credentials::permanent("a", "b").unwrap());
        for bad in [
            builder().host("a/b"),
            builder().endpoint("127.0.0.1:80"),
            builder().endpoint("http://h/path"),
            builder().region(""),
        ] {
            assert_eq!(bad.build().unwrap_err().kind(), CredentialErrorKind::Config);
        }
    }
}
