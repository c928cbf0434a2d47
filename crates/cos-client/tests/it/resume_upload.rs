//! Uploads that are interrupted and go on: in place, from a record, from a store.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use cos_client::{
    Client, Crc64, ErrorKind, InvalidRecord, Leftovers, Progress, RestartReason, ResumeFolder,
    ResumeRecord, Transfer, TransferState, UploadOutput,
};
use serde_json::json;
use tempfile::TempDir;

use crate::cloud::Cloud;
use crate::setup::data;

const PART: usize = 1 << 20;
const SIZE: usize = 5 * PART + 17;

/// What an app that may only upload has.
const UPLOAD: [&str; 5] = [
    "name/cos:PutObject",
    "name/cos:InitiateMultipartUpload",
    "name/cos:UploadPart",
    "name/cos:CompleteMultipartUpload",
    "name/cos:AbortMultipartUpload",
];

struct Scene {
    cloud: Cloud,
    dir: TempDir,
    path: PathBuf,
    content: Vec<u8>,
}

impl Scene {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (path, content) = (dir.path().join("source"), data(SIZE));
        std::fs::write(&path, &content).unwrap();
        Self {
            cloud: Cloud::start().await,
            dir,
            path,
            content,
        }
    }

    /// The nth part from now on gets no answer.
    fn hang_at(&self, nth: u64) {
        self.cloud.emulator.clear_faults();
        self.cloud.fault(&json!({
            "match": {"operation": "UploadPart", "nth": nth},
            "action": {"delay_ms": 3_600_000},
        }));
    }

    fn store(&self) -> ResumeFolder {
        ResumeFolder::new(self.dir.path().join("state")).unwrap()
    }

    /// Sends `parts` parts, one after the other, and stops.
    async fn sent_in_part(&self, client: &Client, parts: u64) -> Vec<u8> {
        self.hang_at(parts + 1);
        let transfer = client.upload_file("k", &self.path).concurrency(1).start();
        until_done(&transfer, parts * PART as u64).await;
        transfer.stop();
        let error = transfer.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        self.cloud.emulator.clear_faults();
        error.resume_record().unwrap().to_bytes()
    }

    async fn stored(&self, key: &str) -> Vec<u8> {
        let object = self.cloud.root().get_object(key).send().await.unwrap();
        object.bytes().await.unwrap().to_vec()
    }

    async fn open_uploads(&self) -> usize {
        let root = self.cloud.root();
        root.wait_for_cleanup().await;
        root.list_multipart_uploads()
            .send()
            .await
            .unwrap()
            .uploads
            .len()
    }

    async fn arrived(&self, output: &UploadOutput) {
        assert_eq!(output.crc64, Crc64::of(&self.content));
        assert!(self.stored("k").await == self.content);
        assert_eq!(self.open_uploads().await, 0);
    }
}

async fn until_done<T>(transfer: &Transfer<T>, bytes: u64) {
    while transfer
        .resume_record()
        .is_none_or(|r| r.done_bytes() < bytes)
    {
        assert!(!transfer.is_finished());
        tokio::task::yield_now().await;
    }
}

fn records(store: &ResumeFolder) -> usize {
    let entries = std::fs::read_dir(store.path()).unwrap();
    entries
        .filter(|e| e.as_ref().unwrap().path().extension().unwrap() == "cosresume")
        .count()
}

#[tokio::test]
async fn a_record_goes_on_with_upload_permissions_only() {
    let scene = Scene::new().await;
    let client = scene.cloud.allowed(&UPLOAD).await;
    let record = scene.sent_in_part(&client, 3).await;
    let text = String::from_utf8(record.clone()).unwrap();
    assert!(!text.contains(scene.dir.path().to_str().unwrap()));
    let parsed = ResumeRecord::from_bytes(&record).unwrap();
    assert!(parsed.is_upload());
    assert_eq!((parsed.key(), parsed.total_bytes()), ("k", SIZE as u64));

    // Another process, another place for the same content.
    let moved = scene.dir.path().join("moved");
    std::fs::copy(&scene.path, &moved).unwrap();
    let other = scene.cloud.allowed(&UPLOAD).await;
    let upload = other.upload_file("k", &moved).resume_from(record);
    let output = upload.send().await.unwrap();
    assert_eq!(output.resumed_bytes, 3 * PART as u64);
    assert_eq!(output.restarted, None);
    assert_eq!((output.bytes, output.parts), (SIZE as u64, 6));
    // Three, the one that hung if it had begun, and the three that were missing.
    assert!((6..=7).contains(&scene.cloud.count("UploadPart")));
    assert_eq!(scene.cloud.count("InitiateMultipartUpload"), 1);
    assert_eq!(scene.cloud.count("AbortMultipartUpload"), 0);
    scene.arrived(&output).await;
}

