//! The one way a request goes: credentials of this moment → sign → send → judge.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use cos_sts::{CredentialRequest, Credentials, Reason};
use http::Method;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use tracing::Instrument;

use crate::body::{Payload, Sending, UploadBody};
use crate::client::{Client, Now};
use crate::error::hint::{self, Facts};
use crate::error::service::{ServiceError, is_error_document};
use crate::error::{Error, ErrorKind, Result};
use crate::judge::{Failure, Situation, Verdict, judge};
use crate::request::{Call, Content};
use crate::response::{Body, BodyStream, Reply, header};
use crate::sign;
use crate::types::Endpoint;

/// Answers are read up to this size; listings of 1,000 long keys need about 3 MiB.
const MAX_WHOLE: usize = 32 << 20;
/// Error documents are read up to this size.
const MAX_ERROR: usize = 256 << 10;

/// How one attempt failed.
enum Failed {
    /// For reasons no repetition can change.
    Final(Error),
    Answer(Box<ServiceError>),
    /// Nothing was sent.
    Connect(Error),
    /// Something may have been carried out.
    Broken(Error),
    Damaged(Error),
}

impl Client {
    /// Sends a call as often as the judge says.
    pub(crate) async fn execute(&self, call: &Call) -> Result<Reply> {
        let span = tracing::debug_span!(
            "cos.request",
            operation = call.operation.as_str(),
            bucket = self.bucket().as_str(),
            key = call.key.as_ref().map(|k| k.as_str()),
        );
        let work = self.attempts(call).instrument(span);
        let result = match self.timeouts().whole {
            None => work.await,
            Some(limit) => tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
                let message = format!("not done within {} s", limit.as_secs_f32());
                Err(Error::new(ErrorKind::Timeout, message))
            }),
        };
        result.map_err(|error| {
            error
                .with_operation(call.operation)
                .with_resource(Some(self.resource(call)))
        })
    }

    fn endpoint_of<'a>(&'a self, call: &'a Call) -> &'a Endpoint {
        call.endpoint.as_ref().unwrap_or_else(|| self.endpoint())
    }

    fn resource(&self, call: &Call) -> String {
        let key = call.key.as_ref().map_or("", |k| k.as_str());
        format!("{}/{key}", self.bucket())
    }

    async fn attempts(&self, call: &Call) -> Result<Reply> {
        let settings = self.settings();
        let mut policy = settings.retry;
        if let Some(max) = call.max_attempts {
            policy.max_attempts = policy.max_attempts.min(max);
        }
        let wanted = self.credential_request(call);
        // Attempts that count against the policy, and all that were sent.
        let (mut attempt, mut sent) = (1, 0);
        let (mut refreshes, mut clock_fixed) = (0, false);
        let mut credentials = self.credentials(&wanted).await?;
        loop {
            let now = self.now();
            sent += 1;
            let mut failed = match self.attempt(call, &credentials, now, sent).await {
                Ok(mut reply) => {
                    reply.attempts = sent;
                    tracing::debug!(attempt = sent, status = reply.status, "answered");
                    return Ok(reply);
                }
                Err(failed) => failed,
            };
            if let Failed::Answer(answer) = &mut failed {
                self.ask_why(call, &credentials, now, answer).await;
            }
            let situation = Situation {
                attempt,
                idempotent: call.idempotent,
                replayable: true,
                temporary: credentials.session_token().is_some(),
                expired_time_s: credentials.expired_time_s(),
                now_s: now.s,
                generation_exhausted: false,
                refreshes,
                clock_fixed,
            };
            let view = match &failed {
                Failed::Final(_) => None,
                Failed::Answer(answer) => Some(Failure::Answer(answer)),
                Failed::Connect(_) => Some(Failure::Connect),
                Failed::Broken(_) => Some(Failure::Broken),
                Failed::Damaged(_) => Some(Failure::Damaged),
            };
            let verdict = view.map_or(Verdict::GiveUp { retryable: false }, |view| {
                judge(view, &situation, &policy, fastrand::f64())
            });
            trace_failure(&failed, sent, &verdict);
            match verdict {
                Verdict::Retry { after } => {
                    attempt += 1;
                    settings.clock.sleep(after).await;
                    // Asked again: they may have been renewed while we waited.
                    credentials = self.credentials(&wanted).await?;
                }
                Verdict::RefreshCredential => {
                    let next = self.replace(&credentials, &wanted).await?;
                    if is_same(&next, &credentials) {
                        return Err(self.error(failed, call, &credentials, now, sent, false));
                    }
                    refreshes += 1;
                    credentials = next;
                }
                Verdict::FixClock { by_s } => {
                    clock_fixed = true;
                    self.set_clock_offset(now.offset_s.saturating_add(by_s));
                    tracing::info!(by_s, "corrected the clock by the service's");
                }
                Verdict::GiveUp { retryable } => {
                    return Err(self.error(failed, call, &credentials, now, sent, retryable));
                }
            }
        }
    }

    /// Turns the last failure into what the caller sees.
    fn error(
        &self,
        failed: Failed,
        call: &Call,
        credentials: &Credentials,
        now: Now,
        attempts: u32,
        retryable: bool,
    ) -> Error {
        match failed {
            Failed::Final(error) => error.with_attempts(attempts),
            Failed::Connect(e) | Failed::Broken(e) | Failed::Damaged(e) => {
                e.with_attempts(attempts).with_retryable(retryable)
            }
            Failed::Answer(answer) => {
                let raw_now = now.s.saturating_add_signed(-now.offset_s);
                let facts = Facts {
                    operation: Some(call.operation),
                    bucket: self.bucket().as_str(),
                    app_id: self.bucket().app_id(),
                    region: self.region().as_str(),
                    host: self.endpoint_of(call).host(),
                    key: call.key.as_ref().map(|k| k.as_str()),
                    temporary: credentials.session_token().is_some(),
                    expired_time_s: credentials.expired_time_s(),
                    now_s: now.s,
                    clock_behind_s: answer
                        .server_time_s
                        .and_then(|s| i64::try_from(s).ok()?.checked_sub_unsigned(raw_now)),
                    attempts,
                };
                let hint = hint::for_answer(&answer, &facts);
                Error::from_service(*answer)
                    .with_hint(hint)
                    .with_attempts(attempts)
                    .with_retryable(retryable)
            }
        }
    }

    fn credential_request(&self, call: &Call) -> CredentialRequest {
        let mut request = CredentialRequest::new()
            .with_bucket(self.bucket().as_str())
            .with_region(self.region().as_str());
        if let Some(action) = call.operation.action() {
            request = request.with_action(action);
        }
        if let Some(key) = &call.key {
            request = request.with_key(key.as_str());
        }
        request
    }

    pub(crate) async fn credentials(&self, wanted: &CredentialRequest) -> Result<Credentials> {
        let provider = &self.settings().provider;
        if let Some(credentials) = provider.cached(wanted) {
            return Ok(credentials);
        }
        provider.credentials(wanted).await.map_err(credential_error)
    }

    /// Tells the provider that these were refused and asks for others.
    async fn replace(
        &self,
        refused: &Credentials,
        wanted: &CredentialRequest,
    ) -> Result<Credentials> {
        let provider = &self.settings().provider;
        provider.invalidate(refused.generation());
        let wanted = wanted.clone().with_reason(Reason::Rejected);
        provider
            .credentials(&wanted)
            .await
            .map_err(credential_error)
    }

    /// A refused HEAD has no body and so no reason: an ended key looks like a missing permission.
    /// Asking for the first byte with the same key tells which it is.
    async fn ask_why(
        &self,
        call: &Call,
        credentials: &Credentials,
        now: Now,
        answer: &mut ServiceError,
    ) {
        let unclear = answer.status == 403 && answer.code.is_none();
        let Some(key) = call
            .key
            .as_ref()
            .filter(|_| unclear && call.method == Method::HEAD)
        else {
            return;
        };
        let mut question = Call::new(call.operation, Method::GET).key(key.clone());
        question.params.clone_from(&call.params);
        question.headers.push(("range".into(), "bytes=0-0".into()));
        question.content = Content::Stream;
        if let Err(Failed::Answer(told)) = self.attempt(&question, credentials, now, 1).await
            && matches!(told.status, 400 | 401 | 403)
            && told.code.is_some()
        {
            *answer = *told;
        }
    }

    /// One request on the wire.
    async fn attempt(
        &self,
        call: &Call,
        credentials: &Credentials,
        now: Now,
        number: u32,
    ) -> Result<Reply, Failed> {
        let sending = Sending::new();
        let request = self
            .signed(call, credentials, now, number > 1, &sending)
            .map_err(Failed::Final)?;
        let read_timeout = call.read_timeout.unwrap_or(self.timeouts().read);
        let response = self.send(request, &sending, call, read_timeout).await?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        if !(200..300).contains(&status) {
            let body = read_limited(response, MAX_ERROR, read_timeout).await;
            // A refusal whose text is cut is still a refusal.
            let body = body.unwrap_or_default();
            let answer = ServiceError::read(status, &headers, &body);
            return Err(Failed::Answer(Box::new(answer)));
        }
        let sent_crc = sending.crc();
        if call.check_crc {
            check_sent(sent_crc, &headers)?;
        }
        let body = match call.content {
            Content::Stream => {
                Body::Stream(BodyStream::new(response, read_timeout, call.operation))
            }
            Content::Whole => {
                let bytes = read_limited(response, MAX_WHOLE, read_timeout)
                    .await
                    .map_err(Failed::Broken)?;
                if is_error_document(&bytes) {
                    let answer = ServiceError::read(status, &headers, &bytes);
                    return Err(Failed::Answer(Box::new(answer)));
                }
                Body::Whole(bytes)
            }
        };
        Ok(Reply {
            status,
            headers,
            body,
            attempts: number,
            sent_crc,
        })
    }

    /// Builds and signs. Everything we add is signed, so that strict buckets accept it;
    /// User-Agent and Accept, added by the HTTP library, are exempt there.
    fn signed(
        &self,
        call: &Call,
        credentials: &Credentials,
        now: Now,
        is_retry: bool,
        sending: &Arc<Sending>,
    ) -> Result<reqwest::Request> {
        let length = call.payload.content_length().map(|n| n.to_string());
        let mut headers: Vec<(&str, &str)> = Vec::with_capacity(call.headers.len() + 4);
        headers.push(("host", self.endpoint_of(call).host()));
        if let Some(length) = &length {
            headers.push(("content-length", length));
        }
        for (name, value) in &call.headers {
            headers.push((name, value));
        }
        if let Some(token) = credentials.session_token() {
            headers.push(("x-cos-security-token", token));
        }
        if is_retry {
            headers.push(("x-cos-sdk-retry", "true"));
        }
        let params: Vec<(&str, &str)> = call
            .params
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        let path = match &call.key {
            Some(key) => format!("/{key}"),
            None => "/".to_owned(),
        };
        let to_sign = cos_sign_core::Request {
            method: call.method.as_str(),
            path: &path,
            params: &params,
            headers: &headers,
        };
        let authorization = self
            .keys()
            .key(credentials, now.s)
            .and_then(|key| sign::authorization(credentials, &key, &to_sign))
            .map_err(|e| Error::config(format!("the request cannot be signed: {e}")))?;

        let url = url(self.endpoint_of(call).base(), call, &params)?;
        let mut request = reqwest::Request::new(call.method.clone(), url);
        let map = request.headers_mut();
        map.reserve(headers.len() + 1);
        for (name, value) in headers {
            insert(map, name, value, name == "x-cos-security-token")?;
        }
        insert(map, "authorization", &authorization, true)?;
        if !matches!(call.payload, Payload::None) {
            let body = UploadBody::new(&call.payload, Arc::clone(sending), call.share.clone());
            *request.body_mut() = Some(reqwest::Body::wrap(body));
        }
        Ok(request)
    }

    /// Sends and waits for the answer to begin, as long as bytes move.
    async fn send(
        &self,
        request: reqwest::Request,
        sending: &Sending,
        call: &Call,
        read_timeout: Duration,
    ) -> Result<reqwest::Response, Failed> {
        let has_body = call.payload.content_length().is_some_and(|n| n > 0);
        let mut answer = std::pin::pin!(self.http().execute(request));
        loop {
            let waiting_for_answer = !has_body || sending.is_complete();
            let limit = if waiting_for_answer {
                read_timeout
            } else {
                self.timeouts().stall
            };
            let last = sending.last_activity();
            tokio::select! {
                biased;
                answer = &mut answer => return match answer {
                    Ok(response) => Ok(response),
                    Err(error) => Err(self.send_error(error, sending, call)),
                },
                // From here on another limit holds.
                () = sending.completed(), if !waiting_for_answer => {}
                () = tokio::time::sleep_until(last + limit) => {
                    if sending.last_activity() != last {
                        continue;
                    }
                    let what = if waiting_for_answer {
                        "no answer came for"
                    } else {
                        "the network took nothing for"
                    };
                    let message = format!("{what} {} s", limit.as_secs_f32());
                    return Err(Failed::Broken(Error::new(ErrorKind::Timeout, message)));
                }
            }
        }
    }

    fn send_error(&self, error: reqwest::Error, sending: &Sending, call: &Call) -> Failed {
        if let Some(cause) = sending.take_failure() {
            let Payload::File { file, .. } = &call.payload else {
                return Failed::Final(Error::new(ErrorKind::Local, cause.to_string()));
            };
            return Failed::Final(match cause.kind() {
                std::io::ErrorKind::UnexpectedEof => file.changed(),
                _ => Error::local("read", file.path(), cause),
            });
        }
        let error = error.without_url();
        let endpoint = self.endpoint_of(call);
        let host = endpoint
            .base()
            .split_once("://")
            .map_or("", |(_, host)| host);
        if error.is_connect() {
            let hint = hint::for_connection(&error, host);
            let is_tls = hint::is_tls(&error);
            let (kind, message) = if error.is_timeout() {
                let message = format!("connecting to {host} took too long");
                (ErrorKind::Timeout, message)
            } else {
                let cause = hint::root_cause(&error);
                let message = format!("cannot connect to {host}: {cause}");
                (ErrorKind::Network, message)
            };
            let error = Error::new(kind, message)
                .with_hint_text(hint)
                .with_retryable(!is_tls)
                .with_source(error);
            return if is_tls {
                Failed::Final(error)
            } else {
                Failed::Connect(error)
            };
        }
        let message = format!("the connection to {host} broke");
        Failed::Broken(Error::new(ErrorKind::Network, message).with_source(error))
    }
}

