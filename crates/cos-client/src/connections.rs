//! The pool of connections, how to replace it, and whom to wake when the network is another.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Notify;

use crate::builder::named;
use crate::client::Client;
use crate::connect_time::TimeConnects;
use crate::error::Result;
use crate::lookup::Lookup;

/// What an HTTP client is made with, again whenever its connections are no longer wanted.
pub(crate) struct HttpSettings {
    pub tls: rustls::ClientConfig,
    pub connect_timeout: Duration,
    pub idle_timeout: Duration,
    /// Of one host.
    pub idle_connections: usize,
    pub user_agent: String,
    pub proxy: Option<String>,
    pub no_proxy: Option<String>,
    pub resolve: Vec<(String, SocketAddr)>,
    pub lookup: Option<Lookup>,
    /// Whether somebody wants to know how long connecting takes.
    pub timed: bool,
}

impl HttpSettings {
    fn client(&self) -> Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            // `execute` repeats, so no copy of every request has to be kept.
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(self.idle_timeout)
            .pool_max_idle_per_host(self.idle_connections)
            .user_agent(&self.user_agent);
        if let Some(url) = &self.proxy {
            // The cause is left out: it may repeat a password.
            let unusable = "it is not a URL such as http://host:port";
            if let Some((scheme, _)) = url.split_once("://")
                && !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https")
            {
                return Err(named(
                    "proxy",
                    "only http:// and https:// lead to a proxy here",
                ));
            }
            let proxy = reqwest::Proxy::all(url).map_err(|_| named("proxy", unusable))?;
            let exceptions = self.no_proxy.as_deref();
            builder =
                builder.proxy(proxy.no_proxy(exceptions.and_then(reqwest::NoProxy::from_string)));
        }
        for (host, address) in &self.resolve {
            builder = builder.resolve(host, *address);
        }
        if let Some(lookup) = &self.lookup {
            builder = builder.dns_resolver(Arc::new(lookup.clone()));
        }
        if self.timed {
            builder = builder.connector_layer(TimeConnects);
        }
        builder
            .build()
            .map_err(|e| named("user_agent or TLS", e.without_url()))
    }
}

/// The connections that clients share.
pub(crate) struct Connections {
    settings: HttpSettings,
    current: RwLock<reqwest::Client>,
    retry_now: Notify,
}

impl Connections {
    pub(crate) fn new(settings: HttpSettings) -> Result<Self> {
        Ok(Self {
            current: RwLock::new(settings.client()?),
            settings,
            retry_now: Notify::new(),
        })
    }

    pub(crate) fn current(&self) -> reqwest::Client {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }

    /// Ends when [`Client::retry_now`] is called while somebody waits for this.
    pub(crate) async fn wait_for_retry_now(&self) {
        self.retry_now.notified().await;
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connections")
    }
}

impl Client {
    /// Lets go of connections that wait for their next request: for an app that was in the
    /// background or moved to another network, where they are dead and nobody has told. Requests
    /// under way keep theirs. Clients for other buckets made from this one share its connections.
    ///
    /// # Errors
    /// `Config` when the system refuses to set up TLS anew, which it did when the client was made.
    pub fn drop_idle_connections(&self) -> Result<()> {
        let connections = self.connections();
        let fresh = connections.settings.client()?;
        let mut current = connections
            .current
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *current = fresh;
        Ok(())
    }

    /// Requests that wait before they repeat wait no longer: the network is back.
    pub fn retry_now(&self) {
        self.connections().retry_now.notify_waiters();
    }
}
