//! The way to the service: names and proxies.

use std::io;
use std::sync::{Arc, Mutex};

use cos_client::{Client, ClientBuilder, ErrorKind, RetryPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::cloud::Cloud;
use crate::server::{Server, say};
use crate::setup::{BUCKET, HOST, NOW, REGION};

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
    let named = format!("{proxy} (the proxy setting)");
    assert!(error.message().contains(&named), "{error:?}");
    assert!(
        error.hint().unwrap().contains("user and a password"),
        "{error:?}"
    );
    assert!(!error.is_retryable());
}

/// Real host names over TLS that may be asked for at the second domain, and a log of the hosts asked.
fn with_backup(cloud: &Cloud) -> (ClientBuilder, Arc<Mutex<Vec<String>>>) {
    let hosts = Arc::<Mutex<Vec<String>>>::default();
    let log = Arc::clone(&hosts);
    let builder = real(cloud)
        .backup_domain(true)
        .clock(cos_sts::ManualClock::skipping_sleep(NOW))
        .on_attempt(move |attempt| log.lock().unwrap().push(attempt.host.clone()));
    (builder, hosts)
}

#[tokio::test]
async fn a_dead_proxy_is_named_and_the_second_domain_left_alone() {
    let cloud = Cloud::with_tls().await;
    // A port that nobody is given by chance, and a name too long to be anybody's: no network is asked for it.
    let unknown = format!("{}.invalid:3128", "n".repeat(64));
    for proxy in ["127.0.0.1:1", &unknown] {
        let (builder, hosts) = with_backup(&cloud);
        let client = builder.proxy(format!("http://ada:PLANTED@{proxy}"));
        let error = client.build().unwrap().head_bucket().await.unwrap_err();
        assert_eq!(*hosts.lock().unwrap(), [HOST; 5]);
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Network, 5));
        assert!(error.is_retryable(), "it may be started");
        let named = format!("cannot connect to the proxy {proxy} (the proxy setting)");
        assert!(error.message().starts_with(&named), "{error:?}");
        let hint = error.hint().unwrap();
        let blames = format!("the proxy failed, not {HOST}:443");
        assert!(hint.starts_with(&blames) && hint.contains(proxy), "{hint}");
        assert!(!format!("{error:?}{error}").contains("PLANTED"));
    }
}

#[tokio::test]
async fn what_a_proxy_answers_decides() {
    let cloud = Cloud::with_tls().await;
    // Forbidden here, not reached there: only the latter may be different at the second domain.
    let backup = HOST.replace("myqcloud.com", "tencentcos.cn");
    let backup = backup.as_str();
    for (status, attempts, hosts_asked, words) in [
        (403, 1, vec![HOST], "does not let this machine reach"),
        (502, 5, vec![HOST, HOST, backup, backup, backup], "works"),
    ] {
        let server = Server::start(move |_, _| say(status, "")).await;
        let (builder, hosts) = with_backup(&cloud);
        let client = builder.proxy(&server.url).build().unwrap();
        let error = client.head_bucket().await.unwrap_err();
        assert_eq!(*hosts.lock().unwrap(), hosts_asked);
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Network, attempts)
        );
        assert_eq!(error.is_retryable(), status == 502);
        let address = server.url.trim_start_matches("http://");
        assert!(error.message().contains(address), "{error:?}");
        assert!(
            error.message().contains(&format!("HTTP {status}")),
            "{error:?}"
        );
        assert!(error.hint().unwrap().contains(words), "{error:?}");
        let asked = &server.seen()[0];
        assert_eq!(
            (asked.method.as_str(), asked.target.as_str()),
            ("CONNECT", &*format!("{HOST}:443"))
        );
    }
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
    let named = format!(
        "{} (the proxy setting)",
        proxy.url.trim_start_matches("http://")
    );
    assert!(error.hint().unwrap().contains(&named), "{error:?}");
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
