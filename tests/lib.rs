#![forbid(unsafe_code)]
//! Helpers shared by the flow tests: the cloud, the owner's server and an app, on one machine.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use cos_broker::{Broker, BrokerConfig, Grant, TokenHash, UserName};
use cos_client::Client;
use cos_emulator::Emulator;
use cos_sts::policy::Operation;
use cos_sts::{BrokerSource, CachingProvider, CredentialProvider, Credentials};

/// What any helper here may fail with.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The bucket of the emulator's default configuration.
pub const BUCKET: &str = "demo-1250000000";
/// Its region.
pub const REGION: &str = "ap-guangzhou";

/// The cloud and the owner's server. The users `ada` and `bob` may log in with their own name as token.
#[derive(Clone, Debug)]
pub struct World {
    /// STS, CAM and COS.
    pub cloud: Arc<Emulator>,
    /// The only one that holds permanent keys.
    pub broker: Arc<Broker>,
    /// For files; removed in the end.
    pub dir: Arc<tempfile::TempDir>,
}

impl World {
    /// Starts both on free ports.
    ///
    /// # Errors
    /// Whatever keeps one of them from starting.
    pub async fn start() -> Result<Self, Failure> {
        let cloud = Emulator::builder().start().await?;
        let owner = cloud
            .accounts()
            .first()
            .ok_or("the emulator has no account")?;
        let keys = Credentials::permanent(&owner.secret_id, &owner.secret_key)?;
        let operations = [Operation::Upload, Operation::Download];
        let grant = Grant::new(BUCKET, REGION, "users/{user}/", operations)?;
        let mut config = BrokerConfig::new(keys, grant)
            .sts_endpoint(cloud.http_url())
            .role_arn(format!("qcs::cam::uin/{}:roleName/uploader", owner.uin));
        for name in ["ada", "bob"] {
            config = config.user(UserName::new(name)?, TokenHash::of(name.as_bytes()));
        }
        let broker = Broker::start(config, ([127, 0, 0, 1], 0).into()).await?;
        Ok(Self {
            cloud: Arc::new(cloud),
            broker: Arc::new(broker),
            dir: Arc::new(tempfile::tempdir()?),
        })
    }

    /// The credentials of one app user, from the broker.
    ///
    /// # Errors
    /// A malformed address or token.
    pub fn credentials(&self, user: &str) -> Result<CachingProvider, Failure> {
        Ok(CachingProvider::new(BrokerSource::new(
            self.broker.url(),
            user,
        )?))
    }

    /// An app: it knows the broker's address, its user's token and the bucket. Nothing else.
    ///
    /// # Errors
    /// A client that cannot be built.
    pub fn app(&self, credentials: impl CredentialProvider) -> Result<Client, Failure> {
        let client = Client::builder()
            .bucket(BUCKET)
            .region(REGION)
            .endpoint(self.cloud.http_url())
            .credentials(credentials);
        Ok(client.build()?)
    }

    /// A file of `len` bytes that repeat only after a while.
    ///
    /// # Errors
    /// A full disk.
    pub fn file(&self, name: &str, len: usize) -> Result<PathBuf, Failure> {
        let path = self.dir.path().join(name);
        let bytes: Vec<u8> = (0..len)
            .map(|at| (at % 251) as u8 ^ (at / 65_536) as u8)
            .collect();
        std::fs::write(&path, bytes)?;
        Ok(path)
    }

    /// How many requests of this operation the cloud has seen.
    #[must_use]
    pub fn seen(&self, operation: &str) -> usize {
        self.cloud
            .log_since(0)
            .iter()
            .filter(|r| r.operation == operation)
            .count()
    }
}

/// The README's program compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
