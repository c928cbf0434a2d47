//! What nobody continued is removed, and nothing else.
#![allow(clippy::print_stdout, reason = "figures for whoever asked")]

use std::time::{Duration, SystemTime};

use cos_client::{Client, ErrorKind, Leftovers, ResumeFolder, TransferState};
use serde_json::json;

use crate::cloud::{Cloud, PLAIN};
use crate::setup::{REGION, data, names};

const DAY: Duration = Duration::from_secs(24 * 3_600);

struct Scene {
    cloud: Cloud,
    client: Client,
    dir: tempfile::TempDir,
    store: ResumeFolder,
}

impl Scene {
    async fn new() -> Self {
        let (cloud, dir) = (Cloud::start().await, tempfile::tempdir().unwrap());
        std::fs::write(dir.path().join("source"), data(3 << 20)).unwrap();
        Self {
            client: cloud.root(),
            store: ResumeFolder::new(dir.path().join("state")).unwrap(),
            cloud,
            dir,
        }
    }

    /// Leaves an upload behind.
    async fn upload_in_part(&self, client: &Client, key: &str) {
        self.cloud.fault(&json!({
            "match": {"operation": "UploadPart", "key_prefix": key},
            "action": {"status": 403, "code": "AccessDenied"},
        }));
        let upload = client.upload_file(key, self.dir.path().join("source"));
        let error = upload.resume_store(&self.store).send().await.unwrap_err();
        assert!(error.resume_record().is_some());
        self.cloud.emulator.clear_faults();
    }

    /// Leaves a partly downloaded file behind.
    async fn download_in_part(&self, name: &str) {
        self.client
            .put_object("d", data(3 << 20))
            .send()
            .await
            .unwrap();
        self.cloud.fault(&json!({
            "match": {"operation": "GetObject", "nth": 2},
            "action": {"status": 403, "code": "AccessDenied"},
        }));
        let path = self.dir.path().join(name);
        let download = self.client.download_file("d", path).concurrency(1);
        let error = download.resume_store(&self.store).send().await.unwrap_err();
        assert!(error.resume_record().is_some());
        self.cloud.emulator.clear_faults();
    }

    async fn open_uploads(&self, client: &Client) -> Vec<String> {
        let page = client.list_multipart_uploads().send().await.unwrap();
        page.uploads.into_iter().map(|u| u.key).collect()
    }

    fn temporary_files(&self) -> usize {
        let names = names(self.dir.path());
        names.iter().filter(|n| n.ends_with(".part")).count()
    }

    fn records(&self) -> usize {
        let names = names(self.store.path());
        names.iter().filter(|n| n.ends_with(".cosresume")).count()
    }
}

#[tokio::test]
async fn only_what_is_old_and_ours() {
    let scene = Scene::new().await;
    let other = scene.client.for_bucket(PLAIN, REGION).unwrap();
    scene.upload_in_part(&scene.client, "old").await;
    scene.upload_in_part(&other, "elsewhere").await;
    scene.download_in_part("target").await;
    // Somebody else's.
    let initiate = scene.client.initiate_multipart_upload("foreign");
    initiate.send().await.unwrap();
    let clock = scene.cloud.emulator.clock();
    clock.advance_s(6 * 24 * 3_600);
    scene.upload_in_part(&scene.client, "young").await;
    clock.advance_s(25 * 3_600);

    // It may abort, and need not list.
    let abort = ["name/cos:AbortMultipartUpload"];
    let janitor = scene.cloud.allowed(&abort).await;
    let cleaned = janitor.clean_up_stale(&scene.store).send().await.unwrap();
    assert_eq!((cleaned.uploads_aborted, cleaned.files_removed), (1, 1));
    assert!(cleaned.failed.is_empty());
    assert_eq!(
        scene.open_uploads(&scene.client).await,
        ["foreign", "young"]
    );
    assert_eq!(scene.open_uploads(&other).await, ["elsewhere"]);
    assert_eq!((scene.temporary_files(), scene.records()), (0, 2));

    let again = janitor.clean_up_stale(&scene.store).older_than(DAY);
    assert_eq!(again.send().await.unwrap().uploads_aborted, 1);
    assert_eq!(scene.open_uploads(&scene.client).await, ["foreign"]);
}

#[tokio::test]
async fn what_cannot_be_aborted_stays_known() {
    let scene = Scene::new().await;
    scene.upload_in_part(&scene.client, "k").await;
    scene.cloud.emulator.clock().advance_s(8 * 24 * 3_600);
    let nobody = scene.cloud.allowed(&["name/cos:GetObject"]).await;
    let cleaned = nobody.clean_up_stale(&scene.store).send().await.unwrap();
    assert_eq!(cleaned.failed[0].kind(), ErrorKind::AccessDenied);
    assert_eq!(scene.records(), 1);
    // Aborted by somebody else: nothing is left to do but to forget.
    let page = scene.client.list_multipart_uploads().send().await.unwrap();
    for upload in page.uploads {
        let abort = scene
            .client
            .abort_multipart_upload(upload.key, &upload.upload_id);
        abort.send().await.unwrap();
    }
    let cleaned = scene
        .client
        .clean_up_stale(&scene.store)
        .send()
        .await
        .unwrap();
    assert_eq!((cleaned.uploads_aborted, scene.records()), (1, 0));
}

