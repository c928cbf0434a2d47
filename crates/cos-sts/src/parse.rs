//! Reads credentials from the JSON that STS, its helper libraries and token servers send.
//!
//! Names are compared without case, `_` and `-`, so `TmpSecretId`, `tmpSecretId` and `tmp_secret_id` are
//! one. The parts may sit in a `Credentials` object or beside the times, and all of it inside
//! `Response` (STS) or `data` (legacy STS, many web frameworks).

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::sts::service_error;
use crate::{CredentialError, Credentials};

/// Credentials and what came with them.
#[derive(Debug)]
pub(crate) struct CredentialReply {
    pub(crate) credentials: Credentials,
    pub(crate) request_id: Option<String>,
}

pub(crate) fn parse_credentials(body: &[u8]) -> Result<CredentialReply, CredentialError> {
    read(open(body)?)
}

/// Whether an answer is JSON and reports no error, whatever else it holds.
pub(crate) fn check_reply(body: &[u8]) -> Result<(), CredentialError> {
    open(body).map(drop)
}

/// Takes off the envelope and stops at a reported error.
fn open(body: &[u8]) -> Result<Map<String, Value>, CredentialError> {
    // serde_json's own message quotes parts of the text, which may be a secret: give the place only.
    let value: Value = serde_json::from_slice(body).map_err(|e| {
        CredentialError::invalid_response(format!(
            "the answer is not JSON (line {}, column {})",
            e.line(),
            e.column()
        ))
    })?;
    let Value::Object(mut top) = value else {
        return Err(CredentialError::invalid_response(
            "the answer is JSON but not an object",
        ));
    };
    fail_on_error_fields(&top)?;
    for wrapper in ["response", "data"] {
        if let Some(Value::Object(inner)) = take(&mut top, &[wrapper]) {
            let outer_id = take_string(&mut top, &["requestid"]);
            top = inner;
            fail_on_error_fields(&top)?;
            if let Some(id) = outer_id {
                top.entry("requestId").or_insert(Value::String(id));
            }
        }
    }
    Ok(top)
}

fn read(mut outer: Map<String, Value>) -> Result<CredentialReply, CredentialError> {
    let mut keys = match take(&mut outer, &["credentials", "credential"]) {
        Some(Value::Object(inner)) => inner,
        Some(Value::Null) | None => Map::new(),
        Some(_) => {
            return Err(CredentialError::invalid_response(
                "`credentials` is not an object",
            ));
        }
    };
    let mut part =
        |names: &[&str]| take_string(&mut keys, names).or_else(|| take_string(&mut outer, names));
    let secret_id = part(&["tmpsecretid", "secretid"]).ok_or_else(|| missing("tmpSecretId"))?;
    let secret_key = part(&["tmpsecretkey", "secretkey"]).ok_or_else(|| missing("tmpSecretKey"))?;
    let token = part(&[
        "sessiontoken",
        "token",
        "securitytoken",
        "xcossecuritytoken",
    ])
    .ok_or_else(|| missing("sessionToken (or Token)"))?;
    let request_id = part(&["requestid"]);

    let mut time_part = |names: &[&str]| take(&mut outer, names).or_else(|| take(&mut keys, names));
    let start = time_part(&["starttime"])
        .filter(|v| !v.is_null())
        .map(|v| seconds("startTime", &v))
        .transpose()?;
    let end = time_part(&["expiredtime", "expiretime"]).filter(|v| !v.is_null());
    let end = match end {
        Some(v) => seconds("expiredTime", &v)?,
        None => match time_part(&["expiration"]).filter(|v| !v.is_null()) {
            Some(v) => seconds("expiration", &v)?,
            None => return Err(missing("expiredTime")),
        },
    };
    let credentials =
        Credentials::temporary(secret_id, secret_key, token, start, end).map_err(|e| {
            let clearer = CredentialError::invalid_response(e.message());
            match e.hint() {
                Some(hint) => clearer.with_hint(hint),
                None => clearer,
            }
        })?;
    Ok(CredentialReply {
        credentials,
        request_id,
    })
}

