//! Whole flows against the emulator.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cos_client::{Client, CopySource, Crc64, ErrorKind, Method, PartNumber, StorageClass};
use futures_util::TryStreamExt;
use serde_json::json;

use crate::cloud::{Cloud, PLAIN, plain_http};
use crate::setup::{BUCKET, REGION, data, names};

const PART: usize = 1 << 20;

const KEYS: [&str; 22] = [
    "plain.txt",
    "a/b/c",
    "with space",
    "plus+plus",
    "percent%20",
    "question?mark",
    "hash#tag",
    "amp&equals=",
    "文件/名字.txt",
    "ü/é/ñ",
    "emoji-🚀",
    "!'()*",
    "semi;colon:at@",
    "dollar$comma,",
    "a//b",
    "./dot",
    "a/../b",
    "a/./b",
    "trailing/",
    "tilde~under_score",
    "quote\"back\\slash",
    "<xml>&amp;",
];

/// Every object operation on one key.
async fn round_trip(client: &Client, key: &str) {
    let content = format!("content of {key}");
    let put = client
        .put_object(key, content.clone())
        .content_type("text/x-test")
        .metadata("note", "a b")
        .send()
        .await
        .unwrap_or_else(|e| panic!("{key}: {e}"));
    assert_eq!(put.crc64, Crc64::of(content.as_bytes()));
    let got = client.get_object(key).send().await.unwrap();
    assert_eq!(got.meta.etag, put.etag, "{key}");
    assert_eq!(got.bytes().await.unwrap(), content.as_bytes());
    let head = client.head_object(key).send().await.unwrap();
    assert_eq!(head.size, content.len() as u64);
    assert_eq!(head.content_type.as_deref(), Some("text/x-test"));
    assert_eq!(head.metadata["note"], "a b");
    assert_eq!(head.crc64, Some(put.crc64));
    let copy = format!("copy/{key}");
    let bucket = client.bucket().as_str();
    let source = CopySource::new(bucket, REGION, key).unwrap();
    client
        .copy_object(source, copy.as_str())
        .send()
        .await
        .unwrap();
    let listed: Vec<_> = client.list_objects().objects().try_collect().await.unwrap();
    let listed: Vec<_> = listed.iter().map(|o| o.key.as_str()).collect();
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert!(
        listed.contains(&key) && listed.contains(&copy.as_str()),
        "{listed:?}"
    );
    client.delete_object(key).send().await.unwrap();
    let error = client.get_object(key).send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::NotFound, Some("NoSuchKey"))
    );
    let deleted = client.delete_objects([copy]).send().await.unwrap();
    assert_eq!((deleted.deleted, deleted.failures.len()), (1, 0));
}

#[tokio::test]
async fn every_operation_on_every_sort_of_key() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    for key in KEYS {
        round_trip(&client, key).await;
    }
}

#[tokio::test]
async fn ordinary_buckets_accept_the_same() {
    let cloud = Cloud::start().await;
    let provider = cloud.sts(None);
    let client = cloud
        .builder()
        .bucket(PLAIN)
        .credentials(provider)
        .build()
        .unwrap();
    round_trip(&client, "a b/文").await;
    let dir = tempfile::tempdir().unwrap();
    let (source, target) = (dir.path().join("s"), dir.path().join("t"));
    std::fs::write(&source, data(2 * PART + 1)).unwrap();
    client
        .upload_file("k", &source)
        .content_type("image/png")
        .cache_control("no-cache")
        .storage_class(&StorageClass::StandardIa)
        .send()
        .await
        .unwrap();
    client.download_file("k", &target).send().await.unwrap();
    assert_eq!(
        std::fs::read(target).unwrap(),
        std::fs::read(source).unwrap()
    );
}

#[tokio::test]
async fn files_of_every_size_go_up_and_come_down() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let dir = tempfile::tempdir().unwrap();
    let (source, target) = (dir.path().join("s"), dir.path().join("t"));
    for size in [0, 1, PART - 1, PART, PART + 1, 20 * PART, 20 * PART + 4_321] {
        let content = data(size);
        std::fs::write(&source, &content).unwrap();
        let up = client.upload_file("k", &source).send().await.unwrap();
        let parts = size.div_ceil(PART).max(1) as u32;
        assert_eq!((up.bytes, up.parts), (size as u64, parts), "{size}");
        assert_eq!(up.crc64, Crc64::of(&content));
        assert_eq!(up.upload_id.is_some(), size > PART);
        let head = client.head_object("k").send().await.unwrap();
        assert_eq!((head.size, head.crc64), (size as u64, Some(up.crc64)));
        let open = std::fs::File::open(&source).unwrap();
        let again = client.upload_open_file("k", open).send().await.unwrap();
        assert_eq!((again.crc64, again.parts), (up.crc64, up.parts));
        let bytes = client.upload_bytes("k", content.clone()).send().await;
        let bytes = bytes.unwrap();
        assert_eq!((bytes.crc64, bytes.parts), (up.crc64, up.parts));
        let down = client.download_file("k", &target).send().await.unwrap();
        assert_eq!(
            (down.bytes, down.parts, down.verified),
            (size as u64, parts, true)
        );
        assert!(std::fs::read(&target).unwrap() == content, "{size}");
        assert_eq!(names(dir.path()), ["s", "t"]);
    }
}

