//! PUT Object - Copy, and where a copy's source is.

use std::sync::Arc;

use http::Response;
use percent_encoding::percent_decode_str;

use super::{check_overwrite, conditions, headers, put};
use crate::body::Body;
use crate::clock::iso8601_ms;
use crate::ctx::{Ctx, MAX_BODY_BYTES};
use crate::error::{Code, Result};
use crate::operation::Operation;
use crate::reply::{self, Reply};
use crate::store::{Bucket, Version};
use crate::xml::Xml;

/// The object a copy reads, after checking that the caller may and that its conditions hold.
pub(crate) struct Source {
    pub(crate) bucket: Arc<Bucket>,
    pub(crate) key: String,
    pub(crate) version: Arc<Version>,
}

/// # Errors
/// `InvalidCopySource`, `NoSuchCopySource`, `AccessDenied`, `PreconditionFailed`, `InvalidObjectState`.
pub(crate) fn source(ctx: &Ctx<'_>) -> Result<Source> {
    let text = ctx.head.header("x-cos-copy-source").unwrap_or_default();
    let (path, query) = text.split_once('?').unwrap_or((&text, ""));
    let version_id = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("versionId="));
    let (host, key) = path
        .trim_start_matches('/')
        .split_once('/')
        .ok_or(Code::InvalidCopySource)?;
    let key = percent_decode_str(key)
        .decode_utf8()
        .map_err(|_| Code::InvalidCopySource)?
        .into_owned();
    let (bucket, rest) = host.split_once('.').ok_or(Code::InvalidCopySource)?;
    if key.is_empty() || !rest.starts_with("cos") {
        return Err(Code::InvalidCopySource.into());
    }
    let region = rest.split('.').nth(1).unwrap_or_default();
    let bucket = ctx
        .shared
        .store
        .bucket(bucket)
        .filter(|b| b.region == region || region == "accelerate")
        .ok_or(Code::NoSuchCopySource)?;
    ctx.may(Operation::GetObject, &bucket, &key)?;
    let version = bucket
        .version(&key, version_id)
        .map_err(|_| Code::NoSuchCopySource)?;
    conditions::check_copy_source(&version, ctx.head)?;
    if version.is_archived()
        && version
            .restored_until_ms
            .is_none_or(|until| until <= ctx.now_ms)
    {
        return Err(Code::InvalidObjectState.into());
    }
    Ok(Source {
        bucket,
        key,
        version,
    })
}

pub(crate) async fn copy(ctx: &Ctx<'_>) -> Result<Response<Body>> {
    let source = source(ctx)?;
    if source.version.size() > MAX_BODY_BYTES {
        return Err(Code::EntityTooLarge.because("Copy objects above 5 GB in parts."));
    }
    let replaced = |header: &str| match ctx.head.header(header).as_deref() {
        None => Ok(false),
        Some(text) if text.eq_ignore_ascii_case("copy") => Ok(false),
        Some(text) if text.eq_ignore_ascii_case("replaced") => Ok(true),
        Some(_) => Err(Code::InvalidArgument.because(format!("{header} is Copy or Replaced."))),
    };
    let new_meta = replaced("x-cos-metadata-directive")?;
    let new_tags = replaced("x-cos-tagging-directive")?;
    let itself = source.bucket.name == ctx.bucket.name && source.key == ctx.key;
    if itself && !new_meta && !ctx.head.headers.contains_key("x-cos-storage-class") {
        return Err(Code::InvalidRequest
            .because("Copying an object onto itself needs x-cos-metadata-directive: Replaced."));
    }
    // Storage class and ACL never come from the source.
    let mut meta = headers::meta(ctx.head)?;
    if !new_meta {
        let encryption = |name: &str| name.starts_with("x-cos-server-side-encryption");
        meta.headers.retain(|(name, _)| encryption(name));
        let old = source
            .version
            .meta
            .headers
            .iter()
            .filter(|(name, _)| !encryption(name));
        meta.headers.extend(old.cloned());
    }
    if !new_tags {
        meta.tags.clone_from(&source.version.meta.tags);
    }
    let old = &source.version;
    let version = Version::new(
        old.etag.clone(),
        old.crc64,
        old.content.clone(),
        meta,
        ctx.now_ms,
    );
    let mut xml = Xml::new();
    xml.open("CopyObjectResult")
        .text("ETag", &format!("\"{}\"", version.etag))
        .text("LastModified", &iso8601_ms(version.modified_ms))
        .number("CRC64", version.crc64);
    let written = put::written(&version);
    let _lock = ctx.bucket.lock(ctx.key).await;
    check_overwrite(ctx)?;
    let id = ctx.bucket.put(ctx.backend(), ctx.key, version).await?;
    if let Some(id) = &id {
        xml.text("VersionId", id);
    }
    xml.close("CopyObjectResult");
    let mut reply = reply::xml(xml).maybe("x-cos-version-id", id.as_deref());
    for (name, value) in written.headers() {
        reply.headers_mut().insert(name, value.clone());
    }
    Ok(reply)
}
