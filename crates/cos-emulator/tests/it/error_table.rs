//! Rows of the service's error table that no other test meets.

use crate::client::{Call, HOST, World};

const CORS: &str = "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin>\
    <AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>";

/// Each call is refused with that status and code.
async fn refused<const N: usize>(rows: [(Call<'_>, u16, &str); N]) {
    for (number, (call, status, code)) in rows.into_iter().enumerate() {
        let reply = call.send().await;
        let got = reply.refusal();
        assert_eq!(
            got,
            (status, code.to_owned()),
            "row {number}: {}",
            reply.text()
        );
    }
}

#[tokio::test]
async fn buckets() {
    let world = World::new().await;
    let at = |method, host: &str| world.call(method, "").host(host);
    let elsewhere = "demo-1250000000.cos.ap-beijing.myqcloud.com";
    refused([
        (
            at("PUT", "-bad--1250000000.cos.ap-guangzhou.myqcloud.com"),
            400,
            "InvalidBucketName",
        ),
        (at("PUT", HOST), 409, "BucketAlreadyOwnedByYou"),
        (at("GET", elsewhere), 404, "NoSuchBucket"),
        (
            at("POST", "service.cos.myqcloud.com"),
            405,
            "MethodNotAllowed",
        ),
    ])
    .await;
}

#[tokio::test]
async fn sub_resources_that_are_not_there() {
    let world = World::new().await;
    for (name, code) in [
        ("cors", "NoSuchCORSConfiguration"),
        ("lifecycle", "NoSuchLifecycleConfiguration"),
        ("policy", "NoSuchBucketPolicy"),
        ("website", "NoSuchWebsiteConfiguration"),
        ("tagging", "NoSuchTagSet"),
        ("encryption", "NoSuchEncryptionConfiguration"),
        ("replication", "ReplicationConfigurationNotFoundError"),
        ("origin", "NoSuchConfiguration"),
    ] {
        refused([(world.call("GET", "").param(name, ""), 404, code)]).await;
    }
}

#[tokio::test]
async fn documents() {
    let world = World::new().await;
    world.put("a", b"x").await;
    let put = |name: &str, body: &str| world.call("PUT", "").param(name, "").body(body);
    let delete = |body: String| {
        use base64::Engine as _;
        use md5::Digest as _;
        let md5 = base64::engine::general_purpose::STANDARD.encode(md5::Md5::digest(&body));
        let call = world.call("POST", "").param("delete", "");
        call.header("content-md5", md5).body(body)
    };
    let object = "<Object><Key>k</Key></Object>";
    let tag = |n: usize| format!("<Tag><Key>k{n}</Key><Value>v</Value></Tag>");
    let tags = |n| (0..n).map(tag).collect::<String>();
    let tagging = |n| format!("<Tagging><TagSet>{}</TagSet></Tagging>", tags(n));
    refused([
        (put("cors", "<CORSConfiguration>"), 400, "MalformedXML"),
        (put("cors", "<CORSConfiguration/>"), 400, "MalformedXML"),
        (put("lifecycle", ""), 400, "MissingRequestBodyError"),
        (
            put("cors", &" ".repeat(2 * 1024 * 1024 + 1)),
            400,
            "XMLSizeLimit",
        ),
        (
            put("cors", CORS).header("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
            400,
            "BadDigest",
        ),
        (delete("<Delete>".to_owned()), 400, "MalformedXML"),
        (
            delete(format!("<Delete>{}</Delete>", object.repeat(1001))),
            400,
            "MalformedXML",
        ),
        (
            world
                .call("PUT", "a")
                .param("tagging", "")
                .body(tagging(11)),
            400,
            "InvalidTag",
        ),
        (
            world
                .call("PUT", "b")
                .header("x-cos-tagging", "=v")
                .body("x"),
            400,
            "InvalidTag",
        ),
    ])
    .await;
}

#[tokio::test]
async fn copies_and_versions() {
    let world = World::new().await;
    world.put("a", b"x").await;
    let copy = |source: &str| world.call("PUT", "c").header("x-cos-copy-source", source);
    refused([
        (copy("nonsense"), 400, "InvalidCopySource"),
        (
            copy("demo-1250000000.example.com/a"),
            400,
            "InvalidCopySource",
        ),
        (copy(&format!("{HOST}/none")), 404, "NoSuchCopySource"),
        (
            world.call("GET", "a").param("versionId", "none"),
            404,
            "NoSuchVersion",
        ),
        (
            world
                .call("POST", "a")
                .param("restore", "")
                .body("<RestoreRequest><Days>1</Days></RestoreRequest>"),
            405,
            "RestoreNonArchiveObject",
        ),
    ])
    .await;
}

#[tokio::test]
async fn forms() {
    let world = World::new().await;
    let post = async |kind: &str, body: &'static str| {
        let sent = world.http.post(world.emu.http_url()).header("host", HOST);
        let sent = sent.header("content-type", kind).body(body);
        crate::client::reply(sent.send().await.unwrap())
            .await
            .refusal()
    };
    let malformed = (400, "MalformedPOSTRequest".to_owned());
    assert_eq!(
        post("text/plain", "x").await,
        (501, "NotImplemented".to_owned())
    );
    assert_eq!(
        post("multipart/form-data; boundary=b", "no boundary at all").await,
        malformed
    );
    let signed = "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na\r\n\
        --b\r\nContent-Disposition: form-data; name=\"q-signature\"\r\n\r\n0\r\n\
        --b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--\r\n";
    assert_eq!(
        post("multipart/form-data; boundary=b", signed).await,
        (400, "InvalidPolicyDocument".to_owned())
    );
}

/// A signature counts for one method, key, host, parameter, header and time; every one changed alone is refused.
#[tokio::test]
async fn one_bit_of_any_signed_part() {
    let world = World::new().await;
    let put = || {
        world
            .call("PUT", "dir/a")
            .param("versionId", "1")
            .header("content-type", "text/plain")
            .body("x")
    };
    type Change = fn(String) -> String;
    let flips: [(Change, u16, &str); 8] = [
        (
            |a| a.replace("q-sign-algorithm=sha1", "q-sign-algorithm=sha0"),
            400,
            "InvalidArgument",
        ),
        (
            |a| a.replace("q-ak=AKID", "q-ak=AKIE"),
            403,
            "InvalidAccessKeyId",
        ),
        (
            |a| flipped(&a, "q-sign-time=17"),
            403,
            "SignatureDoesNotMatch",
        ),
        (
            |a| flipped(&a, "q-key-time=17"),
            403,
            "SignatureDoesNotMatch",
        ),
        (
            |a| a.replace("content-length;", ""),
            403,
            "SignatureDoesNotMatch",
        ),
        (
            |a| a.replace("content-type", "content-typf"),
            403,
            "SignatureDoesNotMatch",
        ),
        (
            |a| a.replace("param-list=versionid", "param-list=versionie"),
            403,
            "SignatureDoesNotMatch",
        ),
        (
            |a| flipped(&a, "q-signature="),
            403,
            "SignatureDoesNotMatch",
        ),
    ];
    for (flip, status, code) in flips {
        refused([(put().tamper(flip), status, code)]).await;
    }
    // What was signed arrives changed: each value is sent a second time, and the second counts too.
    let value = put().unsigned("content-type", "text/plaim");
    refused([(value, 403, "SignatureDoesNotMatch")]).await;
    for (what, changed) in [
        ("path", "/dir/b"),
        ("param", "/dir/a?versionId=2"),
        ("host", "/dir/a"),
    ] {
        let (path, query) = changed.split_once('?').unwrap_or((changed, "versionId=1"));
        let host = if what == "host" {
            HOST.replace("demo-", "demp-")
        } else {
            HOST.to_owned()
        };
        let signed = signed_for_dir_a(&world);
        let sent = world
            .http
            .put(format!("{}{path}?{query}&{signed}", world.emu.http_url()))
            .header("host", host)
            .body("x");
        let got = crate::client::reply(sent.send().await.unwrap())
            .await
            .refusal();
        let wanted = if what == "host" {
            (404, "NoSuchBucket")
        } else {
            (403, "SignatureDoesNotMatch")
        };
        assert_eq!(got, (wanted.0, wanted.1.to_owned()), "{what}");
    }
    assert_eq!(world.get("dir/a").await.status, 404);
}

/// Changes the last bit of the character after `name`.
fn flipped(text: &str, name: &str) -> String {
    let at = text.find(name).unwrap() + name.len();
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] ^= 1;
    String::from_utf8(bytes).unwrap()
}

fn signed_for_dir_a(world: &World) -> String {
    use cos_sign_core::{KeyTime, Request, SignKey, Signer};
    let now = world.emu.clock().now_s();
    let window = KeyTime::new(now - 5, now + 60).unwrap();
    let key = SignKey::derive(&world.root.key, window).unwrap();
    let request = Request {
        method: "PUT",
        path: "/dir/a",
        params: &[("versionId", "1")],
        headers: &[("host", HOST)],
    };
    let query = Signer::new(&world.root.id, &key)
        .presigned_query(&request)
        .unwrap();
    query.replace("versionId=1&", "")
}
