//! Who calls STS.

use std::sync::Arc;

use cos_sign_core::{tc3, v1};

use super::call::{Call, Kind};
use super::error;
use crate::authentication;
use crate::error::{Error, Result};
use crate::head::Head;
use crate::keys::Key;
use crate::shared::Shared;

/// How far a call's timestamp may be off.
const TOLERANCE_S: u64 = 300;

/// The caller; `None` for calls that carry no key on purpose (`Authorization: SKIP`).
///
/// # Errors
/// The `AuthFailure.*` codes.
pub(super) fn authenticate(shared: &Shared, head: &Head, call: &Call) -> Result<Option<Arc<Key>>> {
    match &call.kind {
        Kind::Json(_) => version_3(shared, head, call),
        // The web identity token itself proves the caller.
        Kind::Form(_)
            if call.action() == "AssumeRoleWithWebIdentity"
                && call.form_param("Signature").is_none() =>
        {
            Ok(None)
        }
        Kind::Form(params) => version_1(shared, head, params).map(Some),
    }
}

fn key(shared: &Shared, secret_id: &str, token: Option<&str>) -> Result<Arc<Key>> {
    let key = authentication::known_key(shared, secret_id).map_err(|e| {
        if e.code == "ExpiredToken" {
            token_failure()
        } else {
            error(
                "AuthFailure.SecretIdNotFound",
                "The SecretId is not found, please ensure that your SecretId is correct.",
            )
        }
    })?;
    authentication::check_token(shared, &key, token).map_err(|_| token_failure())?;
    Ok(key)
}

fn token_failure() -> Error {
    error(
        "AuthFailure.TokenFailure",
        "The provided token is invalid or has expired.",
    )
}

fn wrong_signature() -> Error {
    error(
        "AuthFailure.SignatureFailure",
        "The provided credentials could not be validated. Please check your signature is correct.",
    )
}

fn check_time(shared: &Shared, text: Option<&str>) -> Result<u64> {
    let timestamp_s: u64 = text.and_then(|t| t.trim().parse().ok()).ok_or_else(|| {
        error(
            "MissingParameter",
            "The timestamp is missing or not a number.",
        )
    })?;
    if timestamp_s.abs_diff(shared.clock.now_s()) > TOLERANCE_S {
        return Err(error(
            "AuthFailure.SignatureExpire",
            "The signature has expired: the timestamp differs from the server's time by more than 5 minutes.",
        ));
    }
    Ok(timestamp_s)
}

fn version_3(shared: &Shared, head: &Head, call: &Call) -> Result<Option<Arc<Key>>> {
    let header = head.header("authorization").unwrap_or_default();
    if header.trim().eq_ignore_ascii_case("SKIP") {
        return Ok(None);
    }
    let malformed = || {
        error(
            "AuthFailure.InvalidAuthorization",
            "The request `Authorization` header does not conform to tencentcloud standards.",
        )
    };
    let parsed = tc3::Authorization::parse(&header).ok_or_else(malformed)?;
    let timestamp_s = check_time(shared, head.header("x-tc-timestamp").as_deref())?;
    let token = head.header("x-tc-token");
    let key = key(shared, parsed.secret_id, token.as_deref())?;
    let content_type = head.header("content-type").unwrap_or_default();
    let host_header = head.header("host").unwrap_or_default();
    let host = if host_header.is_empty() {
        head.host.as_str()
    } else {
        &host_header
    };
    let get = head.method == http::Method::GET;
    let request = tc3::Tc3Request {
        service: "sts",
        method: head.method.as_str(),
        host,
        query: &head.raw_query,
        content_type: &content_type,
        payload: if get { b"" } else { &call.body },
        unsigned_payload: head
            .header("x-tc-content-sha256")
            .is_some_and(|v| v == "UNSIGNED-PAYLOAD"),
        timestamp_s,
    };
    let texts: Vec<(&str, std::borrow::Cow<'_, str>)> = head
        .headers
        .iter()
        .map(|(n, v)| (n.as_str(), String::from_utf8_lossy(v.as_bytes())))
        .collect();
    let headers: Vec<(&str, &str)> = texts.iter().map(|(n, v)| (*n, &**v)).collect();
    if parsed
        .check(&request, &headers, &key.secret_key)
        .map_err(|_| malformed())?
    {
        Ok(Some(key))
    } else {
        Err(wrong_signature())
    }
}

fn version_1(shared: &Shared, head: &Head, params: &[(String, String)]) -> Result<Arc<Key>> {
    let get = |name: &str| {
        params
            .iter()
            .find(|(k, _)| k == name)
            .map(|(_, v)| v.as_str())
    };
    let required = |name: &str| {
        get(name).ok_or_else(|| {
            error(
                "MissingParameter",
                format!("The request is missing a required parameter `{name}`."),
            )
        })
    };
    let signature = required("Signature")?;
    let secret_id = required("SecretId")?;
    check_time(shared, get("Timestamp"))?;
    let key = key(shared, secret_id, get("Token"))?;
    let method = match get("SignatureMethod") {
        None | Some("" | "HmacSHA1") => v1::SignatureMethod::HmacSha1,
        Some("HmacSHA256") => v1::SignatureMethod::HmacSha256,
        Some(_) => {
            return Err(error(
                "InvalidParameterValue",
                "SignatureMethod is HmacSHA1 or HmacSHA256.",
            ));
        }
    };
    let pairs: Vec<(&str, &str)> = params
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    let bare = head.hostname();
    // A client that is pointed at an address signs that, or (Java) the real name.
    for host in [head.host.as_str(), &bare, "sts.tencentcloudapi.com"] {
        let source = v1::source(head.method.as_str(), host, &head.path, &pairs);
        let expected =
            v1::signature(method, &key.secret_key, &source).map_err(|_| wrong_signature())?;
        if expected.matches(signature) {
            return Ok(key);
        }
    }
    Err(wrong_signature())
}
