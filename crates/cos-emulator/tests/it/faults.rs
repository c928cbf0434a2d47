//! Fault rules, as clients meet them.

use serde_json::{Value, json};

use crate::client::World;

async fn with(action: Value) -> World {
    let world = World::new().await;
    world.put("a", &[7; 100_000]).await;
    let rule = json!([{"match": {"key_prefix": "a"}, "action": action, "times": 1}]);
    world.admin("POST", "faults", Some(rule)).await.ok();
    world
}

#[tokio::test]
async fn status_and_code() {
    let world = with(json!({"status": 503, "code": "SlowDown"})).await;
    assert_eq!(world.get("a").await.refusal(), (503, "SlowDown".to_owned()));
    world.get("a").await.ok();
}

#[tokio::test]
async fn connection_ends() {
    for action in [
        json!({"reset": true}),
        json!({"reset": "after_reading"}),
        json!({"drop_response": true}),
    ] {
        let world = with(action).await;
        assert!(world.call("GET", "a").try_send().await.is_err());
        world.get("a").await.ok();
    }
}

#[tokio::test]
async fn drop_response_does_the_work() {
    let world = World::new().await;
    let rule =
        json!({"match": {"operation": "PutObject"}, "action": {"drop_response": true}, "times": 1});
    world
        .admin("POST", "faults", Some(json!([rule])))
        .await
        .ok();
    assert!(world.call("PUT", "k").body("x").try_send().await.is_err());
    assert_eq!(world.get("k").await.ok().text(), "x");
    let log = world.emu.log_since(0);
    assert_eq!(
        (log[0].status, log[0].fault.as_deref()),
        (0, Some("drop_response"))
    );
}

#[tokio::test]
async fn body_is_short_or_wrong() {
    for action in [json!({"truncate_after": 10}), json!({"reset": 10})] {
        let world = with(action).await;
        let response = world.call("GET", "a").try_send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.bytes().await.is_err());
    }
    let world = with(json!({"corrupt_byte_at": 99_999})).await;
    let got = world.get("a").await.ok();
    assert_eq!(got.body.iter().filter(|b| **b != 7).count(), 1);
    assert_ne!(got.body[99_999], 7);
    // An upload is damaged on its way in: the service's CRC64 is that of what it got.
    let world = with(json!({"corrupt_byte_at": 0})).await;
    world.put("a", b"xx").await;
    assert_eq!(world.get("a").await.body[1], b'x');
    assert_ne!(world.get("a").await.body[0], b'x');
}

#[tokio::test]
async fn error_in_200_and_revoked_token() {
    let world = with(json!({"error_in_200": "InternalError"})).await;
    assert_eq!(
        world.get("a").await.refusal(),
        (200, "InternalError".to_owned())
    );
    let world = with(json!({"revoke_token": true})).await;
    let keys = world.assume().await;
    assert_eq!(
        world.call("GET", "a").keys(&keys).send().await.refusal(),
        (400, "ExpiredToken".to_owned())
    );
    world.get("a").await.ok();
}

#[tokio::test]
async fn sts_fails_too() {
    let world = World::new().await;
    let rule = json!([{"match": {"operation": "AssumeRole"}, "action": {"status": 200, "code": "InternalError"}, "times": 1}]);
    world.admin("POST", "faults", Some(rule)).await.ok();
    let params = json!({"RoleArn": crate::client::ROLE, "RoleSessionName": "s1"});
    let failed = world.sts(&world.root, "AssumeRole", params.clone()).await;
    assert_eq!(failed["Error"]["Code"], "InternalError");
    world.assume().await;
    assert_eq!(
        world
            .admin("POST", "faults", Some(json!([{"action": {"x": 1}}])))
            .await
            .status,
        400
    );
    world.admin("DELETE", "faults", None).await.ok();
}

#[tokio::test]
async fn same_seed_same_log() {
    let run = async || {
        let emu = cos_emulator::Emulator::builder()
            .seed(7)
            .start()
            .await
            .unwrap();
        let world = World::with(emu);
        let rule = json!([{"action": {"status": 503}, "probability": 0.5}]);
        world.admin("POST", "faults", Some(rule)).await.ok();
        for _ in 0..20 {
            world.get("a").await;
        }
        let log = world.emu.log_since(0);
        log.into_iter()
            .map(|r| (r.seq, r.operation, r.status, r.code, r.request_id))
            .collect::<Vec<_>>()
    };
    assert_eq!(run().await, run().await);
}
