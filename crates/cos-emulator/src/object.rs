//! Operations on one object.

pub(crate) mod append;
pub(crate) mod conditions;
pub(crate) mod copy;
pub(crate) mod get;
pub(crate) mod headers;
pub(crate) mod metadata;
pub(crate) mod put;
pub(crate) mod range;

use http::{Response, StatusCode};

use crate::body::Body;
use crate::ctx::Ctx;
use crate::error::{Code, Result};
use crate::reply::{self, Reply};
use crate::store::Versioning;

/// Longest key in bytes of UTF-8.
const MAX_KEY_BYTES: usize = 850;

/// # Errors
/// `KeyTooLong`, or `InvalidURI` for the control characters no key may hold.
pub(crate) fn check_key(key: &str) -> Result<()> {
    if key.len() > MAX_KEY_BYTES {
        return Err(Code::KeyTooLong.into());
    }
    if key.chars().any(|c| ('\u{18}'..='\u{1b}').contains(&c)) {
        return Err(Code::InvalidURI.because("The key holds a control character (0x18 to 0x1b)."));
    }
    Ok(())
}

/// `x-cos-forbid-overwrite: true` on an existing key; without meaning once a bucket is versioned.
pub(crate) fn check_overwrite(ctx: &Ctx<'_>) -> Result<()> {
    let forbidden = ctx
        .head
        .header("x-cos-forbid-overwrite")
        .is_some_and(|v| v.eq_ignore_ascii_case("true"));
    let versioned = ctx.bucket.settings().versioning != Versioning::Off;
    if forbidden && !versioned && ctx.bucket.version(ctx.key, None).is_ok() {
        return Err(Code::FileAlreadyExists.into());
    }
    Ok(())
}

pub(crate) async fn delete(ctx: &Ctx<'_>) -> Result<Response<Body>> {
    let _lock = ctx.bucket.lock(ctx.key).await;
    let version_id = ctx.head.param("versionId");
    let done = ctx
        .bucket
        .delete(ctx.backend(), ctx.key, version_id, ctx.now_ms)
        .await?;
    let marker = done.delete_marker.then_some("true");
    Ok(reply::empty(StatusCode::NO_CONTENT)
        .maybe("x-cos-delete-marker", marker)
        .maybe("x-cos-version-id", done.version_id.as_deref()))
}
