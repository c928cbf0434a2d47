//! From a call to a signed request.

use std::fmt::Write as _;
use std::sync::Arc;

use cos_sts::Credentials;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use http::{Request, Uri};

use super::Attempt;
use crate::body::{Payload, Sending, UploadBody};
use crate::client::{Client, Now};
use crate::error::{Error, Result};
use crate::request::Call;
use crate::sign;
use crate::types::{Endpoint, ObjectKey};

impl Client {
    /// Builds and signs. Everything we add is signed, so that strict buckets accept it;
    /// User-Agent and Accept are exempt there.
    pub(super) fn signed(
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
