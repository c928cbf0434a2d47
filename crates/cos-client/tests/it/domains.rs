//! The service's second domain. The scripted server is a proxy here: clients use real host names.

use cos_client::{Domain, Method, RetryPolicy};

use crate::server::{Answer, Seen, Server, ok, refuse};
use crate::setup::{BUCKET, HOST, REGION, builder, permanent, temporary};

const BACKUP: &str = "demo-1250000000.cos.ap-guangzhou.tencentcos.cn";

fn is_first(seen: &Seen) -> bool {
    seen.header("host").unwrap().ends_with(".myqcloud.com")
}

/// An answer that no COS gave.
fn gateway(status: u16) -> Answer {
    Answer::Say {
        status,
        headers: Vec::new(),
        body: b"<html>".to_vec(),
        cut: None,
        held: None,
    }
}

fn through(proxy: &Server) -> cos_client::ClientBuilder {
    cos_client::Client::builder()
        .bucket(BUCKET)
        .region(REGION)
        .https(false)
        .proxy(&proxy.url)
        .credentials(temporary())
        .clock(cos_sts::ManualClock::skipping_sleep(crate::setup::NOW))
}

fn hosts(server: &Server) -> Vec<String> {
    let seen = server.seen();
    seen.iter()
        .map(|s| s.header("host").unwrap().into())
        .collect()
}

#[tokio::test]
async fn a_silent_first_domain_leads_to_the_second_signed_anew() {
    let script = |_: usize, seen: &Seen| if is_first(seen) { Answer::Close } else { ok() };
    let server = Server::start(script).await;
    let client = through(&server).build().unwrap();
    client.put_object("k", "x").send().await.unwrap();
    assert_eq!(hosts(&server), [HOST, HOST, BACKUP]);
    let seen = server.seen();
    let signature = |n: usize| {
        let header = seen[n].header("authorization").unwrap();
        header.split_once("q-signature=").unwrap().1.to_owned()
    };
    assert_ne!(signature(0), signature(2));
    assert!(seen[2].header("authorization").unwrap().contains("host"));
    assert!(seen[2].target.contains(BACKUP), "{}", seen[2].target);
    // The next call begins at the first again.
    client.put_object("k", "x").send().await.unwrap();
    assert_eq!(hosts(&server)[3], HOST);
}

#[tokio::test]
async fn a_strangers_redirect_leads_there_at_once() {
    let script = |_: usize, seen: &Seen| if is_first(seen) { gateway(302) } else { ok() };
    let server = Server::start(script).await;
    through(&server)
        .build()
        .unwrap()
        .put_object("k", "x")
        .send()
        .await
        .unwrap();
    assert_eq!(hosts(&server), [HOST, BACKUP]);
}

#[tokio::test]
async fn the_last_attempt_is_the_second_domains() {
    let server = Server::start(|_, _| gateway(502)).await;
    let retry = RetryPolicy::default().with_max_attempts(2);
    let client = through(&server).retry(retry).build().unwrap();
    let error = client.put_object("k", "x").send().await.unwrap_err();
    assert_eq!(hosts(&server), [HOST, BACKUP]);
    assert!(error.hint().unwrap().contains(BACKUP), "{error:?}");
}

#[tokio::test]
async fn what_the_service_says_never_leads_there() {
    let server = Server::start(|_, _| refuse(503, "SlowDown", "")).await;
    let client = through(&server).build().unwrap();
    client.put_object("k", "x").send().await.unwrap_err();
    assert_eq!(hosts(&server), [HOST; 5]);
}

#[tokio::test]
async fn nor_do_other_hosts_unsafe_repeats_or_the_switch() {
    let silent = || Server::start(|_, _| Answer::Close);
    let server = silent().await;
    let client = through(&server).backup_domain(false).build().unwrap();
    client.put_object("k", "x").send().await.unwrap_err();
    let client = through(&server).domain(Domain::Accelerate).build().unwrap();
    client.put_object("k", "x").send().await.unwrap_err();
    let client = through(&server)
        .custom_domain("http://files.example.com")
        .build()
        .unwrap();
    client.put_object("k", "x").send().await.unwrap_err();
    let client = through(&server).build().unwrap();
    client.list_buckets().await.unwrap_err();
    let post = client.request(Method::POST).key("k").param("append", "");
    post.send().await.unwrap_err();
    assert!(hosts(&server).iter().all(|h| h != BACKUP));
    let server = silent().await;
    let client = builder(&server.url)
        .credentials(permanent())
        .build()
        .unwrap();
    client.put_object("k", "x").send().await.unwrap_err();
    assert_eq!(hosts(&server), [HOST; 5]);
}
