//! Every smaller operation on an ordinary and on a strict bucket of the emulator, and its refusals.

use std::time::Duration;

use cos_client::{
    Client, CorsRule, Crc64, ErrorKind, Method, RestoreState, RestoreTier, StorageClass, Versioning,
};
use futures_util::TryStreamExt;
use serde_json::json;

use crate::cloud::{Cloud, PLAIN};
use crate::server::{Server, ok};
use crate::setup::{REGION, builder, client};

/// The strict bucket and the ordinary one.
fn both(cloud: &Cloud) -> [Client; 2] {
    let client = cloud
        .builder()
        .credentials(cloud.sts(None))
        .build()
        .unwrap();
    let plain = client.for_bucket(PLAIN, REGION).unwrap();
    [client, plain]
}

async fn text(client: &Client, key: &str) -> String {
    let got = client.get_object(key).send().await.unwrap();
    String::from_utf8(got.bytes().await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn appending() {
    let cloud = Cloud::start().await;
    for client in both(&cloud) {
        let first = client.append_object("log", 0, "one,").send().await.unwrap();
        assert_eq!(
            (first.next_position, first.crc64),
            (4, Some(Crc64::of(b"one,")))
        );
        let second = client.append_object("log", 4, "two").send().await.unwrap();
        assert_eq!((second.next_position, second.crc64), (7, None));
        assert_eq!(text(&client, "log").await, "one,two");
        let meta = client.head_object("log").send().await.unwrap();
        assert!(meta.is_appendable);
        let error = client
            .append_object("log", 4, "x")
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.code(), Some("AppendPositionErr"));
        assert!(error.hint().unwrap().contains("HEAD"));
        client.put_object("plain", "x").send().await.unwrap();
        let error = client
            .append_object("plain", 1, "y")
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.code(), Some("ObjectNotAppendable"));
    }
}

#[tokio::test]
async fn an_append_whose_answer_was_lost_is_not_done_twice() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let lost = json!({"match": {"operation": "AppendObject"}, "action": {"drop_response": true}, "times": 1});
    cloud.fault(&lost);
    let first = client.append_object("log", 0, "one,").send().await.unwrap();
    assert_eq!(first.next_position, 4);
    cloud.fault(&lost);
    let more = client.append_object("log", 4, "two");
    let second = more.so_far(first.crc64.unwrap()).send().await.unwrap();
    assert_eq!(second.crc64, Some(Crc64::of(b"one,two")));
    assert_eq!(text(&client, "log").await, "one,two");
    // Without knowing what was there before, nobody can tell whose bytes these are.
    cloud.fault(&lost);
    let error = client
        .append_object("log", 7, "!")
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("AppendPositionErr"));
    assert!(
        error.hint().unwrap().contains("earlier attempt"),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_append_with_a_wrong_past_is_found_out() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    client.append_object("log", 0, "one").send().await.unwrap();
    let more = client
        .append_object("log", 3, "two")
        .so_far(Crc64::of(b"eno"));
    let error = more.send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Integrity, Some("AppendObject"))
    );
}

#[tokio::test]
async fn restoring() {
    let cloud = Cloud::start().await;
    for client in both(&cloud) {
        let archive = StorageClass::new("ARCHIVE").unwrap();
        client
            .put_object("old", "x")
            .storage_class(&archive)
            .send()
            .await
            .unwrap();
        let restore = || client.restore_object("old", 3).tier(RestoreTier::Bulk);
        let meta = client.head_object("old").send().await.unwrap();
        assert_eq!((meta.restore, meta.is_appendable), (None, false));
        assert!(!restore().send().await.unwrap().already_restored);
        let meta = client.head_object("old").send().await.unwrap();
        let day = Duration::from_secs(86_400);
        let left = match meta.restore {
            Some(RestoreState::Readable { until: Some(until) }) => {
                until.duration_since(meta.last_modified.unwrap()).unwrap()
            }
            other => panic!("{other:?}"),
        };
        assert!((2 * day..=4 * day).contains(&left), "{left:?}");
        assert_eq!(text(&client, "old").await, "x");
        assert!(restore().send().await.unwrap().already_restored);
        client.put_object("new", "x").send().await.unwrap();
        let error = client.restore_object("new", 3).send().await.unwrap_err();
        assert_eq!(error.code(), Some("RestoreNonArchiveObject"));
        let error = client.restore_object("old", 0).send().await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Config, 0));
    }
    cloud.emulator.clock().advance_s(4 * 86_400);
    let error = cloud.root().get_object("old").send().await.unwrap_err();
    assert!(error.hint().unwrap().contains("restore"));
}