#[tokio::test]
async fn streams_of_every_size_go_up() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    for size in [0, 1, PART - 1, PART, PART + 1, 5 * PART + 99] {
        let content = data(size);
        let reader = std::io::Cursor::new(content.clone());
        let up = client
            .upload_reader("k", reader)
            .concurrency(2)
            .send()
            .await
            .unwrap();
        let parts = if size < PART { 1 } else { size.div_ceil(PART) };
        assert_eq!((up.bytes, up.parts), (size as u64, parts as u32), "{size}");
        let got = client.get_object("k").send().await.unwrap();
        assert!(got.bytes().await.unwrap() == content, "{size}");
    }
    for size in [0, 1, PART - 1, PART, PART + 1, 2 * PART, 5 * PART + 99] {
        let content = data(size);
        let totals = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&totals);
        let up = client
            .upload_reader("k", std::io::Cursor::new(content.clone()))
            .size(size as u64)
            .on_progress(move |p| seen.lock().unwrap().push(p.total_bytes))
            .send()
            .await
            .unwrap();
        let parts = size.div_ceil(PART).max(1) as u32;
        assert_eq!((up.bytes, up.parts), (size as u64, parts), "{size}");
        let got = client.get_object("k").send().await.unwrap();
        assert!(got.bytes().await.unwrap() == content, "{size}");
        let totals = totals.lock().unwrap();
        assert_eq!(totals.last(), Some(&Some(size as u64)));
        assert!(totals.iter().flatten().all(|t| *t == size as u64));
    }
    let before = cloud.count("AbortMultipartUpload");
    for (announced, what) in [(1, "ended after 0"), (3 * PART, "ended after")] {
        let reader = std::io::Cursor::new(data(announced - 1));
        let upload = client.upload_reader("short", reader);
        let error = upload.size(announced as u64).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Local);
        assert!(error.message().contains(what), "{error}");
    }
    for announced in [0, 5, PART, 2 * PART] {
        let reader = std::io::Cursor::new(data(announced + 1));
        let upload = client.upload_reader("short", reader);
        let error = upload.size(announced as u64).send().await.unwrap_err();
        assert!(error.message().contains("goes on"), "{error}");
    }
    client.wait_for_cleanup().await;
    let error = client.head_object("short").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    // Of those that had begun.
    let aborted = cloud.count("AbortMultipartUpload") - before;
    assert_eq!(aborted, 2);
    let broken = tokio_util::io::StreamReader::new(futures_util::stream::iter([
        Ok(bytes::Bytes::from(data(2 * PART))),
        Err(std::io::Error::other("the pipe burst")),
    ]));
    let error = client.upload_reader("k", broken).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Local);
    assert!(error.message().contains("burst"));
    assert_eq!(cloud.count("AbortMultipartUpload"), before + aborted + 1);
}

#[tokio::test]
async fn listing_in_pages_and_folders() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let mut keys: Vec<String> = (0..25).map(|i| format!("p/{i:02}")).collect();
    keys.extend(["p/x/1", "p/x/2", "p/+", "q/1"].map(String::from));
    for key in &keys {
        client.put_object(key.as_str(), "x").send().await.unwrap();
    }
    keys.sort();
    let pages: Vec<_> = client
        .list_objects()
        .max_keys(7)
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(pages.len(), 5);
    // A page is asked for when the one before it was taken.
    let before = cloud.count("GetBucket");
    let mut lazy = client.list_objects().max_keys(7).objects();
    for taken in 1..=15 {
        lazy.try_next().await.unwrap().unwrap();
        let asked = cloud.count("GetBucket") - before;
        assert_eq!(asked, usize::div_ceil(taken, 7), "{taken}");
    }
    let listed: Vec<_> = pages
        .iter()
        .flat_map(|p| &p.objects)
        .map(|o| o.key.clone())
        .collect();
    assert_eq!(listed, keys);
    assert!(pages[0].objects[0].last_modified.is_some());
    let folders = client
        .list_objects()
        .prefix("p/")
        .delimiter("/")
        .max_keys(9);
    let pages: Vec<_> = folders.stream().try_collect().await.unwrap();
    let prefixes: Vec<_> = pages
        .iter()
        .flat_map(|p| p.common_prefixes.clone())
        .collect();
    assert_eq!(prefixes, ["p/x/"]);
    assert_eq!(pages.iter().map(|p| p.objects.len()).sum::<usize>(), 26);
    let none = client
        .list_objects()
        .prefix("nothing")
        .send()
        .await
        .unwrap();
    assert_eq!((none.objects.len(), none.next_marker), (0, None));
}

