//! The one way a request goes: credentials of this moment → sign → send → judge.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use cos_sts::{CredentialRequest, Credentials, Reason};
use http::Method;
use tracing::Instrument;

use crate::client::Client;
use crate::elements;
use crate::error::hint::{self, Facts};
use crate::error::service::ServiceError;
use crate::error::{Error, ErrorKind, Result};
use crate::judge::{Failure, Situation, Verdict, judge};
use crate::operation::Operation;
use crate::request::{Call, Content};
use crate::response::Reply;
use crate::types::Endpoint;
use crate::wire::{Attempt, Failed};

impl Client {
    /// Sends a call as often as the judge says.
    pub(crate) async fn execute(&self, call: &Call) -> Result<Reply> {
        let span = tracing::debug_span!(
            "cos.request",
            cos.operation = call.operation.as_str(),
            cos.bucket = self.bucket().as_str(),
            cos.key = call.key.as_ref().map(|k| k.as_str()),
        );
        let sent = AtomicU32::new(0);
        // Several kilobytes, which every caller's future would hold and move.
        let work = Box::pin(self.attempts(call, &sent).instrument(span));
        let result = match self.timeouts().whole {
            None => work.await,
            Some(limit) => tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
                let message = format!("not done within {limit:?}");
                let error = Error::new(ErrorKind::Timeout, message)
                    .with_attempts(sent.load(Ordering::Relaxed));
                Err(error.with_hint_text(
                    "check the network and the service, or raise operation_timeout, which holds for \
                     all attempts together",
                ))
            }),
        };
        result.map_err(|error| {
            error
                .with_operation(call.operation)
                .with_resource(Some(self.resource(call)))
        })
    }

    pub(crate) fn endpoint_of<'a>(&'a self, call: &'a Call) -> &'a Endpoint {
        call.endpoint.as_ref().unwrap_or_else(|| self.endpoint())
    }

    fn resource(&self, call: &Call) -> String {
        let key = call.key.as_ref().map_or("", |k| k.as_str());
        format!("{}/{key}", self.bucket())
    }

    /// `sent` counts the requests, for who ends this early.
    async fn attempts(&self, call: &Call, sent: &AtomicU32) -> Result<Reply> {
        let settings = self.settings();
        let mut policy = settings.retry;
        if let Some(max) = call.max_attempts {
            policy.max_attempts = policy.max_attempts.min(max);
        }
        let wanted = self.credential_request(call);
        // That counts against the policy.
        let mut attempt = 1;
        let (mut refreshes, mut clock_fixed) = (0, false);
        let own_endpoint = self.endpoint_of(call);
        let mut switched = None;
        let mut asked = self.stopwatch();
        let mut credentials = self.credentials_for(call, &wanted).await?;
        loop {
            let endpoint = switched.as_ref().unwrap_or(own_endpoint);
            let now = self.now_at(endpoint.host());
            let number = sent.fetch_add(1, Ordering::Relaxed) + 1;
            let this = Attempt {
                call,
                endpoint,
                credentials: credentials.as_ref(),
                now,
                number,
                credential_wait: asked.map_or(Duration::ZERO, |asked| asked.elapsed()),
            };
            let mut failed = match self.traced_attempt(&this).await {
                Ok(reply) => {
                    self.budget().succeeded(attempt > 1);
                    return Ok(reply);
                }
                Err(failed) => failed,
            };
            if let Failed::Answer(answer) = &mut failed {
                if matches!(answer.status, 429 | 503) {
                    self.slow_down();
                }
                Box::pin(self.ask_why(&this, answer)).await;
                Box::pin(self.ask_where(&this, answer)).await;
            }
            let situation = Situation {
                attempt,
                idempotent: call.idempotent,
                temporary: this.is_temporary(),
                expired_time_s: this.expired_time_s(),
                now_s: now.s,
                refreshes,
                clock_fixed,
                has_backup: switched.is_none()
                    && settings.backup_domain
                    && own_endpoint.backup().is_some(),
            };
            let view = match &failed {
                Failed::Final(_) => None,
                Failed::Answer(answer) => Some(Failure::Answer(answer)),
                Failed::Connect(_) => Some(Failure::Connect),
                Failed::Proxy(_) => Some(Failure::Proxy),
                Failed::Broken(_) => Some(Failure::Broken),
                Failed::Damaged(_) => Some(Failure::Damaged),
            };
            let verdict = view.map_or(Verdict::GiveUp { retryable: false }, |view| {
                judge(view, &situation, &policy, fastrand::f64())
            });
            trace_failure(&failed, &verdict);
            match verdict {
                Verdict::Retry { .. } | Verdict::SwitchDomain { .. } if !self.budget().take() => {
                    tracing::info!("the retry budget is used up");
                    return Err(hint::budget_used_up(self.error(failed, &this, true)));
                }
                Verdict::Retry { after } | Verdict::SwitchDomain { after } => {
                    if matches!(verdict, Verdict::SwitchDomain { .. }) {
                        switched = own_endpoint.backup();
                        tracing::info!("no answer from the service; asking its second domain");
                    }
                    attempt += 1;
                    tokio::select! {
                        () = settings.clock.sleep(after) => {}
                        () = self.connections().wait_for_retry_now() => {}
                    }
                    asked = self.stopwatch();
                    // Asked again: they may have been renewed while we waited.
                    credentials = self.credentials_for(call, &wanted).await?;
                }
                Verdict::RefreshCredential => {
                    asked = self.stopwatch();
                    let next = match this.credentials {
                        Some(refused) => Some(self.replace(refused, &wanted).await?)
                            .filter(|next| !is_same(next, refused)),
                        None => None,
                    };
                    if next.is_none() {
                        return Err(self.error(failed, &this, false));
                    }
                    refreshes += 1;
                    credentials = next;
                }
                Verdict::FixClock { by_s } => {
                    clock_fixed = true;
                    asked = self.stopwatch();
                    self.correct_clock(endpoint.host(), now.offset_s.saturating_add(by_s));
                    tracing::info!(by_s, "corrected the clock by the service's");
                }
                Verdict::GiveUp { retryable } => {
                    return Err(self.error(failed, &this, retryable));
                }
            }
        }
    }

    /// The time, when somebody wants to know how long things take.
    fn stopwatch(&self) -> Option<Instant> {
        self.settings().on_attempt.as_ref().map(|_| Instant::now())
    }

    /// One attempt in its span.
    async fn traced_attempt(&self, attempt: &Attempt<'_>) -> Result<Reply, Failed> {
        let span = tracing::debug_span!(
            "cos.attempt",
            otel.kind = "client",
            http.request.method = attempt.call.method.as_str(),
            server.address = attempt.endpoint.address(),
            server.port = attempt.endpoint.port(),
            http.request.resend_count = attempt.number - 1,
            http.response.status_code = tracing::field::Empty,
            error.type = tracing::field::Empty,
            cos.request_id = tracing::field::Empty,
        );
        let result = self.attempt(attempt).instrument(span.clone()).await;
        match &result {
            Ok(reply) => {
                span.record("http.response.status_code", reply.status);
                span.record("cos.request_id", reply.header("x-cos-request-id"));
                span.in_scope(|| tracing::debug!("answered"));
            }
            Err(failed) => {
                if let Failed::Answer(answer) = failed {
                    span.record("http.response.status_code", answer.status);
                    span.record("cos.request_id", answer.request_id.as_deref());
                }
                span.record("error.type", failed.error_type());
            }
        }
        result
    }

    /// Turns the last failure into what the caller sees.
    fn error(&self, failed: Failed, last: &Attempt<'_>, retryable: bool) -> Error {
        let Attempt { call, now, .. } = *last;
        let attempts = last.number;
        match failed {
            Failed::Final(error) => error.with_attempts(attempts),
            Failed::Connect(e) | Failed::Proxy(e) | Failed::Broken(e) | Failed::Damaged(e) => {
                e.with_attempts(attempts).with_retryable(retryable)
            }
            Failed::Answer(answer) => {
                let raw_now = now.s.saturating_add_signed(-now.offset_s);
                let facts = Facts {
                    operation: Some(call.operation),
                    bucket: self.bucket().as_str(),
                    app_id: self.bucket().app_id(),
                    region: self.region().as_str(),
                    host: last.endpoint.host(),
                    proxy: self.connections().proxy_for(last.endpoint),
                    key: call.key.as_ref().map(|k| k.as_str()),
                    temporary: last.is_temporary(),
                    expired_time_s: last.expired_time_s(),
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

    async fn credentials_for(
        &self,
        call: &Call,
        wanted: &CredentialRequest,
    ) -> Result<Option<Credentials>> {
        if !call.signed {
            return Ok(None);
        }
        self.credentials(wanted).await.map(Some)
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
    /// Asking for the object's first byte, or where the bucket is, with the same key tells which it is.
    async fn ask_why(&self, refused: &Attempt<'_>, answer: &mut ServiceError) {
        let call = refused.call;
        if answer.status != 403 || answer.code.is_some() || call.method != Method::HEAD {
            return;
        }
        let mut question = Call::new(call.operation, Method::GET);
        question.params.clone_from(&call.params);
        match &call.key {
            Some(key) => {
                question.key = Some(key.clone());
                question.headers.push(("range".into(), "bytes=0-0".into()));
            }
            None => question.params.push(("location".into(), String::new())),
        }
        question.content = Content::Stream;
        let ask = Attempt {
            call: &question,
            number: 1,
            ..*refused
        };
        if let Err(Failed::Answer(told)) = self.attempt(&ask).await
            && matches!(told.status, 400 | 401 | 403)
            && told.code.is_some()
        {
            *answer = *told;
        }
    }

    /// A bucket that is not where it was looked for may be in another region. The account's list of
    /// buckets tells, to those who may read it.
    async fn ask_where(&self, refused: &Attempt<'_>, answer: &mut ServiceError) {
        let call = refused.call;
        let is_missing = match answer.code.as_deref() {
            Some(code) => code == "NoSuchBucket",
            // HEAD has no words.
            None => answer.status == 404 && call.operation == Operation::HeadBucket,
        };
        let is_lost =
            is_missing && call.endpoint.is_none() && call.signed && answer.bucket_region.is_none();
        if !is_lost {
            return;
        }
        let mut question = Call::new(Operation::GetService, Method::GET);
        question.endpoint = self.settings().place.service().ok();
        let Some(endpoint) = &question.endpoint else {
            return;
        };
        let ask = Attempt {
            call: &question,
            endpoint,
            number: 1,
            ..*refused
        };
        if let Ok(reply) = self.attempt(&ask).await {
            answer.bucket_region = region_of(self.bucket().as_str(), reply.whole());
        }
    }
}

impl Attempt<'_> {
    fn is_temporary(&self) -> bool {
        self.credentials
            .is_some_and(|c| c.session_token().is_some())
    }

    fn expired_time_s(&self) -> Option<u64> {
        self.credentials?.expired_time_s()
    }
}

/// Where a listing of buckets says that one is.
fn region_of(bucket: &str, listing: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(listing).ok()?;
    let (mut name, mut region, mut found) = (String::new(), String::new(), None);
    elements::read(text, &mut |depth, element, value| match (depth, element) {
        (4, "Name") => value.trim().clone_into(&mut name),
        (4, "Location") => value.trim().clone_into(&mut region),
        (3, "Bucket") => {
            let (name, region) = (std::mem::take(&mut name), std::mem::take(&mut region));
            if name == bucket && !region.is_empty() {
                found = Some(region);
            }
        }
        _ => {}
    })?;
    found
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

fn trace_failure(failed: &Failed, verdict: &Verdict) {
    match failed {
        Failed::Answer(answer) => tracing::debug!(
            http.response.status_code = answer.status,
            error.type = answer.code.as_deref(),
            cos.request_id = answer.request_id.as_deref(),
            string_to_sign = answer.string_to_sign.as_deref(),
            ?verdict,
            "refused"
        ),
        Failed::Final(e)
        | Failed::Connect(e)
        | Failed::Proxy(e)
        | Failed::Broken(e)
        | Failed::Damaged(e) => {
            tracing::debug!(error = %e, ?verdict, "failed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_tells_where_a_bucket_is() {
        let listing = b"<?xml version='1.0'?><ListAllMyBucketsResult><Owner><ID>1</ID><Name>c-1</Name></Owner>\
            <Buckets><Bucket><Name>a-1</Name><Location>ap-one</Location></Bucket>\
            <Bucket><Location>ap-two</Location><Name>b-1</Name><Type>cos</Type></Bucket>\
            <Bucket><Name>c-1</Name></Bucket></Buckets></ListAllMyBucketsResult>";
        assert_eq!(region_of("a-1", listing).as_deref(), Some("ap-one"));
        assert_eq!(region_of("b-1", listing).as_deref(), Some("ap-two"));
        assert_eq!(region_of("c-1", listing), None);
        assert_eq!(region_of("d-1", listing), None);
        assert_eq!(region_of("a-1", &listing[..listing.len() - 3]), None);
        assert_eq!(region_of("a-1", b"\xff"), None);
    }
}
