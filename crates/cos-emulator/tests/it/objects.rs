//! Objects: put, get, head, delete, copy, append, metadata, versions, ACL, CORS.

use crate::client::{BUCKET, World};

#[tokio::test]
async fn put_get_head_delete() {
    let world = World::new().await;
    let put = world
        .call("PUT", "dir/a.txt")
        .header("content-type", "text/plain")
        .header("cache-control", "max-age=5")
        .header("x-cos-meta-who", "me")
        .body("123456789")
        .send()
        .await
        .ok();
    assert_eq!(
        put.header("etag"),
        Some("\"25f9e794323b453885f5181f1b624d0b\"")
    );
    assert_eq!(
        put.header("x-cos-hash-crc64ecma"),
        Some("11051210869376104954")
    );
    assert_eq!(put.header("server"), Some("tencent-cos"));

    let get = world.get("dir/a.txt").await.ok();
    assert_eq!(get.body, b"123456789");
    for (name, value) in [
        ("content-type", "text/plain"),
        ("cache-control", "max-age=5"),
        ("x-cos-meta-who", "me"),
        ("content-length", "9"),
        ("accept-ranges", "bytes"),
        ("x-cos-hash-crc64ecma", "11051210869376104954"),
    ] {
        assert_eq!(get.header(name), Some(value));
    }
    assert!(get.header("last-modified").unwrap().ends_with("GMT"));

    let head = world.call("HEAD", "dir/a.txt").send().await.ok();
    assert_eq!(
        (head.header("content-length"), head.body.len()),
        (Some("9"), 0)
    );

    assert_eq!(world.call("DELETE", "dir/a.txt").send().await.status, 204);
    assert_eq!(world.call("DELETE", "dir/a.txt").send().await.status, 204);
    assert_eq!(
        world.get("dir/a.txt").await.refusal(),
        (404, "NoSuchKey".to_owned())
    );
    assert_eq!(world.call("HEAD", "dir/a.txt").send().await.status, 404);
}

#[tokio::test]
async fn special_keys() {
    let world = World::new().await;
    let long = "l".repeat(850);
    let keys = [
        "中文/é.txt",
        "a b+c%d~e",
        "quo'te\"s",
        "dir/",
        "a//b",
        "/lead",
        "-_.!*()",
        "50%25",
        "q?x=1&y#z",
        "tab\there",
        &long,
    ];
    for key in keys {
        world.put(key, key.as_bytes()).await;
        assert_eq!(world.get(key).await.ok().text(), key, "{key}");
        world.call("GET", key).presigned().send().await.ok();
    }
    let list = world
        .call("GET", "")
        .param("encoding-type", "url")
        .send()
        .await
        .ok();
    assert_eq!(list.elements("Key").len(), keys.len());
}

#[tokio::test]
async fn path_style_and_absolute_form() {
    let world = World::new().await;
    world.put("k", b"1").await;
    let address = world.emu.http_url().replace("http://", "");
    let get = world
        .call("GET", &format!("{BUCKET}/k"))
        .host(&address)
        .send()
        .await;
    assert_eq!(get.ok().text(), "1");
    // As an HTTP proxy: the client keeps the real host name in the URL.
    let proxy = reqwest::Proxy::http(world.emu.http_url()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let proxied = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .proxy(proxy)
        .build()
        .unwrap();
    let reply = proxied
        .get(format!("http://{}/k", crate::client::HOST))
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 403);
    assert!(
        reply
            .text()
            .await
            .unwrap()
            .contains("<Code>AccessDenied</Code>")
    );
}

#[tokio::test]
async fn ranges_and_overrides() {
    let world = World::new().await;
    world.put("a", b"0123456789").await;
    let part = world
        .call("GET", "a")
        .header("range", "bytes=2-4")
        .send()
        .await;
    assert_eq!((part.status, part.text().as_str()), (206, "234"));
    assert_eq!(part.header("content-range"), Some("bytes 2-4/10"));
    let whole_crc = world
        .get("a")
        .await
        .header("x-cos-hash-crc64ecma")
        .unwrap()
        .to_owned();
    assert_eq!(
        part.header("x-cos-hash-crc64ecma"),
        Some(whole_crc.as_str())
    );
    let tail = world
        .call("GET", "a")
        .header("range", "bytes=-3")
        .send()
        .await;
    assert_eq!(tail.text(), "789");
    let named = world
        .call("GET", "a")
        .param("response-content-disposition", "attachment; filename=x");
    assert_eq!(
        named.send().await.ok().header("content-disposition"),
        Some("attachment; filename=x")
    );
}