#[tokio::test]
async fn tags() {
    let cloud = Cloud::start().await;
    for client in both(&cloud) {
        client
            .put_bucket_versioning(Versioning::Enabled)
            .await
            .unwrap();
        let old = client
            .put_object("k", "1")
            .send()
            .await
            .unwrap()
            .version_id
            .unwrap();
        client.put_object("k", "2").send().await.unwrap();
        let put = client.put_object_tagging("k", [("a", "<1>"), ("b c", "ü")]);
        put.version_id(&old).send().await.unwrap();
        assert!(
            client
                .get_object_tagging("k")
                .send()
                .await
                .unwrap()
                .is_empty()
        );
        let tags = client
            .get_object_tagging("k")
            .version_id(&old)
            .send()
            .await
            .unwrap();
        assert_eq!(
            tags,
            [("a", "<1>"), ("b c", "ü")]
                .map(|(k, v)| (k.into(), v.into()))
                .into()
        );
        client
            .delete_object_tagging("k")
            .version_id(&old)
            .send()
            .await
            .unwrap();
        let tags = client
            .get_object_tagging("k")
            .version_id(&old)
            .send()
            .await
            .unwrap();
        assert!(tags.is_empty());
        let many = (0..11).map(|i| (format!("t{i}"), ""));
        let error = client
            .put_object_tagging("k", many)
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.code(), Some("InvalidTag"));
        assert_eq!(
            client.get_bucket_tagging().await.unwrap_err().code(),
            Some("NoSuchTagSet")
        );
        client.put_bucket_tagging([("x", "y")]).await.unwrap();
        assert_eq!(client.get_bucket_tagging().await.unwrap()["x"], "y");
        client.delete_bucket_tagging().await.unwrap();
        assert!(client.get_bucket_tagging().await.is_err());
    }
}

#[tokio::test]
async fn access_rules() {
    let cloud = Cloud::start().await;
    for client in both(&cloud) {
        client.put_object("k", "x").send().await.unwrap();
        let put = client.put_object_acl("k").grant_read("100000000009");
        put.grant_read("100000000008").send().await.unwrap();
        let acl = client.get_object_acl("k").await.unwrap();
        assert!(!acl.is_public_read());
        assert!(acl.owner.contains("uin/"), "{acl:?}");
        let of = |uin: &str| {
            acl.grants
                .iter()
                .any(|g| g.grantee.contains(uin) && g.permission == "READ")
        };
        assert!(of("100000000009") && of("100000000008"), "{acl:?}");
        client
            .put_bucket_acl()
            .canned("public-read")
            .send()
            .await
            .unwrap();
        assert!(client.get_bucket_acl().await.unwrap().is_public_read());
        let error = client
            .put_object_acl("missing")
            .canned("private")
            .send()
            .await;
        assert_eq!(error.unwrap_err().code(), Some("NoSuchKey"));
    }
}