#[tokio::test]
async fn parts_by_hand() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let id = client
        .initiate_multipart_upload("k")
        .content_type("a/b")
        .send()
        .await
        .unwrap();
    let content = data(PART + 10);
    let mut parts = Vec::new();
    for (index, piece) in content.chunks(PART).enumerate() {
        let number = PartNumber::new(index as u32 + 1).unwrap();
        let part = client
            .upload_part("k", &id, number, piece.to_vec())
            .send()
            .await
            .unwrap();
        assert_eq!(part.crc64, Crc64::of(piece));
        parts.push(part.part);
    }
    let listed = client.list_parts("k", &id).send().await.unwrap();
    assert_eq!(
        listed.parts.iter().map(|p| p.size).collect::<Vec<_>>(),
        [PART as u64, 10]
    );
    assert_eq!(listed.parts[0].etag, parts[0].etag);
    let one_by_one = client.list_parts("k", &id).max_parts(1);
    let pages: Vec<_> = one_by_one.clone().stream().try_collect().await.unwrap();
    assert_eq!(pages.len(), 2);
    let streamed: Vec<_> = one_by_one.parts().try_collect().await.unwrap();
    assert_eq!(streamed, listed.parts);
    let error = client.list_parts("k", &id).max_parts(0).send().await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Config);
    let complete = client.complete_multipart_upload("k", &id, parts);
    complete
        .expected_crc64(Crc64::of(&content))
        .send()
        .await
        .unwrap();
    assert_eq!(
        client
            .get_object("k")
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap(),
        content
    );
    let id = client.initiate_multipart_upload("k").send().await.unwrap();
    client
        .abort_multipart_upload("k", &id)
        .send()
        .await
        .unwrap();
    let error = client.list_parts("k", &id).send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::NotFound, Some("NoSuchUpload"))
    );
}

#[tokio::test]
async fn deletions_go_in_thousands() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    client.put_object("k/0000", "x").send().await.unwrap();
    let keys = (0..2_001).map(|i| format!("k/{i:04}"));
    let output = client.delete_objects(keys).send().await.unwrap();
    assert_eq!((output.deleted, output.failures.len()), (2_001, 0));
    assert_eq!(cloud.count("DeleteMultipleObjects"), 3);
    assert!(
        client
            .list_objects()
            .send()
            .await
            .unwrap()
            .objects
            .is_empty()
    );
}

#[tokio::test]
async fn keys_that_xml_cannot_hold_are_deleted_too() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let keys = ["a\u{1}b", "plain", "\u{fffe}", "tab\tcr\r", "\u{7f}"];
    for key in keys {
        client.put_object(key, "x").send().await.unwrap();
    }
    let output = client.delete_objects(keys).send().await.unwrap();
    assert_eq!((output.deleted, output.failures.len()), (5, 0));
    let left = client.list_objects().send().await.unwrap();
    assert_eq!(left.objects, []);
    assert_eq!(cloud.count("DeleteObject"), 2);
}

