//! Accepts connections and serves HTTP/1.1 on each. TLS belongs to the proxy in front.

use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A client that has not sent its header by then is cut off.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest request line and header together.
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// Most connections at once; more wait in the system's queue.
const MAX_CONNECTIONS: usize = 4096;
/// How long open requests may go on after a stop.
const GRACE: Duration = Duration::from_secs(5);

/// Accepts until `stop` turns true, then waits shortly for the requests under way.
pub(crate) async fn run(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        let has_room = connections.len() < MAX_CONNECTIONS;
        let accepted = tokio::select! {
            accepted = listener.accept(), if has_room => accepted,
            () = stopped(&mut stop) => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                let _ = stream.set_nodelay(true);
                connections.spawn(serve(stream, router.clone(), stop.clone()));
            }
            Err(error) => {
                // Out of file descriptors, mostly: wait until connections close.
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    let all_done = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, all_done).await;
}

async fn serve(stream: TcpStream, router: Router, mut stop: watch::Receiver<bool>) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(served);
    let result = tokio::select! {
        result = served.as_mut() => result,
        () = stopped(&mut stop) => {
            served.as_mut().graceful_shutdown();
            served.await
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
