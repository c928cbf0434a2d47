//! What goes over the wire.

use cos_client::{ErrorKind, Method, StorageClass};
use cos_sign_core::verify::Parsed;
use cos_sign_core::{Request, SignKey};

use crate::server::{Seen, Server, decode, ok, say};
use crate::setup::{HOST, builder, client, temporary};

/// Checks a request as a bucket in strict-signature mode would: the signature is right, and
/// everything sent is signed.
fn check_strictly(seen: &Seen) {
    let authorization = seen.header("authorization").unwrap();
    let parsed = Parsed::from_authorization(authorization).unwrap();
    let exempt = ["authorization", "user-agent", "accept", "connection"];
    for (name, _) in &seen.headers {
        assert!(
            exempt.contains(&name.as_str()) || parsed.lists_header(name),
            "{name} is sent but not signed"
        );
    }
    let params = seen.params();
    for (name, _) in &params {
        assert!(parsed.lists_param(name), "{name} is sent but not signed");
    }
    let headers = seen
        .headers
        .iter()
        .filter(|(n, _)| !exempt.contains(&n.as_str()));
    let headers: Vec<_> = headers.map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let params: Vec<_> = params
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let request = Request {
        method: &seen.method,
        path: &decode(seen.path()),
        params: &params,
        headers: &headers,
    };
    let key = SignKey::derive("tmp-secret", parsed.key_time).unwrap();
    assert!(parsed.check(&key, &request).unwrap(), "{seen:?}");
    assert_eq!(seen.header("x-cos-security-token"), Some("tmp-token"));
    assert_eq!(seen.header("host"), Some(HOST));
}

#[tokio::test]
async fn everything_sent_is_signed() {
    let server = Server::start(|_, seen| {
        let crc = cos_client::Crc64::of(&seen.body);
        if seen.method == "GET" && seen.path() == "/" {
            return say(200, "<ListBucketResult></ListBucketResult>");
        }
        if seen.header("x-cos-copy-source").is_some() {
            return say(
                200,
                "<CopyObjectResult><ETag>\"e\"</ETag></CopyObjectResult>",
            );
        }
        ok().with("x-cos-hash-crc64ecma", crc.to_string())
            .with("etag", "\"e\"")
    })
    .await;
    let client = builder(&server.url)
        .credentials(temporary())
        .build()
        .unwrap();
    client
        .put_object("a b/+文 (1)!.txt", "hello")
        .content_type("text/plain; charset=utf-8")
        .content_disposition("attachment; filename*=UTF-8''a%20b")
        .cache_control(" no-cache ")
        .content_encoding("identity")
        .storage_class(&StorageClass::StandardIa)
        .metadata("Camera", "X 100")
        .acl("private")
        .forbid_overwrite()
        .header("Content-Language", "de")
        .send()
        .await
        .unwrap();
    client.put_object("empty", "").send().await.unwrap();
    client
        .get_object("a//./b")
        .range(3..10)
        .response_header("Content-Type", "text/html")
        .version_id("v/1")
        .if_match(&cos_client::ETag::new("\"e\""))
        .send()
        .await
        .unwrap();
    client.head_object("k").send().await.unwrap();
    client.delete_object("k/..").send().await.unwrap();
    client
        .list_objects()
        .prefix("a&b=")
        .delimiter("/")
        .marker("a+")
        .max_keys(7)
        .send()
        .await
        .unwrap();
    client
        .request(Method::PUT)
        .key("k")
        .param("tagging", "")
        .header("content-type", "application/xml")
        .body("<Tagging/>")
        .send()
        .await
        .unwrap();
    client
        .copy_object(
            cos_client::CopySource::new("src-1250000000", "ap-beijing", "from/文").unwrap(),
            "to",
        )
        .send()
        .await
        .unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 8);
    seen.iter().for_each(check_strictly);
    assert_eq!(seen[0].path(), "/a%20b/%2B%E6%96%87%20%281%29%21.txt");
    assert_eq!(seen[0].header("cache-control"), Some("no-cache"));
    assert_eq!(seen[1].header("content-length"), Some("0"));
    assert_eq!(seen[2].path(), "/a/%2F.%2Fb");
    assert_eq!(seen[2].header("range"), Some("bytes=3-9"));
    assert_eq!(seen[4].path(), "/k%2F..");
    assert_eq!(seen[6].target, "/k?tagging");
    let names: Vec<_> = seen[5].params().into_iter().map(|p| p.0).collect();
    assert_eq!(
        names,
        ["prefix", "delimiter", "marker", "max-keys", "encoding-type"]
    );
    assert_eq!(
        seen[7].header("x-cos-copy-source"),
        Some("src-1250000000.cos.ap-beijing.myqcloud.com/from/%E6%96%87")
    );
}