fn missing(what: &str) -> CredentialError {
    CredentialError::invalid_response(format!("the answer has no {what}")).with_hint(
        "expected {\"credentials\":{\"tmpSecretId\",\"tmpSecretKey\",\"sessionToken\"},\"startTime\",\"expiredTime\"}",
    )
}

/// A time as a number, as digits in a string, or as an ISO 8601 date.
fn seconds(what: &str, value: &Value) -> Result<u64, CredentialError> {
    let bad = || {
        CredentialError::invalid_response(format!(
            "{what} is neither Unix seconds nor an ISO 8601 date"
        ))
    };
    match value {
        Value::Number(n) => n
            .as_u64()
            .or_else(|| {
                // Some JSON writers know only floating point.
                let f = n.as_f64()?;
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "checked to be a whole number in range"
                )]
                (f.fract() == 0.0 && (0.0..9e15).contains(&f)).then_some(f as u64)
            })
            .ok_or_else(bad),
        Value::String(s) => {
            let s = s.trim();
            if let Ok(n) = s.parse::<u64>() {
                return Ok(n);
            }
            OffsetDateTime::parse(s, &Rfc3339)
                .ok()
                .and_then(|t| u64::try_from(t.unix_timestamp()).ok())
                .ok_or_else(bad)
        }
        _ => Err(bad()),
    }
}

