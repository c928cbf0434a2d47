//! The admin API.

use serde_json::json;

use crate::client::World;

#[tokio::test]
async fn clock_moves() {
    let world = World::new().await;
    let system = world.emu.clock().now_s();
    let moved = world
        .admin("POST", "clock", Some(json!({"advance_seconds": 100})))
        .await
        .json();
    assert_eq!(moved["offset"], 100);
    world
        .admin("POST", "clock", Some(json!({"set": 1_000_000})))
        .await
        .ok();
    assert!(world.emu.clock().now_s() < 1_000_100);
    world
        .admin("POST", "clock", Some(json!({"offset": -5})))
        .await
        .ok();
    assert!(world.emu.clock().now_s().abs_diff(system) < 60);
    for bad in [
        json!({}),
        json!({"set": 1, "offset": 1}),
        json!({"jump": 1}),
    ] {
        assert_eq!(world.admin("POST", "clock", Some(bad)).await.status, 400);
    }
}

#[tokio::test]
async fn log_tells_without_secrets() {
    let world = World::new().await;
    let keys = world.assume().await;
    world
        .call("PUT", "dir/a")
        .keys(&keys)
        .body("12345")
        .send()
        .await
        .ok();
    world.call("GET", "none").keys(&keys).send().await;
    let log = world.admin("GET", "log?since=0", None).await.ok();
    let records = log.json();
    assert_eq!(records.as_array().unwrap().len(), 3);
    assert_eq!(
        (&records[0]["operation"], &records[0]["secret_id"]),
        (&json!("AssumeRole"), &json!(world.root.id))
    );
    let put = &records[1];
    assert_eq!(
        (
            &put["operation"],
            &put["path"],
            &put["status"],
            &put["secret_id"],
            &put["bytes_in"]
        ),
        (
            &json!("PutObject"),
            &json!("/dir/a"),
            &json!(200),
            &json!(keys.id),
            &json!(5)
        )
    );
    assert!(put["decision"].as_str().unwrap().starts_with("allowed"));
    let get = &records[2];
    assert_eq!(
        (&get["status"], &get["code"]),
        (&json!(404), &json!("NoSuchKey"))
    );
    assert!(get["bytes_out"].as_u64().unwrap() > 100);
    for secret in [&keys.key, keys.token.as_ref().unwrap(), &world.root.key] {
        assert!(!log.text().contains(secret.as_str()));
    }
    let later = world.admin("GET", "log?since=2", None).await.json();
    assert_eq!(
        (later.as_array().unwrap().len(), &later[0]["seq"]),
        (1, &json!(3))
    );
}

#[tokio::test]
async fn state_revoke_reset() {
    let world = World::new().await;
    world.put("a", b"xyz").await;
    world
        .call("POST", "b")
        .param("uploads", "")
        .send()
        .await
        .ok();
    let state = world.admin("GET", "state", None).await.json();
    let bucket = &state["buckets"][0];
    assert_eq!(
        (&bucket["objects"][0]["key"], &bucket["objects"][0]["size"]),
        (&json!("a"), &json!(3))
    );
    assert_eq!(bucket["uploads"][0]["key"], "b");

    let keys = world.assume().await;
    let revoke = |id: &str, how: &str| {
        world.admin("POST", "revoke", Some(json!({"secret_id": id, "as": how})))
    };
    assert_eq!(revoke("nobody", "expired").await.status, 404);
    revoke(&keys.id, "expired").await.ok();
    assert_eq!(
        world.call("GET", "a").keys(&keys).send().await.refusal(),
        (400, "ExpiredToken".to_owned())
    );

    world.emu.clock().advance_s(1000);
    world.admin("POST", "reset", None).await.ok();
    assert_eq!(world.emu.clock().offset_s(), 0);
    assert_eq!(
        world.get("a").await.refusal(),
        (404, "NoSuchKey".to_owned())
    );
    assert_eq!(
        world.call("GET", "a").keys(&keys).send().await.refusal().1,
        "InvalidAccessKeyId"
    );
    assert_eq!(
        world.admin("GET", "log?since=0", None).await.json()[0]["seq"],
        1
    );
    assert_eq!(world.admin("GET", "nothing", None).await.status, 404);
}
