//! Sending, as long as bytes move, and what a failure means.

use std::time::Duration;

use cos_http::{Incoming, ProxyFailure, SendError};
use http::{Request, Response};
use tokio::time::Instant;

use super::{Attempt, Failed};
use crate::body::{Payload, Sending};
use crate::client::Client;
use crate::error::{Error, ErrorKind, hint};
use crate::throughput::Gauge;
use crate::timers::Timer;

impl Client {
    /// Sends and waits for the answer to begin, as long as bytes move.
    pub(super) async fn send(
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
            let last = sending.last_activity();
            let stall = self.timeouts().stall;
            let (limit, look_up) = if waiting_for_answer {
                (read_timeout, last + read_timeout)
            } else {
                // That the content is handed over wakes nobody: a thread woken for each small object is a
                // tenth of its cost. Looking up this often misses no end of the other limit.
                (stall, (last + stall).min(Instant::now() + read_timeout))
            };
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
                    Err(error) => Err(self.send_error(error, sending, attempt)),
                },
                () = slow => {
                    if sending.is_complete() {
                        continue;
                    }
                    let (since, before) = measured;
                    measured = (Instant::now(), sending.sent_bytes());
                    let step = gauge.as_mut().map(|g| g.note(since.elapsed(), measured.1 - before));
                    if let Some(Err(why)) = step {
                        let error = Error::new(ErrorKind::Timeout, why)
                            .with_hint_text("check the network, or lower min_throughput");
                        return Err(Failed::Broken(error));
                    }
                }
                () = timer.at(look_up) => {
                    let is_as_before = sending.last_activity() == last
                        && (waiting_for_answer || !sending.is_complete());
                    if !is_as_before || Instant::now() < last + limit {
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

impl Client {
    fn send_error(&self, error: SendError, sending: &Sending, attempt: &Attempt<'_>) -> Failed {
        if let Some(cause) = sending.take_failure() {
            let Payload::File { file, .. } = &attempt.call.payload else {
                return Failed::Final(Error::new(ErrorKind::Local, cause.to_string()));
            };
            return Failed::Final(match cause.kind() {
                std::io::ErrorKind::UnexpectedEof => file.changed(),
                _ => Error::local("read", file.path(), cause),
            });
        }
        if let Some(unusable) = cos_http::unusable_proxy(&error) {
            return Failed::Final(Error::config(unusable.to_string()).with_source(error));
        }
        if let Some(failure) = cos_http::proxy_failure(&error) {
            let (blame, made) = by_proxy(failure);
            return blame(made.with_source(error));
        }
        let endpoint = attempt.endpoint;
        let host = endpoint.base().split_once("://").map_or("", |(_, h)| h);
        let way = match self.connections().proxy_for(endpoint) {
            Some(proxy) => format!("{host} through the proxy {proxy}"),
            None => host.to_owned(),
        };
        if error.is_connect() {
            return unconnected(error, host, &way);
        }
        let message = format!("the connection to {way} broke");
        let error = Error::new(ErrorKind::Network, message).with_source(error);
        Failed::Broken(error.with_hint_text(
            "something closed the connection before the answer; call again, and check what stands in \
             between if it persists",
        ))
    }
}

/// `way` is the host and what stands before it.
fn unconnected(error: SendError, host: &str, way: &str) -> Failed {
    let hint = hint::for_connection(&error, host);
    let is_final = cos_http::is_tls(&error);
    let (kind, message) = if cos_http::is_timeout(&error) {
        let message = format!("connecting to {way} took too long");
        (ErrorKind::Timeout, message)
    } else {
        let cause = cos_http::root_cause(&error);
        let message = format!("cannot connect to {way}: {cause}");
        (ErrorKind::Network, message)
    };
    let error = Error::new(kind, message)
        .with_hint_text(hint)
        .with_retryable(!is_final)
        .with_source(error);
    if is_final {
        Failed::Final(error)
    } else {
        Failed::Connect(error)
    }
}

/// The proxy is to blame, unless it only tells that it did not reach the server.
fn by_proxy(failure: &ProxyFailure) -> (fn(Error) -> Failed, Error) {
    let kind = if cos_http::is_timeout(failure) {
        ErrorKind::Timeout
    } else {
        ErrorKind::Network
    };
    let error = Error::new(kind, failure.to_string())
        .with_hint_text(failure.hint())
        .with_retryable(!failure.is_final());
    let blame = if failure.is_final() {
        Failed::Final
    } else if failure.is_servers() {
        Failed::Connect
    } else {
        Failed::Proxy
    };
    (blame, error)
}
