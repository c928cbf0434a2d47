//! The right-hand side: STS and COS (emulated), and the owner's server with its permanent keys.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cos_broker::{Broker, BrokerConfig, Grant, TokenHash, UserName};
use cos_emulator::{Emulator, EmulatorClock, LogRecord};
use cos_sts::policy::Operation;
use cos_sts::{BoxFuture, Clock, Credentials, HttpsTransport};

use crate::commands::{broker, emulator};
use crate::exit::{Failure, Result};

/// The user whose app this is.
pub(super) const USER: &str = "alice";
pub(super) const BUCKET: &str = "demo-1250000000";
pub(super) const REGION: &str = "ap-guangzhou";
pub(super) const ROLE: &str = "qcs::cam::uin/100000000001:roleName/uploader";
pub(super) const DURATION_S: u64 = 1800;

/// What the user may do with their own objects.
pub(super) const OPERATIONS: [Operation; 3] =
    [Operation::Upload, Operation::Download, Operation::List];

/// STS, COS and the owner's server.
pub(super) struct Cloud {
    emulator: Emulator,
    broker: Broker,
    bearer: String,
}

/// All that an app is given: addresses, and its user's own token. No key.
pub(super) struct ForApp {
    pub(super) broker_url: String,
    pub(super) bearer: String,
    pub(super) endpoint: String,
    pub(super) clock: Arc<dyn Clock>,
}

impl Cloud {
    /// Starts everything on free loopback ports. Objects are kept under `folder`, not in memory.
    pub(super) async fn start(folder: &Path) -> Result<Self> {
        let started = Emulator::builder().data_dir(folder.join("cloud")).start();
        let emulator = started.await.map_err(emulator::failure)?;
        let bearer = format!("{:032x}{:032x}", random(), random());
        let config = broker_config(&emulator, &bearer)?;
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let broker = Broker::start(config, anywhere)
            .await
            .map_err(broker::failure)?;
        Ok(Self {
            emulator,
            broker,
            bearer,
        })
    }

    pub(super) fn for_app(&self) -> ForApp {
        ForApp {
            broker_url: self.broker.credentials_url(),
            bearer: self.bearer.clone(),
            endpoint: self.emulator.http_url(),
            clock: clock(&self.emulator),
        }
    }

    /// Where STS and COS are.
    pub(super) fn url(&self) -> String {
        self.emulator.http_url()
    }

    /// Where the owner's server is.
    pub(super) fn broker_url(&self) -> String {
        self.broker.credentials_url()
    }

    /// The app user's token, for `--keep`.
    pub(super) fn bearer(&self) -> &str {
        &self.bearer
    }

    /// The public half of the permanent key.
    pub(super) fn permanent_secret_id(&self) -> Result<&str> {
        let accounts = self.emulator.accounts();
        let account = accounts.first();
        account
            .map(|a| a.secret_id.as_str())
            .ok_or_else(|| Failure::internal("the emulator has no account"))
    }

    /// Number of the last request the cloud has answered.
    pub(super) fn requests_so_far(&self) -> u64 {
        self.emulator.log_since(0).last().map_or(0, |r| r.seq)
    }

    pub(super) fn requests_since(&self, seq: u64) -> Vec<LogRecord> {
        self.emulator.log_since(seq)
    }

    /// Lets time pass for everybody.
    pub(super) fn advance_s(&self, seconds: u64) {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        self.emulator.clock().advance_s(seconds);
    }

    pub(super) async fn shutdown(self) {
        self.broker.shutdown().await;
        self.emulator.shutdown().await;
    }
}

/// Not secret in any sense that matters here: it opens an emulator that ends with this command.
fn random() -> u128 {
    fastrand::u128(..)
}

/// The owner's server is the only place that is given the permanent keys.
fn broker_config(emulator: &Emulator, bearer: &str) -> Result<BrokerConfig> {
    let accounts = emulator.accounts();
    let account = accounts
        .first()
        .ok_or_else(|| Failure::internal("the emulator has no account"))?;
    let keys = Credentials::permanent(account.secret_id.as_str(), account.secret_key.as_str())?;
    let grant = Grant::new(BUCKET, REGION, "users/{user}/", OPERATIONS)
        .and_then(|g| g.duration_s(DURATION_S))
        .map_err(Failure::internal)?;
    let user = UserName::new(USER).map_err(Failure::internal)?;
    Ok(BrokerConfig::new(keys, grant)
        .sts_endpoint(emulator.http_url())
        // Both are on this machine, whatever proxy it is told to use.
        .transport(Arc::new(HttpsTransport::builder().no_proxy().build()?))
        .role_arn(ROLE)
        .user(user, TokenHash::of(bearer.as_bytes()))
        .clock(clock(emulator)))
}

/// One time for the whole demo, so that moving the clock is like waiting.
fn clock(emulator: &Emulator) -> Arc<dyn Clock> {
    Arc::new(DemoClock(emulator.clock()))
}

#[derive(Debug)]
struct DemoClock(Arc<EmulatorClock>);

impl Clock for DemoClock {
    fn now_ms(&self) -> u64 {
        self.0.now_ms()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
