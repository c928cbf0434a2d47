//! POST Object: an upload from an HTML form.

mod form;
mod policy;

use std::sync::Arc;

use cos_sign_core::{KeyTime, SignKey, post_policy};
use http::{HeaderMap, HeaderName, Response, StatusCode};

use crate::authentication::{check_token, known_key, with_time};
use crate::authorization::authorize;
use crate::body::Body;
use crate::ctx::{Ctx, MAX_BODY_BYTES};
use crate::error::{Code, Error, Result, header_value};
use crate::head::Head;
use crate::keys::Key;
use crate::object::{check_key, check_overwrite, headers};
use crate::operation::Operation;
use crate::payload::Payload;
use crate::reply::{self, Reply};
use crate::shared::Shared;
use crate::store::{Bucket, Version};
use crate::xml::Xml;
use form::{Fields, Form};

pub(crate) async fn post(
    shared: &Shared,
    head: &Head,
    bucket: Arc<Bucket>,
    payload: &mut Payload,
    now_ms: u64,
) -> Result<(Response<Body>, String)> {
    let mut form = Form::begin(head, payload).await?;
    let fields = form.fields().clone();
    let key = fields.key(form.filename())?;
    check_key(&key)?;
    let (caller, size) = authenticate(shared, &fields, &bucket, &key, now_ms)?;
    let decision = authorize(
        shared,
        head,
        caller.as_deref(),
        Operation::PostObject,
        &bucket,
        &key,
    )?;
    let ctx = Ctx {
        shared,
        head,
        bucket,
        key: &key,
        caller,
        now_ms,
    };
    let meta = headers::meta_of(&as_headers(&fields))?;
    check_overwrite(&ctx)?;

    let mut sink = shared.store.sink(false)?;
    while let Some(data) = form.next(payload).await? {
        if sink.len() + data.len() as u64 > *size.end().min(&MAX_BODY_BYTES) {
            return Err(Code::EntityTooLarge.into());
        }
        sink.write(data).await?;
    }
    if sink.len() < *size.start() {
        return Err(Code::EntityTooSmall.into());
    }
    let version = Version::simple(sink.finish().await?, meta, now_ms);
    let (etag, crc64) = (format!("\"{}\"", version.etag), version.crc64.to_string());
    let _lock = ctx.bucket.lock(&key).await;
    check_overwrite(&ctx)?;
    let id = ctx.bucket.put(ctx.backend(), &key, version).await?;
    let reply = answer(&ctx, &fields, &etag)
        .with("etag", &etag)
        .with("x-cos-hash-crc64ecma", &crc64)
        .maybe("x-cos-version-id", id.as_deref());
    Ok((reply, decision))
}

type SizeRange = std::ops::RangeInclusive<u64>;

/// The form's own signature: over the policy, which in turn limits the form.
fn authenticate(
    shared: &Shared,
    fields: &Fields,
    bucket: &Bucket,
    key: &str,
    now_ms: u64,
) -> Result<(Option<Arc<Key>>, SizeRange)> {
    use base64::Engine as _;
    let anything = 0..=u64::MAX;
    let Some(encoded) = fields.get("policy") else {
        if fields.get("q-signature").is_some() {
            return Err(
                Code::InvalidPolicyDocument.because("The form is signed but has no policy.")
            );
        }
        return Ok((None, anything));
    };
    let need = |name: &str| {
        fields
            .get(name)
            .ok_or_else(|| Code::InvalidArgument.because(format!("The form has no field {name}.")))
    };
    if need("q-sign-algorithm")? != "sha1" {
        return Err(Code::InvalidArgument.because("q-sign-algorithm is sha1."));
    }
    let raw = base64::engine::general_purpose::STANDARD.decode(encoded.trim());
    let json = raw.ok().and_then(|raw| String::from_utf8(raw).ok());
    let json = json
        .ok_or_else(|| Code::InvalidPolicyDocument.because("The policy is not base64 of UTF-8."))?;
    let secret = known_key(shared, need("q-ak")?)?;
    check_token(shared, &secret, fields.get("x-cos-security-token"))?;
    let window = fields
        .get("q-key-time")
        .map_or_else(|| need("q-sign-time"), Ok)?;
    let window = KeyTime::parse(window)
        .map_err(|_| Code::InvalidArgument.because("q-key-time is not start;end."))?;
    let sign_key =
        SignKey::derive(&secret.secret_key, window).map_err(|_| Code::InvalidArgument)?;
    if !post_policy::signature(&sign_key, &json).matches(need("q-signature")?) {
        let digest = post_policy::string_to_sign(&json);
        return Err(
            Error::from(Code::SignatureDoesNotMatch).element("StringToSign", digest.as_str())
        );
    }
    let now_s = now_ms / 1000;
    if now_s < window.start_s() {
        return Err(with_time(Code::RequestTimeTooSkewed.into(), now_s));
    }
    if now_s > window.end_s() {
        return Err(with_time(
            Code::AccessDenied.because("Request has expired"),
            now_s,
        ));
    }
    let size = policy::check(&json, fields, &bucket.name, key, now_s)?;
    Ok((Some(secret), size))
}

/// Form fields say what headers say elsewhere.
fn as_headers(fields: &Fields) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields.iter() {
        let name = if name == "acl" { "x-cos-acl" } else { name };
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            headers.insert(name, header_value(value));
        }
    }
    headers
}

fn answer(ctx: &Ctx<'_>, fields: &Fields, etag: &str) -> Response<Body> {
    let location = format!(
        "http://{}",
        ctx.location(&cos_sign_core::encode_path(ctx.key).to_string())
    );
    if let Some(target) = fields
        .get("success_action_redirect")
        .filter(|t| !t.is_empty())
    {
        let separator = if target.contains('?') { '&' } else { '?' };
        let enc = |text: &str| cos_sign_core::encode(text).to_string();
        let query = format!(
            "bucket={}&key={}&etag={}",
            enc(&ctx.bucket.name),
            enc(ctx.key),
            enc(etag)
        );
        return reply::empty(StatusCode::SEE_OTHER)
            .with("location", &format!("{target}{separator}{query}"));
    }
    let reply = match fields.get("success_action_status") {
        Some("200") => reply::empty(StatusCode::OK),
        Some("201") => {
            let mut xml = Xml::new();
            xml.open("PostResponse")
                .text("Location", &location)
                .text("Bucket", &ctx.bucket.name)
                .text("Key", ctx.key)
                .text("ETag", etag)
                .close("PostResponse");
            let mut reply = reply::xml(xml);
            *reply.status_mut() = StatusCode::CREATED;
            reply
        }
        _ => reply::empty(StatusCode::NO_CONTENT),
    };
    reply.with("location", &location)
}
