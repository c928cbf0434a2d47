//! Upload Part and Upload Part - Copy.

use http::{Response, StatusCode};

use super::{MAX_PARTS, upload};
use crate::body::Body;
use crate::clock::iso8601_ms;
use crate::ctx::{Ctx, MAX_BODY_BYTES};
use crate::error::{Code, Result};
use crate::object::{copy, put, range};
use crate::payload::Payload;
use crate::reply::{self, Reply};
use crate::store::Part;
use crate::xml::Xml;

fn part_number(ctx: &Ctx<'_>) -> Result<u32> {
    let number = ctx
        .head
        .param("partNumber")
        .and_then(|text| text.parse().ok());
    number
        .filter(|n| (1..=MAX_PARTS).contains(n))
        .ok_or_else(|| {
            Code::InvalidArgument.because(format!("partNumber must be 1 to {MAX_PARTS}."))
        })
}

pub(crate) async fn upload_part(ctx: &Ctx<'_>, payload: &mut Payload) -> Result<Response<Body>> {
    let number = part_number(ctx)?;
    let upload = upload(ctx)?;
    let part = Part::new(number, ctx.receive(payload).await?, ctx.now_ms);
    let reply = reply::empty(StatusCode::OK)
        .with("etag", &format!("\"{}\"", part.etag()))
        .with("x-cos-hash-crc64ecma", &part.crc64.to_string());
    upload
        .put_part(ctx.backend(), ctx.bucket.dir(), part)
        .await?;
    Ok(put::echo_encryption(reply, &upload.info.meta))
}

pub(crate) async fn copy_part(ctx: &Ctx<'_>) -> Result<Response<Body>> {
    let number = part_number(ctx)?;
    let upload = upload(ctx)?;
    let source = copy::source(ctx)?;
    let size = source.version.size();
    let bytes = match ctx.head.header("x-cos-copy-source-range") {
        None => 0..size,
        Some(text) => {
            let range = range::parse(Some(&text), size)?;
            range.ok_or_else(|| {
                Code::InvalidArgument.because("x-cos-copy-source-range is not bytes=a-b.")
            })?
        }
    };
    if bytes.end - bytes.start > MAX_BODY_BYTES {
        return Err(Code::EntityTooLarge.into());
    }
    // The part needs hashes of its own, so its bytes are read once.
    let content = source.version.content.slice(bytes);
    let received = crate::store::hashed(content).await?;
    let part = Part::new(number, received, ctx.now_ms);
    let mut xml = Xml::new();
    xml.open("CopyPartResult")
        .text("ETag", &format!("\"{}\"", part.etag()))
        .text("LastModified", &iso8601_ms(ctx.now_ms))
        .number("CRC64", part.crc64)
        .close("CopyPartResult");
    let crc64 = part.crc64.to_string();
    upload
        .put_part(ctx.backend(), ctx.bucket.dir(), part)
        .await?;
    Ok(reply::xml(xml).with("x-cos-hash-crc64ecma", &crc64))
}
