//! `/_emulator/…`: health, clock, faults, revocation, log, state, reset.

use http::{Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::body::Body;
use crate::error::{Code, Error};
use crate::faults::FaultRule;
use crate::head::Head;
use crate::keys::Revoked;
use crate::payload::Payload;
use crate::reply;
use crate::shared::Shared;

const MAX_JSON_BYTES: usize = 4 * 1024 * 1024;

/// Why an admin call was refused: status and text.
struct Refused(StatusCode, String);

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self(error.status, error.message.into_owned())
    }
}

fn bad(why: impl std::fmt::Display) -> Refused {
    Refused(StatusCode::BAD_REQUEST, why.to_string())
}

pub(crate) async fn handle(
    shared: &Shared,
    head: &Head,
    path: &str,
    payload: &mut Payload,
) -> Response<Body> {
    match answer(shared, head, path, payload).await {
        Ok(value) => reply::json(&value),
        Err(Refused(status, error)) => {
            let mut response = reply::json(&json!({ "error": error }));
            *response.status_mut() = status;
            response
        }
    }
}

async fn answer(
    shared: &Shared,
    head: &Head,
    path: &str,
    payload: &mut Payload,
) -> Result<Value, Refused> {
    match (&head.method, path) {
        (&Method::GET, "health") => Ok(json!({"ok": true})),
        (&Method::GET, "clock") => Ok(clock(shared)),
        (&Method::POST, "clock") => move_clock(shared, &body(payload).await?),
        (&Method::POST, "faults") => add_faults(shared, body(payload).await?),
        (&Method::DELETE, "faults") => {
            shared.faults.clear();
            Ok(json!({"ok": true}))
        }
        (&Method::POST, "revoke") => revoke(shared, &body(payload).await?),
        (&Method::GET, "log") => {
            let since = match head.param("since").filter(|s| !s.is_empty()) {
                None => 0,
                Some(text) => text.parse().map_err(|_| bad("since is not a number"))?,
            };
            serde_json::to_value(shared.log.since(since)).map_err(bad)
        }
        (&Method::GET, "state") => Ok(state(shared)),
        (&Method::POST, "reset") => {
            shared.reset().await?;
            Ok(json!({"ok": true}))
        }
        _ => Err(Refused(
            StatusCode::NOT_FOUND,
            format!("no {} /_emulator/{path}", head.method),
        )),
    }
}

async fn body(payload: &mut Payload) -> Result<Value, Refused> {
    let bytes = payload
        .collect(MAX_JSON_BYTES, Code::EntityTooLarge)
        .await?;
    serde_json::from_slice(&bytes).map_err(|e| bad(format!("not JSON: {e}")))
}

fn clock(shared: &Shared) -> Value {
    json!({"now": shared.clock.now_s(), "offset": shared.clock.offset_s()})
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockMove {
    advance_seconds: Option<i64>,
    set: Option<u64>,
    offset: Option<i64>,
}

fn move_clock(shared: &Shared, body: &Value) -> Result<Value, Refused> {
    match ClockMove::deserialize(body).map_err(bad)? {
        ClockMove {
            advance_seconds: Some(s),
            set: None,
            offset: None,
        } => shared.clock.advance_s(s),
        ClockMove {
            advance_seconds: None,
            set: Some(s),
            offset: None,
        } => shared.clock.set(s),
        ClockMove {
            advance_seconds: None,
            set: None,
            offset: Some(s),
        } => shared.clock.set_offset_s(s),
        _ => return Err(bad("give one of advance_seconds, set, offset")),
    }
    Ok(clock(shared))
}

fn add_faults(shared: &Shared, body: Value) -> Result<Value, Refused> {
    let list = match body {
        Value::Array(list) => list,
        one => vec![one],
    };
    // All or none.
    let rules = list
        .iter()
        .map(FaultRule::from_json)
        .collect::<Result<Vec<_>, _>>()
        .map_err(bad)?;
    let added = rules.len();
    for rule in rules {
        shared.faults.add(rule);
    }
    Ok(json!({"ok": true, "added": added}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    secret_id: String,
    #[serde(rename = "as")]
    how: Option<String>,
}

fn revoke(shared: &Shared, body: &Value) -> Result<Value, Refused> {
    let revocation = Revocation::deserialize(body).map_err(bad)?;
    let how = match revocation.how.as_deref() {
        None | Some("unknown") => Revoked::Unknown,
        Some("expired") => Revoked::Expired,
        Some(other) => return Err(bad(format!("as is unknown or expired, not {other:?}"))),
    };
    if !shared.keys.revoke(&revocation.secret_id, how) {
        return Err(Refused(
            StatusCode::NOT_FOUND,
            "no such secret_id".to_owned(),
        ));
    }
    Ok(json!({"ok": true}))
}

fn state(shared: &Shared) -> Value {
    let buckets = shared.store.buckets();
    let buckets = buckets.iter().map(|bucket| {
        let objects: Vec<Value> = bucket
            .objects()
            .iter()
            .filter_map(|(key, versions)| {
                let newest = versions.last()?;
                Some(json!({
                    "key": key,
                    "size": newest.size(),
                    "etag": format!("\"{}\"", newest.etag),
                    "crc64": newest.crc64.to_string(),
                    "storage_class": newest.meta.storage_class,
                    "delete_marker": newest.delete_marker,
                    "versions": versions.len(),
                }))
            })
            .collect();
        let uploads: Vec<Value> = bucket
            .uploads()
            .values()
            .map(|upload| {
                let parts: Vec<Value> = upload
                    .parts()
                    .values()
                    .map(|p| {
                        json!({"part_number": p.number, "size": p.content.len(), "etag": format!("\"{}\"", p.etag())})
                    })
                    .collect();
                json!({"key": upload.info.key, "upload_id": upload.info.id, "parts": parts})
            })
            .collect();
        json!({"name": bucket.name, "region": bucket.region, "objects": objects, "uploads": uploads})
    });
    json!({"buckets": buckets.collect::<Vec<_>>(), "clock": clock(shared)})
}
