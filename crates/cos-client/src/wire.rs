//! One attempt on the wire: build, sign, send, read.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use cos_http::{Incoming, SendError};
use cos_sts::Credentials;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use http::{Request, Response, Uri};

use crate::body::{Payload, Sending, UploadBody};
use crate::client::{Client, Now};
use crate::error::hint;
use crate::error::service::{ServiceError, is_error_document};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Pace;
use crate::metrics::{AttemptMetrics, Report};
use crate::request::{Call, Content};
use crate::response::{Body, BodyStream, Reply, header};
use crate::sign;
use crate::throughput::Gauge;
use crate::timers::Timer;
use crate::types::{Endpoint, ObjectKey};

/// Answers are read up to this size; listings of 1,000 long keys need about 3 MiB.
const MAX_WHOLE: usize = 32 << 20;
/// Error documents are read up to this size.
const MAX_ERROR: usize = 256 << 10;

/// How one attempt failed.
pub(crate) enum Failed {
    /// For reasons no repetition can change.
    Final(Error),
    Answer(Box<ServiceError>),
    /// Nothing was sent.
    Connect(Error),
    /// Something may have been carried out.
    Broken(Error),
    Damaged(Error),
}

impl Failed {
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::Answer(answer) => answer.kind(),
            Self::Final(e) | Self::Connect(e) | Self::Broken(e) | Self::Damaged(e) => e.kind(),
        }
    }

    /// The service's code, else a word of our own.
    pub(crate) fn error_type(&self) -> &str {
        match self {
            Self::Answer(answer) => answer.code.as_deref().unwrap_or(self.kind().as_str()),
            _ => self.kind().as_str(),
        }
    }
}

/// A call with what is decided anew for each attempt.
#[derive(Clone, Copy)]
pub(crate) struct Attempt<'a> {
    pub call: &'a Call,
    pub endpoint: &'a Endpoint,
    /// `None`: the request carries its permission itself, as forms do.
    pub credentials: Option<&'a Credentials>,
    pub now: Now,
    /// From 1.
    pub number: u32,
    /// How long the provider took for them.
    pub credential_wait: Duration,
}

impl Client {
    /// One request on the wire.
    pub(crate) async fn attempt(&self, attempt: &Attempt<'_>) -> Result<Reply, Failed> {
        let mut report = self.report(attempt);
        let result = self.attempt_reported(attempt, &mut report).await;
        if let (Some(report), Err(failed)) = (&mut report, &result) {
            let metrics = &mut report.metrics;
            metrics.error = Some(failed.kind());
            if let Failed::Answer(answer) = failed {
                metrics.code.clone_from(&answer.code);
            }
        }
        result
    }

    fn report(&self, attempt: &Attempt<'_>) -> Option<Box<Report>> {
        let hook = self.settings().on_attempt.as_ref()?;
        let call = attempt.call;
        let metrics = AttemptMetrics {
            operation: call.operation,
            method: call.method.clone(),
            host: attempt.endpoint.host().to_owned(),
            attempt: attempt.number,
            status: None,
            code: None,
            error: None,
            credential: attempt.credential_wait,
            first_byte: Duration::ZERO,
            connect: Duration::ZERO,
            body: Duration::ZERO,
            sent_bytes: 0,
            received_bytes: 0,
        };
        Some(Report::begin(hook, metrics))
    }

