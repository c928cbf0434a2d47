//! Everything the cloud refuses, with its status and code.

use crate::client::{Keys, World, allow};

async fn refused(call: crate::client::Call<'_>, status: u16, code: &str) -> crate::client::Reply {
    let reply = call.send().await;
    assert_eq!(
        reply.refusal(),
        (status, code.to_owned()),
        "{}",
        reply.text()
    );
    assert!(reply.header("x-cos-request-id").is_some());
    reply
}

#[tokio::test]
async fn flipped_signature() {
    let world = World::new().await;
    let call = world
        .call("PUT", "a")
        .body("x")
        .tamper(|mut authorization| {
            let last = authorization.pop().unwrap();
            authorization.push(if last == '0' { '1' } else { '0' });
            authorization
        });
    let reply = refused(call, 403, "SignatureDoesNotMatch").await;
    assert!(reply.element("StringToSign").unwrap().starts_with("sha1\n"));
    let format = reply.element("FormatString").unwrap();
    assert!(
        format.starts_with("put\n/a\n\ncontent-length=1&amp;host="),
        "{format}"
    );
    assert_eq!(
        world.get("a").await.refusal(),
        (404, "NoSuchKey".to_owned())
    );
}

#[tokio::test]
async fn every_signed_part_counts() {
    let world = World::new().await;
    let base = || {
        world
            .call("GET", "a")
            .param("versionId", "null")
            .header("x-cos-meta-a", "1")
    };
    assert_eq!(base().send().await.refusal().1, "NoSuchKey");
    for change in [
        (|a: String| a.replace("q-sign-time=17", "q-sign-time=16")) as fn(String) -> String,
        |a| a.replace("host;", ""),
        |a| a.replace("q-url-param-list=versionid", "q-url-param-list="),
    ] {
        refused(base().tamper(change), 403, "SignatureDoesNotMatch").await;
    }
    // A signed header that arrives with another value.
    let call = base().unsigned("x-cos-meta-a", "2");
    refused(call, 403, "SignatureDoesNotMatch").await;
    // Another method, another key.
    let wrong_key = Keys {
        key: "wrong".to_owned(),
        ..world.root.clone()
    };
    refused(base().keys(&wrong_key), 403, "SignatureDoesNotMatch").await;
}

#[tokio::test]
async fn key_time_over_or_not_begun() {
    let world = World::new().await;
    let reply = refused(world.call("GET", "a").window(-600, -1), 403, "AccessDenied").await;
    assert_eq!(reply.element("Message").unwrap(), "Request has expired");
    assert!(reply.element("ServerTime").is_some());
    refused(
        world.call("GET", "a").window(300, 600),
        403,
        "RequestTimeTooSkewed",
    )
    .await;
    // Presigned URLs die the same way.
    refused(
        world.call("GET", "a").presigned().window(-600, -1),
        403,
        "AccessDenied",
    )
    .await;
}

#[tokio::test]
async fn key_time_follows_the_moved_clock() {
    let world = World::new().await;
    world.put("a", b"x").await;
    let call = world.call("GET", "a").window(-60, 600);
    world.emu.clock().advance_s(601);
    // The call's window is made when it is sent: pin it to the time before.
    refused(call.window(-661, -1), 403, "AccessDenied").await;
}

#[tokio::test]
async fn unknown_key() {
    let world = World::new().await;
    let keys = Keys {
        id: "AKIDnobody".to_owned(),
        ..world.root.clone()
    };
    refused(
        world.call("GET", "a").keys(&keys),
        403,
        "InvalidAccessKeyId",
    )
    .await;
}