/// Whether a replacement is none.
fn is_same(a: &Credentials, b: &Credentials) -> bool {
    a.generation() == b.generation() && a.secret_id() == b.secret_id()
}

pub(crate) fn credential_error(error: cos_sts::CredentialError) -> Error {
    Error::new(ErrorKind::Credential, format!("no credentials: {error}"))
        .with_retryable(error.is_retryable())
        .with_hint(error.hint().map(str::to_owned))
        .with_source(error)
}

/// What arrived must be what was sent.
fn check_sent(sent: Option<u64>, headers: &HeaderMap) -> Result<(), Failed> {
    let Some(sent) = sent else {
        return Err(Failed::Damaged(Error::integrity(
            "the service accepted the content before it was sent completely",
        )));
    };
    // Absent on gateways that do not compute it; the whole object is compared later.
    let Some(theirs) = header(headers, "x-cos-hash-crc64ecma") else {
        return Ok(());
    };
    if theirs.trim().parse() == Ok(sent) {
        return Ok(());
    }
    Err(Failed::Damaged(Error::integrity(format!(
        "the content arrived damaged: its CRC-64 is {theirs} there and {sent} here"
    ))))
}

/// Reads a body of bounded size.
async fn read_limited(
    mut response: reqwest::Response,
    limit: usize,
    read_timeout: Duration,
) -> Result<Bytes> {
    let mut whole = BytesMut::new();
    loop {
        let next = tokio::time::timeout(read_timeout, response.chunk())
            .await
            .map_err(|_| Error::new(ErrorKind::Timeout, "the answer stopped arriving"))?
            .map_err(|e| {
                Error::new(ErrorKind::Network, "the connection broke inside the answer")
                    .with_source(e.without_url())
            })?;
        let Some(piece) = next else {
            return Ok(whole.freeze());
        };
        if whole.len() + piece.len() > limit {
            return Err(Error::new(
                ErrorKind::Service,
                format!("the answer is longer than {limit} bytes"),
            ));
        }
        whole.extend_from_slice(&piece);
    }
}

