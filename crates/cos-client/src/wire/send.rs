//! Sending, as long as bytes move, and what a failure means.

use std::time::Duration;

use cos_http::{Incoming, SendError};
use http::{Request, Response};

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
