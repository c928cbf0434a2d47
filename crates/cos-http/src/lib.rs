//! How the COS crates reach a server: HTTP/1.1 by `hyper` and its pool of connections, TLS by `rustls`
//! with bundled roots, forward proxies, and names resolved by the system or the app.
//!
//! It sends one request at a time, follows no redirect, keeps no cookie, repeats nothing that may
//! have reached a server, and adds no header but a proxy's. What to repeat and what to sign is for the
//! crates above. Why it is not `reqwest`: `docs/adr/0006-hyper-without-reqwest.md`.
//!
//! ```
//! use cos_http::{Body, Http, Proxy, Settings};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = cos_emulator::Emulator::builder().start().await?;
//! # let url = format!("{}/", emulator.http_url());
//! let http = Http::new(&Settings {
//!     proxy: Proxy::none(),
//!     ..Settings::new(cos_http::tls_config(&[], &[])?)
//! });
//! let request = http::Request::get(url).body(Body::Empty)?;
//! let mut answer = http.send(request).await?;
//! println!("{}", answer.status());
//! while let Some(piece) = cos_http::chunk(answer.body_mut()).await? {
//!     println!("{} bytes", piece.len());
//! }
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "tests panic when something is wrong"
    )
)]

mod body;
mod cause;
mod connect;
mod connect_time;
mod connection;
mod proxy;
mod proxy_failure;
mod resolver;
mod tls;
mod tls_provider;
mod tunnel;

use std::sync::Arc;
use std::time::Duration;

use http::header::PROXY_AUTHORIZATION;
use http::{Request, Response, Uri};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};

pub use body::{Body, Incoming, chunk};
pub use cause::{
    is_other_name, is_refused, is_timeout, is_tls, is_unknown_name, proxy_failure, root_cause,
    unusable_proxy,
};
pub use connect_time::ConnectTime;
pub use proxy::{Proxy, ProxyName, UnusableProxy};
pub use proxy_failure::ProxyFailure;
pub use resolver::{Lookup, Resolver};
/// What [`tls_config`] makes.
pub use rustls::ClientConfig as TlsConfig;
pub use tls::tls_config;

use connect::Connector;

/// What connections are made with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whom to trust; [`tls_config`] makes one.
    pub tls: Arc<TlsConfig>,
    /// For a connection as a whole: name, TCP, proxy and TLS together. 5 s.
    pub connect_timeout: Duration,
    /// How long a connection waits for its next request. 90 s.
    pub idle_timeout: Duration,
    /// How many connections to one host wait at most. Not limited.
    pub idle_connections: usize,
    /// None, unless set.
    pub proxy: Proxy,
    /// The system's, unless set.
    pub resolver: Resolver,
}

impl Settings {
    /// The usual settings.
    pub fn new(tls: TlsConfig) -> Self {
        Self {
            tls: Arc::new(tls),
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(90),
            idle_connections: usize::MAX,
            proxy: Proxy::none(),
            resolver: Resolver::system(),
        }
    }
}

/// A pool of connections. Copies share it; dropping the last one closes what is idle.
#[derive(Clone, Debug)]
pub struct Http {
    pool: legacy::Client<Connector, Body>,
    proxy: Proxy,
}

/// Why no answer began. What it means, [`is_timeout`] and its kind tell.
pub type SendError = legacy::Error;

impl Http {
    /// Opens no connection yet.
    pub fn new(settings: &Settings) -> Self {
        let pool = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(settings.idle_timeout)
            .pool_max_idle_per_host(settings.idle_connections)
            .build(Connector::new(settings));
        Self {
            pool,
            proxy: settings.proxy.clone(),
        }
    }

    /// The proxy that requests to this URL go through, if there is one that can be used.
    pub fn proxy_for(&self, to: &Uri) -> Option<ProxyName> {
        self.proxy.name_for(to).ok().flatten()
    }

    /// Sends a request whose URI is absolute, and waits until the answer begins. Given up when dropped.
    ///
    /// # Errors
    /// When no connection could be made ([`SendError::is_connect`]; [`proxy_failure`] where a proxy is to
    /// blame), it broke, or the body could not be read.
    pub async fn send(&self, mut request: Request<Body>) -> Result<Response<Incoming>, SendError> {
        if let Some(login) = self.proxy.login_for(request.uri()) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, login);
        }
        self.pool.request(request).await
    }
}

/// The example of README.md, compiled like the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
