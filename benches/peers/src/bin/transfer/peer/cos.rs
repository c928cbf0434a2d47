//! This project's client.

use std::path::Path;

use bytes::Bytes;
use cos_client::Client;
use cos_sts::{Credentials, StaticProvider};

use super::Site;
use crate::{BUCKET, FLIGHT, Failure, HOST, PART, REGION};

pub struct Cos(Client);

impl Cos {
    pub fn new(site: &Site) -> Result<Self, Failure> {
        let credentials = Credentials::permanent("AKIDbench", "bench")?;
        let client = Client::builder()
            .bucket(BUCKET)
            .region(REGION)
            .https(site.scheme == "https")
            .resolve(HOST, site.address)
            .pinned_ca_pem(&site.ca_pem)
            .part_size(PART)
            .concurrency(32)
            .credentials(StaticProvider::new(credentials));
        Ok(Self(client.build()?))
    }

    pub async fn up(&self, key: &str, path: &Path) -> Result<u64, Failure> {
        Ok(self.0.upload_file(key, path).concurrency(FLIGHT).send().await?.bytes)
    }

    pub async fn down(&self, key: &str, path: &Path) -> Result<u64, Failure> {
        Ok(self.0.download_file(key, path).concurrency(FLIGHT).send().await?.bytes)
    }

    pub async fn put(&self, key: &str, body: Bytes) -> Result<(), Failure> {
        self.0.put_object(key, body).send().await?;
        Ok(())
    }

    pub async fn get(&self, key: &str) -> Result<usize, Failure> {
        Ok(self.0.get_object(key).send().await?.bytes().await?.len())
    }

    pub async fn tree(&self, root: &Path) -> Result<f64, Failure> {
        let report = self.0.upload_dir(root, "tree/").concurrency(32).start().await?;
        Ok(report.into_result()?.transferred as f64)
    }
}
