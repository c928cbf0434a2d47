//! Keys of the customer's own (SSE-C): every request that needs one carries it, and no other does.

use cos_client::{CopySource, Crc64};
use tokio::io::AsyncReadExt;

use crate::server::{Answer, Seen, Server, ok, say};
use crate::setup::{BUCKET, REGION, client, data};

const MIB: usize = 1 << 20;
const OWN: &str = "x-cos-server-side-encryption-customer-";
const SOURCE: &str = "x-cos-copy-source-server-side-encryption-customer-";
/// 32 bytes of 7 and of 8.
const SEVENS: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const EIGHTS: &str = "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=";

/// Takes everything and knows of objects of three MiB.
fn answer(seen: &Seen) -> Answer {
    let object = data(3 * MIB);
    let crc = Crc64::of(&object).to_string();
    match (seen.method.as_str(), seen.param("partNumber")) {
        ("POST", _) if seen.param("uploads").is_some() => say(200, "<R><UploadId>u</UploadId></R>"),
        // The whole's CRC-64 is not told: HEAD is asked for it.
        ("POST", _) => say(200, "<R><ETag>\"w-3\"</ETag></R>"),
        ("PUT", _) if seen.header("x-cos-copy-source").is_some() => {
            say(200, "<R><ETag>\"p\"</ETag></R>")
        }
        ("PUT", _) => {
            let crc = Crc64::of(&seen.body).to_string();
            ok().with("etag", "\"p\"").with("x-cos-hash-crc64ecma", crc)
        }
        ("HEAD", _) => ok()
            .with("content-length", object.len().to_string())
            .with("etag", "\"e\"")
            .with("x-cos-hash-crc64ecma", crc),
        _ => match seen.range() {
            Some((first, last)) => {
                let last = last.min(object.len() - 1);
                let range = format!("bytes {first}-{last}/{}", object.len());
                let body = &object[first..=last];
                let answer = say(206, body).with("content-range", range);
                answer
                    .with("etag", "\"e\"")
                    .with("x-cos-hash-crc64ecma", crc)
            }
            None => say(200, object)
                .with("etag", "\"e\"")
                .with("x-cos-hash-crc64ecma", crc),
        },
    }
}

/// `METHOD target` of each request, with the keys it carries.
fn keys(server: &Server) -> Vec<(String, Option<String>, Option<String>)> {
    let seen = server.seen();
    let of = |seen: &Seen, prefix: &str| {
        let key = seen.header(&format!("{prefix}key"))?.to_owned();
        assert_eq!(seen.header(&format!("{prefix}algorithm")), Some("AES256"));
        assert!(seen.header(&format!("{prefix}key-md5")).is_some());
        let signed = seen.header("authorization").unwrap();
        assert!(signed.contains(&format!("{prefix}key")), "{signed}");
        Some(key)
    };
    let line = |s: &Seen| format!("{} {}", s.method, s.path());
    seen.iter()
        .map(|s| (line(s), of(s, OWN), of(s, SOURCE)))
        .collect()
}

#[tokio::test]
async fn of_uploads_and_downloads() {
    let server = Server::start(|_, seen| answer(seen)).await;
    let client = client(&server.url);
    let dir = tempfile::tempdir().unwrap();
    let (source, target) = (dir.path().join("s"), dir.path().join("t"));
    std::fs::write(&source, data(3 * MIB)).unwrap();
    let key = [7; 32];
    let upload = client.upload_file("k", &source).part_size(MIB as u64);
    upload.customer_key(&key).send().await.unwrap();
    let reader = client.upload_reader("k", std::io::Cursor::new(data(3 * MIB)));
    let reader = reader.part_size(MIB as u64).customer_key(&key);
    reader.send().await.unwrap();
    client
        .put_object("k", "x")
        .customer_key(&key)
        .send()
        .await
        .unwrap();
    let download = client.download_file("k", &target).part_size(MIB as u64);
    download.customer_key(&key).send().await.unwrap();
    let mut reader = client.object_reader("k").customer_key(&key).open().await;
    let mut all = Vec::new();
    reader
        .as_mut()
        .unwrap()
        .read_to_end(&mut all)
        .await
        .unwrap();
    assert!(all == data(3 * MIB));
    let got = client.get_object("k").customer_key(&key).send().await;
    assert!(got.unwrap().bytes().await.unwrap() == data(3 * MIB));
    let mut parts = 0;
    for (line, own, other) in keys(&server) {
        // Completing says nothing about content, and takes no key.
        let is_complete = line == "POST /k" && parts % 3 == 0 && own.is_none();
        assert!(is_complete || own.as_deref() == Some(SEVENS), "{line}");
        assert_eq!(other, None);
        parts += usize::from(line == "PUT /k");
    }
    let seen = server.summary();
    let heads = seen.iter().filter(|s| s.starts_with("HEAD")).count();
    assert_eq!(heads, 3, "after each completion, and by the reader");
}

#[tokio::test]
async fn of_copies() {
    let source = || CopySource::new(BUCKET, REGION, "s").unwrap();
    for threshold in [1, 1 << 30] {
        let server = Server::start(|_, seen| answer(seen)).await;
        let copy = client(&server.url).copy(source(), "t");
        let copy = copy
            .part_size(MIB as u64)
            .multipart_threshold(threshold)
            .source_customer_key(&[7; 32])
            .customer_key(&[8; 32]);
        copy.send().await.unwrap();
        let keys = keys(&server);
        // The source's properties, with the source's key.
        assert_eq!(keys[0], ("HEAD /s".into(), Some(SEVENS.into()), None));
        for (line, own, other) in &keys[1..] {
            let wanted = match line.as_str() {
                "PUT /t" => (Some(EIGHTS), Some(SEVENS)),
                "HEAD /t" => (Some(EIGHTS), None),
                _ if own.is_none() => (None, None),
                _ => (Some(EIGHTS), None),
            };
            assert_eq!((own.as_deref(), other.as_deref()), wanted, "{line}");
        }
        let parts = keys.iter().filter(|(line, ..)| line == "PUT /t").count();
        assert_eq!(parts, if threshold == 1 { 3 } else { 1 });
        // Begun with the new key.
        assert!(threshold > 1 || keys[1].1.as_deref() == Some(EIGHTS));
    }
}
