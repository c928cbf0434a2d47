//! Listing and multi-delete.

use base64::Engine as _;
use md5::Digest as _;

use crate::client::{World, allow};

#[tokio::test]
async fn pages_and_prefixes() {
    let world = World::new().await;
    for key in ["a", "b/1", "b/2", "c d", "é"] {
        world.put(key, b"x").await;
    }
    let list = world
        .call("GET", "")
        .param("delimiter", "/")
        .param("encoding-type", "url")
        .send()
        .await
        .ok();
    assert_eq!(list.elements("Key"), ["a", "c%20d", "%C3%A9"]);
    assert_eq!(list.element("EncodingType").unwrap(), "url");
    assert!(
        list.text()
            .contains("<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>")
    );
    let inside = world
        .call("GET", "")
        .param("prefix", "b/")
        .send()
        .await
        .ok();
    assert_eq!(inside.elements("Key"), ["b/1", "b/2"]);

    let (mut marker, mut seen) = (String::new(), Vec::new());
    loop {
        let page = world
            .call("GET", "")
            .param("max-keys", 2)
            .param("marker", &marker)
            .send()
            .await
            .ok();
        seen.extend(page.elements("Key"));
        if page.element("IsTruncated").unwrap() == "false" {
            break;
        }
        marker = page.element("NextMarker").unwrap();
    }
    assert_eq!(seen, ["a", "b/1", "b/2", "c d", "é"]);
}

#[tokio::test]
async fn many_are_deleted_at_once() {
    let world = World::new().await;
    for key in ["up/a", "up/b", "keep"] {
        world.put(key, b"x").await;
    }
    let keys = world.federate(&allow(&["DeleteObject"], "up/*")).await;
    let body = "<Delete><Quiet>false</Quiet><Object><Key>up/a</Key></Object><Object><Key>up/none</Key></Object>\
        <Object><Key>keep</Key></Object></Delete>";
    let call = || {
        world
            .call("POST", "")
            .param("delete", "")
            .keys(&keys)
            .body(body)
    };
    assert_eq!(
        call().send().await.refusal(),
        (400, "InvalidRequest".to_owned())
    );
    let md5 = base64::engine::general_purpose::STANDARD.encode(md5::Md5::digest(body));
    let reply = call().header("content-md5", md5).send().await.ok();
    assert_eq!(reply.text().matches("<Deleted>").count(), 2);
    assert_eq!(reply.element("Code").unwrap(), "AccessDenied");
    assert_eq!(world.get("up/a").await.status, 404);
    assert_eq!(
        (
            world.get("up/b").await.status,
            world.get("keep").await.status
        ),
        (200, 200)
    );
}
