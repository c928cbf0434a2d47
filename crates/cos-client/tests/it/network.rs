//! An app that comes back, or moves to another network.

use cos_sts::ManualClock;

use crate::server::{Server, ok, refuse};
use crate::setup::{NOW, builder, client};

#[tokio::test]
async fn idle_connections_are_dropped_on_demand() {
    let server = Server::start(|_, _| ok()).await;
    let client = client(&server.url);
    for _ in 0..3 {
        client.put_object("k", "x").send().await.unwrap();
    }
    assert_eq!(server.connections(), 1);
    client.drop_idle_connections();
    for _ in 0..3 {
        client.put_object("k", "x").send().await.unwrap();
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn no_more_connections_are_kept_than_asked() {
    for (kept, made) in [(0, 3), (1, 1)] {
        let server = Server::start(|_, _| ok()).await;
        let client = builder(&server.url).max_idle_connections(kept);
        let client = client.build().unwrap();
        for _ in 0..3 {
            client.put_object("k", "x").send().await.unwrap();
        }
        assert_eq!(server.connections(), made);
    }
}

#[tokio::test]
async fn waiting_retries_are_woken() {
    let server = Server::start(|n, _| match n {
        0 => refuse(503, "SlowDown", ""),
        _ => ok(),
    })
    .await;
    // Time stands still: nothing but the wake-up ends the pause.
    let clock = ManualClock::new(NOW);
    let client = builder(&server.url).clock(clock.clone()).build().unwrap();
    let sending = tokio::spawn(client.put_object("k", "x").send());
    while clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    client.retry_now();
    sending.await.unwrap().unwrap();
    assert_eq!(server.seen().len(), 2);
}