#[tokio::test]
async fn what_is_running_is_left_alone() {
    let scene = Scene::new().await;
    scene.cloud.fault(&json!({
        "match": {"operation": "UploadPart"}, "action": {"delay_ms": 3_600_000},
    }));
    let upload = scene
        .client
        .upload_file("k", scene.dir.path().join("source"));
    let transfer = upload.resume_store(&scene.store).start();
    while transfer.resume_record().is_none() {
        tokio::task::yield_now().await;
    }
    transfer.pause();
    let control = transfer.control();
    control.state_after(TransferState::InProgress).await;
    scene.cloud.emulator.clock().advance_s(30 * 24 * 3_600);
    let cleaned = scene
        .client
        .clean_up_stale(&scene.store)
        .send()
        .await
        .unwrap();
    assert_eq!(cleaned.uploads_aborted, 0);
    scene.cloud.emulator.clear_faults();
    transfer.resume();
    assert_eq!(transfer.await.unwrap().bytes, 3 << 20);
}

#[tokio::test]
async fn orphans_in_a_folder() {
    let scene = Scene::new().await;
    scene.download_in_part("target").await;
    let orphan = |name: &str, age: Duration| {
        let file = std::fs::File::create(scene.dir.path().join(name)).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
        file
    };
    orphan(".cos-0123456789abcdef.part", 9 * DAY);
    orphan(".cos-0123456789abcde0.part", DAY);
    orphan("mine.part", 9 * DAY);
    let used = orphan(".cos-0123456789abcde1.part", 9 * DAY);
    used.try_lock().unwrap();
    let clean = || {
        scene
            .client
            .clean_up_stale(&scene.store)
            .folder(scene.dir.path())
    };
    assert_eq!(clean().send().await.unwrap().files_removed, 1);
    // The young one, the other's, the one in use, and that of the record.
    assert_eq!(scene.temporary_files(), 4);
    drop(used);
    assert_eq!(clean().send().await.unwrap().files_removed, 1);
}

#[tokio::test]
async fn damaged_records_go_by_their_age() {
    let scene = Scene::new().await;
    let record = |name: &str, content: &str, age: Duration| {
        let path = scene.store.path().join(name);
        std::fs::write(&path, content).unwrap();
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    };
    record("upload-a.cosresume", "cos-resume/1 x\ny", 8 * DAY);
    record("upload-b.cosresume", "cos-resume/1 x\ny", DAY);
    record("upload-c.cosresume", "cos-resume/9 x\ny", 8 * DAY);
    record("notes.txt", "mine", 8 * DAY);
    scene
        .client
        .clean_up_stale(&scene.store)
        .send()
        .await
        .unwrap();
    let mut left = names(scene.store.path());
    left.retain(|n| !n.ends_with(".lock"));
    assert_eq!(
        left,
        ["notes.txt", "upload-b.cosresume", "upload-c.cosresume"]
    );
}

/// Whatever fails, is cut off or given up: what is left is known, and the janitor finds it all.
/// `COS_FAULTY_RUNS` sets how many uploads (25), `COS_FAULTY_SEED` repeats a run.
#[tokio::test]
async fn after_many_faulty_uploads_nothing_of_ours_is_left() {
    let setting = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<u64>().ok());
    let runs = setting("COS_FAULTY_RUNS").unwrap_or(25);
    let seed = setting("COS_FAULTY_SEED").unwrap_or_else(|| fastrand::u64(..));
    let mut random = fastrand::Rng::with_seed(seed);
    let scene = Scene::new().await;
    let foreign = scene.client.initiate_multipart_upload("foreign");
    foreign.send().await.unwrap();
    let source = scene.dir.path().join("source");
    let mut done = 0;
    for run in 0..runs {
        for (operation, probability) in [
            ("UploadPart", 0.25),
            ("CompleteMultipartUpload", 0.3),
            ("AbortMultipartUpload", 0.5),
        ] {
            for action in [
                json!({"status": 403, "code": "AccessDenied"}),
                json!({"status": 503, "code": "SlowDown"}),
                json!({"reset": true}),
                json!({"drop_response": true}),
            ] {
                scene.cloud.fault(&json!({
                    "match": {"operation": operation}, "action": action,
                    "probability": probability / 4.0,
                }));
            }
        }
        let leftovers = match random.bool() {
            true => Leftovers::Keep,
            false => Leftovers::Abort,
        };
        let upload = scene.client.upload_file(format!("k{run}"), &source);
        let upload = upload.resume_store(&scene.store).on_failure(leftovers);
        let transfer = upload.concurrency(random.usize(1..4)).start();
        let enough = random.u64(0..4 << 20);
        while transfer.progress().done_bytes < enough && !transfer.is_finished() {
            tokio::task::yield_now().await;
        }
        match random.u8(..4) {
            0 => transfer.cancel(),
            1 => transfer.stop(),
            _ => {}
        }
        done += u64::from(transfer.await.is_ok());
        scene.client.wait_for_cleanup().await;
        scene.cloud.emulator.clear_faults();
    }
    // What is left has a record, each of them: nothing is orphaned, nothing else is remembered.
    let open = |uploads: Vec<String>| uploads.into_iter().filter(|k| k != "foreign").count();
    let left = open(scene.open_uploads(&scene.client).await);
    assert!(scene.records() >= left, "seed {seed}: {left} left");
    scene.cloud.emulator.clock().advance_s(8 * 24 * 3_600);
    let cleaned = scene.client.clean_up_stale(&scene.store).send().await;
    let cleaned = cleaned.unwrap();
    assert!(cleaned.failed.is_empty(), "seed {seed}: {cleaned:?}");
    let rest = scene.open_uploads(&scene.client).await;
    assert_eq!(rest, ["foreign"], "seed {seed}");
    assert_eq!(scene.records(), 0, "seed {seed}");
    println!(
        "{runs} uploads with faults, seed {seed}: {done} arrived, {left} were left and found, none \
         remains"
    );
}
