//! An object to a file or to standard output.

use std::path::Path;

use super::{Cp, Done, finish, tell_restart};
use crate::commands::Context;
use crate::exit::{Failure, Result};
use crate::input::location::{CosUrl, file_for};
use crate::output;
use crate::progress::Bar;

pub(super) async fn file(cx: &Context, cp: &Cp, from: &CosUrl, to: &Path) -> Result<Done> {
    let key = from.object_key()?;
    let file = file_for(to, key)?;
    if cp.no_overwrite && file.symlink_metadata().is_ok() {
        let error = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
        return Err(Failure::local("write", &file, &error));
    }
    let client = cp.client(cx, from)?;
    let mut download = client.download_file(key, &file);
    let store = cp.transfer.store()?;
    if let Some(store) = &store {
        download = download.resume_store(store);
    }
    if let Some(bytes) = cp.transfer.part_size {
        download = download.part_size(bytes);
    }
    if let Some(ranges) = cp.transfer.concurrency {
        download = download.concurrency(ranges);
    }
    if let Some(etag) = cp.if_match() {
        download = download.if_match(&etag);
    }
    let bar = Bar::new(&cx.output, "download");
    let transfer = download.on_progress(bar.callback()).start();
    let done = finish(cx, &client, transfer, store.is_some()).await;
    bar.clear();
    let done = done?;
    tell_restart(cx, done.restarted);
    if !done.verified {
        cx.output.note(
            "cos: the service told no checksum for this object; only its length was compared",
        );
    }
    Ok(Done {
        from: format!("cos://{}/{key}", from.bucket.as_str()),
        to: file.display().to_string(),
        bytes: done.bytes,
        parts: done.parts,
        etag: done.meta.etag.map(|e| e.as_str().to_owned()),
        crc64: Some(done.crc64.to_string()),
        upload_id: None,
        resumed_bytes: done.resumed_bytes,
        ..Done::default()
    })
}

/// Content and nothing else: with `--json` too, there is no room for a document.
pub(super) async fn stdout(cx: &Context, cp: &Cp, from: &CosUrl) -> Result {
    let key = from.object_key()?;
    let mut get = cp.client(cx, from)?.get_object(key);
    if let Some(etag) = cp.if_match() {
        get = get.if_match(&etag);
    }
    let work = async {
        let mut object = get.send().await?;
        while let Some(chunk) = object.chunk().await? {
            output::raw(&chunk)?;
        }
        Ok(())
    };
    cx.interrupt.or(work).await
}
