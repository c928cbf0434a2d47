//! `Content-MD5`, for those who ask for it.

use cos_client::{Client, ErrorKind};
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::cloud::Cloud;
use crate::server::{Server, ok};
use crate::setup::{client, data};

const MIB: usize = 1 << 20;

/// Every way to upload, with `content` in parts.
async fn upload(client: &Client, how: &str, content: &[u8]) -> Result<(), cos_client::Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    std::fs::write(&path, content).unwrap();
    match how {
        "put" => {
            let put = client.put_object("k", content.to_vec());
            put.content_md5().send().await.map(drop)
        }
        "file" => {
            let file = client.upload_file("k", &path).part_size(MIB as u64);
            file.content_md5().send().await.map(drop)
        }
        "one" => {
            let file = client.upload_file("k", &path);
            let file = file.multipart_threshold(1 << 30).content_md5();
            file.send().await.map(drop)
        }
        "reader" => {
            let reader = std::io::Cursor::new(content.to_vec());
            let reader = client.upload_reader("k", reader).part_size(MIB as u64);
            reader.content_md5().send().await.map(drop)
        }
        _ => {
            let writer = client.object_writer("k").part_size(MIB as u64);
            let mut writer = writer.content_md5().open();
            let _ = writer.write_all(content).await;
            writer.finish().await.map(drop)
        }
    }
}

const WAYS: [&str; 5] = ["put", "file", "one", "reader", "writer"];

#[tokio::test]
async fn what_does_not_match_is_refused_and_sent_again() {
    let content = data(2 * MIB + 7);
    for how in WAYS {
        let cloud = Cloud::start().await;
        let client = cloud.root();
        let carries = match how {
            "put" | "one" => "PutObject",
            _ => "UploadPart",
        };
        // Once: the next attempt mends it.
        cloud.fault(&json!({
            "match": {"operation": carries}, "action": {"corrupt_byte_at": 3}, "times": 1,
        }));
        upload(&client, how, &content).await.unwrap();
        let refused = || {
            let log = cloud.emulator.log_since(0);
            let codes = log.into_iter().filter_map(|r| r.code);
            codes.filter(|c| c == "BadDigest").count()
        };
        assert_eq!(refused(), 1, "{how}");
        let stored = client.get_object("k").send().await.unwrap();
        assert!(stored.bytes().await.unwrap() == content, "{how}");
        // Always: it is told.
        cloud.fault(&json!({
            "match": {"operation": carries}, "action": {"corrupt_byte_at": 3},
        }));
        let error = upload(&client, how, &content).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Service, Some("BadDigest")),
            "{how}"
        );
    }
}

#[tokio::test]
async fn it_is_sent_only_when_asked_for_and_only_once() {
    let server = Server::start(|_, _| ok()).await;
    let client = client(&server.url);
    client.put_object("k", "abc").send().await.unwrap();
    let asked = client.put_object("k", "abc").content_md5();
    // One that was set by hand as well.
    asked.header("Content-MD5", "x").send().await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].header("content-md5"), None);
    let all = seen[1].headers.iter().filter(|(n, _)| n == "content-md5");
    let all: Vec<_> = all.map(|(_, v)| v.as_str()).collect();
    assert_eq!(all, ["kAFQmDzST7DWlj99KOF/cg=="]);
}
