//! Accepts connections and serves HTTP/1.1 on each.

mod header_case;
mod socket;
pub(crate) mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

pub(crate) use header_case::service_spelling;

use crate::service;
use crate::shared::Shared;
use socket::Socket;

/// Longest request line and header together; also the size of one read of a body.
const MAX_HEADER_BYTES: usize = 256 * 1024;
/// How long open requests may go on after a stop.
const GRACE: Duration = Duration::from_millis(500);

/// What a handler may know of the connection it serves.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) peer: SocketAddr,
    pub(crate) tls: bool,
    /// Set to end the connection with a TCP reset instead of an orderly close.
    pub(crate) reset: Arc<AtomicBool>,
}

/// Accepts until `stop` turns true, then waits shortly for what is open.
pub(crate) async fn run(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stop) => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, mostly: wait until connections close.
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let connection = Connection {
            peer,
            tls: tls.is_some(),
            reset: Arc::new(AtomicBool::new(false)),
        };
        let socket = Socket::new(stream, Arc::clone(&connection.reset));
        let (shared, stop, tls) = (Arc::clone(&shared), stop.clone(), tls.clone());
        connections.spawn(async move {
            match tls {
                None => serve(socket, connection, shared, stop).await,
                Some(acceptor) => {
                    match tokio::time::timeout(shared.idle_timeout, acceptor.accept(socket)).await {
                        Ok(Ok(stream)) => serve(stream, connection, shared, stop).await,
                        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
                        Err(_) => tracing::debug!("TLS handshake took too long"),
                    }
                }
            }
        });
    }
    drop(listener);
    let all_done = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE * 2, all_done).await;
}

async fn serve<S>(
    stream: S,
    connection: Connection,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let idle_timeout = shared.idle_timeout;
    let handler = service_fn(move |request| {
        service::handle(Arc::clone(&shared), connection.clone(), request)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(idle_timeout)
        .max_buf_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), handler);
    tokio::pin!(served);
    let result = tokio::select! {
        result = served.as_mut() => result,
        () = stopped(&mut stop) => {
            served.as_mut().graceful_shutdown();
            match tokio::time::timeout(GRACE, served).await {
                Ok(result) => result,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "connection ended early");
    }
}

/// Waits for the stop. A vanished sender is one, too.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // The guard of the value must not live across an await.
    let _ = stop.wait_for(|stopped| *stopped).await.map(|_| ());
}
