//! The mode for measuring clients: nothing is kept, zeros are read.

use cos_emulator::Emulator;

use crate::client::World;

#[tokio::test]
async fn lengths_and_checksums_stay_and_content_goes() {
    let emulator = Emulator::builder().sink(true).start().await.unwrap();
    let world = World::with(emulator);
    let put = |body: Vec<u8>| world.call("PUT", "k").body(body).send();
    let written = put(vec![7; 300_000]).await.ok();
    let read = world.call("GET", "k").send().await.ok();
    assert_eq!(read.body, vec![0; 300_000]);
    let crc =
        |reply: &crate::client::Reply| reply.header("x-cos-hash-crc64ecma").map(str::to_owned);
    assert_eq!(crc(&read), crc(&written), "of what was written");
    assert_eq!(read.header("etag"), written.header("etag"));
    let zeros = put(vec![0; 300_000]).await.ok();
    assert_ne!(zeros.header("etag"), written.header("etag"));
    let range = world
        .call("GET", "k")
        .header("range", "bytes=262140-262150");
    assert_eq!(range.send().await.ok().body, vec![0; 11]);
    let listed = world.call("GET", "").send().await.ok();
    assert_eq!(listed.element("Size").as_deref(), Some("300000"));
    let wrong = world
        .call("PUT", "k")
        .header("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==");
    let refused = wrong.body(vec![1]).send().await;
    assert_eq!(refused.refusal(), (400, "BadDigest".into()));
}
