//! How a connection is made: name → TCP → proxy → TLS, all within one time limit.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tower_service::Service;

use crate::connect_time::Watch;
use crate::connection::{Connection, Pipe};
use crate::proxy::{Proxy, host_and_port};
use crate::proxy_failure::{ProxyFailure, Trouble};
use crate::resolver::Resolver;
use crate::{Settings, connect_time, tunnel};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// A silent peer is asked for a sign of life after this long, and this often.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_RETRIES: u32 = 3;
/// Sent bytes that nobody acknowledges for this long break the connection.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// Stands for a limit that no clock can hold.
const AGES: Duration = Duration::from_secs(86_400 * 365);

/// Makes connections for the pool.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    hop: Hop,
    proxy: Proxy,
    limit: Duration,
}

impl Connector {
    pub(crate) fn new(settings: &Settings) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(settings.resolver.clone());
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Of several addresses each gets its share.
        tcp.set_connect_timeout(Some(settings.connect_timeout));
        tcp.set_keepalive(Some(KEEPALIVE));
        tcp.set_keepalive_interval(Some(KEEPALIVE));
        tcp.set_keepalive_retries(Some(KEEPALIVE_RETRIES));
        #[cfg(any(target_os = "linux", target_os = "android"))]
        tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
        Self {
            hop: Hop {
                tcp,
                tls: Arc::clone(&settings.tls),
            },
            proxy: settings.proxy.clone(),
            limit: settings.connect_timeout,
        }
    }

    async fn connect(mut self, to: Uri, end: Instant) -> Result<Connection, BoxError> {
        let Some((name, way)) = self.proxy.on_the_way(&to)? else {
            return Ok(direct(within(end, self.hop.call(to)).await?));
        };
        let failed = |trouble| ProxyFailure {
            proxy: name.clone(),
            to: host_and_port(&to),
            trouble,
        };
        let pipe = within(end, self.hop.call(way.uri().clone())).await;
        let pipe = pipe.map_err(|cause| failed(Trouble::Unreachable(cause)))?;
        if to.scheme() != Some(&Scheme::HTTPS) {
            return Ok(Connection {
                pipe,
                to_proxy: true,
            });
        }
        let mut stream = TokioIo::new(pipe);
        let target = host_and_port(&to);
        let opening = tunnel::open(&mut stream, &target, way.basic_auth());
        match timeout_at(end, opening).await {
            Ok(opened) => opened.map_err(failed)?,
            Err(late) => Err(failed(Trouble::NoAnswer(timed_out(late))))?,
        }
        let securing = secured(stream.into_inner(), &to, Arc::clone(&self.hop.tls));
        Ok(direct(within(end, securing).await?))
    }
}

fn timed_out(late: Elapsed) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, late)
}

async fn within<T>(
    end: Instant,
    step: impl Future<Output = Result<T, BoxError>>,
) -> Result<T, BoxError> {
    match timeout_at(end, step).await {
        Ok(result) => result,
        Err(late) => Err(timed_out(late).into()),
    }
}

fn direct(pipe: Box<dyn Pipe>) -> Connection {
    Connection {
        pipe,
        to_proxy: false,
    }
}

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = BoxError;
    type Future = Connecting<Connection>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        // Here the request that needs it is being polled; the connection may be made elsewhere.
        let watch: Option<Watch> = connect_time::watch();
        let connector = self.clone();
        Box::pin(async move {
            let _watch = watch;
            let now = Instant::now();
            let end = now.checked_add(connector.limit).unwrap_or(now + AGES);
            connector.connect(to, end).await
        })
    }
}

/// To one server: TCP, and TLS if its URL says so.
#[derive(Clone, Debug)]
struct Hop {
    tcp: HttpConnector<Resolver>,
    tls: Arc<rustls::ClientConfig>,
}

impl Service<Uri> for Hop {
    type Response = Box<dyn Pipe>;
    type Error = BoxError;
    type Future = Connecting<Box<dyn Pipe>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let connecting = self.tcp.call(to.clone());
        let tls = (to.scheme() == Some(&Scheme::HTTPS)).then(|| Arc::clone(&self.tls));
        Box::pin(async move {
            let pipe: Box<dyn Pipe> = Box::new(connecting.await?);
            match tls {
                Some(tls) => secured(pipe, &to, tls).await,
                None => Ok(pipe),
            }
        })
    }
}

/// TLS with the host that the URL names.
async fn secured(
    pipe: Box<dyn Pipe>,
    to: &Uri,
    tls: Arc<rustls::ClientConfig>,
) -> Result<Box<dyn Pipe>, BoxError> {
    let host = to.host().unwrap_or_default();
    let host = host.strip_prefix('[').unwrap_or(host);
    let host = host.strip_suffix(']').unwrap_or(host);
    let name = ServerName::try_from(host.to_owned())?;
    let pipe = TokioIo::new(pipe);
    let secure = TlsConnector::from(tls).connect(name, pipe).await?;
    Ok(Box::new(TokioIo::new(secure)))
}
