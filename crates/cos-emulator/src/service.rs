//! One request, from head to answer.

mod cos;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use hyper::body::Incoming;

use crate::body::Body;
use crate::clock::http_date;
use crate::error::{Code, Error, Result, header_value};
use crate::faults::{self, FaultAction, Seen};
use crate::head::Head;
use crate::keys::Revoked;
use crate::log::LogRecord;
use crate::payload::Payload;
use crate::reply;
use crate::routing::{Route, route};
use crate::server::Connection;
use crate::shared::Shared;
use crate::{admin, metadata, sts};

/// The connection is to be ended without an answer.
#[derive(Debug)]
pub(crate) struct Aborted;

impl std::fmt::Display for Aborted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ended by a fault rule")
    }
}

impl std::error::Error for Aborted {}

/// What a service did with a request.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) reply: Result<Response<Body>>,
    pub(crate) decision: Option<String>,
    /// The error code of an answer whose status does not tell (STS).
    pub(crate) code: Option<String>,
}

impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        Self {
            reply: Err(error),
            decision: None,
            code: None,
        }
    }
}

pub(crate) async fn handle(
    shared: Arc<Shared>,
    connection: Connection,
    request: Request<Incoming>,
) -> std::result::Result<Response<Body>, Aborted> {
    let (parts, incoming) = request.into_parts();
    let waits = parts
        .headers
        .get("expect")
        .is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    let mut payload = Payload::new(incoming, waits, shared.idle_timeout);
    let (peer, tls) = (connection.peer.ip(), connection.tls);
    let head = match Head::new(parts.method, &parts.uri, parts.headers, peer, tls) {
        Ok(head) => head,
        Err(error) => {
            let id = shared.request_id(0);
            payload.drain().await;
            return Ok(error.response(false, "", &id, &id));
        }
    };
    match route(&head) {
        Route::Admin(path) if peer.is_loopback() => {
            Ok(admin::handle(&shared, &head, &path, &mut payload).await)
        }
        Route::Metadata(path) => Ok(metadata::handle(&shared, &head, &path)),
        Route::Admin(_) => Ok(reply::empty(StatusCode::FORBIDDEN)),
        route => served(&shared, &connection, &head, route, payload).await,
    }
}

