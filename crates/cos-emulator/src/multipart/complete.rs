//! Complete Multipart Upload.

use std::sync::Arc;

use http::Response;
use serde::Deserialize;

use super::{MAX_PARTS, combined, upload};
use crate::body::Body;
use crate::ctx::Ctx;
use crate::error::{Code, Result};
use crate::object::{check_overwrite, put};
use crate::payload::Payload;
use crate::reply::{self, Reply};
use crate::store::{Part, Upload, Version};
use crate::xml::{self, Xml};

/// Every part but the last has at least 1 MB.
const MIN_PART_BYTES: u64 = 1024 * 1024;
/// 50,000 GB (48.82 TB).
const MAX_OBJECT_BYTES: u64 = 50_000 * 1024 * 1024 * 1024;

#[derive(Deserialize)]
struct CompleteMultipartUpload {
    #[serde(rename = "Part", default)]
    parts: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "PartNumber")]
    number: u32,
    #[serde(rename = "ETag")]
    etag: String,
}

pub(crate) async fn complete(ctx: &Ctx<'_>, payload: &mut Payload) -> Result<Response<Body>> {
    let upload = upload(ctx)?;
    let request: CompleteMultipartUpload = xml::parse(&ctx.document(payload).await?)?;
    let _lock = ctx.bucket.lock(ctx.key).await;
    check_overwrite(ctx)?;
    let mut facts = None;
    let id = ctx
        .bucket
        .complete_upload(ctx.backend(), &upload, |upload| {
            let version = assemble(upload, &request.parts, ctx.now_ms)?;
            facts = Some((put::written(&version), version.etag.clone()));
            Ok(version)
        })
        .await?;
    let (written, etag) = facts.ok_or(Code::InternalError)?;
    let mut xml = Xml::new();
    xml.open("CompleteMultipartUploadResult")
        .text("Location", &format!("http://{}", ctx.location(ctx.key)))
        .text("Bucket", &ctx.bucket.name)
        .text("Key", ctx.key)
        .text("ETag", &format!("\"{etag}\""))
        .close("CompleteMultipartUploadResult");
    let mut reply = reply::xml(xml).maybe("x-cos-version-id", id.as_deref());
    // The ETag stands in the body here, not in a header.
    for (name, value) in written.headers().iter().filter(|(name, _)| *name != "etag") {
        reply.headers_mut().insert(name, value.clone());
    }
    Ok(reply)
}

fn assemble(upload: &Upload, listed: &[Listed], now_ms: u64) -> Result<Version> {
    if listed.is_empty() || listed.len() > MAX_PARTS as usize {
        return Err(Code::MalformedXML.into());
    }
    if listed
        .windows(2)
        .any(|pair| pair[0].number >= pair[1].number)
    {
        return Err(Code::InvalidPartOrder.into());
    }
    let uploaded = upload.parts();
    let mut parts: Vec<&Arc<Part>> = Vec::with_capacity(listed.len());
    // Part numbers are consecutive from 1 (436/7742).
    for (wanted, listed) in (1..).zip(listed) {
        let part = uploaded.get(&listed.number).filter(|p| {
            listed.number == wanted
                && p.etag()
                    .eq_ignore_ascii_case(listed.etag.trim().trim_matches('"'))
        });
        parts.push(part.ok_or_else(|| {
            Code::InvalidPart.because(format!(
                "Part {} could not be found, or its ETag is another, or part {wanted} is missing from the list.",
                listed.number
            ))
        })?);
    }
    let all_but_last = &parts[..parts.len() - 1];
    if all_but_last
        .iter()
        .any(|p| p.content.len() < MIN_PART_BYTES)
    {
        return Err(Code::EntityTooSmall.into());
    }
    if parts.iter().map(|p| p.content.len()).sum::<u64>() > MAX_OBJECT_BYTES {
        return Err(Code::EntityTooLarge.into());
    }
    let etags: Vec<String> = parts.iter().map(|p| p.etag()).collect();
    let hashes = etags.iter().zip(parts.iter().map(|p| p.crc64));
    let all = combined(parts.iter().map(|p| &p.content), hashes);
    Ok(all.version(upload.info.meta.clone(), now_ms))
}
