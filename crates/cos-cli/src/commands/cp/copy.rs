//! An object to an object, inside the service.

use cos_client::CopySource;

use super::{Cp, Done, describe, finish};
use crate::commands::Context;
use crate::exit::Result;
use crate::input::location::CosUrl;
use crate::progress::Bar;

pub(super) async fn object(cx: &Context, cp: &Cp, from: &CosUrl, to: &CosUrl) -> Result<Done> {
    let source_key = from.object_key()?;
    let key = to.key_for(source_key.rsplit('/').next().filter(|n| !n.is_empty()))?;
    let source = CopySource::new(from.bucket.as_str(), cx.global.region()?, source_key)?;
    let client = cp.client(cx, to)?;
    let mut copy = describe!(client.copy(source, key.as_str()), &cp.transfer);
    if let Some(etag) = cp.if_match() {
        copy = copy.source_if_match(&etag);
    }
    if !cp.transfer.metadata.is_empty() || cp.transfer.content_type.is_some() {
        copy = copy.replace_metadata();
    }
    if cp.no_overwrite {
        copy = copy.forbid_overwrite();
    }
    if let Some(bytes) = cp.transfer.part_size {
        copy = copy.part_size(bytes);
    }
    if let Some(parts) = cp.transfer.concurrency {
        copy = copy.concurrency(parts);
    }
    let bar = Bar::new(&cx.output, "copy");
    let transfer = copy.on_progress(bar.callback()).start();
    let done = finish(cx, &client, transfer, false).await;
    bar.clear();
    let done = done?;
    Ok(Done {
        from: format!("cos://{}/{source_key}", from.bucket.as_str()),
        to: format!("cos://{}/{key}", to.bucket.as_str()),
        bytes: done.bytes,
        parts: done.parts,
        etag: done.etag.map(|e| e.as_str().to_owned()),
        crc64: done.crc64.map(|c| c.to_string()),
        upload_id: None,
        ..Done::default()
    })
}