#[tokio::test]
async fn a_record_is_the_same_whoever_asks_and_when() {
    let scene = Scene::new().await;
    scene.hang_at(3);
    let client = scene.cloud.root();
    let transfer = client.upload_file("k", &scene.path).concurrency(1).start();
    until_done(&transfer, 2 * PART as u64).await;
    let control = transfer.control();
    transfer.stop();
    let error = transfer.await.unwrap_err();
    let told = error.resume_record().unwrap().to_bytes();
    scene.cloud.emulator.clock().advance_s(7);
    assert!(control.resume_record().unwrap().to_bytes() == told);
}

#[tokio::test]
async fn a_store_finds_its_record_after_a_failure() {
    let scene = Scene::new().await;
    let (client, store) = (scene.cloud.root(), scene.store());
    scene.cloud.fault(&json!({
        "match": {"operation": "UploadPart", "nth": 3},
        "action": {"status": 403, "code": "AccessDenied"},
    }));
    let upload = || {
        let upload = client.upload_file("k", &scene.path).concurrency(1);
        upload.resume_store(&store)
    };
    let error = upload().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert_eq!(error.resume_record().unwrap().done_bytes(), 2 * PART as u64);
    assert_eq!((records(&store), scene.open_uploads().await), (1, 1));
    let output = upload().send().await.unwrap();
    assert_eq!(
        (output.resumed_bytes, output.restarted),
        (2 * PART as u64, None)
    );
    scene.arrived(&output).await;
    assert_eq!(std::fs::read_dir(store.path()).unwrap().count(), 0);
    // Nothing to go on with any more.
    assert_eq!(upload().send().await.unwrap().resumed_bytes, 0);
}

#[tokio::test]
async fn small_files_leave_no_trace_in_the_store() {
    let scene = Scene::new().await;
    let store = scene.store();
    std::fs::write(&scene.path, b"small").unwrap();
    let upload = scene.cloud.root().upload_file("k", &scene.path);
    let output = upload.resume_store(&store).send().await.unwrap();
    assert_eq!(output.parts, 1);
    assert_eq!(std::fs::read_dir(store.path()).unwrap().count(), 0);
}

/// What goes wrong between two processes, and the reason the second one gives.
async fn restarted(
    change: impl AsyncFnOnce(&mut Scene, &mut Vec<u8>),
    set_up: impl FnOnce(cos_client::UploadFile) -> cos_client::UploadFile,
) -> Option<RestartReason> {
    let mut scene = Scene::new().await;
    let client = scene.cloud.root();
    let mut record = scene.sent_in_part(&client, 3).await;
    change(&mut scene, &mut record).await;
    let upload = client.upload_file("k", &scene.path).resume_from(record);
    let output = set_up(upload).send().await.unwrap();
    assert_eq!(output.resumed_bytes, 0);
    assert_eq!(output.crc64, Crc64::of(&scene.content));
    assert!(scene.stored("k").await == scene.content);
    let left = match output.restarted {
        // What cannot be read cannot be aborted; what is another's is not.
        Some(RestartReason::Record(_) | RestartReason::OtherTransfer) => 1,
        _ => 0,
    };
    assert_eq!(scene.open_uploads().await, left);
    output.restarted
}

/// The same size, the same time of change, one other byte.
fn flip(path: &Path, at: usize) -> Vec<u8> {
    let modified = std::fs::metadata(path).unwrap().modified().unwrap();
    let mut content = std::fs::read(path).unwrap();
    content[at] ^= 1;
    std::fs::write(path, &content).unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(modified).unwrap();
    content
}

