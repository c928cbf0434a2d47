//! An answer that was accepted: headers, then content whole or as it arrives.

use std::time::Duration;

use bytes::Bytes;
use cos_http::Incoming;
use http::HeaderMap;
use tokio::time::Instant;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Pace, Paced};
use crate::metrics::Report;
use crate::operation::Operation;
use crate::throughput::{Gauge, MinThroughput};
use crate::timers::Timer;
use crate::types::{Crc64, ETag};

/// A successful answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Body,
    /// CRC-64 of the request's body, when it had one.
    pub sent_crc: Option<u64>,
}

#[derive(Debug)]
pub(crate) enum Body {
    Whole(Bytes),
    Stream(Box<BodyStream>),
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    pub(crate) fn text_header(&self, name: &str) -> Option<String> {
        self.header(name).map(str::to_owned)
    }

    pub(crate) fn etag(&self) -> Option<ETag> {
        self.header("etag").map(ETag::new)
    }

    pub(crate) fn crc64(&self) -> Option<Crc64> {
        Crc64::parse(self.header("x-cos-hash-crc64ecma")?).ok()
    }

    pub(crate) fn request_id(&self) -> Option<String> {
        self.text_header("x-cos-request-id")
    }

    pub(crate) fn version_id(&self) -> Option<String> {
        self.text_header("x-cos-version-id")
    }

    pub(crate) fn whole(&self) -> &[u8] {
        match &self.body {
            Body::Whole(bytes) => bytes,
            Body::Stream(_) => &[],
        }
    }
}

pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Content as it arrives.
#[derive(Debug)]
pub(crate) struct BodyStream {
    content: Incoming,
    read_timeout: Duration,
    operation: Operation,
    gauge: Option<Gauge>,
    paced: Paced,
    timer: Timer,
    report: Option<Box<Report>>,
}

impl BodyStream {
    pub(crate) fn new(
        content: Incoming,
        read_timeout: Duration,
        operation: Operation,
        min_throughput: Option<MinThroughput>,
        timer: Timer,
    ) -> Self {
        Self {
            content,
            read_timeout,
            operation,
            gauge: min_throughput.map(Gauge::new),
            paced: Paced::default(),
            timer,
            report: None,
        }
    }

    pub(crate) fn with_report(mut self, report: Option<Box<Report>>) -> Self {
        self.report = report;
        self
    }

    /// Reads no faster than this.
    pub(crate) fn with_pace(mut self, pace: Pace) -> Self {
        if !pace.is_unlimited() {
            self.gauge = None;
        }
        self.paced = Paced::new(pace);
        self
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.paced.ready().await;
        let result = self.next().await;
        if let Ok(Some(piece)) = &result {
            self.paced.moved(piece.len());
        }
        if let Some(report) = &mut self.report {
            match &result {
                Ok(piece) => report.received(piece.as_ref().map_or(0, Bytes::len)),
                Err(error) => report.metrics.error = Some(error.kind()),
            }
            if matches!(result, Ok(None) | Err(_)) {
                self.report = None; // Dropping sends it.
            }
        }
        result
    }

    async fn next(&mut self) -> Result<Option<Bytes>> {
        let next = match &mut self.gauge {
            None => {
                let piece = cos_http::chunk(&mut self.content);
                self.timer.limit(self.read_timeout, piece).await
            }
            Some(gauge) => {
                let mut left = self.read_timeout;
                loop {
                    let began = Instant::now();
                    let until = left.min(gauge.left());
                    let next = self
                        .timer
                        .limit(until, cos_http::chunk(&mut self.content))
                        .await;
                    let bytes = match &next {
                        Some(Ok(Some(piece))) => piece.len() as u64,
                        Some(_) => break next, // The end, however slowly it came.
                        None => 0,
                    };
                    let waited = began.elapsed();
                    if let Err(why) = gauge.note(waited, bytes) {
                        let error = Error::new(ErrorKind::Timeout, why);
                        return Err(error.with_operation(self.operation).with_attempts(1));
                    }
                    left = left.saturating_sub(waited);
                    if next.is_some() || left.is_zero() {
                        break next;
                    }
                }
            }
        };
        let error = match next {
            Some(Ok(piece)) => return Ok(piece),
            Some(Err(error)) => {
                Error::new(ErrorKind::Network, "the connection broke while reading")
                    .with_source(error)
            }
            None => Error::new(
                ErrorKind::Timeout,
                format!("nothing arrived for {:?}", self.read_timeout),
            ),
        };
        Err(error.with_operation(self.operation).with_attempts(1))
    }
}
