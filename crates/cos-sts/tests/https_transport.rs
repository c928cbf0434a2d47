//! The ready-made transports against a socket.
#![cfg(feature = "https")]
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests; clippy knows the tests themselves only"
)]

use std::time::Duration;

use cos_sts::{HttpRequest, HttpsTransport, Transport, TransportErrorKind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Takes one connection, reads a request up to the end of its head and `BODY`, answers, hangs up.
async fn serve(answer: Vec<u8>) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"BODY") {
            let mut buffer = [0; 1024];
            let n = socket.read(&mut buffer).await.unwrap();
            assert_ne!(n, 0, "hung up early");
            request.extend_from_slice(&buffer[..n]);
        }
        // The client may hang up first when it has read enough.
        let _ = socket.write_all(&answer).await;
        String::from_utf8(request).unwrap()
    });
    (url, seen)
}

fn request(url: String) -> HttpRequest {
    HttpRequest {
        method: "POST",
        url,
        host_override: Some("sts.tencentcloudapi.com".into()),
        headers: vec![("Content-Type", "application/json".into())],
        body: b"BODY".to_vec(),
        timeout: Duration::from_secs(30),
    }
}

/// Ours, and a program's own reqwest client.
fn transports() -> Vec<Box<dyn Transport>> {
    vec![
        Box::new(HttpsTransport::builder().no_proxy().build().unwrap()),
        #[cfg(feature = "reqwest")]
        Box::new(cos_sts::ReqwestTransport::new(
            reqwest::Client::builder()
                .tls_backend_preconfigured(cos_http::tls_config(&[], &[]).unwrap())
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build()
                .unwrap(),
        )),
    ]
}

#[tokio::test]
async fn connects_here_and_names_the_real_host() {
    for transport in transports() {
        let answer = b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\nContent-Length: 2\r\n\r\nok";
        let (url, seen) = serve(answer.to_vec()).await;
        let got = transport.send(request(format!("{url}/"))).await.unwrap();
        assert_eq!((got.status, got.body.as_slice()), (302, b"ok".as_slice()));
        assert_eq!(got.date_s(), Some(1_700_000_000));
        let seen = seen.await.unwrap().to_ascii_lowercase();
        let count = |header: &str| seen.lines().filter(|l| l.starts_with(header)).count();
        assert!(seen.starts_with("post / http/1.1\r\n"), "{seen}");
        assert!(
            seen.contains("\r\nhost: sts.tencentcloudapi.com\r\n"),
            "{seen}"
        );
        assert!(
            seen.contains("\r\ncontent-type: application/json\r\n"),
            "{seen}"
        );
        assert_eq!((count("host:"), count("content-type:")), (1, 1), "{seen}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    for transport in transports() {
        let mut answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n".to_vec();
        answer.resize(2 << 20, b'x');
        let (url, _seen) = serve(answer).await;
        let error = transport.send(request(url)).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Broken);
        assert!(error.to_string().contains("1 MiB"), "{error}");
    }
}

#[tokio::test]
async fn failures_have_a_kind_and_no_url() {
    for transport in transports() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = format!("http://{}/?t=PLANTED", listener.local_addr().unwrap());
        drop(listener);
        let error = transport.send(request(closed)).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Connect);
        assert!(!format!("{error} {error:?}").contains("PLANTED"), "{error}");
        let error = transport.send(request("no url".into())).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Invalid);
        let mut bad = request("http://127.0.0.1:1/".into());
        bad.headers.push(("X-TC-Token", "PLANTED\n".into()));
        let error = transport.send(bad).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Invalid);
        assert!(error.to_string().contains("X-TC-Token"), "{error}");
        assert!(!error.to_string().contains("PLANTED"), "{error}");
    }
}

/// Takes every connection, says this and hangs up.
async fn says(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0; 1024]).await;
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    address
}

#[tokio::test]
async fn a_proxy_that_fails_is_named_and_not_the_service() {
    use TransportErrorKind::{Broken, Connect, Proxy};
    // A port that nobody is given by chance.
    let closed = "127.0.0.1:1".to_owned();
    let strict = says("HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n").await;
    let lost = says("HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n").await;
    let dumb = says("").await;
    for (scheme, proxy, kind, message) in [
        ("https", &closed, Connect, "cannot connect to the proxy"),
        ("http", &closed, Connect, "cannot connect to the proxy"),
        ("https", &strict, Proxy, "wants a login"),
        ("http", &strict, Proxy, "wants a login"),
        (
            "https",
            &lost,
            Connect,
            "could not reach sts.tencentcloudapi.com:443",
        ),
        ("https", &dumb, Connect, "hung up"),
        // What a plain proxy hangs up on may have come through.
        (
            "http",
            &dumb,
            Broken,
            "sts.tencentcloudapi.com through the proxy",
        ),
    ] {
        let transport = HttpsTransport::builder().proxy(format!("http://u:PLANTED@{proxy}"));
        let transport = transport.build().unwrap();
        let url = format!("{scheme}://sts.tencentcloudapi.com/?PLANTED");
        let error = transport.send(request(url)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let text = error.to_string();
        assert!(text.contains(message) && text.contains(proxy), "{text}");
        if kind != Broken {
            assert!(error.hint().unwrap().contains(proxy), "{error:?}");
        }
        assert!(!format!("{error:?}").contains("PLANTED"), "{error:?}");
    }
}

#[test]
fn wrong_settings_are_named() {
    let build = |b: cos_sts::HttpsTransportBuilder| b.build().unwrap_err().to_string();
    let ca = |pem: &str| build(HttpsTransport::builder().ca_pem(pem));
    assert!(ca("").contains("no PEM certificate"));
    assert!(ca("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").contains("CA"));
    let proxy = build(HttpsTransport::builder().proxy("http://u:PLANTED@:x"));
    assert!(
        proxy.contains("proxy") && !proxy.contains("PLANTED"),
        "{proxy}"
    );
}
