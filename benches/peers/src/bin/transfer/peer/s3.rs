//! object_store with its S3 client: the same verbs and documents. Unsigned, as its signature is not COS's.

use std::path::Path;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{ClientOptions, HttpClient, HttpConnector};
use object_store::{ObjectStoreExt, WriteMultipart};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Site;
use crate::{BUCKET, FLIGHT, Failure, MIB, PART, REGION};

pub struct S3(Arc<AmazonS3>);

/// The HTTP client that the others have, too.
#[derive(Debug)]
struct Shared(reqwest::Client);

impl HttpConnector for Shared {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

impl S3 {
    pub fn new(site: &Site) -> Result<Self, Failure> {
        let store = AmazonS3Builder::new()
            .with_bucket_name(BUCKET)
            .with_region(REGION)
            .with_endpoint(site.base())
            .with_virtual_hosted_style_request(true)
            .with_allow_http(true)
            .with_skip_signature(true)
            .with_http_connector(Shared(site.http()?))
            .build()?;
        Ok(Self(Arc::new(store)))
    }

    pub async fn up(&self, key: &str, path: &Path) -> Result<u64, Failure> {
        let upload = self.0.put_multipart(&key.into()).await?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART as usize);
        let mut chunks = read_chunks(path).await?;
        let mut total = 0;
        while let Some(chunk) = chunks.next().await? {
            total += chunk.len() as u64;
            upload.wait_for_capacity(FLIGHT).await?;
            upload.put(chunk);
        }
        upload.finish().await?;
        Ok(total)
    }

    pub async fn down(&self, key: &str, path: &Path) -> Result<u64, Failure> {
        let size = self.0.head(&key.into()).await?.size;
        let ranges = (0..size).step_by(PART as usize);
        let mut pieces = futures_util::stream::iter(ranges)
            .map(|start| {
                let store = Arc::clone(&self.0);
                let key = key.into();
                async move { store.get_range(&key, start..(start + PART).min(size)).await }
            })
            .buffered(FLIGHT);
        let mut file = tokio::fs::File::create(path).await?;
        while let Some(bytes) = pieces.try_next().await? {
            file.write_all(&bytes).await?;
        }
        file.flush().await?;
        Ok(size)
    }

    pub async fn put(&self, key: &str, body: Bytes) -> Result<(), Failure> {
        self.0.put(&key.into(), body.into()).await?;
        Ok(())
    }

    pub async fn get(&self, key: &str) -> Result<usize, Failure> {
        Ok(self.0.get(&key.into()).await?.bytes().await?.len())
    }
}

/// A file in pieces of a megabyte, as a program would read it.
pub struct Chunks(tokio::fs::File);

pub async fn read_chunks(path: &Path) -> Result<Chunks, Failure> {
    let mut file = tokio::fs::File::open(path).await?;
    file.set_max_buf_size(MIB as usize);
    Ok(Chunks(file))
}

impl Chunks {
    pub async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let mut chunk = BytesMut::with_capacity(MIB as usize);
        while chunk.len() < MIB as usize {
            if self.0.read_buf(&mut chunk).await? == 0 {
                break;
            }
        }
        Ok((!chunk.is_empty()).then(|| chunk.freeze()))
    }
}
