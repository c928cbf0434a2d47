//! Who sent a request: the signature in its header or query, the key, the token, the time.

use std::sync::Arc;

use cos_sign_core::verify::{ParseError, Parsed};
use cos_sign_core::{Request, SignKey, write_string_to_sign};

use crate::clock::iso8601_s;
use crate::error::{Code, Error, Result};
use crate::head::Head;
use crate::keys::{Key, Revoked};
use crate::shared::Shared;

/// Headers that proxies and clients add or change on the way; even strict buckets do not want them signed.
const NEVER_SIGNED: &[&str] = &[
    "authorization",
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// The caller of a COS request, `None` when it carries no signature.
///
/// # Errors
/// The service's codes for a signature, key, token or time that is not good.
pub(crate) fn authenticate(shared: &Shared, head: &Head, strict: bool) -> Result<Option<Arc<Key>>> {
    let header = head
        .header("authorization")
        .filter(|text| !text.trim().is_empty());
    let borrowed: Vec<(&str, &str)> = head
        .params
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    let parsed = if let Some(text) = &header {
        Parsed::from_authorization(text)
    } else if let Some(text) = head.param("sign") {
        Parsed::from_authorization(text)
    } else if borrowed.iter().any(|(name, _)| Parsed::is_param(name)) {
        Parsed::from_params(&borrowed)
    } else {
        return Ok(None);
    };
    let parsed = parsed.map_err(malformed)?;
    let key = known_key(shared, parsed.secret_id)?;
    let mut token = ["x-cos-security-token", "x-ci-security-token"]
        .iter()
        .find_map(|name| head.header_or_param(name));
    if token.is_none() && key.session.is_some() {
        // Android writes it so, and only into URLs.
        token = head.param("token").map(Into::into);
    }
    check_token(shared, &key, token.as_deref())?;
    check_signature(&parsed, &key, head)?;
    if strict {
        check_all_signed(&parsed, head)?;
    }
    let now_s = shared.clock.now_s();
    for window in [parsed.key_time, parsed.sign_time] {
        if now_s < window.start_s() {
            return Err(with_time(Code::RequestTimeTooSkewed.into(), now_s));
        }
        if now_s > window.end_s() {
            return Err(with_time(
                Code::AccessDenied.because("Request has expired"),
                now_s,
            ));
        }
    }
    Ok(Some(key))
}

fn malformed(error: ParseError) -> Error {
    match error {
        ParseError::Missing("q-ak") => {
            Code::InvalidAccessKeyId.because("The access key Id format you provided is invalid.")
        }
        other => Code::InvalidArgument.because(format!(
            "The Authorization you specified is invalid: {other}."
        )),
    }
}

/// # Errors
/// `InvalidAccessKeyId` for a key nobody issued or that was revoked, `ExpiredToken` for one revoked as expired.
pub(crate) fn known_key(shared: &Shared, secret_id: &str) -> Result<Arc<Key>> {
    let key = shared.keys.get(secret_id).ok_or(Code::InvalidAccessKeyId)?;
    match shared.keys.revoked(secret_id) {
        None => Ok(key),
        Some(Revoked::Unknown) => Err(Code::InvalidAccessKeyId.into()),
        Some(Revoked::Expired) => Err(with_time(Code::ExpiredToken.into(), shared.clock.now_s())),
    }
}

/// A temporary key is nothing without its own token, a permanent one nothing with any.
pub(crate) fn check_token(shared: &Shared, key: &Key, token: Option<&str>) -> Result<()> {
    let token = token.filter(|t| !t.is_empty());
    match (&key.session, token) {
        (None, None) => Ok(()),
        (Some(session), Some(token)) if session.token == token => {
            let now_s = shared.clock.now_s();
            if now_s >= session.expired_s {
                return Err(with_time(Code::ExpiredToken.into(), now_s));
            }
            Ok(())
        }
        (Some(_), None) => {
            Err(Code::InvalidAccessKeyId.because("A temporary key needs its x-cos-security-token."))
        }
        _ => Err(Code::InvalidAccessKeyId.because(
            "The x-cos-security-token does not belong to the Access Key Id you provided.",
        )),
    }
}

fn check_signature(parsed: &Parsed<'_>, key: &Key, head: &Head) -> Result<()> {
    let params: Vec<(&str, &str)> = head
        .params
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .filter(|(name, _)| !Parsed::is_param(name) && parsed.lists_param(name))
        .collect();
    let texts: Vec<(&str, std::borrow::Cow<'_, str>)> = head
        .headers
        .iter()
        .filter(|(name, _)| parsed.lists_header(name.as_str()))
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect();
    let sign_key =
        SignKey::derive(&key.secret_key, parsed.key_time).map_err(|_| Code::InvalidArgument)?;
    // Python signs the host without a port that is not the scheme's own, yet sends it.
    let bare_host = head.host.rsplit_once(':').map(|(name, _)| name);
    let mut expected = None;
    for host in [None, bare_host] {
        let headers: Vec<(&str, &str)> = texts
            .iter()
            .map(|(name, value)| match host {
                Some(host) if *name == "host" => (*name, host),
                _ => (*name, &**value),
            })
            .collect();
        let request = Request {
            method: head.method.as_str(),
            path: &head.path,
            params: &params,
            headers: &headers,
        };
        match parsed.check(&sign_key, &request) {
            Ok(true) => return Ok(()),
            Ok(false) if expected.is_none() => {
                let format_string = request.http_string().map_err(|_| Code::InvalidArgument)?;
                let digest = request.digest().map_err(|_| Code::InvalidArgument)?;
                let mut string_to_sign = String::new();
                write_string_to_sign(parsed.sign_time, &digest, &mut string_to_sign)
                    .map_err(|_| Code::InvalidArgument)?;
                expected = Some((string_to_sign, format_string));
            }
            Ok(false) => {}
            Err(_) => return Err(Code::InvalidArgument.into()),
        }
        if bare_host.is_none() {
            break;
        }
    }
    let (string_to_sign, format_string) = expected.unwrap_or_default();
    Err(Error::from(Code::SignatureDoesNotMatch)
        .element("StringToSign", string_to_sign)
        .element("FormatString", format_string))
}

fn check_all_signed(parsed: &Parsed<'_>, head: &Head) -> Result<()> {
    let header = head
        .headers
        .keys()
        .map(http::HeaderName::as_str)
        .find(|name| {
            !NEVER_SIGNED.contains(name)
                && !name.starts_with("accept")
                && !parsed.lists_header(name)
        });
    let param = head
        .params
        .iter()
        .map(|(name, _)| name.as_str())
        .find(|name| !Parsed::is_param(name) && *name != "sign" && !parsed.lists_param(name));
    match header
        .map(|h| ("header", h))
        .or(param.map(|p| ("parameter", p)))
    {
        None => Ok(()),
        Some((what, name)) => Err(Code::AccessDenied.because(format!(
            "The bucket demands strict signatures: the {what} {name} is not signed."
        ))),
    }
}

/// Clients set their clock by this element.
pub(crate) fn with_time(error: Error, now_s: u64) -> Error {
    error.element("ServerTime", iso8601_s(now_s))
}
