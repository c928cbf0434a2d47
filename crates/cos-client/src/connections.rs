//! The pool of connections, how to replace it, and whom to wake when the network is another.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use cos_http::{Http, ProxyName};
use http::HeaderValue;
use tokio::sync::Notify;

use crate::client::Client;
use crate::types::Endpoint;

/// The connections that clients share.
pub(crate) struct Connections {
    settings: cos_http::Settings,
    user_agent: HeaderValue,
    current: RwLock<Http>,
    retry_now: Notify,
}

impl Connections {
    pub(crate) fn new(settings: cos_http::Settings, user_agent: HeaderValue) -> Self {
        Self {
            current: RwLock::new(Http::new(&settings)),
            settings,
            user_agent,
            retry_now: Notify::new(),
        }
    }

    /// What requests say they come from.
    pub(crate) fn user_agent(&self) -> HeaderValue {
        self.user_agent.clone()
    }

    pub(crate) fn current(&self) -> Http {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }

    /// The proxy on the way to this endpoint.
    pub(crate) fn proxy_for(&self, endpoint: &Endpoint) -> Option<ProxyName> {
        self.current().proxy_for(&endpoint.base().parse().ok()?)
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
    pub fn drop_idle_connections(&self) {
        let connections = self.connections();
        let fresh = Http::new(&connections.settings);
        let mut current = connections
            .current
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *current = fresh;
    }

    /// Requests that wait before they repeat wait no longer: the network is back.
    pub fn retry_now(&self) {
        self.connections().retry_now.notify_waiters();
    }
}
