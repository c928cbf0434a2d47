//! Copies and moves in the service, whole and in parts.

use cos_client::{Client, CopySource, Crc64, ErrorKind, Operation};
use serde_json::json;

use crate::cloud::{Cloud, PLAIN};
use crate::server::{Server, ok, refuse, say};
use crate::setup::{BUCKET, REGION, client, data};

const PART: u64 = 1 << 20;

fn source(key: &str) -> CopySource {
    CopySource::new(BUCKET, REGION, key).unwrap()
}

async fn content(client: &Client, key: &str) -> Vec<u8> {
    let got = client.get_object(key).send().await.unwrap();
    got.bytes().await.unwrap().to_vec()
}

async fn store(client: &Client, key: &str, bytes: &[u8]) {
    let put = client.put_object(key, bytes.to_vec());
    let put = put.content_type("a/b").cache_control("no-store");
    put.metadata("mood", "good").send().await.unwrap();
}

#[tokio::test]
async fn in_parts_into_another_bucket() {
    let cloud = Cloud::start().await;
    let client = cloud
        .builder()
        .credentials(cloud.sts(None))
        .build()
        .unwrap();
    let bytes = data(5 * PART as usize + 7);
    store(&client, "s/文", &bytes).await;
    let other = client.for_bucket(PLAIN, REGION).unwrap();
    let copy = other
        .copy(source("s/文"), "t")
        .part_size(PART)
        .multipart_threshold(PART);
    let output = copy.on_progress(|p| assert!(p.done_bytes <= p.total_bytes.unwrap_or(u64::MAX)));
    let output = output.send().await.unwrap();
    assert_eq!((output.bytes, output.parts), (bytes.len() as u64, 6));
    assert_eq!(output.crc64, Some(Crc64::of(&bytes)));
    assert!(content(&other, "t").await == bytes);
    let meta = other.head_object("t").send().await.unwrap();
    assert_eq!(meta.content_type.as_deref(), Some("a/b"));
    assert_eq!(meta.cache_control.as_deref(), Some("no-store"));
    assert_eq!(meta.metadata["mood"], "good");
    assert_eq!(cloud.count("UploadPartCopy"), 6);
}

#[tokio::test]
async fn small_ones_go_in_one_request() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    store(&client, "s", b"abc").await;
    let output = client.copy(source("s"), "t").send().await.unwrap();
    assert_eq!((output.parts, output.crc64), (1, Some(Crc64::of(b"abc"))));
    assert_eq!(cloud.count("PutObjectCopy"), 1);
    for threshold in [1, 1 << 30] {
        let copy = client.copy(source("s"), "u").multipart_threshold(threshold);
        let copy = copy
            .replace_metadata()
            .content_type("c/d")
            .metadata("x", "y");
        copy.send().await.unwrap();
        let meta = client.head_object("u").send().await.unwrap();
        assert_eq!(meta.content_type.as_deref(), Some("c/d"));
        assert_eq!(meta.metadata.len(), 1);
    }
    let again = client.copy(source("s"), "t").forbid_overwrite();
    assert_eq!(
        again.send().await.unwrap_err().code(),
        Some("FileAlreadyExists")
    );
    let again = client
        .copy(source("s"), "t")
        .forbid_overwrite()
        .multipart_threshold(1);
    assert_eq!(
        again.send().await.unwrap_err().code(),
        Some("FileAlreadyExists")
    );
    let missing = client
        .copy(source("missing"), "t")
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        (missing.kind(), missing.operation()),
        (ErrorKind::NotFound, Some("HeadObject"))
    );
}

#[tokio::test]
async fn moving_deletes_the_source_after_the_copy() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let bytes = data(2 * PART as usize);
    for threshold in [PART, 1 << 30] {
        store(&client, "s", &bytes).await;
        let step = client.move_object(source("s"), "t").part_size(PART);
        step.multipart_threshold(threshold).send().await.unwrap();
        assert!(content(&client, "t").await == bytes);
        let gone = client.head_object("s").send().await.unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::NotFound);
    }
    let itself = client
        .move_object(source("t"), "t")
        .send()
        .await
        .unwrap_err();
    assert_eq!(itself.kind(), ErrorKind::Config);
    assert!(content(&client, "t").await == bytes);
}

#[tokio::test]
async fn a_move_that_may_not_delete_keeps_both() {
    let cloud = Cloud::start().await;
    store(&cloud.root(), "s", b"abc").await;
    let actions = ["HeadObject", "GetObject", "PutObject"].map(|a| format!("name/cos:{a}"));
    let actions: Vec<_> = actions.iter().map(String::as_str).collect();
    let client = cloud.allowed(&actions).await;
    let error = client
        .move_object(source("s"), "t")
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.operation(), Some("DeleteObject"));
    assert!(error.hint().unwrap().contains("is left"), "{error:?}");
    assert_eq!(content(&client, "s").await, content(&client, "t").await);
}