#[tokio::test]
async fn cut_off_upload_stores_nothing() {
    use std::io::Write as _;
    let world = World::new().await;
    world.put("a", b"old").await;
    // A presigned PUT of 100 bytes whose client dies after 10.
    let signed_at = world.emu.clock().now_s();
    let key_time = cos_sign_core::KeyTime::new(signed_at - 5, signed_at + 60).unwrap();
    let sign_key = cos_sign_core::SignKey::derive(&world.root.key, key_time).unwrap();
    let request = cos_sign_core::Request {
        method: "PUT",
        path: "/a",
        params: &[],
        headers: &[],
    };
    let query = cos_sign_core::Signer::new(&world.root.id, &sign_key)
        .presigned_query(&request)
        .unwrap();
    let address = world.emu.http_url().replace("http://", "");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let host = crate::client::HOST;
    write!(
        stream,
        "PUT /a?{query} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 100\r\n\r\n0123456789"
    )
    .unwrap();
    stream.flush().unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut rest = Vec::new();
    let _ = std::io::Read::read_to_end(&mut stream, &mut rest);
    assert_eq!(world.get("a").await.text(), "old");
}

#[tokio::test]
async fn copies() {
    let world = World::new().await;
    world
        .call("PUT", "src/a b")
        .header("x-cos-meta-m", "1")
        .header("content-type", "text/x")
        .body("hi")
        .send()
        .await
        .ok();
    let source = format!("{}/src/a%20b", crate::client::HOST);
    let copy = world
        .call("PUT", "dst")
        .header("x-cos-copy-source", &source)
        .send()
        .await
        .ok();
    assert!(copy.text().contains("<CopyObjectResult>"));
    let got = world.get("dst").await.ok();
    assert_eq!(
        (
            got.text().as_str(),
            got.header("x-cos-meta-m"),
            got.header("content-type")
        ),
        ("hi", Some("1"), Some("text/x"))
    );

    let replaced = world
        .call("PUT", "dst")
        .header("x-cos-copy-source", &source)
        .header("x-cos-metadata-directive", "Replaced")
        .header("x-cos-meta-n", "2");
    replaced.send().await.ok();
    let got = world.get("dst").await.ok();
    assert_eq!(
        (got.header("x-cos-meta-m"), got.header("x-cos-meta-n")),
        (None, Some("2"))
    );

    let itself = world
        .call("PUT", "src/a b")
        .header("x-cos-copy-source", &source)
        .send()
        .await;
    assert_eq!(itself.refusal(), (400, "InvalidRequest".to_owned()));
    let gone = world
        .call("PUT", "dst")
        .header("x-cos-copy-source", format!("{}/nope", crate::client::HOST));
    assert_eq!(
        gone.send().await.refusal(),
        (404, "NoSuchCopySource".to_owned())
    );
    let conditional = world
        .call("PUT", "dst")
        .header("x-cos-copy-source", &source)
        .header("x-cos-copy-source-if-match", "\"other\"");
    assert_eq!(conditional.send().await.status, 412);
}

#[tokio::test]
async fn append_grows() {
    let world = World::new().await;
    let append = |position: u32, body: &'static str| {
        world
            .call("POST", "log")
            .param("append", "")
            .param("position", position)
            .body(body)
    };
    let first = append(0, "12345").send().await.ok();
    assert_eq!(first.header("x-cos-next-append-position"), Some("5"));
    append(5, "6789").send().await.ok();
    let got = world.get("log").await.ok();
    assert_eq!(got.text(), "123456789");
    assert_eq!(
        got.header("x-cos-hash-crc64ecma"),
        Some("11051210869376104954")
    );
    assert_eq!(got.header("x-cos-object-type"), Some("appendable"));
    assert_eq!(
        append(5, "x").send().await.refusal(),
        (409, "AppendPositionErr".to_owned())
    );
    world.put("normal", b"x").await;
    let normal = world
        .call("POST", "normal")
        .param("append", "")
        .param("position", 1)
        .body("y");
    assert_eq!(
        normal.send().await.refusal(),
        (409, "ObjectNotAppendable".to_owned())
    );
}