#[tokio::test]
async fn presigned_urls_hold_the_token_and_stand_alone() {
    let server = Server::start(|_, _| ok()).await;
    let client = builder(&server.url)
        .credentials(temporary())
        .build()
        .unwrap();
    let signed = client
        .presign(Method::PUT, "a b", std::time::Duration::from_secs(600))
        .header("content-type", "text/plain")
        .sign()
        .await
        .unwrap();
    assert!(server.seen().is_empty());
    assert!(!format!("{signed:?}").contains("q-signature"));
    let (base, query) = signed.url.split_once('?').unwrap();
    assert_eq!(base, format!("http://{HOST}/a%20b"));
    let pairs = query.split('&').map(|p| p.split_once('=').unwrap());
    let pairs: Vec<_> = pairs.map(|(k, v)| (decode(k), decode(v))).collect();
    let names = [
        "sign-algorithm",
        "ak",
        "sign-time",
        "key-time",
        "header-list",
        "url-param-list",
        "signature",
    ];
    let value = |name: &str| pairs.iter().find(|(k, _)| k == name).unwrap().1.clone();
    let authorization: Vec<_> = names
        .iter()
        .map(|n| format!("q-{n}={}", value(&format!("q-{n}"))))
        .collect();
    let seen = Seen {
        method: "PUT".into(),
        target: format!(
            "/a%20b?x-cos-security-token={}",
            value("x-cos-security-token")
        ),
        headers: vec![
            ("host".into(), HOST.into()),
            ("content-type".into(), "text/plain".into()),
            ("authorization".into(), authorization.join("&")),
        ],
        body: Vec::new(),
    };
    let parsed = Parsed::from_authorization(seen.header("authorization").unwrap()).unwrap();
    let request = Request {
        method: "PUT",
        path: "/a b",
        params: &[("x-cos-security-token", "tmp-token")],
        headers: &[("host", HOST), ("content-type", "text/plain")],
    };
    let key = SignKey::derive("tmp-secret", parsed.key_time).unwrap();
    assert!(parsed.check(&key, &request).unwrap());
}

#[tokio::test]
async fn wrong_input_is_refused_before_anything_is_sent() {
    let server = Server::start(|_, _| ok()).await;
    let client = client(&server.url);
    let errors = [
        client.put_object("", "x").send().await.unwrap_err(),
        client.put_object("a\u{19}", "x").send().await.unwrap_err(),
        client
            .put_object("a", "x")
            .metadata("a", "ä")
            .send()
            .await
            .unwrap_err(),
        client
            .put_object("a", "x")
            .header("host", "x")
            .send()
            .await
            .unwrap_err(),
        client.get_object("a/..").send().await.unwrap_err(),
        client.get_object("a").range(5..5).send().await.unwrap_err(),
        client.head_object("//").send().await.unwrap_err(),
        client
            .list_objects()
            .max_keys(1001)
            .send()
            .await
            .unwrap_err(),
        client.delete_objects(["a", ""]).send().await.unwrap_err(),
        client
            .upload_file("k", "/dev/null")
            .part_size(1)
            .send()
            .await
            .unwrap_err(),
        client
            .download_file("k", "/tmp/x")
            .concurrency(0)
            .send()
            .await
            .unwrap_err(),
    ];
    for error in &errors {
        let expected = [ErrorKind::Config, ErrorKind::Local];
        assert!(expected.contains(&error.kind()), "{error:?}");
        assert!(!error.is_retryable());
    }
    assert!(server.seen().is_empty());
}
