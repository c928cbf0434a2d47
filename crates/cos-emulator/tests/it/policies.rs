//! Identity policies ∩ session policy, with conditions.

use serde_json::json;

use crate::client::{Keys, World, allow};

const CONFIG: &str = r#"
    [[account]]
    app_id = "1250000000"
    uin = "100000000001"
    secret_id = "root"
    secret_key = "rootkey"
    [[account.user]]
    uin = "100000000002"
    secret_id = "user"
    secret_key = "userkey"
    policy_file = "user.json"
    [[account.role]]
    name = "uploader"
    policy_file = "role.json"
    max_duration_s = 3600
    [[account]]
    app_id = "1250000001"
    uin = "200000000001"
    secret_id = "stranger"
    secret_key = "strangerkey"
    [[bucket]]
    name = "demo-1250000000"
    region = "ap-guangzhou"
"#;

async fn world() -> (World, Keys) {
    let dir = tempfile::tempdir().unwrap();
    let mut user = allow(&["PutObject", "GetObject"], "u/*");
    user["statement"].as_array_mut().unwrap().push(
        json!({"effect": "allow", "action": "name/sts:AssumeRole", "resource": "qcs::cam::uin/100000000001:roleName/uploader"}),
    );
    std::fs::write(dir.path().join("user.json"), user.to_string()).unwrap();
    std::fs::write(
        dir.path().join("role.json"),
        allow(&["PutObject"], "r/*").to_string(),
    )
    .unwrap();
    let world = World::configured(CONFIG, dir.path()).await;
    (
        world,
        Keys {
            id: "user".to_owned(),
            key: "userkey".to_owned(),
            token: None,
        },
    )
}

async fn put(world: &World, keys: &Keys, key: &str) -> u16 {
    world
        .call("PUT", key)
        .keys(keys)
        .body("x")
        .send()
        .await
        .status
}

#[tokio::test]
async fn user_role_and_stranger() {
    let (world, user) = world().await;
    assert_eq!(
        (
            put(&world, &user, "u/a").await,
            put(&world, &user, "r/a").await
        ),
        (200, 403)
    );
    let reply = world
        .sts(
            &user,
            "AssumeRole",
            json!({"RoleArn": crate::client::ROLE, "RoleSessionName": "s1"}),
        )
        .await;
    let role = crate::client::temporary(&reply);
    assert_eq!(
        (
            put(&world, &role, "u/a").await,
            put(&world, &role, "r/a").await
        ),
        (403, 200)
    );
    let stranger = Keys {
        id: "stranger".to_owned(),
        key: "strangerkey".to_owned(),
        token: None,
    };
    assert_eq!(put(&world, &stranger, "u/a").await, 403);
    let reply = world
        .sts(
            &stranger,
            "AssumeRole",
            json!({"RoleArn": crate::client::ROLE, "RoleSessionName": "s1"}),
        )
        .await;
    assert_eq!(reply["Error"]["Code"], "UnauthorizedOperation");
    let long =
        json!({"RoleArn": crate::client::ROLE, "RoleSessionName": "s1", "DurationSeconds": 3601});
    assert_eq!(
        world.sts(&user, "AssumeRole", long).await["Error"]["Code"],
        "InvalidParameter.OverTimeError"
    );
}

#[tokio::test]
async fn token_is_the_intersection() {
    let (world, user) = world().await;
    let wide = allow(&["PutObject", "DeleteObject"], "*").to_string();
    let reply = world
        .sts(
            &user,
            "GetFederationToken",
            json!({"Name": "n", "Policy": wide}),
        )
        .await;
    let keys = crate::client::temporary(&reply);
    assert_eq!(
        (
            put(&world, &keys, "u/a").await,
            put(&world, &keys, "other").await
        ),
        (200, 403)
    );
    // The user may read, the token may not; the token may delete, the user may not.
    assert_eq!(
        world.call("GET", "u/a").keys(&keys).send().await.status,
        403
    );
    let delete = world.call("DELETE", "u/a").keys(&keys).send().await;
    assert_eq!(delete.status, 403);
    assert!(
        delete
            .header("x-cos-emulator-explain")
            .unwrap()
            .starts_with("no-allow-in-identity")
    );
}

#[tokio::test]
async fn conditions_and_deny() {
    let world = World::new().await;
    let mut policy = allow(&["PutObject"], "*");
    policy["statement"][0]["condition"] =
        json!({"numeric_less_than_equal": {"cos:content-length": 10}});
    let keys = world.federate(&policy).await;
    assert_eq!(put(&world, &keys, "a").await, 200);
    assert_eq!(
        world
            .call("PUT", "a")
            .keys(&keys)
            .body("longer than ten")
            .send()
            .await
            .status,
        403
    );

    policy["statement"][0]["condition"] = json!({"ip_equal": {"qcs:ip": "10.0.0.0/8"}});
    assert_eq!(put(&world, &world.federate(&policy).await, "a").await, 403);
    policy["statement"][0]["condition"] = json!({"ip_equal": {"qcs:ip": "127.0.0.0/8"}});
    assert_eq!(put(&world, &world.federate(&policy).await, "a").await, 200);

    policy["statement"][0]["condition"] =
        json!({"string_equal": {"cos:x-cos-storage-class": "STANDARD_IA"}});
    let keys = world.federate(&policy).await;
    assert_eq!(put(&world, &keys, "a").await, 403);
    let call = world
        .call("PUT", "a")
        .keys(&keys)
        .header("x-cos-storage-class", "STANDARD_IA")
        .body("x");
    assert_eq!(call.send().await.status, 200);

    let mut deny = allow(&["*"], "*");
    deny["statement"][0]["action"] = json!("*");
    let mut no = deny["statement"][0].clone();
    no["effect"] = json!("deny");
    no["action"] = json!("name/cos:DeleteObject");
    deny["statement"].as_array_mut().unwrap().push(no);
    let keys = world.federate(&deny).await;
    assert_eq!(put(&world, &keys, "a").await, 200);
    let reply = world.call("DELETE", "a").keys(&keys).send().await;
    assert_eq!(reply.status, 403);
    assert!(
        reply
            .header("x-cos-emulator-explain")
            .unwrap()
            .starts_with("explicit-deny")
    );
}

#[tokio::test]
async fn copy_needs_the_source_too() {
    let world = World::new().await;
    world.put("secret", b"x").await;
    let keys = world.federate(&allow(&["PutObject"], "*")).await;
    let source = format!("{}/secret", crate::client::HOST);
    let copy = world
        .call("PUT", "mine")
        .keys(&keys)
        .header("x-cos-copy-source", source)
        .send()
        .await;
    assert_eq!(copy.refusal(), (403, "AccessDenied".to_owned()));
    assert!(
        copy.header("x-cos-emulator-explain")
            .unwrap()
            .contains("name/cos:GetObject")
    );
}

#[tokio::test]
async fn listing_by_prefix() {
    let world = World::new().await;
    world.put("home/a", b"x").await;
    let mut policy = allow(&["GetBucket"], "");
    policy["statement"][0]["condition"] = json!({"string_equal": {"cos:prefix": "home/"}});
    let keys = world.federate(&policy).await;
    let list = |prefix: &'static str| world.call("GET", "").keys(&keys).param("prefix", prefix);
    assert_eq!(list("home/").send().await.ok().elements("Key"), ["home/a"]);
    assert_eq!(list("").send().await.status, 403);
}
