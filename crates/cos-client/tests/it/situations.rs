//! What goes wrong in practice, and what a person is told: one row per situation.

use std::time::Duration;

use cos_client::{
    Client, ClientBuilder, ETag, Error, ErrorKind, Method, PartNumber, RetryPolicy, StorageClass,
    UploadId,
};
use cos_sts::{Credentials, StaticProvider};
use serde_json::json;

use crate::cloud::Cloud;
use crate::server::{Answer, Server, refuse};
use crate::setup::{BUCKET, NOW, REGION, builder};

/// Situations and what was told: kind, code, a piece of the hint.
#[derive(Default)]
struct Told {
    rows: usize,
    wrong: Vec<String>,
}

impl Told {
    fn expect<T>(
        &mut self,
        situation: &str,
        result: Result<T, Error>,
        kind: ErrorKind,
        code: &str,
        hint: &str,
    ) {
        self.rows += 1;
        let Err(error) = result else {
            self.wrong.push(format!("{situation}: it succeeded"));
            return;
        };
        let code = Some(code).filter(|c| !c.is_empty());
        let told = error.hint().unwrap_or("");
        if error.kind() != kind || error.code() != code || !told.contains(hint) {
            self.wrong.push(format!("{situation}: {error:?}"));
        }
    }
}

use ErrorKind::{AccessDenied, Network, NotFound, Precondition, Service, Timeout};