#[tokio::test]
async fn token_missing_mangled_or_of_another_key() {
    let world = World::new().await;
    let (one, two) = (world.assume().await, world.assume().await);
    world
        .call("PUT", "a")
        .keys(&one)
        .body("x")
        .send()
        .await
        .ok();
    let mangled = one.token.as_ref().map(|t| format!("{}x", &t[1..]));
    for token in [None, two.token.clone(), mangled] {
        let keys = Keys {
            token,
            ..one.clone()
        };
        refused(
            world.call("GET", "a").keys(&keys),
            403,
            "InvalidAccessKeyId",
        )
        .await;
        refused(
            world.call("GET", "a").keys(&keys).presigned(),
            403,
            "InvalidAccessKeyId",
        )
        .await;
    }
    let keys = Keys {
        token: one.token.clone(),
        ..world.root.clone()
    };
    refused(
        world.call("GET", "a").keys(&keys),
        403,
        "InvalidAccessKeyId",
    )
    .await;
    world
        .call("GET", "a")
        .keys(&one)
        .presigned()
        .send()
        .await
        .ok();
}

#[tokio::test]
async fn expired_token() {
    let world = World::new().await;
    let keys = world.assume().await;
    // Not so near its end that the time this takes matters.
    world.emu.clock().advance_s(7_200 - 60);
    world
        .call("PUT", "a")
        .keys(&keys)
        .body("x")
        .send()
        .await
        .ok();
    world.emu.clock().advance_s(60);
    let reply = refused(world.call("GET", "a").keys(&keys), 400, "ExpiredToken").await;
    assert!(reply.element("ServerTime").is_some());
}

#[tokio::test]
async fn revoked_key() {
    let world = World::new().await;
    let (one, two) = (world.assume().await, world.assume().await);
    assert!(world.emu.revoke(&one.id, false) && world.emu.revoke(&two.id, true));
    refused(world.call("GET", "a").keys(&one), 403, "InvalidAccessKeyId").await;
    refused(world.call("GET", "a").keys(&two), 400, "ExpiredToken").await;
}

#[tokio::test]
async fn policy_by_action_and_prefix() {
    let world = World::new().await;
    let keys = world
        .federate(&allow(&["PutObject", "GetObject"], "up/*"))
        .await;
    world
        .call("PUT", "up/a")
        .keys(&keys)
        .body("x")
        .send()
        .await
        .ok();
    let reply = refused(
        world.call("PUT", "down/a").keys(&keys).body("x"),
        403,
        "AccessDenied",
    )
    .await;
    let explain = reply.header("x-cos-emulator-explain").unwrap();
    assert!(explain.contains("no-allow-in-session"), "{explain}");
    assert!(explain.contains("name/cos:PutObject"), "{explain}");
    assert!(
        explain.contains("uid/1250000000:demo-1250000000/down/a"),
        "{explain}"
    );
    refused(
        world.call("DELETE", "up/a").keys(&keys),
        403,
        "AccessDenied",
    )
    .await;
    refused(world.call("GET", "").keys(&keys), 403, "AccessDenied").await;
    assert_eq!(world.get("down/a").await.status, 404);
}

#[tokio::test]
async fn nobody_without_a_signature() {
    let world = World::new().await;
    world.put("a", b"x").await;
    refused(world.call("GET", "a").anonymous(), 403, "AccessDenied").await;
    refused(
        world.call("PUT", "a").anonymous().body("y"),
        403,
        "AccessDenied",
    )
    .await;
    refused(world.call("GET", "").anonymous(), 403, "AccessDenied").await;
    let garbage = world
        .call("GET", "a")
        .anonymous()
        .header("authorization", "Bearer nonsense");
    refused(garbage, 400, "InvalidArgument").await;
    let head = world.call("HEAD", "a").anonymous().send().await;
    assert_eq!((head.status, head.body.len()), (403, 0));
}

#[tokio::test]
async fn wrong_md5() {
    let world = World::new().await;
    // MD5 of the empty text.
    let put = |md5: &str| world.call("PUT", "a").header("content-md5", md5).body("x");
    refused(put("1B2M2Y8AsgTpgAmY7PhCfg=="), 400, "BadDigest").await;
    refused(put("rubbish"), 400, "InvalidDigest").await;
    assert_eq!(world.get("a").await.status, 404);
}