#[tokio::test]
async fn tags_acl_restore() {
    let world = World::new().await;
    world.put("a", b"x").await;
    let tags = "<Tagging><TagSet><Tag><Key>k</Key><Value>v&amp;w</Value></Tag></TagSet></Tagging>";
    world
        .call("PUT", "a")
        .param("tagging", "")
        .body(tags)
        .send()
        .await
        .ok();
    let got = world
        .call("GET", "a")
        .param("tagging", "")
        .send()
        .await
        .ok();
    assert_eq!(got.element("Value").unwrap(), "v&amp;w");
    assert_eq!(
        world
            .call("DELETE", "a")
            .param("tagging", "")
            .send()
            .await
            .status,
        204
    );
    let bad = world
        .call("PUT", "a")
        .param("tagging", "")
        .body("<Tagging><TagSet>");
    assert_eq!(bad.send().await.refusal(), (400, "MalformedXML".to_owned()));

    world
        .call("PUT", "a")
        .param("acl", "")
        .header("x-cos-acl", "public-read")
        .send()
        .await
        .ok();
    assert_eq!(
        world.call("GET", "a").anonymous().send().await.ok().text(),
        "x"
    );
    assert_eq!(
        world.call("DELETE", "a").anonymous().send().await.status,
        403
    );
    let acl = world.call("GET", "a").param("acl", "").send().await.ok();
    assert_eq!(acl.elements("Permission"), ["READ", "FULL_CONTROL"]);

    world
        .call("PUT", "cold")
        .header("x-cos-storage-class", "ARCHIVE")
        .body("x")
        .send()
        .await
        .ok();
    assert_eq!(
        world.get("cold").await.refusal(),
        (403, "InvalidObjectState".to_owned())
    );
    let restore = |key: &'static str| {
        world
            .call("POST", key)
            .param("restore", "")
            .body("<RestoreRequest><Days>1</Days></RestoreRequest>")
    };
    assert_eq!(restore("cold").send().await.status, 202);
    assert_eq!(restore("cold").send().await.status, 200);
    world.get("cold").await.ok();
    world.emu.clock().advance_s(86_401);
    assert_eq!(world.get("cold").await.status, 403);
    assert_eq!(
        restore("a").send().await.refusal(),
        (405, "RestoreNonArchiveObject".to_owned())
    );
}

#[tokio::test]
async fn versions() {
    let world = World::new().await;
    assert_eq!(world.put("a", b"0").await.header("x-cos-version-id"), None);
    let on = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    world
        .call("PUT", "")
        .param("versioning", "")
        .body(on)
        .send()
        .await
        .ok();
    let one = world
        .put("a", b"1")
        .await
        .header("x-cos-version-id")
        .unwrap()
        .to_owned();
    world.put("a", b"2").await;
    assert_eq!(world.get("a").await.text(), "2");
    let old = |id: &str| world.call("GET", "a").param("versionId", id);
    assert_eq!(old(&one).send().await.text(), "1");
    assert_eq!(old("null").send().await.text(), "0");
    assert_eq!(
        old("nope").send().await.refusal(),
        (404, "NoSuchVersion".to_owned())
    );

    let gone = world.call("DELETE", "a").send().await;
    assert_eq!(gone.header("x-cos-delete-marker"), Some("true"));
    let marker = gone.header("x-cos-version-id").unwrap().to_owned();
    let missing = world.get("a").await;
    assert_eq!(
        (missing.status, missing.header("x-cos-delete-marker")),
        (404, Some("true"))
    );
    let list = world
        .call("GET", "")
        .param("versions", "")
        .send()
        .await
        .ok();
    assert_eq!(list.elements("VersionId").len(), 4);
    assert_eq!(list.text().matches("<DeleteMarker>").count(), 1);
    // Page by page gives the same.
    let (mut key, mut id, mut seen) = (String::new(), String::new(), 0);
    loop {
        let page = world
            .call("GET", "")
            .param("versions", "")
            .param("max-keys", 1);
        let page = page
            .param("key-marker", &key)
            .param("version-id-marker", &id)
            .send()
            .await
            .ok();
        seen += page.elements("VersionId").len();
        if page.element("IsTruncated").unwrap() == "false" {
            break;
        }
        key = page.element("NextKeyMarker").unwrap();
        id = page.element("NextVersionIdMarker").unwrap();
    }
    assert_eq!(seen, 4);
    world
        .call("DELETE", "a")
        .param("versionId", &marker)
        .send()
        .await
        .ok();
    assert_eq!(world.get("a").await.text(), "2");
}