#[tokio::test]
async fn on_the_emulator() {
    let cloud = Cloud::start().await;
    let root = cloud.root();
    let mut told = Told::default();
    let t = &mut told;
    let etag = root
        .put_object("k", "0123456789")
        .send()
        .await
        .unwrap()
        .etag
        .unwrap();

    let r = root.get_object("none").send().await;
    t.expect(
        "no such object",
        r,
        NotFound,
        "NoSuchKey",
        "no object \"none\"",
    );
    let r = root.head_object("none").send().await;
    t.expect(
        "the same by HEAD",
        r,
        NotFound,
        "",
        "object \"none\" was not found",
    );
    let other = root.for_bucket("none-1250000000", REGION).unwrap();
    let r = other.put_object("k", "x").send().await;
    t.expect(
        "no such bucket",
        r,
        NotFound,
        "NoSuchBucket",
        "check the name",
    );
    let r = root
        .for_bucket(BUCKET, "ap-shanghai")
        .unwrap()
        .get_object("k")
        .send()
        .await;
    let there = "bucket demo-1250000000 is in ap-guangzhou, not in ap-shanghai";
    t.expect("another region", r, NotFound, "NoSuchBucket", there);
    let narrow = cloud.allowed(&["name/cos:GetObject"]).await;
    let narrow = narrow.for_bucket(BUCKET, "ap-shanghai").unwrap();
    let r = narrow.get_object("k").send().await;
    t.expect(
        "another region, and no list of buckets",
        r,
        NotFound,
        "NoSuchBucket",
        "does not exist in region ap-shanghai",
    );

    let reader = cloud.allowed(&["name/cos:GetObject"]).await;
    let r = reader.put_object("k", "x").send().await;
    let lacks =
        "lacks name/cos:PutObject on qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/k";
    t.expect(
        "the policy lacks an action",
        r,
        AccessDenied,
        "AccessDenied",
        lacks,
    );
    let r = reader.list_objects().send().await;
    t.expect(
        "listing is not allowed",
        r,
        AccessDenied,
        "AccessDenied",
        "name/cos:GetBucket on",
    );
    let r = reader.head_object("k").send().await;
    t.expect(
        "HEAD is not allowed",
        r,
        AccessDenied,
        "",
        "name/cos:HeadObject",
    );

    let with = |credentials| {
        let provider = StaticProvider::new(credentials);
        cloud.builder().credentials(provider).build().unwrap()
    };
    let id = cloud.emulator.accounts()[0].secret_id.clone();
    let r = with(Credentials::permanent(&id, "wrong").unwrap())
        .get_object("k")
        .send()
        .await;
    t.expect(
        "a wrong key",
        r,
        AccessDenied,
        "SignatureDoesNotMatch",
        "secret key does not belong",
    );
    let r = with(Credentials::permanent("AKIDnone", "x").unwrap())
        .get_object("k")
        .send()
        .await;
    t.expect(
        "an unknown id",
        r,
        AccessDenied,
        "InvalidAccessKeyId",
        "need their session token",
    );

    let r = root
        .get_object("k")
        .if_match(&ETag::new("\"0\""))
        .send()
        .await;
    t.expect(
        "If-Match",
        r,
        Precondition,
        "PreconditionFailed",
        "ask HEAD",
    );
    let r = root.get_object("k").if_none_match(&etag).send().await;
    t.expect("If-None-Match", r, Precondition, "", "still current");
    let r = root.put_object("k", "x").forbid_overwrite().send().await;
    t.expect(
        "overwriting",
        r,
        Precondition,
        "FileAlreadyExists",
        "overwriting was forbidden",
    );
    let r = root.get_object("k").range(99..).send().await;
    t.expect(
        "a range behind the end",
        r,
        Service,
        "InvalidRange",
        "HEAD tells its size",
    );

    let archive = StorageClass::new("ARCHIVE").unwrap();
    root.put_object("old", "x")
        .storage_class(&archive)
        .send()
        .await
        .unwrap();
    let r = root.get_object("old").send().await;
    t.expect(
        "an archived object",
        r,
        AccessDenied,
        "InvalidObjectState",
        "restore it",
    );
    let r = root.restore_object("k", 1).send().await;
    t.expect(
        "restoring what is not archived",
        r,
        Service,
        "RestoreNonArchiveObject",
        "as it is",
    );

    let upload = UploadId::new("none").unwrap();
    let r = root.list_parts("k", &upload).send().await;
    t.expect(
        "an upload that is gone",
        r,
        NotFound,
        "NoSuchUpload",
        "completed, aborted",
    );
    let id = root.initiate_multipart_upload("p").send().await.unwrap();
    let mut parts = Vec::new();
    for number in [1, 2] {
        let number = PartNumber::new(number).unwrap();
        parts.push(
            root.upload_part("p", &id, number, "small")
                .send()
                .await
                .unwrap()
                .part,
        );
    }
    let r = root
        .complete_multipart_upload("p", &id, parts.clone())
        .send()
        .await;
    t.expect(
        "a small part",
        r,
        Service,
        "EntityTooSmall",
        "at least 1 MB",
    );
    parts[0].etag = ETag::new("\"0\"");
    let r = root.complete_multipart_upload("p", &id, parts).send().await;
    t.expect(
        "a replaced part",
        r,
        Service,
        "InvalidPart",
        "list the parts",
    );

    let r = root.delete_bucket().await;
    t.expect(
        "deleting a full bucket",
        r,
        Service,
        "BucketNotEmpty",
        "delete its objects",
    );
    let r = root.create_bucket().await;
    t.expect(
        "creating it again",
        r,
        Service,
        "BucketAlreadyOwnedByYou",
        "use it",
    );
    let r = root.get_bucket_tagging().await;
    t.expect("no tags", r, NotFound, "NoSuchTagSet", "put_bucket_tagging");
    let r = root.get_bucket_lifecycle().await;
    t.expect(
        "no rules",
        r,
        NotFound,
        "NoSuchLifecycleConfiguration",
        "put_bucket_lifecycle",
    );
    let r = root.put_bucket_cors(&[]).await;
    t.expect(
        "an empty document",
        r,
        Service,
        "MalformedXML",
        "documentation",
    );
    let r = root
        .check_cors("k", "https://example.com", Method::PUT)
        .send()
        .await;
    t.expect(
        "a web page",
        r,
        AccessDenied,
        "AccessForbidden",
        "put_bucket_cors",
    );
    let r = root.put_object_tagging("k", [("", "x")]).send().await;
    t.expect("a bad tag", r, Service, "InvalidTag", "at most 10 tags");
    let r = root.append_object("k", 10, "x").send().await;
    t.expect(
        "appending to a plain object",
        r,
        Service,
        "ObjectNotAppendable",
        "append_object",
    );
    root.append_object("log", 0, "x").send().await.unwrap();
    let r = root.append_object("log", 7, "x").send().await;
    t.expect(
        "appending elsewhere",
        r,
        Service,
        "AppendPositionErr",
        "present length",
    );

    cloud.fault(&json!({"match": {}, "action": {"status": 503, "code": "SlowDown"}}));
    let r = root.get_object("k").send().await;
    t.expect(
        "too many requests",
        r,
        Service,
        "SlowDown",
        "lower the concurrency",
    );

    assert!(told.wrong.is_empty(), "{:#?}", told.wrong);
    assert_eq!(told.rows, 29);
}

