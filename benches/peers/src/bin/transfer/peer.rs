//! The clients, each used the way its documentation shows.

mod bare;
mod cos;
mod opendal;
mod s3;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt;

use crate::measure::SMALL;
use crate::{Failure, HOST};

/// The way to the emulator.
pub struct Site {
    pub scheme: String,
    pub address: SocketAddr,
    pub ca_pem: Vec<u8>,
}

impl Site {
    pub fn parse(words: &[String]) -> Result<Self, Failure> {
        let [scheme, address, ca_file] = words else {
            return Err("a site has three words".into());
        };
        Ok(Self {
            scheme: scheme.clone(),
            address: address.parse()?,
            ca_pem: std::fs::read(ca_file)?,
        })
    }

    pub fn base(&self) -> String {
        format!("{}://{HOST}", self.scheme)
    }

    /// The same HTTP client for those who take one.
    pub fn http(&self) -> Result<reqwest::Client, Failure> {
        Ok(reqwest::Client::builder()
            .no_proxy()
            .http1_only()
            .tls_certs_only([reqwest::Certificate::from_pem(&self.ca_pem)?])
            .resolve(HOST, self.address)
            .build()?)
    }
}

pub enum Peer {
    Cos(cos::Cos),
    Opendal(opendal::Opendal),
    S3(s3::S3),
    Bare(bare::Bare),
}

/// Forwards to whichever peer it is.
macro_rules! each {
    ($self:ident, $peer:ident => $call:expr) => {
        match $self {
            Self::Cos($peer) => $call,
            Self::Opendal($peer) => $call,
            Self::S3($peer) => $call,
            Self::Bare($peer) => $call,
        }
    };
}

impl Peer {
    pub fn new(name: &str, site: &Site) -> Result<Self, Failure> {
        Ok(match name {
            "cos-client" => Self::Cos(cos::Cos::new(site)?),
            "opendal" => Self::Opendal(opendal::Opendal::new(site)?),
            "object_store" => Self::S3(s3::S3::new(site)?),
            _ => Self::Bare(bare::Bare::new(site)?),
        })
    }

    pub async fn up(&self, key: &str, path: &Path) -> Result<u64, Failure> {
        each!(self, peer => peer.up(key, path).await)
    }

    pub async fn down(&self, key: &str, path: &Path) -> Result<u64, Failure> {
        each!(self, peer => peer.down(key, path).await)
    }

    async fn put(&self, key: &str, body: Bytes) -> Result<(), Failure> {
        each!(self, peer => peer.put(key, body).await)
    }

    async fn get(&self, key: &str) -> Result<usize, Failure> {
        each!(self, peer => peer.get(key).await)
    }

    /// So many small requests, so many at a time.
    pub async fn small(&self, verb: &str, count: usize, flight: usize) -> Result<f64, Failure> {
        let body = Bytes::from(vec![0; SMALL]);
        let mut work = futures_util::stream::iter(0..count)
            .map(|at| {
                let body = body.clone();
                let key = format!("small/{}", at % 64);
                async move {
                    match verb {
                        "put" => self.put(&key, body).await,
                        _ => match self.get(&key).await? {
                            SMALL => Ok(()),
                            other => Err(format!("{other} bytes").into()),
                        },
                    }
                }
            })
            .buffer_unordered(flight);
        while let Some(result) = work.next().await {
            result?;
        }
        Ok(count as f64)
    }

    /// A tree of small files; the peers know none, so the loop is ours.
    pub async fn tree(&self, root: &Path) -> Result<f64, Failure> {
        if let Self::Cos(cos) = self {
            return cos.tree(root).await;
        }
        let mut files: Vec<PathBuf> = Vec::new();
        for folder in std::fs::read_dir(root)? {
            for file in std::fs::read_dir(folder?.path())? {
                files.push(file?.path());
            }
        }
        let count = files.len();
        let mut work = futures_util::stream::iter(files)
            .map(|path| async move {
                let key = path.strip_prefix(root)?.to_string_lossy().into_owned();
                let body = tokio::fs::read(&path).await?;
                self.put(&format!("tree/{key}"), body.into()).await
            })
            .buffer_unordered(32);
        while let Some(result) = work.next().await {
            result?;
        }
        Ok(count as f64)
    }
}