/// COS and STS requests: logged, and subject to faults.
async fn served(
    shared: &Shared,
    connection: &Connection,
    head: &Head,
    route: Route,
    mut payload: Payload,
) -> std::result::Result<Response<Body>, Aborted> {
    let seq = shared.log.number();
    let request_id = shared.request_id(seq);
    let is_sts = route == Route::Sts;
    // The operation of an STS call may stand in its body.
    let sts_call = if is_sts {
        Some(sts::Call::read(head, &mut payload).await)
    } else {
        None
    };
    let (operation, key, secret_id) = match &sts_call {
        Some(Ok(call)) => (call.action().to_owned(), String::new(), call.secret_id()),
        Some(Err(_)) => ("Unknown".to_owned(), String::new(), None),
        None => (
            cos::operation_name(head, &route),
            cos::key(&route).to_owned(),
            cos::secret_id(head),
        ),
    };
    let fault = shared.faults.strike(&Seen {
        method: head.method.as_str(),
        operation: &operation,
        key: &key,
    });
    let mut record = LogRecord {
        seq,
        time: shared.clock.now_s(),
        operation,
        method: head.method.as_str().to_owned(),
        host: head.host.clone(),
        path: head.path.clone(),
        status: 0,
        code: None,
        secret_id,
        bytes_in: 0,
        bytes_out: 0,
        decision: None,
        fault: fault.as_ref().map(FaultAction::name),
        request_id: request_id.clone(),
    };
    let sent = Arc::<AtomicU64>::default();
    let received = payload.received();
    let log = |record: LogRecord| {
        shared
            .log
            .add(record, Arc::clone(&received), Arc::clone(&sent))
    };

    let mut instead = None;
    if let Some(fault) = &fault {
        if let Some(delay_ms) = fault.delay_ms {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        }
        if fault.resets_after_reading() {
            payload.drain().await;
        }
        if fault.resets_before_reading() || fault.resets_after_reading() {
            connection.reset.store(true, Ordering::Relaxed);
            log(record);
            return Err(Aborted);
        }
        if let Some(id) = record.secret_id.as_deref().filter(|_| fault.revoke_token) {
            shared.keys.revoke(id, Revoked::Expired);
        }
        let uploads = matches!(
            record.operation.as_str(),
            "PutObject" | "UploadPart" | "AppendObject" | "PostObject"
        );
        payload.spoil(
            fault.corrupt_byte_at.filter(|_| uploads),
            fault.bytes_per_second,
        );
        instead = planned_error(fault);
    }

    let outcome = match (instead, sts_call) {
        (Some(error), _) => Outcome::from(error),
        (None, Some(Ok(call))) => sts::answer(shared, head, &call, &request_id),
        (None, Some(Err(error))) => Outcome::from(error),
        (None, None) => cos::answer(shared, head, &route, &mut payload).await,
    };
    record.decision = outcome.decision;
    record.code = outcome.code;
    let in_200 = fault
        .as_ref()
        .and_then(|f| f.error_in_200.as_ref())
        .is_some();
    let mut reply = match outcome.reply {
        Ok(reply) => reply,
        Err(error) => {
            payload.drain().await;
            record.code = Some(error.code.clone().into_owned());
            if let Some((_, why)) = error
                .headers
                .iter()
                .find(|(name, _)| name == "x-cos-emulator-explain")
            {
                record.decision = Some(String::from_utf8_lossy(why.as_bytes()).into_owned());
            }
            if is_sts {
                sts::error_reply(&error, &request_id, in_200)
            } else {
                let resource = format!("{}{}", head.host, head.path);
                let head_only = head.method == http::Method::HEAD;
                error.response(head_only, &resource, &request_id, &trace_id(&request_id))
            }
        }
    };
    if fault.as_ref().is_some_and(|f| f.drop_response) {
        log(record);
        return Err(Aborted);
    }
    cos::decorate(shared, head, &route, &mut reply);
    reply.extensions_mut().extend(shared.spelling.clone());
    let headers = reply.headers_mut();
    if !is_sts {
        headers.insert("x-cos-request-id", header_value(&request_id));
    }
    headers.insert(http::header::SERVER, header_value("tencent-cos"));
    headers.insert(
        http::header::DATE,
        header_value(&http_date(shared.clock.now_s())),
    );
    record.status = reply.status().as_u16();
    let corrupts_reply =
        record.operation.starts_with("Get") || record.operation.starts_with("List");
    log(record);
    Ok(reply.map(|body| {
        let body = match &fault {
            Some(fault) => {
                faults::spoil(body, fault, corrupts_reply, Arc::clone(&connection.reset))
            }
            None => body,
        };
        body.counted(sent)
    }))
}

/// The error a rule wants instead of the work.
fn planned_error(fault: &FaultAction) -> Option<Error> {
    let named = |name: &str| Code::of(name).map_or_else(|| Code::InternalError.into(), Error::from);
    if let Some(code) = &fault.error_in_200 {
        return Some(Error {
            code: code.clone().into(),
            status: StatusCode::OK,
            ..named(code)
        });
    }
    match (&fault.code, fault.status) {
        (None, None) => None,
        (Some(code), status) => {
            let known = named(code);
            let status = status
                .and_then(|s| StatusCode::from_u16(s).ok())
                .unwrap_or(known.status);
            Some(Error {
                code: code.clone().into(),
                status,
                ..known
            })
        }
        (None, Some(status)) => {
            let code = match status {
                503 => Code::ServiceUnavailable,
                403 => Code::AccessDenied,
                404 => Code::NoSuchKey,
                _ => Code::InternalError,
            };
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Some(Error {
                status,
                ..Error::from(code)
            })
        }
    }
}

fn trace_id(request_id: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(request_id)
}
