//! A file, or standard input, to an object.

use std::io::Write;
use std::path::Path;

use tokio::io::AsyncReadExt;

use super::{Cp, Done, finish};
use crate::commands::Context;
use crate::exit::{Failure, Result};
use crate::input::location::CosUrl;
use crate::progress::Bar;

pub(super) async fn file(cx: &Context, cp: &Cp, file: &Path, to: &CosUrl) -> Result<Done> {
    check(file)?;
    let name = file.file_name().and_then(|n| n.to_str());
    let key = to.key_for(name)?;
    send(cx, cp, file, to, key, file.display().to_string()).await
}

/// Standard input has no known size, which an upload needs: it waits in a temporary file.
pub(super) async fn stdin(cx: &Context, cp: &Cp, to: &CosUrl) -> Result<Done> {
    let key = to.key_for(None)?;
    let spool = cx.interrupt.or(spool()).await?;
    send(cx, cp, spool.path(), to, key, "-".to_owned()).await
}

async fn spool() -> Result<tempfile::NamedTempFile> {
    let here = std::env::temp_dir();
    let failed = |e: std::io::Error| Failure::local("keep standard input in", &here, &e);
    let mut file = tempfile::NamedTempFile::new().map_err(failed)?;
    let mut input = tokio::io::stdin();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = input.read(&mut buffer).await;
        match read.map_err(|e| Failure::local("read", Path::new("standard input"), &e))? {
            0 => break,
            n => file.write_all(&buffer[..n]).map_err(failed)?,
        }
    }
    file.flush().map_err(failed)?;
    Ok(file)
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
    let mut upload = client.upload_file(key, file);
    if let Some(bytes) = cp.part_size {
        upload = upload.part_size(bytes);
    }
    if let Some(parts) = cp.concurrency {
        upload = upload.concurrency(parts);
    }
    if let Some(content_type) = &cp.content_type {
        upload = upload.content_type(content_type);
    }
    if let Some(class) = cp.storage_class()? {
        upload = upload.storage_class(&class);
    }
    for pair in &cp.metadata {
        upload = upload.metadata(&pair.key, &pair.value);
    }
    if cp.no_overwrite {
        upload = upload.forbid_overwrite();
    }
    let bar = Bar::new(&cx.output, "upload");
    let transfer = upload.on_progress(bar.callback()).start();
    let done = finish(cx, &client, transfer).await;
    bar.clear();
    let done = done?;
    Ok(Done {
        from,
        to: shown,
        bytes: done.bytes,
        parts: done.parts,
        etag: done.etag.map(|e| e.as_str().to_owned()),
        crc64: Some(done.crc64.to_string()),
        upload_id: done.upload_id.map(|u| u.as_str().to_owned()),
        ..Done::default()
    })
}

/// Says what is wrong with a source before anything is sent.
pub(crate) fn check(file: &Path) -> Result {
    let kind = std::fs::metadata(file).map_err(|e| Failure::local("read", file, &e))?;
    if kind.is_dir() {
        let error = std::io::Error::from(std::io::ErrorKind::IsADirectory);
        return Err(Failure::local("read", file, &error).hint("name a file"));
    }
    if !kind.is_file() {
        let error = std::io::Error::other("it is not a regular file");
        return Err(Failure::local("read", file, &error).hint("pipe it in: cos cp - cos://…"));
    }
    std::fs::File::open(file)
        .map(drop)
        .map_err(|e| Failure::local("read", file, &e))
}
