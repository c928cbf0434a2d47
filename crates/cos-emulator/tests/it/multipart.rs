//! Multipart uploads.

use crate::client::{HOST, Reply, World};

const MIB: usize = 1024 * 1024;

async fn initiate(world: &World, key: &str) -> String {
    let reply = world
        .call("POST", key)
        .param("uploads", "")
        .header("content-type", "video/x")
        .send()
        .await
        .ok();
    reply.element("UploadId").unwrap()
}

async fn part(world: &World, key: &str, id: &str, number: u32, body: &[u8]) -> String {
    let call = world
        .call("PUT", key)
        .param("partNumber", number)
        .param("uploadId", id)
        .body(body);
    call.send().await.ok().header("etag").unwrap().to_owned()
}

async fn complete(world: &World, key: &str, id: &str, parts: &[(u32, &str)]) -> Reply {
    let parts: String = parts
        .iter()
        .map(|(n, etag)| format!("<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>"))
        .collect();
    let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
    world
        .call("POST", key)
        .param("uploadId", id)
        .body(body)
        .send()
        .await
}

#[tokio::test]
async fn whole_way() {
    let world = World::new().await;
    let id = initiate(&world, "big").await;
    let (one, two) = (vec![1; MIB], b"the end".to_vec());
    // Parts in any order, one of them twice.
    let second = part(&world, "big", &id, 2, &two).await;
    part(&world, "big", &id, 1, &two).await;
    let first = part(&world, "big", &id, 1, &one).await;

    let listed = world
        .call("GET", "big")
        .param("uploadId", &id)
        .send()
        .await
        .ok();
    assert_eq!(listed.elements("ETag").len(), 2);
    assert_eq!(listed.elements("Size"), ["1048576", "7"]);
    let page = world
        .call("GET", "big")
        .param("uploadId", &id)
        .param("max-parts", 1)
        .send()
        .await
        .ok();
    assert_eq!(page.element("NextPartNumberMarker").unwrap(), "1");
    let uploads = world.call("GET", "").param("uploads", "").send().await.ok();
    assert_eq!(uploads.elements("UploadId"), [id.as_str()]);

    let done = complete(
        &world,
        "big",
        &id,
        &[(1, &first), (2, second.trim_matches('"'))],
    )
    .await
    .ok();
    assert!(done.element("ETag").unwrap().ends_with("-2&quot;"));
    assert_eq!(
        done.element("Location").unwrap(),
        format!("http://{HOST}/big")
    );
    let got = world.get("big").await.ok();
    let all = [one, two].concat();
    assert_eq!(got.body, all);
    assert_eq!(got.header("content-type"), Some("video/x"));
    let crc = cos_crc64::checksum(&all).to_string();
    assert_eq!(got.header("x-cos-hash-crc64ecma"), Some(crc.as_str()));
    // A range across the seam.
    let seam = world
        .call("GET", "big")
        .header("range", "bytes=1048574-1048578")
        .send()
        .await;
    assert_eq!(seam.body, b"\x01\x01the");
    let again = complete(&world, "big", &id, &[(1, &first)]).await;
    assert_eq!(again.refusal(), (404, "NoSuchUpload".to_owned()));
    assert!(
        world
            .call("GET", "")
            .param("uploads", "")
            .send()
            .await
            .ok()
            .elements("UploadId")
            .is_empty()
    );
}

