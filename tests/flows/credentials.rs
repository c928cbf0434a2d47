//! The five steps, and what happens to transfers when credentials end on the way.

#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicUsize, Ordering};

use cos_client::ErrorKind;
use cos_sts::{
    BoxFuture, BrokerSource, CachingProvider, CredentialError, CredentialProvider,
    CredentialRequest, CredentialScope, Credentials, ScopedProvider, StaticProvider,
};
use cos_tests::World;

const MIB: usize = 1024 * 1024;
/// Parts under way at a time, the client's default: each may be refused once.
const IN_FLIGHT: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn an_app_moves_its_file_and_nothing_else() {
    let world = World::start().await.unwrap();
    let app = world.app(world.credentials("ada").unwrap()).unwrap();
    let file = world.file("cat.jpg", 3 * MIB + 1).unwrap();
    let sent = app
        .upload_file("users/ada/cat.jpg", &file)
        .part_size(MIB as u64)
        .send()
        .await
        .unwrap();
    let back = world.dir.path().join("back.jpg");
    app.download_file("users/ada/cat.jpg", &back)
        .part_size(MIB as u64)
        .send()
        .await
        .unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), std::fs::read(&back).unwrap());
    assert_eq!(sent.parts, 4);
    // One user's credentials end at that user's prefix, and say what is missing.
    for key in ["users/bob/cat.jpg", "cat.jpg", "users/ada"] {
        let refused = app.upload_file(key, &file).send().await.unwrap_err();
        assert_eq!(refused.code(), Some("AccessDenied"), "{key}: {refused}");
        assert!(
            refused.request_id().is_some() && refused.hint().is_some(),
            "{refused:?}"
        );
    }
    let refused = app
        .delete_object("users/ada/cat.jpg")
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        refused.code(),
        Some("AccessDenied"),
        "deleting was not granted: {refused}"
    );
    assert!(!back.with_extension("tmp").exists());
    // The owner's key signed for STS only.
    let owner = &world.cloud.accounts()[0].secret_id;
    for record in world.cloud.log_since(0) {
        if record.secret_id.as_ref() == Some(owner) {
            assert_eq!(record.operation, "AssumeRole", "{record:?}");
        }
    }
    assert_eq!(world.seen("AssumeRole"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_gets_nothing() {
    let world = World::start().await.unwrap();
    let app = world.app(world.credentials("mallory").unwrap()).unwrap();
    let file = world.file("x", 10).unwrap();
    let error = app
        .upload_file("users/mallory/x", &file)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential, "{error:?}");
    assert_eq!(world.seen("AssumeRole"), 0);
    assert_eq!(world.seen("PutObject"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_folder_has_credentials_of_its_own() {
    let world = World::start().await.unwrap();
    let broker = BrokerSource::builder(world.broker.url())
        .bearer("ada")
        .follow_key()
        .build()
        .unwrap();
    let folders = ScopedProvider::builder(broker)
        .scope(|request| {
            let key = request.key.as_deref().unwrap_or_default();
            let folder = key.rsplit_once('/').map_or("", |(folder, _)| folder);
            CredentialScope::of(request)
                .with_actions(["name/cos:*"])
                .with_key(format!("{folder}/*"))
        })
        .build();
    let app = world.app(folders.clone()).unwrap();
    for key in ["users/ada/a/1", "users/ada/b/1", "users/ada/a/2"] {
        app.put_object(key, "x").send().await.unwrap();
    }
    assert_eq!(world.seen("AssumeRole"), 2, "one for each folder");
    // A thief of one folder's credentials has that folder.
    let about = CredentialRequest::new()
        .with_bucket(cos_tests::BUCKET)
        .with_region(cos_tests::REGION)
        .with_action("name/cos:PutObject")
        .with_key("users/ada/a/3");
    let stolen = folders.credentials(&about).await.unwrap();
    let thief = world.app(StaticProvider::new(stolen)).unwrap();
    thief.put_object("users/ada/a/3", "x").send().await.unwrap();
    let refused = thief.put_object("users/ada/b/3", "x").send().await;
    assert_eq!(refused.unwrap_err().code(), Some("AccessDenied"));
}

/// Hands out an app's credentials and, once, does something to the cloud just before: the request that
/// asked then signs with what was good a moment ago.
struct Disturbed<F> {
    credentials: CachingProvider,
    asked: AtomicUsize,
    disturb: F,
}

impl<F: Fn(&Credentials) + Send + Sync + 'static> CredentialProvider for Disturbed<F> {
    fn cached(&self, request: &CredentialRequest) -> Option<Credentials> {
        let found = self.credentials.cached(request)?;
        // The first requests are Initiate and parts; the sixth is in the middle.
        if self.asked.fetch_add(1, Ordering::SeqCst) == 5 {
            (self.disturb)(&found);
        }
        Some(found)
    }

    fn credentials<'a>(
        &'a self,
        request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        self.credentials.credentials(request)
    }

    fn invalidate(&self, generation: u64) {
        self.credentials.invalidate(generation);
    }
}

impl<F> std::fmt::Debug for Disturbed<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Disturbed")
    }
}

/// Uploads twelve parts, disturbed in the middle; the object is whole all the same.
async fn upload_disturbed(
    world: &World,
    disturb: impl Fn(&World, &Credentials) + Send + Sync + 'static,
) {
    let provider = Disturbed {
        credentials: world.credentials("ada").unwrap(),
        asked: AtomicUsize::new(0),
        disturb: {
            let world = world.clone();
            move |credentials: &Credentials| disturb(&world, credentials)
        },
    };
    let app = world.app(provider).unwrap();
    let file = world.file("long.bin", 12 * MIB).unwrap();
    let upload = app
        .upload_file("users/ada/long.bin", &file)
        .part_size(MIB as u64);
    assert_eq!(upload.send().await.unwrap().parts, 12);
    let back = world.dir.path().join("long.back");
    app.download_file("users/ada/long.bin", &back)
        .send()
        .await
        .unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), std::fs::read(&back).unwrap());
    let log = world.cloud.log_since(0);
    assert!(
        log.iter()
            .any(|r| r.operation == "UploadPart" && r.status >= 400),
        "{log:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_outlives_its_token() {
    let world = World::start().await.unwrap();
    // The cloud's time jumps past the end of the token. The app's and the broker's clocks stay behind:
    // both learn the difference from refusals.
    upload_disturbed(&world, |world, _| world.cloud.clock().advance_s(1801)).await;
    let sent = world.seen("UploadPart");
    assert!(
        (13..=12 + 2 * IN_FLIGHT).contains(&sent),
        "{sent} parts were sent for 12"
    );
    let log = world.cloud.log_since(0);
    // One for the start, one after the end (twice sent: the first had an old timestamp).
    let issued = log
        .iter()
        .filter(|r| r.operation == "AssumeRole" && r.code.is_none())
        .count();
    assert_eq!(issued, 2, "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_outlives_the_revocation_of_its_key() {
    let world = World::start().await.unwrap();
    upload_disturbed(&world, |world, credentials| {
        assert!(world.cloud.revoke(credentials.secret_id(), false));
    })
    .await;
    assert_eq!(world.seen("AssumeRole"), 2);
    let sent = world.seen("UploadPart");
    assert!(
        (13..=12 + IN_FLIGHT).contains(&sent),
        "{sent} parts were sent for 12"
    );
}
