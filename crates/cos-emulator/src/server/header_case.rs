//! `ETag`, not `etag`: official SDKs hand the headers on as they came, and programs look them up by that spelling.
//!
//! hyper writes names in lower case unless a response carries the spelling of a *received* message. So one message
//! with the service's spelling is received from memory when the emulator starts, and its extensions go with every
//! answer.

use std::convert::Infallible;
use std::io;

use http::{Extensions, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;

use crate::body::Body;

/// As the service spells them; the `x-cos-` ones are in lower case there too.
const SPELLING: &[&str] = &[
    "Accept-Ranges",
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "Cache-Control",
    "Connection",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "Date",
    "ETag",
    "Expires",
    "Last-Modified",
    "Location",
    "Server",
    "Transfer-Encoding",
    "Vary",
];

/// The extensions to give to every response.
pub(crate) async fn service_spelling() -> io::Result<Extensions> {
    let mut text = String::from("GET / HTTP/1.1\r\nHost: x\r\n");
    for name in SPELLING
        .iter()
        .filter(|name| !matches!(**name, "Transfer-Encoding" | "Content-Length"))
    {
        text.push_str(&format!("{name}: close\r\n"));
    }
    text.push_str("Content-Length: 0\r\n\r\n");
    let (mut client, server) = tokio::io::duplex(16 * 1024);
    client.write_all(text.as_bytes()).await?;
    let (found, mut received) = mpsc::channel(1);
    let handler = service_fn(move |request: Request<Incoming>| {
        let _ = found.try_send(request.extensions().clone());
        async { Ok::<_, Infallible>(Response::new(Body::empty())) }
    });
    let connection = http1::Builder::new()
        .preserve_header_case(true)
        .serve_connection(TokioIo::new(server), handler);
    connection.await.map_err(io::Error::other)?;
    received
        .recv()
        .await
        .ok_or_else(|| io::Error::other("no message was received"))
}