#[tokio::test]
async fn refusals() {
    let world = World::new().await;
    let id = initiate(&world, "k").await;
    let small = part(&world, "k", &id, 1, b"small").await;
    let big = part(&world, "k", &id, 2, &vec![0; MIB]).await;
    let third = part(&world, "k", &id, 3, b"x").await;
    let code = |reply: Reply| (reply.status, reply.element("Code").unwrap_or_default());
    let expect = |status: u16, code: &str| (status, code.to_owned());
    // Order, a gap, a part never uploaded, a wrong ETag, too small, nothing at all.
    let order = complete(&world, "k", &id, &[(2, &big), (1, &small)]).await;
    assert_eq!(code(order), expect(400, "InvalidPartOrder"));
    assert_eq!(
        code(complete(&world, "k", &id, &[(1, &small), (3, &third)]).await),
        expect(400, "InvalidPart")
    );
    assert_eq!(
        code(
            complete(
                &world,
                "k",
                &id,
                &[(1, &small), (2, &big), (3, &third), (4, "x")]
            )
            .await
        ),
        expect(400, "InvalidPart")
    );
    assert_eq!(
        code(complete(&world, "k", &id, &[(1, &big)]).await),
        expect(400, "InvalidPart")
    );
    assert_eq!(
        code(complete(&world, "k", &id, &[(1, &small), (2, &big)]).await),
        expect(400, "EntityTooSmall")
    );
    assert_eq!(
        code(complete(&world, "k", &id, &[]).await),
        expect(400, "MalformedXML")
    );
    let rubbish = world
        .call("POST", "k")
        .param("uploadId", &id)
        .body("<Complete")
        .send()
        .await;
    assert_eq!(code(rubbish), expect(400, "MalformedXML"));
    // Nothing of that ended the upload.
    part(&world, "k", &id, 1, &vec![0; MIB]).await;

    let upload = |id: &str, number: &str| {
        world
            .call("PUT", "k")
            .param("partNumber", number)
            .param("uploadId", id)
            .body("x")
    };
    assert_eq!(
        code(upload("nope", "1").send().await),
        expect(404, "NoSuchUpload")
    );
    assert_eq!(
        code(upload(&id, "0").send().await),
        expect(400, "InvalidArgument")
    );
    assert_eq!(
        code(upload(&id, "10001").send().await),
        expect(400, "InvalidArgument")
    );
    let bad = upload(&id, "1")
        .header("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")
        .send()
        .await;
    assert_eq!(code(bad), expect(400, "BadDigest"));

    let abort = || world.call("DELETE", "k").param("uploadId", &id);
    assert_eq!(abort().send().await.status, 204);
    assert_eq!(code(abort().send().await), expect(404, "NoSuchUpload"));
    assert_eq!(
        code(complete(&world, "k", &id, &[(1, &small)]).await),
        expect(404, "NoSuchUpload")
    );
    assert_eq!(world.get("k").await.status, 404);
}

#[tokio::test]
async fn part_copy() {
    let world = World::new().await;
    world.put("src", b"0123456789").await;
    let id = initiate(&world, "dst").await;
    let copy = world
        .call("PUT", "dst")
        .param("partNumber", 1)
        .param("uploadId", &id)
        .header("x-cos-copy-source", format!("{HOST}/src"))
        .header("x-cos-copy-source-range", "bytes=3-5")
        .send()
        .await
        .ok();
    let etag = copy.element("ETag").unwrap().replace("&quot;", "\"");
    complete(&world, "dst", &id, &[(1, &etag)]).await.ok();
    assert_eq!(world.get("dst").await.text(), "345");
}

#[tokio::test]
async fn uploads_are_paged() {
    let world = World::new().await;
    for key in ["a/1", "a/2", "b", "b"] {
        initiate(&world, key).await;
    }
    let (mut key, mut id, mut seen) = (String::new(), String::new(), Vec::new());
    loop {
        let page = world
            .call("GET", "")
            .param("uploads", "")
            .param("max-uploads", 1);
        let page = page
            .param("key-marker", &key)
            .param("upload-id-marker", &id)
            .send()
            .await
            .ok();
        seen.extend(page.elements("Key"));
        if page.element("IsTruncated").unwrap() == "false" {
            break;
        }
        key = page.element("NextKeyMarker").unwrap();
        id = page.element("NextUploadIdMarker").unwrap();
    }
    assert_eq!(seen, ["a/1", "a/2", "b", "b"]);
    let grouped = world
        .call("GET", "")
        .param("uploads", "")
        .param("delimiter", "/")
        .send()
        .await
        .ok();
    assert_eq!(grouped.elements("Key"), ["b", "b"]);
    assert!(
        grouped
            .text()
            .contains("<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>")
    );
}
