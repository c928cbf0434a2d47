//! GET and HEAD Object.

use http::{HeaderName, Method, Response, StatusCode};

use super::{conditions, put, range};
use crate::body::Body;
use crate::clock::http_date;
use crate::ctx::Ctx;
use crate::error::{Code, Error, Result, header_value};
use crate::faults::slowed;
use crate::reply::{self, Reply};
use crate::store::{Version, Versioning};

/// Parameters that replace a header of the answer.
const OVERRIDES: &[(&str, &str)] = &[
    ("response-cache-control", "cache-control"),
    ("response-content-disposition", "content-disposition"),
    ("response-content-encoding", "content-encoding"),
    ("response-content-language", "content-language"),
    ("response-content-type", "content-type"),
    ("response-expires", "expires"),
];

pub(crate) fn get(ctx: &Ctx<'_>) -> Result<Response<Body>> {
    let head_only = ctx.head.method == Method::HEAD;
    let rate = ctx.traffic_limit()?;
    let version = ctx
        .bucket
        .version(ctx.key, ctx.head.param("versionId"))
        .map_err(|e| marked(ctx, e))?;
    if !head_only
        && version.is_archived()
        && version
            .restored_until_ms
            .is_none_or(|until| until <= ctx.now_ms)
    {
        return Err(Code::InvalidObjectState.into());
    }
    conditions::check(&version, |name| ctx.head.header(name)).map_err(|error| {
        let etag = format!("\"{}\"", version.etag);
        if error.code == Code::NotModified.name() {
            error.header("etag", &etag)
        } else {
            error
        }
    })?;
    let size = version.size();
    let range = range::parse(ctx.head.header("range").as_deref(), size)?;
    let (status, bytes) = match &range {
        Some(range) => (StatusCode::PARTIAL_CONTENT, range.clone()),
        None => (StatusCode::OK, 0..size),
    };
    let mut reply = reply::empty(status)
        .with("content-length", &(bytes.end - bytes.start).to_string())
        .with("content-type", "application/octet-stream");
    reply = object_headers(ctx, &version, reply);
    if range.is_some() {
        reply = reply.with(
            "content-range",
            &format!("bytes {}-{}/{size}", bytes.start, bytes.end - 1),
        );
    }
    reply = overridden(ctx, reply)?;
    if !head_only {
        let body = version.content.body(bytes);
        *reply.body_mut() = match rate {
            Some(rate) => slowed(body, rate),
            None => body,
        };
    }
    Ok(reply)
}

/// A missing object whose newest version is a delete marker says so.
fn marked(ctx: &Ctx<'_>, error: Error) -> Error {
    let objects = ctx.bucket.objects();
    match objects.get(ctx.key).and_then(|versions| versions.last()) {
        Some(newest) if newest.delete_marker && ctx.head.param("versionId").is_none() => error
            .header("x-cos-delete-marker", "true")
            .header("x-cos-version-id", &newest.id),
        _ => error,
    }
}

fn object_headers(ctx: &Ctx<'_>, version: &Version, mut reply: Response<Body>) -> Response<Body> {
    for (name, value) in &version.meta.headers {
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            reply.headers_mut().insert(name, header_value(value));
        }
    }
    reply = put::echo_encryption(reply, &version.meta)
        .with("accept-ranges", "bytes")
        .with("etag", &format!("\"{}\"", version.etag))
        .with("last-modified", &http_date(version.modified_ms / 1000))
        .with("x-cos-hash-crc64ecma", &version.crc64.to_string())
        .with(
            "x-cos-object-type",
            if version.appendable {
                "appendable"
            } else {
                "normal"
            },
        );
    if version.appendable {
        reply = reply.with("x-cos-next-append-position", &version.size().to_string());
    }
    if version.meta.storage_class != "STANDARD" {
        reply = reply.with("x-cos-storage-class", &version.meta.storage_class);
    }
    if let Some(until_ms) = version
        .restored_until_ms
        .filter(|until| *until > ctx.now_ms)
    {
        let date = http_date(until_ms / 1000);
        reply = reply.with(
            "x-cos-restore",
            &format!("ongoing-request=\"false\", expiry-date=\"{date}\""),
        );
    }
    if !version.meta.tags.is_empty() {
        reply = reply.with("x-cos-tagging-count", &version.meta.tags.len().to_string());
    }
    if ctx.bucket.settings().versioning != Versioning::Off {
        reply = reply.with("x-cos-version-id", &version.id);
    }
    reply
}

fn overridden(ctx: &Ctx<'_>, mut reply: Response<Body>) -> Result<Response<Body>> {
    for (param, header) in OVERRIDES {
        let Some(value) = ctx.head.param(param) else {
            continue;
        };
        if ctx.caller.is_none() {
            return Err(
                Code::InvalidRequest.because("response-* parameters need a signed request.")
            );
        }
        reply = reply.with(header, value);
    }
    Ok(reply)
}
