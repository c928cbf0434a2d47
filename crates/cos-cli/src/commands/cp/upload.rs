//! A file, or standard input, to an object.

use std::path::Path;

use cos_client::UploadOutput;

use super::{Cp, Done, describe, finish, tell_restart};
use crate::commands::Context;
use crate::exit::{Failure, Result};
use crate::input::location::CosUrl;
use crate::progress::Bar;

/// Parts of a stream in flight unless told otherwise: they are held in memory.
const PARTS_OF_A_STREAM: usize = 4;

pub(super) async fn file(cx: &Context, cp: &Cp, file: &Path, to: &CosUrl) -> Result<Done> {
    check(file)?;
    let name = file.file_name().and_then(|n| n.to_str());
    let key = to.key_for(name)?;
    send(cx, cp, file, to, key, file.display().to_string()).await
}

/// Standard input, to its end. It cannot be read again, so its parts wait in memory until they have arrived.
pub(super) async fn stdin(cx: &Context, cp: &Cp, to: &CosUrl) -> Result<Done> {
    let key = to.key_for(None)?;
    let shown = format!("cos://{}/{key}", to.bucket.as_str());
    let client = cp.client(cx, to)?;
    let parts = cp.transfer.concurrency.unwrap_or(PARTS_OF_A_STREAM);
    let upload = client.upload_reader(key, tokio::io::stdin());
    let mut upload = describe!(upload.concurrency(parts), &cp.transfer);
    if let Some(bytes) = cp.transfer.part_size {
        upload = upload.part_size(bytes);
    }
    if cp.no_overwrite {
        upload = upload.forbid_overwrite();
    }
    let bar = Bar::new(&cx.output, "upload");
    let transfer = upload.on_progress(bar.callback()).start();
    let done = finish(cx, &client, transfer, false).await;
    bar.clear();
    Ok(outcome("-".to_owned(), shown, done?))
}

async fn send(
    cx: &Context,
    cp: &Cp,
    file: &Path,
    to: &CosUrl,
    key: String,
    from: String,
) -> Result<Done> {
    let shown = format!("cos://{}/{key}", to.bucket.as_str());
    let client = cp.client(cx, to)?;
    let mut upload = describe!(client.upload_file(key, file), &cp.transfer);
    let store = cp.transfer.store()?;
    if let Some(store) = &store {
        upload = upload.resume_store(store);
    }
    if let Some(bytes) = cp.transfer.part_size {
        upload = upload.part_size(bytes);
    }
    if let Some(parts) = cp.transfer.concurrency {
        upload = upload.concurrency(parts);
    }
    if cp.no_overwrite {
        upload = upload.forbid_overwrite();
    }
    let bar = Bar::new(&cx.output, "upload");
    let transfer = upload.on_progress(bar.callback()).start();
    let done = finish(cx, &client, transfer, store.is_some()).await;
    bar.clear();
    let done = done?;
    tell_restart(cx, done.restarted);
    Ok(outcome(from, shown, done))
}

fn outcome(from: String, to: String, done: UploadOutput) -> Done {
    Done {
        from,
        to,
        bytes: done.bytes,
        parts: done.parts,
        etag: done.etag.map(|e| e.as_str().to_owned()),
        crc64: Some(done.crc64.to_string()),
        upload_id: done.upload_id.map(|u| u.as_str().to_owned()),
        resumed_bytes: done.resumed_bytes,
        ..Done::default()
    }
}

/// Says what is wrong with a source before anything is sent.
pub(crate) fn check(file: &Path) -> Result {
    let kind = std::fs::metadata(file).map_err(|e| Failure::local("read", file, &e))?;
    if kind.is_dir() {
        let error = std::io::Error::from(std::io::ErrorKind::IsADirectory);
        return Err(
            Failure::local("read", file, &error).hint("name a file, or add -r for a folder")
        );
    }
    if !kind.is_file() {
        let error = std::io::Error::other("it is not a regular file");
        return Err(Failure::local("read", file, &error).hint("pipe it in: cos cp - cos://…"));
    }
    std::fs::File::open(file)
        .map(drop)
        .map_err(|e| Failure::local("read", file, &e))
}