#[tokio::test]
async fn bad_range() {
    let world = World::new().await;
    world.put("a", b"0123456789").await;
    refused(
        world.call("GET", "a").header("range", "bytes=10-"),
        416,
        "InvalidRange",
    )
    .await;
}

#[tokio::test]
async fn preconditions() {
    let world = World::new().await;
    let etag = world
        .put("a", b"x")
        .await
        .header("etag")
        .unwrap()
        .to_owned();
    refused(
        world.call("GET", "a").header("if-match", "\"other\""),
        412,
        "PreconditionFailed",
    )
    .await;
    let same = world
        .call("GET", "a")
        .header("if-none-match", &etag)
        .send()
        .await;
    assert_eq!((same.status, same.body.len()), (304, 0));
}

#[tokio::test]
async fn forbidden_overwrite() {
    let world = World::new().await;
    let put = || {
        world
            .call("PUT", "a")
            .header("x-cos-forbid-overwrite", "true")
            .body("x")
    };
    put().send().await.ok();
    refused(put(), 409, "FileAlreadyExists").await;
}

#[tokio::test]
async fn names_and_limits() {
    let world = World::new().await;
    world.put(&"k".repeat(850), b"x").await;
    refused(
        world.call("PUT", &"k".repeat(851)).body("x"),
        400,
        "KeyTooLong",
    )
    .await;
    refused(world.call("PUT", "a\u{19}b").body("x"), 400, "InvalidURI").await;
    let big = world
        .call("PUT", "a")
        .header("x-cos-meta-big", "v".repeat(2048))
        .body("x");
    refused(big, 400, "InvalidArgument").await;
    let class = world
        .call("PUT", "a")
        .header("x-cos-storage-class", "GOLD")
        .body("x");
    refused(class, 400, "InvalidArgument").await;
    let slow = world
        .call("PUT", "a")
        .header("x-cos-traffic-limit", "1")
        .body("x");
    refused(slow, 400, "InvalidArgument").await;
    let elsewhere = world
        .call("GET", "a")
        .host("demo-1250000000.cos.ap-beijing.myqcloud.com");
    refused(elsewhere, 404, "NoSuchBucket").await;
    let accelerate = world
        .call("GET", "a")
        .host("demo-1250000000.cos.accelerate.myqcloud.com");
    refused(accelerate, 400, "BucketAccelerateNotEnabled").await;
    refused(
        world
            .call("GET", "a")
            .param("imageMogr2/thumbnail/!50p", ""),
        501,
        "NotImplemented",
    )
    .await;
    refused(world.call("PATCH", "a"), 501, "NotImplemented").await;
    refused(
        world.call("GET", "").param("max-keys", "many"),
        400,
        "InvalidArgument",
    )
    .await;
}

#[tokio::test]
async fn memory_limit() {
    let emu = cos_emulator::Emulator::builder()
        .max_memory(1000)
        .start()
        .await
        .unwrap();
    let world = World::with(emu);
    world.put("a", &[0; 900]).await;
    refused(
        world.call("PUT", "b").body([0; 200]),
        507,
        "InsufficientStorage",
    )
    .await;
    world.call("DELETE", "a").send().await.ok();
    world.put("b", &[0; 200]).await;
}

#[tokio::test]
async fn strict_bucket_wants_all_signed() {
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
        strict_signature = true
        "#,
        dir.path(),
    )
    .await;
    let put = || {
        world
            .call("PUT", "a")
            .header("content-type", "text/plain")
            .body("x")
    };
    put().unsigned("user-agent", "test").send().await.ok();
    let reply = refused(put().unsigned("x-other", "1"), 403, "AccessDenied").await;
    assert!(reply.element("Message").unwrap().contains("x-other"));
}