#[tokio::test]
async fn buckets_come_and_go() {
    let cloud = Cloud::start().await;
    let client = cloud
        .root()
        .for_bucket("new-1250000000", "ap-shanghai")
        .unwrap();
    assert_eq!(
        client.head_bucket().await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    client.create_bucket().await.unwrap();
    assert_eq!(
        client.head_bucket().await.unwrap().region.as_deref(),
        Some("ap-shanghai")
    );
    let error = client.create_bucket().await.unwrap_err();
    assert_eq!(error.code(), Some("BucketAlreadyOwnedByYou"));
    let buckets = client.list_buckets().await.unwrap();
    let names: Vec<_> = buckets
        .iter()
        .map(|b| (b.name.as_str(), b.region.as_str()))
        .collect();
    assert!(
        names.contains(&("new-1250000000", "ap-shanghai")),
        "{names:?}"
    );
    assert!(
        names.contains(&(BUCKET, REGION)) && names.len() == 3,
        "{names:?}"
    );
    client.put_object("k", "x").send().await.unwrap();
    assert_eq!(
        client.delete_bucket().await.unwrap_err().code(),
        Some("BucketNotEmpty")
    );
    client.delete_object("k").send().await.unwrap();
    client.delete_bucket().await.unwrap();
}

#[tokio::test]
async fn uploads_under_way_are_listed_in_pages() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let mut begun = Vec::new();
    for key in ["a/1", "a/1", "a/ü+", "b"] {
        let id = client.initiate_multipart_upload(key).send().await.unwrap();
        begun.push((key.to_owned(), id.as_str().to_owned()));
    }
    begun.sort();
    let pages: Vec<_> = client
        .list_multipart_uploads()
        .max_uploads(1)
        .stream()
        .try_collect()
        .await
        .unwrap();
    let uploads = pages.iter().flat_map(|p| &p.uploads);
    let mut listed: Vec<_> = uploads
        .map(|u| (u.key.clone(), u.upload_id.as_str().to_owned()))
        .collect();
    listed.sort();
    assert_eq!(listed, begun);
    let streamed = client.list_multipart_uploads().max_uploads(2).uploads();
    let streamed: Vec<_> = streamed.try_collect().await.unwrap();
    assert_eq!(streamed.len(), 4);
    let page = client
        .list_multipart_uploads()
        .prefix("a/")
        .send()
        .await
        .unwrap();
    assert_eq!(page.uploads.len(), 3);
    assert!(page.uploads[0].initiated.is_some());
}

#[tokio::test]
async fn conditions_ranges_and_overrides() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let etag = client
        .put_object("k", "0123456789")
        .send()
        .await
        .unwrap()
        .etag
        .unwrap();
    let range = client.get_object("k").range(2..=4).send().await.unwrap();
    assert_eq!(range.meta.size, 10);
    assert_eq!(range.bytes().await.unwrap(), "234");
    let tail = client
        .get_object("k")
        .range_last(3)
        .if_match(&etag)
        .send()
        .await
        .unwrap();
    assert_eq!(tail.bytes().await.unwrap(), "789");
    let error = client
        .get_object("k")
        .if_none_match(&etag)
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.http_status()),
        (ErrorKind::Precondition, Some(304))
    );
    let other = cos_client::ETag::new("\"0\"");
    let error = client
        .get_object("k")
        .if_match(&other)
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.http_status()),
        (ErrorKind::Precondition, Some(412))
    );
    let named = client
        .get_object("k")
        .response_header("content-type", "x/y")
        .send()
        .await
        .unwrap();
    assert_eq!(named.meta.content_type.as_deref(), Some("x/y"));
    let error = client
        .put_object("k", "new")
        .forbid_overwrite()
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Precondition, Some("FileAlreadyExists"))
    );
    let error = client
        .get_object("k")
        .range(100..)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("InvalidRange"));
    let tags = client.request(Method::PUT).key("k").param("tagging", "");
    let body = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";
    tags.header("content-type", "application/xml")
        .body(body)
        .send()
        .await
        .unwrap();
    let read = client
        .request(Method::GET)
        .key("k")
        .param("tagging", "")
        .send()
        .await
        .unwrap();
    assert!(String::from_utf8_lossy(&read.body).contains("<Key>a</Key>"));
}

#[tokio::test]
async fn presigned_urls_work_for_anyone() {
    let cloud = Cloud::start().await;
    let client = cloud
        .builder()
        .credentials(cloud.sts(None))
        .build()
        .unwrap();
    client.put_object("a b/文", "shared").send().await.unwrap();
    let signed = client
        .presign(Method::GET, "a b/文", Duration::from_secs(60))
        .param("response-content-type", "text/plain; charset=utf-8")
        .sign()
        .await
        .unwrap();
    let host = client.endpoint().host();
    let url = signed
        .url
        .replace(&format!("http://{host}"), &cloud.emulator.http_url());
    let get = async |url: &str| {
        let client = plain_http();
        let response = client.get(url).header("host", host).send().await.unwrap();
        let kind = response.headers().get("content-type").cloned();
        (
            response.status().as_u16(),
            kind,
            response.text().await.unwrap(),
        )
    };
    let (status, kind, body) = get(&url).await;
    assert_eq!((status, body.as_str()), (200, "shared"));
    assert_eq!(kind.unwrap(), "text/plain; charset=utf-8");
    assert_eq!(get(&url.replace("a%20b", "a%20c")).await.0, 403);
    cloud.emulator.clock().advance_s(61);
    assert_eq!(get(&url).await.0, 403);
}

