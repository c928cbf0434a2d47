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
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A name that only a proxy or our resolver knows.
const HOST: &str = "demo-1250000000.cos.ap-guangzhou.myqcloud.com";

/// Where nobody listens: a port that none is given by chance.
const CLOSED: &str = "127.0.0.1:1";

/// A name that nobody has. It is longer than one may be, so that the system knows it without asking the network, which
/// may be slow to answer.
fn nobody() -> String {
    format!("{}.invalid", "n".repeat(64))
}

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
    let refused = failure(&settings, format!("http://{CLOSED}/")).await;
    assert!(cos_http::is_refused(&refused), "{refused:?}");

    let unknown = failure(&settings, format!("http://{}/", nobody())).await;
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

/// Answers every connection with these bytes and hangs up; without any it hangs up at once.
async fn says(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 1024];
            let _ = stream.read(&mut asked).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

#[tokio::test]
async fn a_proxy_that_fails_is_named_and_not_the_server() {
    let (emulator, mut settings) = emulator().await;
    settings.connect_timeout = Duration::from_secs(30);
    let dumb = says("").await;
    let closes_door = says("HTTP/1.1 403 No\r\n\r\n").await;
    let lost = says("HTTP/1.1 502 Bad Gateway\r\n\r\n").await;
    let strict = says("HTTP/1.1 407 Who\r\n\r\n").await;
    let tls = emulator.https_url().unwrap();
    let strangers = Settings::new(cos_http::tls_config(&[], &[]).unwrap());
    let strangers = Settings {
        connect_timeout: settings.connect_timeout,
        ..strangers
    };
    for (to, proxy, settings, status, is_final, words) in [
        (
            "https",
            format!("http://u:PLANTED@{CLOSED}"),
            &settings,
            None,
            false,
            "cannot connect to the proxy",
        ),
        (
            "http",
            format!("http://u:PLANTED@{CLOSED}"),
            &settings,
            None,
            false,
            "cannot connect to the proxy",
        ),
        (
            "https",
            format!("http://u:PLANTED@{}:1", nobody()),
            &settings,
            None,
            false,
            "cannot connect to the proxy",
        ),
        (
            "https",
            format!("http://u:PLANTED@{dumb}"),
            &settings,
            None,
            false,
            "hung up",
        ),
        (
            "https",
            format!("http://u:PLANTED@{closes_door}"),
            &settings,
            Some(403),
            true,
            "HTTP 403",
        ),
        (
            "https",
            format!("http://u:PLANTED@{lost}"),
            &settings,
            Some(502),
            false,
            "could not reach",
        ),
        (
            "https",
            format!("http://u:PLANTED@{strict}"),
            &settings,
            Some(407),
            true,
            "wants a login",
        ),
        (
            "https",
            tls.clone(),
            &strangers,
            None,
            true,
            "cannot connect to the proxy",
        ),
    ] {
        let settings = Settings {
            proxy: Proxy::through(&proxy, "").unwrap(),
            ..settings.clone()
        };
        let request = Request::get(format!("{to}://{HOST}/k"))
            .body(Body::Empty)
            .unwrap();
        let error = Http::new(&settings).send(request).await.unwrap_err();
        assert!(error.is_connect(), "{error:?}");
        let failure = cos_http::proxy_failure(&error).unwrap();
        assert_eq!(
            (failure.status(), failure.is_final()),
            (status, is_final),
            "{failure}"
        );
        let address = proxy.rsplit(['@', '/']).next().unwrap();
        assert_eq!(failure.proxy().address(), address);
        let text = format!("{failure} {error:?}");
        assert!(text.contains(words) && !text.contains("PLANTED"), "{text}");
        assert!(failure.hint().contains(address), "{}", failure.hint());
    }
}

#[tokio::test]
async fn a_silent_proxy_is_late_and_what_is_behind_a_good_one_is_not_its_fault() {
    let (emulator, mut settings) = emulator().await;
    settings.connect_timeout = Duration::from_millis(50);
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = silent.local_addr().unwrap();
    settings.proxy = Proxy::through(&format!("http://{at}"), "").unwrap();
    let ask = async |settings: &Settings| {
        let request = Request::get(format!("https://{HOST}/k"))
            .body(Body::Empty)
            .unwrap();
        Http::new(settings).send(request).await.unwrap_err()
    };
    let late = ask(&settings).await;
    let failure = cos_http::proxy_failure(&late).unwrap();
    assert!(
        cos_http::is_timeout(failure) && !failure.is_final(),
        "{failure}"
    );
    assert!(failure.to_string().contains("in time"), "{failure}");
    // A tunnel that leads to somebody who speaks no TLS.
    let plain = says("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 400 no\r\n\r\n").await;
    settings.connect_timeout = Duration::from_secs(30);
    settings.proxy = Proxy::through(&format!("http://{plain}"), "").unwrap();
    let error = ask(&settings).await;
    assert!(
        cos_http::proxy_failure(&error).is_none() && error.is_connect(),
        "{error:?}"
    );
    drop(emulator);
}

#[tokio::test]
async fn one_that_cannot_be_used_fails_what_would_go_that_way() {
    let (emulator, mut settings) = emulator().await;
    settings.proxy = Proxy::from_variables(&|name| {
        (name == "ALL_PROXY").then(|| "socks5://u:PLANTED@127.0.0.1:1".to_owned())
    });
    let request = Request::get(emulator.http_url()).body(Body::Empty).unwrap();
    let error = Http::new(&settings).send(request).await.unwrap_err();
    let why = cos_http::unusable_proxy(&error).unwrap();
    assert_eq!(why.variable(), Some("ALL_PROXY"));
    assert!(
        why.to_string()
            .starts_with("ALL_PROXY: it names a SOCKS proxy"),
        "{why}"
    );
    assert!(!format!("{error:?}").contains("PLANTED"));
}
