//! What the data directory keeps.

use cos_emulator::Emulator;

use crate::client::World;

async fn open(dir: &std::path::Path) -> World {
    World::with(Emulator::builder().data_dir(dir).start().await.unwrap())
}

#[tokio::test]
async fn restart_finds_everything() {
    let dir = tempfile::tempdir().unwrap();
    let big: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
    let world = open(dir.path()).await;
    world.put("gone", b"x").await;
    world.call("DELETE", "gone").send().await.ok();
    world.put("a/b", b"old").await;
    world
        .call("PUT", "a/b")
        .header("x-cos-meta-m", "1")
        .body(&big)
        .send()
        .await
        .ok();
    let source = format!("{}/a/b", crate::client::HOST);
    world
        .call("PUT", "copy")
        .header("x-cos-copy-source", source)
        .send()
        .await
        .ok();
    let upload = world
        .call("POST", "parts")
        .param("uploads", "")
        .send()
        .await
        .ok()
        .element("UploadId")
        .unwrap();
    let part = world
        .call("PUT", "parts")
        .param("partNumber", 1)
        .param("uploadId", &upload)
        .body(&big)
        .send()
        .await
        .ok();
    let etag = part.header("etag").unwrap().to_owned();
    // Not even told: its threads just stop, as after a crash.
    std::mem::forget(world);

    let world = open(dir.path()).await;
    assert_eq!(world.get("gone").await.status, 404);
    let got = world.get("a/b").await.ok();
    assert_eq!(
        (got.body == big, got.header("x-cos-meta-m")),
        (true, Some("1"))
    );
    world.call("DELETE", "a/b").send().await.ok();
    assert!(world.get("copy").await.ok().body == big);
    let range = world
        .call("GET", "copy")
        .header("range", "bytes=2999998-")
        .send()
        .await;
    assert_eq!(range.body, big[2_999_998..]);
    let body = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    );
    world
        .call("POST", "parts")
        .param("uploadId", &upload)
        .body(body)
        .send()
        .await
        .ok();
    world.emu.shutdown().await;

    let world = open(dir.path()).await;
    assert!(world.get("parts").await.ok().body == big);
    let uploads = world.call("GET", "").param("uploads", "").send().await.ok();
    assert!(uploads.elements("UploadId").is_empty());
    world.call("DELETE", "parts").send().await.ok();
    world.call("DELETE", "copy").send().await.ok();
    world.emu.shutdown().await;
    // Nothing is left behind.
    assert_eq!(
        std::fs::read_dir(dir.path().join("blobs")).unwrap().count(),
        0
    );
}
