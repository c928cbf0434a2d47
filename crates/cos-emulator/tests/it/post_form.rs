//! Uploads from an HTML form.

use base64::Engine as _;
use cos_sign_core::{KeyTime, SignKey, post_policy};
use serde_json::{Value, json};

use crate::client::{BUCKET, HOST, Keys, Reply, World, allow, reply};

async fn post(
    world: &World,
    keys: &Keys,
    conditions: Vec<Value>,
    extra: &[(&str, &str)],
    file: &[u8],
) -> Reply {
    let now = world.emu.clock().now_s();
    let window = KeyTime::new(now - 10, now + 600).unwrap();
    let window_text = window.to_string();
    let mut all = vec![
        json!({"q-sign-algorithm": "sha1"}),
        json!({"q-ak": keys.id}),
        json!({"q-sign-time": window_text}),
        json!({"bucket": BUCKET}),
    ];
    all.extend(conditions);
    let policy = json!({"expiration": "2099-01-01T00:00:00.000Z", "conditions": all}).to_string();
    let sign_key = SignKey::derive(&keys.key, window).unwrap();
    let signature = post_policy::signature(&sign_key, &policy);
    let encoded = base64::engine::general_purpose::STANDARD.encode(&policy);
    let mut fields = vec![
        ("policy", encoded.as_str()),
        ("q-sign-algorithm", "sha1"),
        ("q-ak", &keys.id),
        ("q-key-time", &window_text),
        ("q-signature", signature.as_str()),
    ];
    if let Some(token) = &keys.token {
        fields.push(("x-cos-security-token", token));
    }
    fields.extend(extra);
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                .bytes(),
        );
    }
    body.extend(
        b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"photo.jpg\"\r\n\r\n",
    );
    body.extend(file);
    body.extend(b"\r\n--edge--\r\n");
    let sent = world
        .http
        .post(world.emu.http_url())
        .header("host", HOST)
        .header("content-type", "multipart/form-data; boundary=edge")
        .body(body);
    reply(sent.send().await.unwrap()).await
}

#[tokio::test]
async fn stores_what_the_policy_allows() {
    let world = World::new().await;
    let keys = world.federate(&allow(&["PostObject"], "up/*")).await;
    let file: Vec<u8> = b"\r\n--edg".iter().copied().cycle().take(300_000).collect();
    let fields = [
        ("key", "up/${filename}"),
        ("Content-Type", "image/jpeg"),
        ("x-cos-meta-a", "1"),
        ("success_action_status", "200"),
    ];
    let conditions = vec![
        json!(["starts-with", "$key", "up/"]),
        json!(["content-length-range", 1, 300_000]),
    ];
    let done = post(&world, &keys, conditions.clone(), &fields, &file)
        .await
        .ok();
    assert_eq!(done.status, 200);
    assert_eq!(
        done.header("location").unwrap(),
        format!("http://{HOST}/up/photo.jpg")
    );
    let got = world.get("up/photo.jpg").await.ok();
    assert!(got.body == file);
    assert_eq!(
        (got.header("content-type"), got.header("x-cos-meta-a")),
        (Some("image/jpeg"), Some("1"))
    );

    let longer = [&file[..], b"x"].concat();
    let refused = post(&world, &keys, conditions.clone(), &fields, &longer).await;
    assert_eq!(refused.refusal(), (400, "EntityTooLarge".to_owned()));
    let elsewhere = post(&world, &keys, conditions, &[("key", "down/a")], &file).await;
    assert_eq!(elsewhere.refusal(), (403, "AccessDenied".to_owned()));
    let by_token = post(&world, &keys, vec![], &[("key", "down/a")], &file).await;
    assert_eq!(by_token.refusal(), (403, "AccessDenied".to_owned()));
    assert!(by_token.header("x-cos-emulator-explain").is_some());
}

#[tokio::test]
async fn refuses() {
    let world = World::new().await;
    let key = [("key", "a")];
    let wrong = Keys {
        key: "wrong".to_owned(),
        ..world.root.clone()
    };
    let reply = post(&world, &wrong, vec![], &key, b"x").await;
    assert_eq!(reply.refusal(), (403, "SignatureDoesNotMatch".to_owned()));
    assert!(reply.element("StringToSign").is_some());
    let other = post(
        &world,
        &world.root,
        vec![json!({"bucket": "other-1"})],
        &key,
        b"x",
    )
    .await;
    assert_eq!(other.status, 403);
    let no_key = post(&world, &world.root, vec![], &[], b"x").await;
    assert_eq!(no_key.refusal(), (400, "InvalidArgument".to_owned()));
    let created = post(
        &world,
        &world.root,
        vec![],
        &[("key", "a"), ("success_action_status", "201")],
        b"",
    )
    .await;
    assert_eq!(
        (created.status, created.element("Key").as_deref()),
        (201, Some("a"))
    );
    assert_eq!(
        post(&world, &world.root, vec![], &key, b"y").await.status,
        204
    );
    assert_eq!(world.get("a").await.text(), "y");
}
