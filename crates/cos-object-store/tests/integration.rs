//! `object_store`'s own suite, against the emulator, with temporary credentials; and what is ours.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::error::Error as _;

use cos_client::{Client, Versioning};
use cos_emulator::{Config, Emulator, FaultRule};
use cos_object_store::CosStore;
use cos_sts::policy::Policy;
use cos_sts::{
    AssumeRoleRequest, CachingProvider, CredentialProvider, Credentials, RoleSource,
    StaticProvider, StsClient,
};
use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, CopyMode, CopyOptions, Error, ObjectStore, ObjectStoreExt, PutMode,
    PutOptions, TagSet, integration,
};
use serde_json::json;

struct Cloud(Emulator);

impl Cloud {
    async fn start() -> Self {
        // Everything that is sent must be signed.
        let mut config = Config::default();
        config.buckets[0].strict_signature = true;
        Self(Emulator::builder().config(config).start().await.unwrap())
    }

    fn store(&self, credentials: impl CredentialProvider) -> CosStore {
        let client = Client::builder()
            .bucket("demo-1250000000")
            .region("ap-guangzhou")
            .endpoint(self.0.http_url())
            .credentials(credentials);
        CosStore::new(client.build().unwrap())
    }

    fn keys(&self) -> Credentials {
        let account = &self.0.accounts()[0];
        Credentials::permanent(&account.secret_id, &account.secret_key).unwrap()
    }

    /// With keys of a role, narrowed to these actions.
    fn allowed(&self, actions: &[&str]) -> CosStore {
        let sts = StsClient::builder(self.keys()).endpoint(self.0.http_url());
        let policy = json!({"version": "2.0", "statement": [{
            "effect": "allow", "action": actions,
            "resource": ["qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/*"],
        }]});
        let role = "qcs::cam::uin/100000000001:roleName/uploader";
        let request = AssumeRoleRequest::new(role, "store")
            .policy(Policy::parse(&policy.to_string()).unwrap());
        let source = RoleSource::new(sts.build().unwrap(), request);
        self.store(CachingProvider::new(source))
    }

    fn temporary(&self) -> CosStore {
        self.allowed(&["name/cos:*"])
    }

    fn seen(&self, operation: &str) -> usize {
        let log = self.0.log_since(0);
        log.iter().filter(|r| r.operation == operation).count()
    }
}

#[tokio::test]
async fn the_suite_of_object_store() {
    let cloud = Cloud::start().await;
    let store = cloud.temporary();
    integration::put_get_delete_list(&store).await;
    integration::put_get_attributes(&store).await;
    integration::get_opts(&store).await;
    integration::put_opts(&store, false).await;
    integration::list_uses_directories_correctly(&store).await;
    integration::list_with_delimiter(&store).await;
    integration::rename_and_copy(&store).await;
    integration::copy_if_not_exists(&store).await;
    integration::copy_rename_nonexistent_object(&store).await;
    integration::list_paginated(&store, &store).await;
    integration::list_with_offset_exclusivity(&store).await;
    let nothing = integration::get_nonexistent_object(&store, None).await;
    assert!(matches!(nothing, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn the_suite_of_object_store_in_parts() {
    let cloud = Cloud::start().await;
    let store = cloud.temporary();
    integration::stream_get(&store).await;
    integration::multipart(&store, &store).await;
    integration::multipart_with_opts(&store, &store).await;
    integration::multipart_put_part_out_of_order(&store, &store).await;
    integration::multipart_out_of_order(&store).await;
    integration::multipart_race_condition(&store, true).await;
}

#[tokio::test]
async fn the_suite_of_object_store_where_versions_are_kept() {
    let cloud = Cloud::start().await;
    let store = cloud.temporary();
    let client = store.client();
    client
        .put_bucket_versioning(Versioning::Enabled)
        .await
        .unwrap();
    // Reads a former version, too.
    integration::get_opts(&store).await;
    let path = Path::from("k");
    store.put(&path, "x".into()).await.unwrap();
    // There the service would overwrite.
    let create = store.put_opts(&path, "y".into(), PutMode::Create.into());
    assert!(matches!(create.await, Err(Error::NotSupported { .. })));
    let copy = CopyOptions::new().with_mode(CopyMode::Create);
    let copy = store.copy_opts(&path, &Path::from("other"), copy).await;
    assert!(matches!(copy, Err(Error::NotSupported { .. })));
    assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), "x");
}

#[tokio::test]
async fn creating_asks_about_versions_once_or_not_at_all() {
    let cloud = Cloud::start().await;
    let rights = ["name/cos:PutObject", "name/cos:GetBucketVersioning"];
    let create = |store: CosStore, path: &'static str| async move {
        let path = Path::from(path);
        store
            .put_opts(&path, "x".into(), PutMode::Create.into())
            .await
    };
    let store = cloud.allowed(&rights);
    create(store.clone(), "a").await.unwrap();
    create(store.clone(), "b").await.unwrap();
    let again = create(store, "a").await;
    assert!(matches!(again, Err(Error::AlreadyExists { .. })));
    assert_eq!(cloud.seen("GetBucketVersioning"), 1);

    let blind = cloud.allowed(&rights[..1]);
    let refused = create(blind.clone(), "c").await.unwrap_err();
    assert!(matches!(refused, Error::NotSupported { .. }));
    assert!(
        refused.to_string().contains("assume_unversioned"),
        "{refused}"
    );
    create(blind.assume_unversioned(), "c").await.unwrap();
    assert_eq!(cloud.seen("GetBucketVersioning"), 2);
}