#[tokio::test]
async fn versions_in_pages() {
    let cloud = Cloud::start().await;
    for client in both(&cloud) {
        client
            .put_bucket_versioning(Versioning::Enabled)
            .await
            .unwrap();
        let mut written = Vec::new();
        for key in ["a/+", "a/ü", "b"] {
            for content in ["1", "22", "333"] {
                cloud.emulator.clock().advance_s(1);
                let put = client.put_object(key, content).send().await.unwrap();
                written.push((key.to_owned(), put.version_id.unwrap()));
            }
        }
        cloud.emulator.clock().advance_s(1);
        let mark = client.delete_object("b").send().await.unwrap();
        written.push(("b".into(), mark.version_id.unwrap()));
        // Keys ascend, versions go from new to old.
        written.reverse();
        written.sort_by(|a, b| a.0.cmp(&b.0));
        let request = client.list_object_versions().max_keys(2);
        let pages: Vec<_> = request.clone().stream().try_collect().await.unwrap();
        assert_eq!(pages.len(), 5);
        let all: Vec<_> = request.versions().try_collect().await.unwrap();
        let listed: Vec<_> = all
            .iter()
            .map(|v| (v.key.clone(), v.version_id.clone()))
            .collect();
        assert_eq!(listed, written);
        let newest: Vec<_> = all.iter().filter(|v| v.is_latest).map(|v| v.size).collect();
        assert_eq!(newest, [3, 3, 0]);
        assert_eq!(all.iter().filter(|v| v.is_delete_marker).count(), 1);
        let folders = client
            .list_object_versions()
            .delimiter("/")
            .send()
            .await
            .unwrap();
        assert_eq!(folders.common_prefixes, ["a/"]);
        let error = client
            .list_object_versions()
            .max_keys(0)
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}

#[tokio::test]
async fn settings_of_a_bucket() {
    let cloud = Cloud::start().await;
    for client in both(&cloud) {
        assert_eq!(client.get_bucket_location().await.unwrap(), REGION);
        client
            .put_bucket_versioning(Versioning::Enabled)
            .await
            .unwrap();
        client
            .put_bucket_versioning(Versioning::Suspended)
            .await
            .unwrap();
        assert_eq!(
            client.get_bucket_versioning().await.unwrap(),
            Versioning::Suspended
        );
        let error = client
            .put_bucket_versioning(Versioning::Off)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);

        let error = client.get_bucket_lifecycle().await.unwrap_err();
        assert_eq!(error.code(), Some("NoSuchLifecycleConfiguration"));
        let document = "<LifecycleConfiguration><Rule><ID>ü</ID></Rule></LifecycleConfiguration>";
        client.put_bucket_lifecycle(document).await.unwrap();
        assert_eq!(client.get_bucket_lifecycle().await.unwrap(), document);
        client.delete_bucket_lifecycle().await.unwrap();
        assert!(client.get_bucket_lifecycle().await.is_err());

        assert_eq!(
            client.get_bucket_policy().await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        client
            .put_bucket_policy("{\"Statement\":[]}")
            .await
            .unwrap();
        assert_eq!(
            client.get_bucket_policy().await.unwrap(),
            "{\"Statement\":[]}"
        );
        client.delete_bucket_policy().await.unwrap();
        assert!(client.get_bucket_policy().await.is_err());
    }
}

#[tokio::test]
async fn rules_for_web_pages() {
    let cloud = Cloud::start().await;
    for client in both(&cloud) {
        let error = client.get_bucket_cors().await.unwrap_err();
        assert_eq!(error.code(), Some("NoSuchCORSConfiguration"));
        let mut rule = CorsRule::new(["https://a.example"], ["PUT", "GET"]);
        rule.allowed_headers = vec!["x-cos-*".into()];
        rule.expose_headers = vec!["ETag".into()];
        rule.max_age_s = Some(60);
        client
            .put_bucket_cors(std::slice::from_ref(&rule))
            .await
            .unwrap();
        assert_eq!(client.get_bucket_cors().await.unwrap(), [rule]);
        let check = client.check_cors("a b", "https://a.example", Method::PUT);
        let allowed = check
            .request_header("x-cos-meta-a")
            .request_header("x-cos-acl");
        let allowed = allowed.send().await.unwrap();
        assert_eq!(allowed.origin, "https://a.example");
        assert_eq!(allowed.methods, ["PUT", "GET"]);
        assert_eq!(allowed.headers, ["x-cos-meta-a", "x-cos-acl"]);
        assert_eq!(
            (allowed.expose_headers, allowed.max_age_s),
            (vec!["ETag".into()], Some(60))
        );
        let refused = client.check_cors("k", "https://a.example", Method::DELETE);
        let error = refused.send().await.unwrap_err();
        assert_eq!(error.code(), Some("AccessForbidden"));
        assert!(error.hint().unwrap().contains("CORS"));
        client.delete_bucket_cors().await.unwrap();
        assert!(client.get_bucket_cors().await.is_err());
    }
}

#[tokio::test]
async fn forms() {
    let cloud = Cloud::start().await;
    let [client, _] = both(&cloud);
    let form = client
        .post_form("up/${filename}", Duration::from_secs(60))
        .content_length(2..=5)
        .field("x-cos-meta-a", "b")
        .field("success_action_status", "201")
        .sign()
        .await
        .unwrap();
    assert!(form.url.ends_with(".myqcloud.com/"));
    let shown = format!("{form:?}");
    for (name, value) in &form.fields {
        assert!(shown.contains(name));
        assert!(!name.starts_with("q-sig") || !shown.contains(value));
    }
    // A stranger's client: the form is all it has.
    let stranger = cloud
        .builder()
        .credentials(cos_sts::StaticProvider::new(
            cos_sts::Credentials::permanent("AKIDnobody", "nothing").unwrap(),
        ))
        .build()
        .unwrap();
    let put = stranger
        .post_object(&form, "a b.txt", "1234")
        .await
        .unwrap();
    assert_eq!(put.crc64, Crc64::of(b"1234"));
    let meta = client.head_object("up/a b.txt").send().await.unwrap();
    assert_eq!(meta.metadata["a"], "b");
    let error = stranger
        .post_object(&form, "a", "123456")
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("EntityTooLarge"));
    let mut forged = form.clone();
    forged.fields[0].1 = "elsewhere".into();
    let error = stranger
        .post_object(&forged, "a", "1234")
        .await
        .unwrap_err();
    assert_eq!((error.code(), error.attempts()), (Some("AccessDenied"), 1));
    assert!(error.hint().unwrap().contains("form"), "{error:?}");
    let open = client
        .post_form("mine/x", Duration::from_secs(60))
        .key_starts_with("mine/")
        .sign()
        .await
        .unwrap();
    let mut chosen = open.clone();
    chosen.fields[0].1 = "mine/y".into();
    stranger.post_object(&chosen, "a", "").await.unwrap();
    assert_eq!(text(&client, "mine/y").await, "");
    cloud.emulator.clock().advance_s(61);
    let error = stranger.post_object(&open, "a", "1").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::AccessDenied, 1)
    );
}