#[tokio::test]
async fn what_does_not_fit_starts_again_and_says_why() {
    let damaged = restarted(async |_, record| record[200] ^= 1, |u| u).await;
    let reason = RestartReason::Record(InvalidRecord::Damaged);
    assert_eq!(damaged, Some(reason));
    assert_eq!(reason.as_str(), "record_damaged");
    let foreign = restarted(async |_, record| *record = b"{}".to_vec(), |u| u).await;
    assert_eq!(foreign, Some(RestartReason::Record(InvalidRecord::Foreign)));
    let newer = restarted(async |_, record| record[11] = b'9', |u| u).await;
    assert_eq!(newer, Some(RestartReason::Record(InvalidRecord::Newer)));

    let other = async |scene: &mut Scene, record: &mut Vec<u8>| {
        scene.hang_at(1);
        let client = scene.cloud.root();
        let transfer = client.upload_file("other", &scene.path).start();
        until_done(&transfer, 0).await;
        scene.cloud.emulator.clear_faults();
        *record = transfer.resume_record().unwrap().to_bytes();
        transfer.cancel();
        assert!(transfer.await.unwrap_err().resume_record().is_none());
        client.wait_for_cleanup().await;
    };
    assert_eq!(
        restarted(other, |u| u).await,
        Some(RestartReason::OtherTransfer)
    );

    let settings = Some(RestartReason::SettingsChanged);
    assert_eq!(
        restarted(async |_, _| {}, |u| u.content_type("image/png")).await,
        settings
    );
    assert_eq!(
        restarted(async |_, _| {}, |u| u.part_size(2 << 20)).await,
        settings
    );

    let source = Some(RestartReason::SourceChanged);
    let flipped = async |scene: &mut Scene, _: &mut Vec<u8>| {
        scene.content = flip(&scene.path, 2 * PART + 5);
    };
    assert_eq!(restarted(flipped, |u| u).await, source);
    let grown = async |scene: &mut Scene, _: &mut Vec<u8>| {
        scene.content = data(SIZE + 1);
        std::fs::write(&scene.path, &scene.content).unwrap();
    };
    assert_eq!(restarted(grown, |u| u).await, source);

    let aborted = async |scene: &mut Scene, _: &mut Vec<u8>| {
        let root = scene.cloud.root();
        for upload in root.list_multipart_uploads().send().await.unwrap().uploads {
            let abort = root.abort_multipart_upload(upload.key, &upload.upload_id);
            abort.send().await.unwrap();
        }
    };
    assert_eq!(
        restarted(aborted, |u| u).await,
        Some(RestartReason::UploadGone)
    );
}

#[tokio::test]
async fn settings_that_change_nothing_do_not_start_again() {
    let scene = Scene::new().await;
    let client = scene.cloud.root();
    let record = scene.sent_in_part(&client, 2).await;
    // A byte that was not sent yet may change.
    let content = flip(&scene.path, 4 * PART);
    let upload = client.upload_file("k", &scene.path).resume_from(record);
    let output = upload.traffic_limit(819_200 * 100).send().await.unwrap();
    assert_eq!(
        (output.resumed_bytes, output.restarted),
        (2 * PART as u64, None)
    );
    assert!(scene.stored("k").await == content);
}

#[tokio::test]
async fn a_completion_whose_answer_was_never_heard_is_found() {
    let scene = Scene::new().await;
    let client = scene.cloud.root();
    scene.cloud.fault(&json!({
        "match": {"operation": "CompleteMultipartUpload"}, "action": {"delay_ms": 3_600_000},
    }));
    let transfer = client.upload_file("k", &scene.path).start();
    until_done(&transfer, SIZE as u64).await;
    transfer.stop();
    let record = transfer
        .await
        .unwrap_err()
        .resume_record()
        .unwrap()
        .to_bytes();
    scene.cloud.emulator.clear_faults();
    for _ in 0..2 {
        let upload = client
            .upload_file("k", &scene.path)
            .resume_from(record.clone());
        let output = upload.send().await.unwrap();
        assert_eq!(
            (output.resumed_bytes, output.restarted),
            (SIZE as u64, None)
        );
        scene.arrived(&output).await;
    }
    assert_eq!(scene.cloud.count("UploadPart"), 6);
    // Another object by now: what was done is done, but not this.
    client.put_object("k", "other").send().await.unwrap();
    let upload = client.upload_file("k", &scene.path).resume_from(record);
    let output = upload.send().await.unwrap();
    assert_eq!(output.restarted, Some(RestartReason::UploadGone));
    scene.arrived(&output).await;
}

