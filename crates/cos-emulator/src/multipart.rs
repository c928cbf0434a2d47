//! Multipart uploads.

mod combine;
mod complete;
mod list;
mod parts;

pub(crate) use combine::combined;
pub(crate) use complete::complete;
pub(crate) use list::{list_parts, list_uploads};
pub(crate) use parts::{copy_part, upload_part};

use std::sync::Arc;

use http::{Response, StatusCode};

use crate::body::Body;
use crate::ctx::Ctx;
use crate::error::{Code, Result};
use crate::object::{check_overwrite, headers, put};
use crate::reply;
use crate::store::{Upload, UploadInfo, unique_id};
use crate::xml::Xml;

/// Highest part number.
const MAX_PARTS: u32 = 10_000;

pub(crate) async fn initiate(ctx: &Ctx<'_>) -> Result<Response<Body>> {
    check_overwrite(ctx)?;
    let meta = headers::meta(ctx.head)?;
    let reply_meta = meta.clone();
    let id = unique_id(ctx.now_ms);
    let info = UploadInfo {
        key: ctx.key.to_owned(),
        id: id.clone(),
        meta,
        initiated_ms: ctx.now_ms,
        initiator: ctx.caller_qcs(),
    };
    ctx.bucket.begin_upload(ctx.backend(), info).await?;
    let mut xml = Xml::new();
    xml.open("InitiateMultipartUploadResult")
        .text("Bucket", &ctx.bucket.name)
        .text("Key", ctx.key)
        .text("UploadId", &id)
        .close("InitiateMultipartUploadResult");
    Ok(put::echo_encryption(reply::xml(xml), &reply_meta))
}

pub(crate) async fn abort(ctx: &Ctx<'_>) -> Result<Response<Body>> {
    let upload = upload(ctx)?;
    ctx.bucket.abort_upload(ctx.backend(), &upload).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// The upload that `uploadId` names.
fn upload(ctx: &Ctx<'_>) -> Result<Arc<Upload>> {
    let id = ctx.head.param("uploadId").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| Code::InvalidArgument.because("uploadId is missing."))?;
    ctx.bucket.upload(ctx.key, id)
}
