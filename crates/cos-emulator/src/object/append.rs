//! APPEND Object.

use http::Response;

use super::{headers, put};
use crate::body::Body;
use crate::ctx::{Ctx, MAX_BODY_BYTES};
use crate::error::{Code, Result};
use crate::multipart::combined;
use crate::payload::Payload;
use crate::reply::Reply;
use crate::store::{Version, Versioning};

pub(crate) async fn append(ctx: &Ctx<'_>, payload: &mut Payload) -> Result<Response<Body>> {
    if ctx.bucket.settings().versioning != Versioning::Off {
        return Err(Code::InvalidRequest.because("Append does not work on versioned buckets."));
    }
    let position: u64 = ctx
        .head
        .param("position")
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Code::InvalidArgument.because("Append needs a position."))?;
    let meta = headers::meta(ctx.head)?;
    let received = ctx.receive(payload).await?;

    let _lock = ctx.bucket.lock(ctx.key).await;
    let old = ctx.bucket.version(ctx.key, None).ok();
    if old.as_ref().is_some_and(|v| !v.appendable) {
        return Err(Code::ObjectNotAppendable.into());
    }
    let length = old.as_ref().map_or(0, |v| v.size());
    if position != length {
        return Err(Code::AppendPositionErr.into());
    }
    if length + received.content.len() > MAX_BODY_BYTES {
        return Err(Code::EntityTooLarge.into());
    }
    let mut version = Version::simple(received, meta, ctx.now_ms);
    if let Some(old) = old {
        version = combined(
            [&old.content, &version.content],
            [(&old.etag, old.crc64), (&version.etag, version.crc64)],
        )
        .version(old.meta.clone(), ctx.now_ms);
    }
    version.appendable = true;
    let next = version.size();
    let reply = put::written(&version);
    ctx.bucket.put(ctx.backend(), ctx.key, version).await?;
    Ok(reply.with("x-cos-next-append-position", &next.to_string()))
}
