//! One byte that changes anywhere on the way is found: mended by another attempt, or told; never stored
//! or handed over as if it were right.

use cos_client::{Client, Error};
use serde_json::json;

use crate::cloud::Cloud;
use crate::setup::data;

const PART: usize = 1 << 20;
const SEEDS: u64 = 10;

/// Every way to send `content`, in parts.
async fn send(client: &Client, how: usize, content: &[u8]) -> Result<(), Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    std::fs::write(&path, content).unwrap();
    let content = content.to_vec();
    match how {
        0 => client.upload_file("k", &path).send().await.map(drop),
        1 => client.upload_bytes("k", content).send().await.map(drop),
        2 => client.put_object("k", content).send().await.map(drop),
        _ => {
            let reader = std::io::Cursor::new(content);
            client.upload_reader("k", reader).send().await.map(drop)
        }
    }
}

/// Every way to fetch all of an object.
async fn fetch(client: &Client, how: usize) -> Result<Vec<u8>, Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    match how {
        0 => {
            let download = client.download_file("k", &path).send().await;
            if download.is_err() {
                assert!(!path.exists());
            }
            download.map(|_| std::fs::read(&path).unwrap())
        }
        1 => {
            let download = client.download_to("k", Vec::new()).send().await;
            download.map(|output| output.writer)
        }
        _ => {
            let object = client.get_object("k").send().await?;
            object.bytes().await.map(|bytes| bytes.to_vec())
        }
    }
}

fn corrupt(cloud: &Cloud, operation: &str, random: &mut fastrand::Rng, times: u32) {
    cloud.fault(&json!({
        "match": {"operation": operation, "nth": random.u32(1..=2)},
        "action": {"corrupt_byte_at": random.usize(0..PART)}, "times": times,
    }));
}

#[tokio::test]
async fn on_the_way_up() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let (mut mended, mut told) = (0, 0);
    for seed in 0..SEEDS {
        let mut random = fastrand::Rng::with_seed(seed);
        for how in 0..4 {
            let content = data(2 * PART + random.usize(0..PART));
            client.put_object("k", "before").send().await.unwrap();
            for operation in ["UploadPart", "PutObject"] {
                corrupt(
                    &cloud,
                    operation,
                    &mut random,
                    1 + u32::from(seed % 2 == 0) * 9,
                );
            }
            let sent = send(&client, how, &content).await;
            cloud.emulator.clear_faults();
            let stored = fetch(&client, 2).await.unwrap();
            match sent {
                Ok(()) => {
                    assert!(stored == content, "seed {seed}, way {how}");
                    mended += 1;
                }
                Err(error) => {
                    // One request stores what it is sent, and the sum tells that it is not right.
                    let is_single = how == 2;
                    assert!(is_single || stored == b"before", "seed {seed}, way {how}");
                    let kind = error.kind();
                    assert_eq!(kind, cos_client::ErrorKind::Integrity, "{error:?}");
                    told += 1;
                }
            }
        }
    }
    assert!(mended > 0, "{mended} mended, {told} told");
}

#[tokio::test]
async fn on_the_way_down() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let mut told = 0;
    for seed in 100..100 + SEEDS {
        let mut random = fastrand::Rng::with_seed(seed);
        let content = data(2 * PART + random.usize(0..PART));
        let put = client.put_object("k", content.clone());
        put.send().await.unwrap();
        for how in 0..3 {
            corrupt(&cloud, "GetObject", &mut random, 1);
            match fetch(&client, how).await {
                Ok(got) => assert!(got == content, "seed {seed}, way {how}"),
                Err(error) => {
                    let kind = error.kind();
                    assert_eq!(kind, cos_client::ErrorKind::Integrity, "{error:?}");
                    told += 1;
                }
            }
            cloud.emulator.clear_faults();
        }
    }
    assert!(told > 0);
}