#[tokio::test]
async fn errors_keep_ours_as_their_source() {
    let cloud = Cloud::start().await;
    let ours = |error: &Error| {
        let source = error.source().unwrap();
        source.downcast_ref::<cos_client::Error>().unwrap().clone()
    };
    let path = Path::from("k");
    let missing = cloud.temporary().get(&path).await.unwrap_err();
    assert_eq!(ours(&missing).code(), Some("NoSuchKey"));
    assert!(ours(&missing).request_id().is_some());
    let denied = cloud.allowed(&["name/cos:GetObject"]);
    let denied = denied.put(&path, "x".into()).await.unwrap_err();
    assert!(matches!(denied, Error::PermissionDenied { .. }), "{denied}");
    assert!(ours(&denied).hint().unwrap().contains("name/cos:PutObject"));
    let id = cloud.0.accounts()[0].secret_id.clone();
    let wrong = StaticProvider::new(Credentials::permanent(id, "wrong").unwrap());
    let wrong = cloud.store(wrong).get(&path).await.unwrap_err();
    assert!(matches!(wrong, Error::Unauthenticated { .. }), "{wrong}");
}

#[tokio::test]
async fn keys_that_end_are_replaced_while_it_works() {
    let cloud = Cloud::start().await;
    let store = cloud.temporary();
    let path = Path::from("k");
    let mut upload = store.put_multipart(&path).await.unwrap();
    for part in 0..3 {
        upload.put_part(vec![part; 1 << 20].into()).await.unwrap();
        let log = cloud.0.log_since(0);
        let used = log.iter().filter(|r| r.operation == "UploadPart");
        let used = used
            .filter_map(|r| r.secret_id.clone())
            .next_back()
            .unwrap();
        assert!(cloud.0.revoke(&used, part == 1));
    }
    upload.complete().await.unwrap();
    assert_eq!(store.head(&path).await.unwrap().size, 3 << 20);
    assert_eq!(cloud.seen("AssumeRole"), 4);
}

#[tokio::test]
async fn tags_and_storage_class_arrive() {
    let cloud = Cloud::start().await;
    let store = cloud.temporary();
    let mut tags = TagSet::default();
    tags.push("team a", "1+1=2");
    let cold = Attributes::from_iter([(Attribute::StorageClass, "STANDARD_IA")]);
    let options = PutOptions {
        tags: tags.clone(),
        attributes: cold.clone(),
        ..PutOptions::default()
    };
    let path = Path::from("k");
    store.put_opts(&path, "x".into(), options).await.unwrap();
    let told = store.client().get_object_tagging("k").send().await.unwrap();
    assert_eq!(told["team a"], "1+1=2");
    let read = store.get(&path).await.unwrap();
    let class = read.attributes.get(&Attribute::StorageClass).unwrap();
    assert_eq!(class.as_ref(), "STANDARD_IA");
    let options = object_store::PutMultipartOptions {
        tags,
        attributes: cold,
        ..Default::default()
    };
    let mut empty = store.put_multipart_opts(&path, options).await.unwrap();
    empty.complete().await.unwrap();
    let read = store.head(&path).await.unwrap();
    assert_eq!(read.size, 0);
    let told = store.client().get_object_tagging("k").send().await.unwrap();
    assert_eq!(told.len(), 1);
    let uploads = store
        .client()
        .list_multipart_uploads()
        .send()
        .await
        .unwrap();
    assert!(uploads.uploads.is_empty(), "{uploads:?}");
}

