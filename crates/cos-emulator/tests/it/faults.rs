//! Fault rules, as clients meet them.

use cos_emulator::{Config, Emulator, FaultRule};
use serde_json::{Value, json};

use crate::client::World;

/// How a rule gets in.
const WAYS: [&str; 3] = ["config", "admin", "library"];

async fn with(way: &str, action: &Value) -> World {
    let rule = json!({"match": {"key_prefix": "a", "method": "GET"}, "action": action, "times": 1});
    let mut config = Config::default();
    if way == "config" {
        config.faults.push(rule.clone());
    }
    let emu = Emulator::builder().config(config).start().await.unwrap();
    let world = World::with(emu);
    world.put("a", &[7; 100_000]).await;
    match way {
        "admin" => {
            world
                .admin("POST", "faults", Some(json!([rule])))
                .await
                .ok();
        }
        "library" => world.emu.add_fault(FaultRule::from_json(&rule).unwrap()),
        _ => {}
    }
    world
}

#[tokio::test]
async fn a_file_can_hold_rules() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::configured(
        r#"
        [[account]]
        app_id = "1250000000"
        uin = "1"
        secret_id = "id"
        secret_key = "key"
        [[bucket]]
        name = "demo-1250000000"
        region = "ap-guangzhou"
        [[fault]]
        match = { operation = "GetObject", key_prefix = "b", nth = 2 }
        action = { status = 503, code = "SlowDown" }
        "#,
        dir.path(),
    )
    .await;
    let statuses = [
        world.get("a").await.status,
        world.get("b").await.status,
        world.get("b").await.status,
        world.get("b").await.status,
    ];
    assert_eq!(statuses, [404, 404, 503, 404]);
}

#[tokio::test]
async fn status_and_code() {
    for way in WAYS {
        let world = with(way, &json!({"status": 503, "code": "SlowDown"})).await;
        assert_eq!(world.get("a").await.refusal(), (503, "SlowDown".to_owned()));
        world.get("a").await.ok();
    }
}

#[tokio::test]
async fn connection_ends() {
    for way in WAYS {
        for action in [
            json!({"reset": true}),
            json!({"reset": "before_reading"}),
            json!({"reset": "after_reading"}),
            json!({"drop_response": true}),
        ] {
            let world = with(way, &action).await;
            assert!(world.call("GET", "a").try_send().await.is_err());
            world.get("a").await.ok();
        }
    }
}

#[tokio::test]
async fn slowness() {
    for way in WAYS {
        for action in [
            json!({"delay_ms": 50}),
            json!({"bytes_per_second": 2_000_000}),
        ] {
            let world = with(way, &action).await;
            let started = std::time::Instant::now();
            let got = world.get("a").await.ok();
            // A lower bound only: a busy machine makes it later, never earlier.
            assert!(started.elapsed().as_millis() >= 50, "{action} did nothing");
            assert_eq!(got.body, [7; 100_000]);
            let name = action.as_object().unwrap().keys().next().unwrap();
            assert_eq!(world.emu.log_since(1)[0].fault.as_ref(), Some(name));
        }
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
    for way in WAYS {
        for action in [json!({"truncate_after": 10}), json!({"reset": 10})] {
            let world = with(way, &action).await;
            let response = world.call("GET", "a").try_send().await.unwrap();
            assert_eq!(response.status(), 200);
            assert!(response.bytes().await.is_err());
        }
        let world = with(way, &json!({"corrupt_byte_at": 99_999})).await;
        let got = world.get("a").await.ok();
        assert_eq!(got.body.iter().filter(|b| **b != 7).count(), 1);
        assert_ne!(got.body[99_999], 7);
    }
    // An upload is damaged on its way in: the service's CRC64 is that of what it got.
    let world = World::new().await;
    let rule = json!({"match": {"method": "PUT"}, "action": {"corrupt_byte_at": 0}});
    world.emu.add_fault(FaultRule::from_json(&rule).unwrap());
    world.put("a", b"xx").await;
    assert_eq!(world.get("a").await.body[1], b'x');
    assert_ne!(world.get("a").await.body[0], b'x');
}

#[tokio::test]
async fn error_in_200_and_revoked_token() {
    for way in WAYS {
        let world = with(way, &json!({"error_in_200": "InternalError"})).await;
        assert_eq!(
            world.get("a").await.refusal(),
            (200, "InternalError".to_owned())
        );
        let world = with(way, &json!({"revoke_token": true})).await;
        let keys = world.assume().await;
        assert_eq!(
            world.call("GET", "a").keys(&keys).send().await.refusal(),
            (400, "ExpiredToken".to_owned())
        );
        world.get("a").await.ok();
    }
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

/// The whole log but for the time of day, of a run with chance in it, temporary keys too.
async fn log_of_a_run(seed: u64) -> Vec<Value> {
    let builder = Emulator::builder().seed(seed);
    let world = World::with(builder.start().await.unwrap());
    let rules = json!([
        {"match": {"method": "PUT"}, "action": {"status": 503}, "probability": 0.5},
        {"match": {"operation": "GetObject"}, "action": {"drop_response": true}, "probability": 0.3},
    ]);
    world.admin("POST", "faults", Some(rules)).await.ok();
    let keys = world.assume().await;
    for n in 0..20 {
        let key = format!("k{n}");
        let put = world.call("PUT", &key).keys(&keys).body("x");
        put.send().await;
        let _ = world.call("GET", &key).keys(&keys).try_send().await;
    }
    let mut log = world.admin("GET", "log?since=0", None).await.json();
    let records = log.as_array_mut().unwrap();
    for record in &mut *records {
        record.as_object_mut().unwrap().remove("time");
    }
    records.clone()
}

#[tokio::test]
async fn same_seed_same_log() {
    let (first, second) = (log_of_a_run(7).await, log_of_a_run(7).await);
    assert_eq!(first, second);
    let struck = first.iter().filter(|r| r["fault"].is_string()).count();
    assert!((1..40).contains(&struck), "{struck} of {}", first.len());
    assert_ne!(first, log_of_a_run(8).await);
}