/// The error shapes: `Error {Code, Message}` of the cloud API, `code`/`message` of legacy STS and of
/// token servers, `Code` other than `Success` of the metadata service.
fn fail_on_error_fields(map: &Map<String, Value>) -> Result<(), CredentialError> {
    let request_id = find(map, "requestid").and_then(Value::as_str).or_else(|| {
        let error = find(map, "error")?.as_object()?;
        find(error, "requestid")?.as_str()
    });
    let finish = |error: CredentialError| match request_id {
        Some(id) => error.with_request_id(id),
        None => error,
    };
    if let Some(error) = find(map, "error").filter(|v| !v.is_null()) {
        let (code, message) = match error {
            Value::Object(inner) => (
                find(inner, "code").and_then(text),
                find(inner, "message").and_then(text),
            ),
            other => (text(other), find(map, "message").and_then(text)),
        };
        return Err(finish(service_error(code.as_deref(), message.as_deref())));
    }
    let code = find(map, "code").and_then(text);
    match code.as_deref() {
        None | Some("" | "0" | "200") => Ok(()),
        Some(c) if c.eq_ignore_ascii_case("success") || c.eq_ignore_ascii_case("ok") => Ok(()),
        Some(c) => {
            let named = find(map, "codedesc").and_then(text);
            let message = find(map, "message")
                .or_else(|| find(map, "msg"))
                .and_then(text);
            Err(finish(service_error(
                named.as_deref().or(Some(c)),
                message.as_deref(),
            )))
        }
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

fn normal(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-'))
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

fn find<'a>(map: &'a Map<String, Value>, wanted: &str) -> Option<&'a Value> {
    map.iter()
        .find(|(k, _)| normal(k) == wanted)
        .map(|(_, v)| v)
}

/// Moves a value out, so that a secret string is not copied. `names` are in order of preference.
fn take(map: &mut Map<String, Value>, names: &[&str]) -> Option<Value> {
    names.iter().find_map(|wanted| {
        let (_, value) = map.iter_mut().find(|(k, _)| normal(k) == *wanted)?;
        Some(std::mem::take(value))
    })
}

fn take_string(map: &mut Map<String, Value>, names: &[&str]) -> Option<String> {
    match take(map, names) {
        Some(Value::String(s)) if !s.is_empty() => Some(s),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(json: &str) -> Credentials {
        Credentials::parse_sts_json(json).unwrap()
    }

    #[test]
    fn every_spelling_gives_the_same_credentials() {
        let spellings = [
            r#"{"Response":{"Credentials":{"Token":"t","TmpSecretId":"i","TmpSecretKey":"k"},"ExpiredTime":1700001800,"Expiration":"2023-11-14T22:43:20Z","RequestId":"r"}}"#,
            r#"{"Response":{"Credentials":{"Token":"t","TmpSecretId":"i","TmpSecretKey":"k"},"ExpiredTime":null,"Expiration":"2023-11-14T22:43:20Z","RequestId":"r"}}"#,
            r#"{"credentials":{"sessionToken":"t","tmpSecretId":"i","tmpSecretKey":"k"},"expiredTime":1700001800,"startTime":1700000000}"#,
            r#"{"Credentials":{"Token":"t","TmpSecretId":"i","TmpSecretKey":"k"},"ExpiredTime":1700001800}"#,
            r#"{"code":0,"message":"","data":{"credentials":{"sessionToken":"t","tmpSecretId":"i","tmpSecretKey":"k"},"expiredTime":1700001800}}"#,
            r#"{"TmpSecretId":"i","TmpSecretKey":"k","Token":"t","ExpiredTime":1700001800,"Expiration":"2023-11-14T22:43:20Z","Code":"Success"}"#,
            r#"{"tmp_secret_id":"i","tmp_secret_key":"k","session_token":"t","expired_time":"1700001800"}"#,
            r#"{"data":{"secretId":"i","secretKey":"k","securityToken":"t","expiredTime":1700001800.0}}"#,
            r#"{"credentials":{"sessionToken":"t","tmpSecretId":"i","tmpSecretKey":"k","expiredTime":1700001800}}"#,
        ];
        for json in spellings {
            let c = ok(json);
            assert_eq!(c.secret_id(), "i", "{json}");
            assert_eq!(c.secret_key().expose(), "k", "{json}");
            assert_eq!(c.session_token(), Some("t"), "{json}");
            assert_eq!(c.expired_time_s(), Some(1_700_001_800), "{json}");
        }
        assert_eq!(ok(spellings[2]).start_time_s(), Some(1_700_000_000));
        let reply = parse_credentials(spellings[0].as_bytes()).unwrap();
        assert_eq!(reply.request_id.as_deref(), Some("r"));
    }

    #[test]
    fn milliseconds_are_named_as_such() {
        let json = r#"{"credentials":{"sessionToken":"t","tmpSecretId":"i","tmpSecretKey":"k"},"expiredTime":1700001800000}"#;
        let e = Credentials::parse_sts_json(json).unwrap_err();
        assert_eq!(e.kind(), crate::CredentialErrorKind::InvalidResponse);
        assert!(e.message().contains("milliseconds"), "{e}");
        assert!(e.hint().unwrap().contains("1700001800"), "{e}");
    }

    #[test]
    fn errors_keep_the_services_words() {
        let cases = [
            (
                r#"{"Response":{"Error":{"Code":"A.B","Message":"m"},"RequestId":"r"}}"#,
                Some("r"),
            ),
            (r#"{"code":4000,"message":"m","codeDesc":"A.B"}"#, None),
            (
                r#"{"error":"A.B","message":"m","requestId":"r"}"#,
                Some("r"),
            ),
            (r#"{"error":{"code":"A.B","message":"m"}}"#, None),
        ];
        for (json, id) in cases {
            let e = Credentials::parse_sts_json(json).unwrap_err();
            assert_eq!(e.service_code(), Some("A.B"), "{json}");
            assert_eq!(e.message(), "m", "{json}");
            assert_eq!(e.request_id(), id, "{json}");
        }
    }

    #[test]
    fn what_is_missing_is_named_and_nothing_is_quoted() {
        let e = Credentials::parse_sts_json(r#"{"tmpSecretId":"i","sessionToken":"PLANTED"}"#);
        let text = e.unwrap_err().to_string();
        assert!(
            text.contains("no tmpSecretKey") && !text.contains("PLANTED"),
            "{text}"
        );
        let e = Credentials::parse_sts_json(r#"{"Token":"PLANTED" "x"}"#).unwrap_err();
        assert!(e.message().contains("line 1") && !e.message().contains("PLANTED"));
        assert!(Credentials::parse_sts_json("[]").is_err());
        assert!(Credentials::parse_sts_json(r#"{"credentials":3}"#).is_err());
    }
}
