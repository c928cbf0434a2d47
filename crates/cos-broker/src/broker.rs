//! The handle a program holds: start, address, stop.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::BrokerConfig;
use crate::error::BrokerError;
use crate::issue::StsIssuer;
use crate::routes::{Shared, router};
use crate::server;

/// A running broker. Dropping it stops it, without waiting for requests under way.
#[derive(Debug)]
pub struct Broker {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Broker {
    /// Starts serving on `listen` (port 0 takes a free one), on the Tokio runtime of the caller.
    ///
    /// It speaks plain HTTP: outside this machine, put a TLS proxy in front.
    ///
    /// # Errors
    /// A configuration that cannot work, or an address that cannot be listened on.
    pub async fn start(config: BrokerConfig, listen: SocketAddr) -> Result<Self, BrokerError> {
        config.check()?;
        let issuer = StsIssuer::new(&config)?;
        let shared = Shared::new(config.auth, config.grant, Box::new(issuer), config.clock);
        let failed = |source| BrokerError::Listen {
            address: listen,
            source,
        };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        if !address.ip().is_loopback() {
            tracing::warn!(%address, "serving plain HTTP: put a TLS proxy in front");
        }
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(server::run(listener, router(Arc::new(shared)), stopped));
        Ok(Self {
            address,
            stop,
            serving,
        })
    }

    /// `http://ADDRESS:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where apps ask: `http://ADDRESS:PORT/v1/credentials`.
    pub fn credentials_url(&self) -> String {
        format!("{}/v1/credentials", self.url())
    }

    /// Stops accepting and lets requests under way end for a few seconds.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        let _ = (&mut self.serving).await;
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // After `shutdown` this finds the task already ended.
        self.serving.abort();
    }
}