#[tokio::test]
async fn over_tls_with_an_own_authority() {
    let cloud = Cloud::with_tls().await;
    let https = cloud.emulator.https_url().unwrap();
    let builder = || {
        cloud
            .builder()
            .endpoint(https.as_str())
            .credentials(cloud.root_credentials())
    };
    let client = builder()
        .ca_pem(cloud.emulator.ca_pem().unwrap())
        .build()
        .unwrap();
    client.put_object("k", data(700_000)).send().await.unwrap();
    let got = client.get_object("k").send().await.unwrap();
    assert_eq!(got.bytes().await.unwrap(), data(700_000));
    let stranger = builder().build().unwrap();
    let error = stranger.put_object("k", "x").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(
        error.hint().unwrap().contains("CA certificate"),
        "{error:?}"
    );
    assert!(error.message().contains("UnknownIssuer"), "{error:?}");
    assert_eq!((error.attempts(), error.is_retryable()), (1, false));
}

#[tokio::test]
async fn through_a_proxy_with_real_host_names() {
    let cloud = Cloud::start().await;
    let proxied = || {
        Client::builder()
            .bucket(BUCKET)
            .region(REGION)
            .https(false)
            .credentials(cloud.root_credentials())
            .proxy(cloud.emulator.http_url())
    };
    let client = proxied().build().unwrap();
    client.put_object("a b", "x").send().await.unwrap();
    assert_eq!(client.list_buckets().await.unwrap().len(), 2);
    // A listed host goes its own way, here into the void.
    let direct = proxied()
        .no_proxy("localhost,.myqcloud.com")
        .resolve(client.endpoint().host(), "127.0.0.1:1".parse().unwrap())
        .retry(cos_client::RetryPolicy::none())
        .build()
        .unwrap();
    let error = direct.put_object("k", "x").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
}

#[tokio::test]
async fn faults_on_the_way_change_nothing() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let dir = tempfile::tempdir().unwrap();
    let (source, target) = (dir.path().join("s"), dir.path().join("t"));
    let content = data(5 * PART + 3);
    std::fs::write(&source, &content).unwrap();
    for rule in [
        json!({"match": {"operation": "UploadPart", "nth": 2}, "action": {"status": 503, "code": "SlowDown"}, "times": 2}),
        json!({"match": {"operation": "UploadPart", "nth": 4}, "action": {"drop_response": true}, "times": 1}),
        json!({"match": {"operation": "UploadPart", "nth": 5}, "action": {"corrupt_byte_at": 1000}, "times": 1}),
        json!({"match": {"operation": "UploadPart", "nth": 6}, "action": {"reset": true}, "times": 1}),
        json!({"match": {"operation": "CompleteMultipartUpload"}, "action": {"drop_response": true}, "times": 1}),
        json!({"match": {"operation": "GetObject", "nth": 2}, "action": {"truncate_after": 300_000}, "times": 1}),
        json!({"match": {"operation": "GetObject", "nth": 4}, "action": {"reset": 500_000}, "times": 1}),
    ] {
        cloud.fault(&rule);
    }
    let up = client.upload_file("k", &source).send().await.unwrap();
    assert_eq!(up.crc64, Crc64::of(&content));
    client.download_file("k", &target).send().await.unwrap();
    assert!(std::fs::read(&target).unwrap() == content);
    cloud.emulator.clear_faults();
    cloud.fault(&json!({"match": {"operation": "GetObject", "nth": 3}, "action": {"corrupt_byte_at": 1}, "times": 1}));
    let error = client.download_file("k", &target).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_eq!(names(dir.path()), ["s", "t"]);
}

#[tokio::test]
async fn a_wrong_bucket_and_a_wrong_region_are_told() {
    let cloud = Cloud::start().await;
    let client = cloud.root().for_bucket("other-1250000000", REGION).unwrap();
    let error = client.put_object("k", "x").send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::NotFound, Some("NoSuchBucket"))
    );
    assert!(error.hint().unwrap().contains("other-1250000000"));
    let elsewhere = cloud.root().for_bucket(BUCKET, "ap-shanghai").unwrap();
    let error = elsewhere.head_bucket().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(
        error.hint().unwrap().contains("is in ap-guangzhou"),
        "{error:?}"
    );
    let error = elsewhere.get_object("k").send().await.unwrap_err();
    assert!(error.hint().unwrap().contains("ap-shanghai"), "{error:?}");
}