#[tokio::test]
async fn errors_inside_200_are_repeated_or_end_it_without_parts_left() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let bytes = data(3 * PART as usize);
    store(&client, "s", &bytes).await;
    let fault = |code: &str, times: u32| {
        cloud.fault(&json!({"match": {"operation": "UploadPartCopy"},
            "action": {"error_in_200": code}, "times": times}));
    };
    let copy = || {
        client
            .copy(source("s"), "t")
            .part_size(PART)
            .multipart_threshold(PART)
    };
    fault("InternalError", 2);
    copy().send().await.unwrap();
    assert!(content(&client, "t").await == bytes);
    assert_eq!(cloud.count("UploadPartCopy"), 5);
    fault("InvalidCopySource", 1);
    let error = copy().concurrency(1).send().await.unwrap_err();
    assert_eq!(
        (error.code(), error.operation()),
        (Some("InvalidCopySource"), Some("UploadPartCopy"))
    );
    assert_eq!(cloud.count("AbortMultipartUpload"), 1);
    assert!(
        client
            .list_multipart_uploads()
            .send()
            .await
            .unwrap()
            .uploads
            .is_empty()
    );
}

#[tokio::test]
async fn a_source_that_changes_ends_the_copy() {
    let server = Server::start(
        |_, seen| match (seen.method.as_str(), seen.param("partNumber")) {
            ("HEAD", _) => ok().with("content-length", "3145728").with("etag", "\"a\""),
            ("POST", _) => say(200, "<R><UploadId>u</UploadId></R>"),
            ("PUT", Some(n)) if n == "2" => refuse(412, "PreconditionFailed", ""),
            ("PUT", _) => say(200, "<CopyPartResult><ETag>\"p\"</ETag></CopyPartResult>"),
            _ => say(204, ""),
        },
    )
    .await;
    let copy = client(&server.url).copy(source("s"), "t");
    let copy = copy
        .part_size(PART)
        .multipart_threshold(PART)
        .concurrency(1);
    let error = copy.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Precondition);
    assert_eq!(error.operation(), Some(Operation::UploadPartCopy.as_str()));
    let seen = server.seen();
    let puts: Vec<_> = seen.iter().filter(|s| s.method == "PUT").collect();
    assert_eq!(puts.len(), 2);
    assert_eq!(
        puts[1].header("x-cos-copy-source-range"),
        Some("bytes=1048576-2097151")
    );
    assert_eq!(puts[1].header("x-cos-copy-source-if-match"), Some("\"a\""));
    assert_eq!(seen.last().unwrap().method, "DELETE");
}

#[tokio::test]
async fn a_move_leaves_a_source_that_changed() {
    let server = Server::start(|n, seen| match seen.method.as_str() {
        "HEAD" => ok()
            .with("content-length", "3")
            .with("etag", if n == 0 { "\"a\"" } else { "\"b\"" }),
        "PUT" => say(
            200,
            "<CopyObjectResult><ETag>\"a\"</ETag></CopyObjectResult>",
        ),
        _ => say(204, ""),
    })
    .await;
    let step = client(&server.url).move_object(source("s"), "t");
    let error = step.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Precondition);
    assert!(server.seen().iter().all(|s| s.method != "DELETE"));
}

#[tokio::test]
async fn large_ones_take_along_what_small_ones_do() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let put = client.put_object("s", data(2 * PART as usize));
    let put = put
        .content_type("a/b")
        .content_encoding("br")
        .content_disposition("inline")
        .cache_control("no-store")
        .metadata("mood", "good")
        .header("content-language", "zh")
        .header("expires", "Thu, 01 Dec 2033 16:00:00 GMT")
        .header("x-cos-tagging", "team%20a=1%2B1&b=");
    put.send().await.unwrap();
    let tags_of = async |key| client.get_object_tagging(key).send().await.unwrap();
    for replaced in [false, true] {
        let copy = |key: &'static str, threshold| {
            let copy = client.copy(source("s"), key).part_size(PART);
            let copy = copy.multipart_threshold(threshold);
            if replaced {
                let copy = copy.header("x-cos-tagging-directive", "Replaced");
                return copy.header("x-cos-tagging", "c=3");
            }
            copy
        };
        assert_eq!(copy("small", 1 << 30).send().await.unwrap().parts, 1);
        assert_eq!(copy("large", PART).send().await.unwrap().parts, 2);
        let meta = async |key| {
            let mut meta = client.head_object(key).send().await.unwrap();
            (meta.request_id, meta.last_modified, meta.etag) = (None, None, None);
            meta
        };
        let small = meta("small").await;
        assert_eq!(small.content_language.as_deref(), Some("zh"));
        assert_eq!(small.tag_count, if replaced { 1 } else { 2 });
        assert_eq!(meta("large").await, small);
        assert_eq!(tags_of("large").await, tags_of("small").await);
    }
    assert_eq!(tags_of("s").await["team a"], "1+1");
}
