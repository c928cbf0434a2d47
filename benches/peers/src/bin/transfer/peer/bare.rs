//! reqwest in a loop: unsigned, unchecked, one buffer for each part. The floor.

use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};

use super::Site;
use crate::{FLIGHT, Failure, PART};

pub struct Bare {
    http: reqwest::Client,
    base: String,
}

impl Bare {
    pub fn new(site: &Site) -> Result<Self, Failure> {
        Ok(Self {
            http: site.http()?,
            base: site.base(),
        })
    }

    fn url(&self, key: &str) -> String {
        format!("{}/{key}", self.base)
    }

    pub async fn up(&self, key: &str, path: &Path) -> Result<u64, Failure> {
        let url = self.url(key);
        let begun = self.http.post(format!("{url}?uploads")).send().await?;
        let text = begun.error_for_status()?.text().await?;
        let id = text
            .split_once("<UploadId>")
            .and_then(|(_, rest)| rest.split_once('<'))
            .ok_or("no upload id")?
            .0;
        let file = Arc::new(std::fs::File::open(path)?);
        let size = file.metadata()?.len();
        let parts: Vec<(u64, String)> = futures_util::stream::iter(0..size.div_ceil(PART))
            .map(|index| {
                let (file, url) = (Arc::clone(&file), &url);
                async move {
                    let mut part = vec![0; PART.min(size - index * PART) as usize];
                    let part = tokio::task::spawn_blocking(move || {
                        file.read_exact_at(&mut part, index * PART)?;
                        Ok::<_, std::io::Error>(part)
                    })
                    .await??;
                    let url = format!("{url}?partNumber={}&uploadId={id}", index + 1);
                    let sent = self.http.put(url).body(part).send().await?;
                    let sent = sent.error_for_status()?;
                    let etag = sent.headers()["etag"].to_str()?.to_owned();
                    Ok::<_, Failure>((index + 1, etag))
                }
            })
            .buffered(FLIGHT)
            .try_collect()
            .await?;
        let list: String = parts
            .iter()
            .map(|(n, etag)| format!("<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>"))
            .collect();
        let body = format!("<CompleteMultipartUpload>{list}</CompleteMultipartUpload>");
        let done = self.http.post(format!("{url}?uploadId={id}")).body(body);
        done.send().await?.error_for_status()?.bytes().await?;
        Ok(size)
    }

    pub async fn down(&self, key: &str, path: &Path) -> Result<u64, Failure> {
        let url = self.url(key);
        let head = self.http.head(&url).send().await?.error_for_status()?;
        let size: u64 = head.headers()["content-length"].to_str()?.parse()?;
        let file = Arc::new(std::fs::File::create(path)?);
        futures_util::stream::iter((0..size).step_by(PART as usize))
            .map(Ok)
            .try_for_each_concurrent(FLIGHT, |start| {
                let (file, url) = (Arc::clone(&file), &url);
                async move {
                    let last = (start + PART).min(size) - 1;
                    let range = format!("bytes={start}-{last}");
                    let part = self.http.get(url).header("range", range).send().await?;
                    let mut part = part.error_for_status()?;
                    let mut at = start;
                    while let Some(chunk) = part.chunk().await? {
                        file.write_all_at(&chunk, at)?;
                        at += chunk.len() as u64;
                    }
                    Ok::<_, Failure>(())
                }
            })
            .await?;
        Ok(size)
    }

    pub async fn put(&self, key: &str, body: Bytes) -> Result<(), Failure> {
        let sent = self.http.put(self.url(key)).body(body).send().await?;
        sent.error_for_status()?.bytes().await?;
        Ok(())
    }

    pub async fn get(&self, key: &str) -> Result<usize, Failure> {
        let got = self.http.get(self.url(key)).send().await?;
        Ok(got.error_for_status()?.bytes().await?.len())
    }
}