fn url(base: &str, call: &Call, params: &[(&str, &str)]) -> Result<reqwest::Url> {
    let mut text = String::with_capacity(base.len() + 256);
    text.push_str(base);
    match &call.key {
        Some(key) => text.push_str(&key.encoded_path()),
        None => text.push('/'),
    }
    for (index, (name, value)) in params.iter().enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
        text.push_str(&cos_sign_core::encode(name).to_string());
        if !value.is_empty() {
            text.push('=');
            text.push_str(&cos_sign_core::encode(value).to_string());
        }
    }
    reqwest::Url::parse(&text).map_err(|_| Error::config("the endpoint does not make a URL"))
}

fn insert(map: &mut HeaderMap, name: &str, value: &str, sensitive: bool) -> Result<()> {
    let bad = || Error::config(format!("header {name} cannot be sent"));
    let header_name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
    let mut value = HeaderValue::from_str(value).map_err(|_| bad())?;
    value.set_sensitive(sensitive);
    map.insert(header_name, value);
    Ok(())
}

fn trace_failure(failed: &Failed, attempt: u32, verdict: &Verdict) {
    match failed {
        Failed::Answer(answer) => tracing::debug!(
            attempt,
            status = answer.status,
            code = answer.code.as_deref(),
            request_id = answer.request_id.as_deref(),
            string_to_sign = answer.string_to_sign.as_deref(),
            ?verdict,
            "refused"
        ),
        Failed::Final(e) | Failed::Connect(e) | Failed::Broken(e) | Failed::Damaged(e) => {
            tracing::debug!(attempt, error = %e, ?verdict, "failed");
        }
    }
}
