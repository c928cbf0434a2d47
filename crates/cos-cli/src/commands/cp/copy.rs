//! An object to an object, inside the service.

use cos_client::CopySource;

use super::{Cp, Done};
use crate::commands::Context;
use crate::exit::Result;
use crate::input::location::CosUrl;

pub(super) async fn object(cx: &Context, cp: &Cp, from: &CosUrl, to: &CosUrl) -> Result<Done> {
    let source_key = from.object_key()?;
    let key = to.key_for(source_key.rsplit('/').next().filter(|n| !n.is_empty()))?;
    let source = CopySource::new(from.bucket.as_str(), cx.global.region()?, source_key)?;
    let client = cp.client(cx, to)?;
    let mut copy = client.copy_object(source, key.as_str());
    if let Some(etag) = cp.if_match() {
        copy = copy.source_if_match(&etag);
    }
    if let Some(class) = cp.storage_class()? {
        copy = copy.storage_class(&class);
    }
    if !cp.metadata.is_empty() || cp.content_type.is_some() {
        copy = copy.replace_metadata();
    }
    if let Some(content_type) = &cp.content_type {
        copy = copy.content_type(content_type);
    }
    for pair in &cp.metadata {
        copy = copy.metadata(&pair.key, &pair.value);
    }
    if cp.no_overwrite {
        copy = copy.forbid_overwrite();
    }
    let done = copy.send().await?;
    // A copy's answer has no size.
    let bytes = client.head_object(key.as_str()).send().await?.size;
    Ok(Done {
        from: format!("cos://{}/{source_key}", from.bucket.as_str()),
        to: format!("cos://{}/{key}", to.bucket.as_str()),
        bytes,
        parts: 1,
        etag: done.etag.map(|e| e.as_str().to_owned()),
        crc64: done.crc64.map(|c| c.to_string()),
        upload_id: None,
        ..Done::default()
    })
}