#[tokio::test]
async fn pausing_stops_and_resuming_goes_on_in_place() {
    let scene = Scene::new().await;
    scene.hang_at(3);
    let events: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let sink = Arc::clone(&events);
    let client = scene.cloud.root();
    let upload = client.upload_file("k", &scene.path).concurrency(1);
    let transfer = upload
        .on_progress(move |p| sink.lock().unwrap().push(p))
        .start();
    let control = transfer.control();
    until_done(&transfer, 2 * PART as u64).await;
    assert_eq!(transfer.state(), TransferState::InProgress);
    control.pause();
    let state = control.state_after(TransferState::InProgress).await;
    assert_eq!(state, TransferState::Paused);
    let record = control.resume_record().unwrap();
    assert_eq!(record.done_bytes(), 2 * PART as u64);
    scene.cloud.emulator.clear_faults();
    control.resume();
    let output = transfer.await.unwrap();
    assert_eq!(control.state(), TransferState::Completed);
    // What this transfer sent itself is not resumed from another one.
    assert_eq!((output.resumed_bytes, output.restarted), (0, None));
    assert!(scene.cloud.count("UploadPart") <= 7);
    scene.arrived(&output).await;
    let events = events.lock().unwrap();
    assert!(events.is_sorted_by_key(|p| p.done_bytes));
    assert_eq!(events.last().unwrap().done_bytes, SIZE as u64);
}

#[tokio::test]
async fn a_file_that_changes_during_a_pause_is_sent_again() {
    let mut scene = Scene::new().await;
    scene.hang_at(3);
    let client = scene.cloud.root();
    let transfer = client.upload_file("k", &scene.path).concurrency(1).start();
    until_done(&transfer, 2 * PART as u64).await;
    transfer.pause();
    let control = transfer.control();
    control.state_after(TransferState::InProgress).await;
    scene.content = flip(&scene.path, 7);
    scene.cloud.emulator.clear_faults();
    transfer.resume();
    let output = transfer.await.unwrap();
    assert_eq!(output.restarted, Some(RestartReason::SourceChanged));
    scene.arrived(&output).await;
}

#[tokio::test]
async fn leftovers_are_kept_or_removed_as_asked() {
    for (kept, removed_by) in [
        (false, "cancel"),
        (true, "stop"),
        (true, "drop"),
        (false, "drop without store"),
        (true, "failure kept"),
        (false, "failure aborted"),
    ] {
        let scene = Scene::new().await;
        let (client, store) = (scene.cloud.root(), scene.store());
        let mut upload = client.upload_file("k", &scene.path).concurrency(1);
        match removed_by {
            "drop without store" => {}
            "failure kept" => upload = upload.on_failure(Leftovers::Keep),
            "failure aborted" => {
                upload = upload.resume_store(&store).on_failure(Leftovers::Abort);
            }
            _ => upload = upload.resume_store(&store),
        }
        if removed_by.starts_with("failure") {
            scene.cloud.fault(&json!({
                "match": {"operation": "UploadPart", "nth": 2},
                "action": {"status": 403, "code": "AccessDenied"},
            }));
            let error = upload.send().await.unwrap_err();
            assert_eq!(error.resume_record().is_some(), kept, "{removed_by}");
        } else {
            scene.hang_at(2);
            let transfer = upload.start();
            let control = transfer.control();
            until_done(&transfer, PART as u64).await;
            match removed_by {
                "cancel" => transfer.cancel(),
                "stop" => transfer.stop(),
                _ => drop(transfer),
            }
            let state = control.state_after(TransferState::InProgress).await;
            assert_eq!(state, TransferState::Cancelled);
        }
        client.wait_for_cleanup().await;
        let left = scene.open_uploads().await;
        assert_eq!(left, usize::from(kept), "{removed_by}");
        let has_store = !matches!(removed_by, "drop without store" | "failure kept");
        assert_eq!(
            records(&store),
            usize::from(kept && has_store),
            "{removed_by}"
        );
    }
}

