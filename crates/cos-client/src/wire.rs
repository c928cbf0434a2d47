//! One attempt on the wire: build and sign, send, read.

mod build;
mod send;

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use cos_sts::Credentials;
use http::header::HeaderMap;

use crate::body::Sending;
use crate::client::{Client, Now};
use crate::error::service::{ServiceError, is_error_document};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Pace;
use crate::metrics::{AttemptMetrics, Report};
use crate::request::{Call, Content};
use crate::response::{Body, BodyStream, Reply, header};
use crate::types::Endpoint;

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
    /// Nothing was sent, and no other server can be reached either: the proxy before all of them failed.
    Proxy(Error),
    /// Something may have been carried out.
    Broken(Error),
    Damaged(Error),
}

impl Failed {
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::Answer(answer) => answer.kind(),
            Self::Final(e)
            | Self::Connect(e)
            | Self::Proxy(e)
            | Self::Broken(e)
            | Self::Damaged(e) => e.kind(),
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
    pub(crate) fn pace_of(&self, call: &Call) -> Pace {
        if call.pace.is_unlimited() {
            self.pace(None)
        } else {
            call.pace.clone()
        }
    }
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