#[tokio::test]
async fn links() {
    let server = Server::start(|_, seen| match seen.method.as_str() {
        "GET" => ok().with("x-cos-symlink-target", "a%20b/%E6%96%87"),
        _ => ok(),
    })
    .await;
    let client = client(&server.url);
    client
        .put_symlink("latest", "a b/文")
        .forbid_overwrite()
        .send()
        .await
        .unwrap();
    assert_eq!(client.get_symlink("latest").await.unwrap(), "a b/文");
    assert_eq!(
        server.summary(),
        ["PUT /latest?symlink", "GET /latest?symlink"]
    );
    let put = &server.seen()[0];
    assert_eq!(put.header("x-cos-symlink-target"), Some("a%20b/%E6%96%87"));
    assert_eq!(put.header("x-cos-forbid-overwrite"), Some("true"));
    let signed = put.header("authorization").unwrap();
    assert!(signed.contains("x-cos-symlink-target"), "{signed}");
    let silent = Server::start(|_, _| ok()).await;
    let error = builder(&silent.url)
        .build()
        .unwrap()
        .get_symlink("k")
        .await
        .unwrap_err();
    assert_eq!(error.operation(), Some("GetSymlink"));
}

#[tokio::test]
async fn creating_a_bucket_with_wishes() {
    let server = Server::start(|_, seen| match seen.method.as_str() {
        "HEAD" => ok().with("x-cos-bucket-az-type", "MAZ"),
        _ => ok(),
    })
    .await;
    let client = client(&server.url);
    let create = client.create_bucket().acl("public-read").multi_az();
    let create = create.tag("team a", "1+1").tag("b", "");
    create.send().await.unwrap();
    assert!(client.head_bucket().await.unwrap().is_multi_az);
    let put = &server.seen()[0];
    assert_eq!(put.header("x-cos-acl"), Some("public-read"));
    assert_eq!(put.header("x-cos-tagging"), Some("b=&team%20a=1%2B1"));
    let body = String::from_utf8_lossy(&put.body).into_owned();
    assert!(
        body.contains("<BucketAZConfig>MAZ</BucketAZConfig>"),
        "{body}"
    );
    assert_eq!(put.header("content-type"), Some("application/xml"));
    let wrong = client.create_bucket().header("host", "x");
    assert_eq!(wrong.await.unwrap_err().kind(), ErrorKind::Config);
}
