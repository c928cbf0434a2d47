//! opendal with its COS service.

use std::path::Path;

use bytes::Bytes;
use futures_util::TryStreamExt;
use opendal::Operator;
use tokio::io::AsyncWriteExt;

use super::Site;
use super::s3::read_chunks;
use crate::{BUCKET, FLIGHT, Failure, PART, REGION};

pub struct Opendal(Operator);

impl Opendal {
    pub fn new(site: &Site) -> Result<Self, Failure> {
        let operator = Operator::new(
            opendal::services::Cos::default()
                .bucket(BUCKET)
                .endpoint(&format!("{}://cos.{REGION}.myqcloud.com", site.scheme))
                .secret_id("AKIDbench")
                .secret_key("bench")
                .disable_config_load(),
        )?;
        let transport = opendal_http_transport_reqwest::ReqwestTransport::new(site.http()?);
        let transport = opendal::HttpTransporter::new(transport);
        let context = operator.context().with_http_transport(transport);
        Ok(Self(operator.with_context(context)))
    }

    pub async fn up(&self, key: &str, path: &Path) -> Result<u64, Failure> {
        let mut writer = self
            .0
            .writer_with(key)
            .chunk(PART as usize)
            .concurrent(FLIGHT)
            .await?;
        let mut chunks = read_chunks(path).await?;
        let mut total = 0;
        while let Some(chunk) = chunks.next().await? {
            total += chunk.len() as u64;
            writer.write(chunk).await?;
        }
        writer.close().await?;
        Ok(total)
    }

    pub async fn down(&self, key: &str, path: &Path) -> Result<u64, Failure> {
        let reader = self
            .0
            .reader_with(key)
            .chunk(PART as usize)
            .concurrent(FLIGHT)
            .await?;
        let mut stream = reader.into_bytes_stream(..).await?;
        let mut file = tokio::fs::File::create(path).await?;
        let mut total = 0;
        while let Some(bytes) = stream.try_next().await? {
            total += bytes.len() as u64;
            file.write_all(&bytes).await?;
        }
        file.flush().await?;
        Ok(total)
    }

    pub async fn put(&self, key: &str, body: Bytes) -> Result<(), Failure> {
        self.0.write(key, body).await?;
        Ok(())
    }

    pub async fn get(&self, key: &str) -> Result<usize, Failure> {
        Ok(self.0.read(key).await?.len())
    }
}