#[tokio::test]
async fn one_record_is_used_by_one_transfer() {
    let scene = Scene::new().await;
    let (client, store) = (scene.cloud.root(), scene.store());
    scene.hang_at(1);
    let upload = || client.upload_file("k", &scene.path).resume_store(&store);
    let first = upload().start();
    until_done(&first, 0).await;
    let error = upload().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Local);
    assert!(error.message().contains("running already") && error.is_retryable());
    first.cancel();
    let _ = first.await;
    client.wait_for_cleanup().await;
    scene.cloud.emulator.clear_faults();
    scene.arrived(&upload().send().await.unwrap()).await;
}

#[tokio::test]
async fn an_open_file_finds_its_record_by_its_content() {
    let scene = Scene::new().await;
    let (client, store) = (scene.cloud.root(), scene.store());
    let open = || std::fs::File::open(&scene.path).unwrap();
    scene.hang_at(3);
    let upload = client.upload_open_file("k", open()).concurrency(1);
    let transfer = upload.resume_store(&store).start();
    until_done(&transfer, 2 * PART as u64).await;
    transfer.stop();
    let _ = transfer.await;
    scene.cloud.emulator.clear_faults();
    let upload = client.upload_open_file("k", open()).resume_store(&store);
    let output = upload.send().await.unwrap();
    assert_eq!(output.resumed_bytes, 2 * PART as u64);
    scene.arrived(&output).await;
}

#[tokio::test]
async fn streams_and_copies_pause_in_place() {
    let scene = Scene::new().await;
    let client = scene.cloud.root();
    scene.hang_at(2);
    let reader = std::io::Cursor::new(scene.content.clone());
    let transfer = client.upload_reader("k", reader).concurrency(2).start();
    pause_and_go_on(&scene, &transfer, "UploadPart", 3).await;
    let output = transfer.await.unwrap();
    assert_eq!(output.bytes, SIZE as u64);
    scene.arrived(&output).await;

    scene.cloud.fault(&json!({
        "match": {"operation": "UploadPartCopy", "nth": 2},
        "action": {"delay_ms": 3_600_000},
    }));
    let source =
        cos_client::CopySource::new(client.bucket().as_str(), "ap-guangzhou", "k").unwrap();
    let copy = client.copy(source, "copy").part_size(PART as u64);
    let transfer = copy.multipart_threshold(1).concurrency(1).start();
    pause_and_go_on(&scene, &transfer, "UploadPartCopy", 1).await;
    assert_eq!(
        transfer.await.unwrap().crc64,
        Some(Crc64::of(&scene.content))
    );
    assert!(scene.stored("copy").await == scene.content);
    assert_eq!(scene.open_uploads().await, 0);
    assert!((6..=7).contains(&scene.cloud.count("UploadPartCopy")));
}

/// Pauses when `seen` requests were answered and another one hangs.
async fn pause_and_go_on<T>(scene: &Scene, transfer: &Transfer<T>, operation: &str, seen: usize) {
    while scene.cloud.count(operation) < seen {
        tokio::task::yield_now().await;
    }
    transfer.pause();
    let control = transfer.control();
    control.state_after(TransferState::InProgress).await;
    assert!(transfer.resume_record().is_none());
    scene.cloud.emulator.clear_faults();
    transfer.resume();
}

#[tokio::test]
async fn a_damaged_part_costs_only_itself() {
    let scene = Scene::new().await;
    let (client, store) = (scene.cloud.root(), scene.store());
    for nth in [3, 4] {
        scene.cloud.fault(&json!({
            "match": {"operation": "UploadPart", "nth": nth}, "action": {"corrupt_byte_at": 7},
        }));
    }
    let upload = || {
        let upload = client.upload_file("k", &scene.path).concurrency(1);
        upload.resume_store(&store)
    };
    // Once more is tried, and damaged again.
    let error = upload().send().await.unwrap_err();
    assert_eq!(error.operation(), Some("UploadPart"), "{error:?}");
    assert_eq!(error.resume_record().unwrap().done_bytes(), 2 * PART as u64);
    let output = upload().send().await.unwrap();
    assert_eq!(output.resumed_bytes, 2 * PART as u64);
    scene.arrived(&output).await;
}
