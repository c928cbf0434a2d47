//! The way to the service: names and proxies.

use std::io;
use std::sync::{Arc, Mutex};

use cos_client::{Client, ClientBuilder, ErrorKind, RetryPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::cloud::Cloud;
use crate::server::{Server, say};
use crate::setup::{BUCKET, HOST, REGION};

/// What a tunnel was asked for: its target, and who asked.
type Asked = Arc<Mutex<Vec<(String, Option<String>)>>>;

/// A proxy that tunnels for `ada` with the password `p:w`, wherever to, to `target`.
async fn tunnels(target: String) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(tunnel(stream, target.clone(), Arc::clone(&log)));
        }
    });
    (address, asked)
}

async fn tunnel(mut stream: TcpStream, target: String, asked: Asked) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let to = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let header = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("proxy-authorization")
            .then(|| value.to_owned())
    };
    let who = head.lines().find_map(header);
    asked.lock().unwrap().push((to, who.clone()));
    // ada:p:w
    if who.as_deref() != Some("Basic YWRhOnA6dw==") {
        let no = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        return stream.write_all(no.as_bytes()).await;
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    let mut target = TcpStream::connect(target).await?;
    copy_bidirectional(&mut stream, &mut target).await?;
    Ok(())
}

/// With real host names over TLS.
fn real(cloud: &Cloud) -> ClientBuilder {
    Client::builder()
        .bucket(BUCKET)
        .region(REGION)
        .ca_pem(cloud.emulator.ca_pem().unwrap())
        .backup_domain(false)
        .credentials(cloud.root_credentials())
}

fn tls_address(cloud: &Cloud) -> String {
    let url = cloud.emulator.https_url().unwrap();
    url.trim_start_matches("https://").to_owned()
}

#[tokio::test]
async fn a_tunnel_for_those_it_knows() {
    let cloud = Cloud::with_tls().await;
    let (proxy, asked) = tunnels(tls_address(&cloud)).await;
    let client = real(&cloud).proxy(format!("http://ada:p%3Aw@{proxy}"));
    let client = client.build().unwrap();
    client.put_object("k", "x").send().await.unwrap();
    let to = format!("{HOST}:443");
    let known = Some("Basic YWRhOnA6dw==".to_owned());
    assert_eq!(*asked.lock().unwrap(), [(to, known)]);
    let nobody = real(&cloud).proxy(format!("http://{proxy}"));
    let error = nobody.build().unwrap().put_object("k", "x").send().await;
    let error = error.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Network, 1));
    assert!(
        error.hint().unwrap().contains("user and a password"),
        "{error:?}"
    );
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_plain_proxy_that_refuses() {
    let proxy = Server::start(|_, _| say(407, "")).await;
    let client = Client::builder()
        .bucket(BUCKET)
        .region(REGION)
        .https(false)
        .credentials(crate::setup::permanent())
        .proxy(proxy.url.replace("http://", "http://ada:wrong@"))
        .retry(RetryPolicy::none());
    let error = client.build().unwrap().head_bucket().await.unwrap_err();
    assert_eq!(error.http_status(), Some(407));
    assert!(
        error.hint().unwrap().contains("user and a password"),
        "{error:?}"
    );
    let seen = proxy.seen();
    assert!(seen[0].header("proxy-authorization").is_some());
    assert!(!format!("{error:?}").contains("wrong"));
}

#[tokio::test]
async fn names_are_looked_up_as_the_app_wants() {
    let cloud = Cloud::with_tls().await;
    let port = tls_address(&cloud).split_off("127.0.0.1:".len());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&asked);
    let client = real(&cloud)
        .endpoint(format!("https://{HOST}:{port}"))
        .lookup(move |host| {
            log.lock().unwrap().push(host);
            async { Ok(vec!["127.0.0.1".parse().unwrap()]) }
        });
    let client = client.build().unwrap();
    client.put_object("k", "x").send().await.unwrap();
    client.put_object("k", "x").send().await.unwrap();
    // Once for the one connection; the certificate's name is still checked.
    assert_eq!(*asked.lock().unwrap(), [HOST]);
    for found in [Ok(Vec::new()), Err(())] {
        let found: Result<Vec<_>, ()> = found;
        let client = real(&cloud).retry(RetryPolicy::none()).lookup(move |_| {
            let found = found
                .clone()
                .map_err(|()| io::Error::other("dns error: offline"));
            async { found }
        });
        let error = client.build().unwrap().head_bucket().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Network);
        assert!(
            error.hint().unwrap().contains("cannot be resolved"),
            "{error:?}"
        );
    }
}
