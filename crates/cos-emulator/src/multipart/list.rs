//! List Parts and List Multipart Uploads.

use std::ops::Bound;

use http::Response;

use super::upload;
use crate::body::Body;
use crate::clock::iso8601_ms;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::listing::{Shown, collect_page};
use crate::reply;
use crate::store::UploadInfo;
use crate::xml::Xml;

pub(crate) fn list_parts(ctx: &Ctx<'_>) -> Result<Response<Body>> {
    let upload = upload(ctx)?;
    let shown = Shown {
        url: ctx.url_encoding()?,
    };
    let max = ctx.number("max-parts", 1000, 1000)?;
    let marker = ctx.number("part-number-marker", 0, u32::MAX as usize)? as u32;
    let parts = upload.parts();
    let mut page: Vec<_> = parts
        .range((Bound::Excluded(marker), Bound::Unbounded))
        .map(|(_, p)| p)
        .take(max + 1)
        .collect();
    let truncated = page.len() > max;
    page.truncate(max);
    let owner = ctx.owner_qcs();
    let info = &upload.info;
    let mut xml = Xml::new();
    xml.open("ListPartsResult").text("Bucket", &ctx.bucket.name);
    if shown.url {
        xml.text("Encoding-type", "url");
    }
    xml.text("Key", &shown.text(&info.key))
        .text("UploadId", &info.id);
    xml.person("Initiator", &info.initiator, &info.initiator)
        .person("Owner", &owner, &owner);
    xml.text("StorageClass", &info.meta.storage_class)
        .number("PartNumberMarker", marker);
    if let Some(last) = page.last().filter(|_| truncated) {
        xml.number("NextPartNumberMarker", last.number);
    }
    xml.number("MaxParts", max).number("IsTruncated", truncated);
    for part in page {
        xml.open("Part")
            .number("PartNumber", part.number)
            .text("LastModified", &iso8601_ms(part.modified_ms))
            .text("ETag", &format!("\"{}\"", part.etag()))
            .number("Size", part.content.len())
            .close("Part");
    }
    xml.close("ListPartsResult");
    Ok(reply::xml(xml))
}

pub(crate) fn list_uploads(ctx: &Ctx<'_>) -> Result<Response<Body>> {
    let shown = Shown {
        url: ctx.url_encoding()?,
    };
    let max = ctx.number("max-uploads", 1000, 1000)?;
    let text = |name: &str| ctx.head.param(name).unwrap_or_default();
    let (prefix, delimiter) = (text("prefix"), text("delimiter"));
    let (key_marker, id_marker) = (text("key-marker"), text("upload-id-marker"));
    let uploads: Vec<UploadInfo> = ctx
        .bucket
        .uploads()
        .values()
        .map(|u| u.info.clone())
        .collect();
    let after = uploads.iter().filter(|info| {
        let key = info.key.as_str();
        key > key_marker
            || key == key_marker && !id_marker.is_empty() && info.id.as_str() > id_marker
    });
    let page = collect_page(
        after.map(|info| (info.key.as_str(), info)),
        prefix,
        delimiter,
        key_marker,
        max,
    );
    let owner = ctx.owner_qcs();
    let mut xml = Xml::new();
    xml.open("ListMultipartUploadsResult")
        .text("Bucket", &ctx.bucket.name);
    if shown.url {
        xml.text("Encoding-Type", "url");
    }
    xml.text("KeyMarker", &shown.text(key_marker))
        .text("UploadIdMarker", id_marker);
    if page.truncated {
        let last_id = page.last_item.map_or("", |info| info.id.as_str());
        xml.text("NextKeyMarker", &shown.text(&page.last))
            .text("NextUploadIdMarker", last_id);
    }
    xml.number("MaxUploads", max)
        .number("IsTruncated", page.truncated);
    xml.text("Prefix", &shown.text(prefix))
        .text("Delimiter", &shown.text(delimiter));
    for info in &page.items {
        xml.open("Upload")
            .text("Key", &shown.text(&info.key))
            .text("UploadId", &info.id);
        xml.text("StorageClass", &info.meta.storage_class);
        xml.person("Initiator", &info.initiator, &info.initiator)
            .person("Owner", &owner, &owner);
        xml.text("Initiated", &iso8601_ms(info.initiated_ms))
            .close("Upload");
    }
    for prefix in &page.common_prefixes {
        xml.open("CommonPrefixes")
            .text("Prefix", &shown.text(prefix))
            .close("CommonPrefixes");
    }
    xml.close("ListMultipartUploadsResult");
    Ok(reply::xml(xml))
}
