//! The ways to a server: plain, TLS, and through proxies of either kind.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests; clippy knows the tests themselves only"
)]

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use cos_emulator::Emulator;
use cos_http::{Body, Http, Proxy, Resolver, Settings};
use http::{Request, StatusCode};
use tokio::net::TcpListener;

/// A name that only a proxy or our resolver knows.
const HOST: &str = "demo-1250000000.cos.ap-guangzhou.myqcloud.com";

async fn emulator() -> (Emulator, Settings) {
    let emulator = Emulator::builder().tls(true).start().await.unwrap();
    let pem = emulator.ca_pem().unwrap().as_bytes().to_vec();
    let settings = Settings::new(cos_http::tls_config(&[pem], &[]).unwrap());
    (emulator, settings)
}

fn address(url: &str) -> SocketAddr {
    url.rsplit('/').next().unwrap().parse().unwrap()
}

/// Nobody signed: the emulator knows the bucket and refuses, which shows that it was reached.
async fn status(settings: &Settings, url: String, body: Body) -> StatusCode {
    let http = Http::new(settings);
    let request = Request::put(url).header("host", HOST).body(body).unwrap();
    let mut answer = http.send(request).await.unwrap();
    let mut text = Vec::new();
    while let Some(piece) = cos_http::chunk(answer.body_mut()).await.unwrap() {
        text.extend_from_slice(&piece);
    }
    assert!(String::from_utf8(text).unwrap().contains("AccessDenied"));
    answer.status()
}

#[tokio::test]
async fn straight_by_name() {
    let (emulator, mut settings) = emulator().await;
    for url in [emulator.http_url(), emulator.https_url().unwrap()] {
        let scheme = url.split(':').next().unwrap();
        settings.resolver = Resolver::new([(HOST.to_owned(), address(&url))], None);
        for body in [Body::Empty, Body::Whole(Bytes::from_static(b"x"))] {
            let refused = status(&settings, format!("{scheme}://{HOST}/k"), body).await;
            assert_eq!(refused, StatusCode::FORBIDDEN);
        }
    }
}

#[tokio::test]
async fn plain_requests_through_a_proxy_of_either_kind() {
    let (emulator, mut settings) = emulator().await;
    for url in [emulator.http_url(), emulator.https_url().unwrap()] {
        settings.proxy = Proxy::through(&url, "").unwrap();
        let refused = status(&settings, format!("http://{HOST}/k"), Body::Empty).await;
        assert_eq!(refused, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn failures_tell_what_they_are() {
    let (emulator, mut settings) = emulator().await;
    let failure = async |settings: &Settings, url: String| {
        let request = Request::get(url).body(Body::Empty).unwrap();
        let error = Http::new(settings).send(request).await.unwrap_err();
        assert!(error.is_connect(), "{error:?}");
        error
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let refused = failure(&settings, format!("http://{closed}/")).await;
    assert!(cos_http::is_refused(&refused), "{refused:?}");

    let unknown = failure(&settings, "http://nobody.invalid/".to_owned()).await;
    assert!(cos_http::is_unknown_name(&unknown), "{unknown:?}");

    // An authority nobody here trusts.
    let tls = address(&emulator.https_url().unwrap());
    let strangers = Settings::new(cos_http::tls_config(&[], &[]).unwrap());
    let untrusted = failure(&strangers, format!("https://{tls}/")).await;
    assert!(cos_http::is_tls(&untrusted) && !cos_http::is_other_name(&untrusted));
    // Accepts, and never says anything.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_at = silent.local_addr().unwrap();
    settings.connect_timeout = Duration::from_millis(50);
    let late = failure(&settings, format!("https://{silent_at}/")).await;
    assert!(cos_http::is_timeout(&late), "{late:?}");
    drop(silent);
}