#[tokio::test]
async fn buckets() {
    let world = World::new().await;
    let service = world
        .call("GET", "")
        .host("service.cos.myqcloud.com")
        .send()
        .await
        .ok();
    assert_eq!(service.elements("Name"), [BUCKET]);
    let host = "new-1250000000.cos.ap-beijing.myqcloud.com";
    world.call("PUT", "").host(host).send().await.ok();
    let again = world.call("PUT", "").host(host).send().await;
    assert_eq!(again.refusal(), (409, "BucketAlreadyOwnedByYou".to_owned()));
    let head = world.call("HEAD", "").host(host).send().await.ok();
    assert_eq!(head.header("x-cos-bucket-region"), Some("ap-beijing"));
    let location = world
        .call("GET", "")
        .host(host)
        .param("location", "")
        .send()
        .await
        .ok();
    assert_eq!(
        location.element("LocationConstraint").unwrap(),
        "ap-beijing"
    );
    world
        .call("PUT", "k")
        .host(host)
        .body("x")
        .send()
        .await
        .ok();
    assert_eq!(
        world.call("DELETE", "").host(host).send().await.refusal(),
        (409, "BucketNotEmpty".to_owned())
    );
    world.call("DELETE", "k").host(host).send().await.ok();
    assert_eq!(world.call("DELETE", "").host(host).send().await.status, 204);
    assert_eq!(world.call("HEAD", "").host(host).send().await.status, 404);

    assert_eq!(
        world
            .call("GET", "")
            .param("lifecycle", "")
            .send()
            .await
            .refusal()
            .1,
        "NoSuchLifecycleConfiguration"
    );
    let rule = "<LifecycleConfiguration><Rule/></LifecycleConfiguration>";
    world
        .call("PUT", "")
        .param("lifecycle", "")
        .body(rule)
        .send()
        .await
        .ok();
    assert_eq!(
        world
            .call("GET", "")
            .param("lifecycle", "")
            .send()
            .await
            .ok()
            .text(),
        rule
    );
    world
        .call("DELETE", "")
        .param("lifecycle", "")
        .send()
        .await
        .ok();
    assert_eq!(
        world
            .call("GET", "")
            .param("lifecycle", "")
            .send()
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn cors() {
    let world = World::new().await;
    let preflight = || {
        world
            .call("OPTIONS", "a")
            .anonymous()
            .header("origin", "https://app.example")
            .header("access-control-request-method", "PUT")
            .header(
                "access-control-request-headers",
                "authorization,x-cos-security-token",
            )
    };
    assert_eq!(
        preflight().send().await.refusal(),
        (403, "AccessForbidden".to_owned())
    );
    let rules = "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>PUT</AllowedMethod>\
        <AllowedHeader>*</AllowedHeader><ExposeHeader>ETag</ExposeHeader></CORSRule></CORSConfiguration>";
    world
        .call("PUT", "")
        .param("cors", "")
        .body(rules)
        .send()
        .await
        .ok();
    let allowed = preflight().send().await.ok();
    assert_eq!(allowed.header("access-control-allow-origin"), Some("*"));
    assert_eq!(
        allowed.header("access-control-allow-headers"),
        Some("authorization,x-cos-security-token")
    );
    let put = world
        .call("PUT", "a")
        .header("origin", "https://app.example")
        .body("x")
        .send()
        .await
        .ok();
    assert_eq!(put.header("access-control-expose-headers"), Some("ETag"));
}

#[tokio::test]
async fn header_names_are_spelled_as_the_service_does() {
    use std::io::{Read as _, Write as _};
    let world = World::new().await;
    world.put("a", b"x").await;
    world
        .call("PUT", "a")
        .param("acl", "")
        .header("x-cos-acl", "public-read")
        .send()
        .await
        .ok();
    let mut stream =
        std::net::TcpStream::connect(world.emu.http_url().replace("http://", "")).unwrap();
    write!(
        stream,
        "GET /a HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
        crate::client::HOST
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    for name in [
        "\r\nETag: ",
        "\r\nContent-Length: ",
        "\r\nLast-Modified: ",
        "\r\nx-cos-request-id: ",
        "\r\nDate: ",
    ] {
        assert!(text.contains(name), "{name} in {text}");
    }
}

#[tokio::test]
async fn traffic_limit_changes_nothing_but_speed() {
    let world = World::new().await;
    let limit = "838860800";
    world
        .call("PUT", "a")
        .header("x-cos-traffic-limit", limit)
        .body([7; 300_000])
        .send()
        .await
        .ok();
    let got = world
        .call("GET", "a")
        .param("x-cos-traffic-limit", limit)
        .send()
        .await
        .ok();
    assert_eq!(
        (got.body.len(), got.header("content-length")),
        (300_000, Some("300000"))
    );
}
