//! What is told about requests: numbers for a hook, fields of spans. And slow connections.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cos_client::{AttemptMetrics, ErrorKind, Operation, RetryPolicy};
use serde_json::json;

use crate::cloud::Cloud;
use crate::setup::data;

#[tokio::test]
async fn every_attempt_is_reported() {
    let cloud = Cloud::start().await;
    let reports: Arc<Mutex<Vec<AttemptMetrics>>> = Arc::default();
    let sink = Arc::clone(&reports);
    let client = cloud
        .builder()
        .credentials(cloud.root_credentials())
        .on_attempt(move |m| sink.lock().unwrap().push(m.clone()))
        .build()
        .unwrap();
    cloud.fault(&json!({"match": {"operation": "PutObject"},
        "action": {"status": 503, "code": "SlowDown"}, "times": 1}));
    client.put_object("k", data(1000)).send().await.unwrap();
    let got = client.get_object("k").send().await.unwrap();
    assert_eq!(
        reports.lock().unwrap().len(),
        2,
        "the content is still being read"
    );
    got.bytes().await.unwrap();
    client.get_object("missing").send().await.unwrap_err();
    drop(client.get_object("k").send().await.unwrap());
    let reports = reports.lock().unwrap();
    let shown: Vec<_> = reports
        .iter()
        .map(|m| {
            (
                m.operation,
                m.attempt,
                m.status,
                m.code.as_deref(),
                m.error,
                m.sent_bytes,
            )
        })
        .collect();
    let slow = Some("SlowDown");
    let missing = (Some("NoSuchKey"), Some(ErrorKind::NotFound));
    assert_eq!(
        shown,
        [
            (
                Operation::PutObject,
                1,
                Some(503),
                slow,
                Some(ErrorKind::Service),
                shown[0].5
            ),
            (Operation::PutObject, 2, Some(200), None, None, 1000),
            (Operation::GetObject, 1, Some(200), None, None, 0),
            (Operation::GetObject, 1, Some(404), missing.0, missing.1, 0),
            (Operation::GetObject, 1, Some(200), None, None, 0),
        ]
    );
    assert_eq!(reports[2].received_bytes, 1000);
    assert!(reports.iter().all(|m| m.first_byte > Duration::ZERO));
    assert!(reports[0].host.ends_with(".myqcloud.com"));
}

#[tokio::test]
async fn connecting_is_a_phase_of_its_own() {
    let cloud = Cloud::with_tls().await;
    let reports: Arc<Mutex<Vec<AttemptMetrics>>> = Arc::default();
    let sink = Arc::clone(&reports);
    let builder = cloud
        .builder()
        .endpoint(cloud.emulator.https_url().unwrap())
        .ca_pem(cloud.emulator.ca_pem().unwrap())
        .credentials(cloud.root_credentials())
        .retry(RetryPolicy::none())
        .on_attempt(move |m| sink.lock().unwrap().push(m.clone()));
    let client = builder.build().unwrap();
    client.put_object("k", "x").send().await.unwrap();
    client.put_object("k", "y").send().await.unwrap();
    client.drop_idle_connections();
    client.put_object("k", "z").send().await.unwrap();
    drop(cloud);
    client.drop_idle_connections();
    client.put_object("k", "x").send().await.unwrap_err();
    let reports = reports.lock().unwrap();
    let connected: Vec<_> = reports.iter().map(|m| !m.connect.is_zero()).collect();
    // New, at hand, new, refused.
    assert_eq!(connected, [true, false, true, true]);
    assert!(reports.iter().all(|m| m.connect <= m.first_byte));
    assert_eq!(reports[3].error, Some(ErrorKind::Network));
}

#[tokio::test]
async fn connections_that_crawl_are_cut() {
    let cloud = Cloud::start().await;
    let root = cloud.root();
    root.put_object("k", data(3 << 20)).send().await.unwrap();
    // A hundredth of what is asked for.
    cloud.fault(&json!({"match": {}, "action": {"bytes_per_second": 20_000}}));
    let hurried = |attempts| {
        cloud
            .builder()
            .credentials(cloud.root_credentials())
            .min_throughput(2_000_000, Duration::from_millis(300))
            .retry(RetryPolicy::default().with_max_attempts(attempts))
            .build()
            .unwrap()
    };
    // Mostly in the content; on a machine that stands still for long before it.
    let get = async { hurried(1).get_object("k").send().await?.bytes().await };
    let error = get.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.message().contains("bytes per second"), "{error}");
    let error = hurried(2)
        .put_object("k", data(16 << 20))
        .send()
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 2));
    assert!(error.message().contains("bytes per second"), "{error}");
}

#[tokio::test]
async fn a_pinned_authority_is_the_only_one() {
    let cloud = Cloud::with_tls().await;
    let other = Cloud::with_tls().await;
    let https = cloud.emulator.https_url().unwrap();
    let with = |pem: &str| {
        let builder = cloud.builder().endpoint(https.as_str()).pinned_ca_pem(pem);
        builder
            .credentials(cloud.root_credentials())
            .build()
            .unwrap()
    };
    let pinned = with(cloud.emulator.ca_pem().unwrap());
    pinned.put_object("k", "x").send().await.unwrap();
    let error = with(other.emulator.ca_pem().unwrap())
        .put_object("k", "x")
        .send()
        .await;
    let error = error.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Network, 1));
}
