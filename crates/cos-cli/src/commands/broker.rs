//! `cos broker`

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use cos_broker::{Broker, BrokerConfig, BrokerError};
use serde_json::json;

use super::Context;
use crate::exit::{Failure, Result};

/// Options of `cos broker`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
BROKER_SECRET_ID=AKIDexample BROKER_SECRET_KEY=example \\\n    cos broker --config broker.toml\n\n\
broker.toml:\n  \
listen = \"127.0.0.1:8080\"             # behind a TLS proxy\n  \
[sts]\n  \
secret_id_env = \"BROKER_SECRET_ID\"    # the permanent keys come from the environment\n  \
secret_key_env = \"BROKER_SECRET_KEY\"\n  \
role_arn = \"qcs::cam::uin/100000000001:roleName/uploader\"\n  \
[grant]\n  \
bucket = \"demo-1250000000\"\n  \
region = \"ap-guangzhou\"\n  \
prefix = \"users/{user}/\"\n  \
allow = [\"upload\", \"download\", \"list\"]\n  \
duration_s = 1800\n  \
[[user]]\n  \
name = \"alice\"\n  \
token_sha256 = \"…\"                    # printf %s \"$TOKEN\" | sha256sum")]
pub(crate) struct BrokerCommand {
    /// The configuration (TOML)
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Where to listen, instead of what the file says; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
}

/// If neither the option nor the file says where.
const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

impl BrokerCommand {
    pub(super) async fn run(self, cx: &Context) -> Result {
        let text = std::fs::read_to_string(&self.config)
            .map_err(|e| Failure::local("read the configuration", &self.config, &e))?;
        let mut config = BrokerConfig::from_toml(&text).map_err(failure)?;
        if let Some(url) = cx.global.sts_endpoint() {
            config = config.sts_endpoint(url);
        }
        let listen = self.listen.or(config.listen()).unwrap_or(DEFAULT_LISTEN);
        let broker = Broker::start(config, listen).await.map_err(failure)?;
        cx.output.json(&json!({
            "http": broker.url(),
            "credentials": broker.credentials_url(),
        }))?;
        cx.interrupt.clone().wait().await;
        broker.shutdown().await;
        Ok(())
    }
}

/// An address that cannot be had is the network's, a wrong configuration the user's.
pub(super) fn failure(error: BrokerError) -> Failure {
    match error {
        BrokerError::Config(_) => Failure::usage(error.to_string()),
        other => Failure::start(other.to_string()),
    }
}
