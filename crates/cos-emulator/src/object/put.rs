//! PUT Object.

use http::{Response, StatusCode};

use super::{check_overwrite, headers};
use crate::body::Body;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::payload::Payload;
use crate::reply::{self, Reply};
use crate::store::{Meta, Version};

pub(crate) async fn put(ctx: &Ctx<'_>, payload: &mut Payload) -> Result<Response<Body>> {
    let meta = headers::meta(ctx.head)?;
    // Asked before the body as well, so that nobody sends gigabytes for nothing.
    check_overwrite(ctx)?;
    let received = ctx.receive(payload).await?;
    let version = Version::simple(received, meta, ctx.now_ms);
    let reply = written(&version);
    let _lock = ctx.bucket.lock(ctx.key).await;
    check_overwrite(ctx)?;
    let id = ctx.bucket.put(ctx.backend(), ctx.key, version).await?;
    Ok(reply.maybe("x-cos-version-id", id.as_deref()))
}

/// The headers of an answer to a write.
pub(crate) fn written(version: &Version) -> Response<Body> {
    let reply = reply::empty(StatusCode::OK)
        .with("etag", &format!("\"{}\"", version.etag))
        .with("x-cos-hash-crc64ecma", &version.crc64.to_string());
    echo_encryption(reply, &version.meta)
}

/// Server-side encryption is echoed, not done.
pub(crate) fn echo_encryption(mut reply: Response<Body>, meta: &Meta) -> Response<Body> {
    for (name, value) in &meta.headers {
        if name.starts_with("x-cos-server-side-encryption")
            && let Ok(name) = http::HeaderName::from_bytes(name.as_bytes())
        {
            reply
                .headers_mut()
                .insert(name, crate::error::header_value(value));
        }
    }
    reply
}