#[tokio::test]
async fn each_deletion_has_its_own_answer() {
    let cloud = Cloud::start().await;
    let store = cloud.temporary();
    // More than one request.
    let paths: Vec<Path> = (0..1_200).map(|n| Path::from(format!("{n}"))).collect();
    for path in &paths[..3] {
        store.put(path, "x".into()).await.unwrap();
    }
    let given = paths.clone().into_iter().map(Ok);
    let given = futures_util::stream::iter(given).boxed();
    let gone: Vec<Path> = store.delete_stream(given).try_collect().await.unwrap();
    assert_eq!(gone, paths);
    assert_eq!(cloud.seen("DeleteMultipleObjects"), 2);
    let left: Vec<_> = store.list(None).collect().await;
    assert!(left.is_empty());
    // One alone needs no more than its own permission.
    let one = cloud.allowed(&["name/cos:DeleteObject"]);
    one.delete(&paths[0]).await.unwrap();
    // Bad ones stay where they were.
    let broken = || Error::NotImplemented {
        operation: String::new(),
        implementer: String::new(),
    };
    let given = vec![Err(broken()), Ok(paths[0].clone()), Ok(paths[1].clone())];
    let given = futures_util::stream::iter(given).boxed();
    let answers: Vec<_> = cloud
        .allowed(&["name/cos:GetObject"])
        .delete_stream(given)
        .collect()
        .await;
    assert!(matches!(answers[0], Err(Error::NotImplemented { .. })));
    assert!(matches!(answers[1], Err(Error::PermissionDenied { .. })));
    assert!(matches!(answers[2], Err(Error::PermissionDenied { .. })));
}

#[tokio::test]
async fn folders_made_by_consoles_are_no_objects() {
    let cloud = Cloud::start().await;
    let store = cloud.temporary();
    store.client().put_object("a/", "").send().await.unwrap();
    store.client().put_object("a/b/", "").send().await.unwrap();
    store.put(&Path::from("a/c"), "x".into()).await.unwrap();
    let all: Vec<_> = store.list(None).try_collect().await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].location, Path::from("a/c"));
    let inside = store
        .list_with_delimiter(Some(&Path::from("a")))
        .await
        .unwrap();
    assert_eq!(inside.common_prefixes, [Path::from("a/b")]);
    assert_eq!(inside.objects, all);
}

#[tokio::test]
async fn a_part_that_is_missing_ends_the_upload() {
    let cloud = Cloud::start().await;
    let store = cloud.temporary();
    let path = Path::from("k");
    let mut upload = store.put_multipart(&path).await.unwrap();
    let late = upload.put_part(vec![1; 1 << 20].into());
    upload.put_part("end".into()).await.unwrap();
    let early = upload.complete().await.unwrap_err();
    assert!(early.to_string().contains("1 parts"), "{early}");
    late.await.unwrap();
    upload.complete().await.unwrap();
    assert_eq!(store.head(&path).await.unwrap().size, (1 << 20) + 3);
}

#[tokio::test]
async fn a_broken_connection_is_the_clients_to_mend() {
    let cloud = Cloud::start().await;
    let store = cloud.temporary();
    let path = Path::from("k");
    let rule = json!({"match": {"operation": "PutObject"}, "action": {"reset": "before_reading"}, "times": 1});
    cloud.0.add_fault(FaultRule::from_json(&rule).unwrap());
    store.put(&path, vec![7; 100_000].into()).await.unwrap();
    let rule =
        json!({"match": {"operation": "GetObject"}, "action": {"truncate_after": 999}, "times": 2});
    cloud.0.add_fault(FaultRule::from_json(&rule).unwrap());
    let got = store.get(&path).await.unwrap().bytes().await.unwrap();
    assert_eq!(got, vec![7; 100_000]);
    assert_eq!(store.to_string(), "COS(demo-1250000000)");
}

#[tokio::test]
async fn what_goes_onto_itself_stays() {
    let cloud = Cloud::start().await;
    let store = cloud.temporary();
    let path = Path::from("k");
    let kind = Attributes::from_iter([(Attribute::ContentType, "a/b")]);
    let missing = store.rename(&path, &path).await;
    assert!(matches!(missing, Err(Error::NotFound { .. })));
    let put = store.put_opts(&path, "x".into(), kind.clone().into());
    put.await.unwrap();
    store.copy(&path, &path).await.unwrap();
    store.rename(&path, &path).await.unwrap();
    let create = store.rename_if_not_exists(&path, &path).await;
    assert!(matches!(create, Err(Error::AlreadyExists { .. })));
    let read = store.get(&path).await.unwrap();
    assert_eq!(read.attributes, kind);
    assert_eq!(read.bytes().await.unwrap(), "x");
    // What is in the way stays too.
    let other = Path::from("other");
    store.put(&other, "y".into()).await.unwrap();
    let create = store.rename_if_not_exists(&path, &other).await;
    assert!(matches!(create, Err(Error::AlreadyExists { path, .. }) if path == "other"));
    assert_eq!(store.head(&path).await.unwrap().size, 1);
    store.rename(&path, &other).await.unwrap();
    let read = store.get(&other).await.unwrap();
    assert_eq!((read.attributes, read.meta.size), (kind, 1));
}