    /// The report is taken along by content that the caller reads.
    async fn attempt_reported(
        &self,
        attempt: &Attempt<'_>,
        report: &mut Option<Box<Report>>,
    ) -> Result<Reply, Failed> {
        let call = attempt.call;
        let sending = Sending::new();
        let request = self.signed(attempt, &sending).map_err(Failed::Final)?;
        let read_timeout = call.read_timeout.unwrap_or(self.timeouts().read);
        let mut timer = self.timers().take();
        let send = self.send(request, &sending, attempt, read_timeout, &mut timer);
        let sent = match report {
            Some(report) => Box::pin(report.connect.clone().of(send)).await,
            None => send.await,
        };
        if let Some(report) = report {
            report.first_byte();
            report.metrics.sent_bytes = sending.sent_bytes();
            report.metrics.status = sent.as_ref().ok().map(|r| r.status().as_u16());
        }
        let (head, content) = sent?.into_parts();
        let (status, headers) = (head.status.as_u16(), head.headers);
        let mut stream = BodyStream::new(
            content,
            read_timeout,
            call.operation,
            self.settings().min_throughput,
            timer,
        );
        if !(200..300).contains(&status) {
            let body = read_limited(&mut stream, MAX_ERROR, report).await;
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
                let stream = stream.with_report(report.take());
                Body::Stream(Box::new(stream.with_pace(self.pace_of(call))))
            }
            Content::Whole => {
                let bytes = read_limited(&mut stream, MAX_WHOLE, report)
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
            sent_crc,
        })
    }

    /// How fast the content of a call may move.
    fn pace_of(&self, call: &Call) -> Pace {
        if call.pace.is_unlimited() {
            self.pace(None)
        } else {
            call.pace.clone()
        }
    }

    /// Builds and signs. Everything we add is signed, so that strict buckets accept it;
    /// User-Agent and Accept are exempt there.
    fn signed(
        &self,
        attempt: &Attempt<'_>,
        sending: &Arc<Sending>,
    ) -> Result<Request<cos_http::Body>> {
        let Attempt { call, endpoint, .. } = *attempt;
        let length = call.payload.content_length().map(|n| n.to_string());
        let mut headers: Vec<(&str, &str)> = Vec::with_capacity(call.headers.len() + 4);
        headers.push(("host", endpoint.host()));
        if let Some(length) = &length {
            headers.push(("content-length", length));
        }
        for (name, value) in &call.headers {
            headers.push((name, value));
        }
        if let Some(token) = attempt.credentials.and_then(Credentials::session_token) {
            headers.push(("x-cos-security-token", token));
        }
        if attempt.number > 1 {
            headers.push(("x-cos-sdk-retry", "true"));
        }
        let params: Vec<(&str, &str)> = call
            .params
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        let authorization = match attempt.credentials {
            Some(credentials) => {
                Some(self.authorization(call, credentials, attempt.now, &params, &headers)?)
            }
            None => None,
        };
        let body = match call.payload {
            Payload::None => cos_http::Body::Empty,
            _ => cos_http::Body::pieces(UploadBody::new(
                &call.payload,
                Arc::clone(sending),
                call.share.clone(),
                self.pace_of(call),
            )),
        };
        let mut request = Request::new(body);
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = uri(endpoint, call, &params)?;
        let map = request.headers_mut();
        map.reserve(headers.len() + 3);
        map.extend(endpoint.host_value().map(|host| (HOST, host)));
        map.insert(USER_AGENT, self.connections().user_agent());
        map.insert(ACCEPT, HeaderValue::from_static("*/*"));
        for (name, value) in headers.into_iter().filter(|(name, _)| *name != "host") {
            insert(
                map,
                header_name(name)?,
                value,
                name == "x-cos-security-token",
            )?;
        }
        if let Some(authorization) = authorization {
            insert(map, AUTHORIZATION, authorization, true)?;
        }
        Ok(request)
    }

    fn authorization(
        &self,
        call: &Call,
        credentials: &Credentials,
        now: Now,
        params: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Result<String> {
        let path = match &call.key {
            Some(key) => format!("/{key}"),
            None => "/".to_owned(),
        };
        let to_sign = cos_sign_core::Request {
            method: call.method.as_str(),
            path: &path,
            params,
            headers,
        };
        self.keys()
            .key(credentials, now.s)
            .and_then(|key| sign::authorization(credentials, &key, &to_sign))
            .map_err(|e| Error::config(format!("the request cannot be signed: {e}")))
    }

    /// Sends and waits for the answer to begin, as long as bytes move.
    async fn send(
        &self,
        request: Request<cos_http::Body>,
        sending: &Sending,
        attempt: &Attempt<'_>,
        read_timeout: Duration,
        timer: &mut Timer,
    ) -> Result<Response<Incoming>, Failed> {
        let call = attempt.call;
        let has_body = call.payload.content_length().is_some_and(|n| n > 0);
        let http = self.connections().current();
        let mut answer = std::pin::pin!(http.send(request));
        let min_throughput = self.settings().min_throughput;
        let mut gauge = min_throughput
            .filter(|_| self.pace_of(call).is_unlimited())
            .map(Gauge::new);
        let mut measured = (sending.last_activity(), 0);
        loop {
            let waiting_for_answer = !has_body || sending.is_complete();
            let limit = if waiting_for_answer {
                read_timeout
            } else {
                self.timeouts().stall
            };
            let last = sending.last_activity();
            // Until the content is handed over.
            let slow = async {
                match gauge.as_ref().filter(|_| !waiting_for_answer) {
                    Some(gauge) => tokio::time::sleep_until(measured.0 + gauge.left()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                answer = &mut answer => return match answer {
                    Ok(response) => Ok(response),
                    Err(error) => Err(send_error(error, sending, attempt)),
                },
                // From here on another limit holds.
                () = sending.completed(), if !waiting_for_answer => {}
                () = slow => {
                    let (since, before) = measured;
                    measured = (tokio::time::Instant::now(), sending.sent_bytes());
                    let step = gauge.as_mut().map(|g| g.note(since.elapsed(), measured.1 - before));
                    if let Some(Err(why)) = step {
                        let error = Error::new(ErrorKind::Timeout, why)
                            .with_hint_text("check the network, or lower min_throughput");
                        return Err(Failed::Broken(error));
                    }
                }
                () = timer.at(last + limit) => {
                    if sending.last_activity() != last {
                        continue;
                    }
                    let what = if waiting_for_answer {
                        "no answer came for"
                    } else {
                        "the network took nothing for"
                    };
                    let message = format!("{what} {limit:?}");
                    let hint = if waiting_for_answer {
                        "check the network and what stands in between, or raise read_timeout"
                    } else {
                        "check the network, or raise stall_timeout"
                    };
                    let error = Error::new(ErrorKind::Timeout, message).with_hint_text(hint);
                    return Err(Failed::Broken(error));
                }
            }
        }
    }
}

fn send_error(error: SendError, sending: &Sending, attempt: &Attempt<'_>) -> Failed {
    if let Some(cause) = sending.take_failure() {
        let Payload::File { file, .. } = &attempt.call.payload else {
            return Failed::Final(Error::new(ErrorKind::Local, cause.to_string()));
        };
        return Failed::Final(match cause.kind() {
            std::io::ErrorKind::UnexpectedEof => file.changed(),
            _ => Error::local("read", file.path(), cause),
        });
    }
    let host = attempt
        .endpoint
        .base()
        .split_once("://")
        .map_or("", |(_, host)| host);
    if error.is_connect() {
        let hint = hint::for_connection(&error, host);
        let is_final = cos_http::is_tls(&error) || cos_http::is_proxy_refusal(&error);
        let (kind, message) = if cos_http::is_timeout(&error) {
            let message = format!("connecting to {host} took too long");
            (ErrorKind::Timeout, message)
        } else {
            let cause = cos_http::root_cause(&error);
            let message = format!("cannot connect to {host}: {cause}");
            (ErrorKind::Network, message)
        };
        let error = Error::new(kind, message)
            .with_hint_text(hint)
            .with_retryable(!is_final)
            .with_source(error);
        return if is_final {
            Failed::Final(error)
        } else {
            Failed::Connect(error)
        };
    }
    let message = format!("the connection to {host} broke");
    let error = Error::new(ErrorKind::Network, message).with_source(error);
    Failed::Broken(error.with_hint_text(
        "something closed the connection before the answer; call again, and check what stands in \
         between if it persists",
    ))
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
    stream: &mut BodyStream,
    limit: usize,
    report: &mut Option<Box<Report>>,
) -> Result<Bytes> {
    let mut whole = BytesMut::new();
    loop {
        let next = stream.chunk().await?;
        if let Some(report) = report {
            report.received(next.as_ref().map_or(0, Bytes::len));
        }
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

fn uri(endpoint: &Endpoint, call: &Call, params: &[(&str, &str)]) -> Result<Uri> {
    let path = call.key.as_ref().map(ObjectKey::encoded_path);
    let mut path = path.unwrap_or_else(|| "/".into());
    let mut separator = '?';
    for (name, value) in params {
        // Into a String.
        let _ = write!(path, "{separator}{}", cos_sign_core::encode(name));
        if !value.is_empty() {
            let _ = write!(path, "={}", cos_sign_core::encode(value));
        }
        separator = '&';
    }
    endpoint
        .uri(path)
        .ok_or_else(|| Error::config("the endpoint, key and parameters do not make a URL"))
}

/// The one that is most frequent without parsing it.
fn header_name(name: &str) -> Result<HeaderName> {
    match name {
        "content-length" => Ok(CONTENT_LENGTH),
        _ => HeaderName::from_bytes(name.as_bytes()).map_err(|_| unsendable(name)),
    }
}

fn insert(
    map: &mut HeaderMap,
    name: HeaderName,
    value: impl TryInto<HeaderValue>,
    sensitive: bool,
) -> Result<()> {
    let mut value = value.try_into().map_err(|_| unsendable(name.as_str()))?;
    value.set_sensitive(sensitive);
    map.insert(name, value);
    Ok(())
}

fn unsendable(name: &str) -> Error {
    Error::config(format!("header {name} cannot be sent"))
}