/// A client for a server that always says the same.
async fn told_by(answer: Answer, set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Error {
    let server = Server::start(move |_, _| answer.clone()).await;
    let client: Client = set_up(builder(&server.url)).build().unwrap();
    client.put_object("k", "x").send().await.unwrap_err()
}

#[tokio::test]
async fn on_a_scripted_server() {
    let mut told = Told::default();
    let t = &mut told;
    let same = |b: ClientBuilder| b;
    let key = |end: u64| {
        let key = Credentials::temporary("AKIDtmp", "s", "t", None, end).unwrap();
        move |b: ClientBuilder| b.credentials(StaticProvider::new(key))
    };
    let date = |s: u64| {
        let time = std::time::UNIX_EPOCH + Duration::from_secs(s);
        httpdate::fmt_http_date(time)
    };
    for (situation, answer, kind, code, hint) in [
        (
            "a large PUT",
            refuse(400, "EntityTooLarge", ""),
            Service,
            "EntityTooLarge",
            "in parts",
        ),
        (
            "no acceleration",
            refuse(400, "BucketAccelerateNotEnabled", ""),
            Service,
            "BucketAccelerateNotEnabled",
            "switch global acceleration on",
        ),
        (
            "a taken name",
            refuse(409, "BucketAlreadyExists", ""),
            Service,
            "BucketAlreadyExists",
            "another name",
        ),
        (
            "no money",
            refuse(402, "PaymentRequired", ""),
            Service,
            "PaymentRequired",
            "arrears",
        ),
        (
            "damage on the way",
            refuse(400, "BadDigest", ""),
            Service,
            "BadDigest",
            "check the network",
        ),
        (
            "a redirect",
            refuse(301, "", ""),
            Service,
            "",
            "another region than ap-guangzhou",
        ),
        (
            "a redirect that says where",
            refuse(301, "", "").with("x-cos-bucket-region", "ap-shanghai"),
            Service,
            "",
            "bucket demo-1250000000 is in ap-shanghai, not in ap-guangzhou",
        ),
        (
            "a bucket operation at the acceleration domain",
            refuse(400, "ActionAccelerateNotSupported", ""),
            Service,
            "ActionAccelerateNotSupported",
            "the bucket's own domain",
        ),
        (
            "a clock 7 minutes slow",
            refuse(403, "RequestTimeTooSkewed", "").with("date", date(NOW + 420)),
            AccessDenied,
            "RequestTimeTooSkewed",
            "clock of this machine is 7 min slow",
        ),
    ] {
        t.expect(
            situation,
            Err::<(), _>(told_by(answer, same).await),
            kind,
            code,
            hint,
        );
    }
    let expired = || refuse(403, "AccessDenied", "Request has expired").with("date", date(NOW));
    let r = Err::<(), _>(told_by(expired(), key(NOW - 12)).await);
    t.expect(
        "a key that is over",
        r,
        AccessDenied,
        "AccessDenied",
        "expired 12 s ago",
    );
    let r = Err::<(), _>(told_by(refuse(403, "InvalidAccessKeyId", ""), key(NOW + 600)).await);
    t.expect(
        "a revoked key",
        r,
        AccessDenied,
        "InvalidAccessKeyId",
        "revoked; fetch new",
    );
    let gateway = Answer::Say {
        status: 502,
        headers: vec![],
        body: b"<html>".to_vec(),
        cut: None,
        held: None,
    };
    let r = Err::<(), _>(told_by(gateway, same).await);
    t.expect("a gateway's page", r, Service, "", "a proxy or gateway");
    let r = Err::<(), _>(told_by(Answer::Close, same).await);
    t.expect(
        "a closed connection",
        r,
        Network,
        "",
        "check what stands in between",
    );
    let hurried = |b: ClientBuilder| {
        b.read_timeout(Duration::from_millis(50))
            .retry(RetryPolicy::none())
    };
    let r = Err::<(), _>(told_by(Answer::Hang, hurried).await);
    t.expect("no answer", r, Timeout, "", "raise read_timeout");
    let nobody = builder("http://127.0.0.1:1").build().unwrap();
    let r = nobody.put_object("k", "x").send().await;
    t.expect("nobody listens", r, Network, "", "nothing listens there");
    assert!(told.wrong.is_empty(), "{:#?}", told.wrong);
    assert_eq!(told.rows, 15);
}
