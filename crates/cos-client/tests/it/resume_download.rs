//! Downloads that are interrupted and go on: in place, from a record, from a store.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use cos_client::{
    Client, Crc64, DownloadFile, ErrorKind, Leftovers, Progress, RestartReason, ResumeFolder,
    ResumeRecord, TransferState,
};
use serde_json::json;
use tempfile::TempDir;

use crate::cloud::Cloud;
use crate::server::{Server, refuse, say};
use crate::setup::{client, data, names};

const PART: usize = 1 << 20;
const SIZE: usize = 5 * PART + 17;

struct Scene {
    cloud: Cloud,
    client: Client,
    dir: TempDir,
    path: PathBuf,
    content: Vec<u8>,
}

impl Scene {
    /// An object, and an old file where it is to go.
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (path, cloud) = (dir.path().join("target"), Cloud::start().await);
        std::fs::write(&path, "old").unwrap();
        let mut scene = Self {
            client: cloud.root(),
            cloud,
            dir,
            path,
            content: Vec::new(),
        };
        scene.replace(data(SIZE)).await;
        scene
    }

    async fn replace(&mut self, content: Vec<u8>) {
        let put = self.client.put_object("k", content.clone());
        put.send().await.unwrap();
        self.content = content;
    }

    fn download(&self) -> DownloadFile {
        self.client.download_file("k", &self.path).concurrency(1)
    }

    fn store(&self) -> ResumeFolder {
        ResumeFolder::new(self.dir.path().join("state")).unwrap()
    }

    fn hang_at(&self, nth: u64) {
        self.cloud.emulator.clear_faults();
        self.cloud.fault(&json!({
            "match": {"operation": "GetObject", "nth": nth},
            "action": {"delay_ms": 3_600_000},
        }));
    }

    /// Fetches `parts` ranges, one after the other, and stops.
    async fn fetched_in_part(&self, download: DownloadFile, parts: u64) -> Vec<u8> {
        self.hang_at(parts + 1);
        let transfer = download.start();
        let done = parts * PART as u64;
        while transfer
            .resume_record()
            .is_none_or(|r| r.done_bytes() < done)
        {
            assert!(!transfer.is_finished());
            tokio::task::yield_now().await;
        }
        transfer.stop();
        let error = transfer.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        assert!(std::fs::read(&self.path).unwrap() == b"old");
        self.cloud.emulator.clear_faults();
        error.resume_record().unwrap().to_bytes()
    }

    /// The temporary file.
    fn temporary(&self) -> PathBuf {
        let names = names(self.dir.path());
        let name = names.iter().find(|n| n.ends_with(".part")).unwrap();
        self.dir.path().join(name)
    }

    fn bytes_out(&self) -> u64 {
        let log = self.cloud.emulator.log_since(0);
        let gets = log.iter().filter(|r| r.operation == "GetObject");
        gets.map(|r| r.bytes_out).sum()
    }

    #[track_caller]
    fn arrived(&self) {
        assert!(std::fs::read(&self.path).unwrap() == self.content);
        let mut names = names(self.dir.path());
        names.retain(|n| n != "state");
        assert_eq!(names, ["target"]);
    }
}

#[tokio::test]
async fn a_record_goes_on_and_fetches_only_what_is_missing() {
    let scene = Scene::new().await;
    let record = scene.fetched_in_part(scene.download(), 3).await;
    let text = String::from_utf8(record.clone()).unwrap();
    assert!(!text.contains(scene.dir.path().to_str().unwrap()));
    assert!(!ResumeRecord::from_bytes(&record).unwrap().is_upload());
    let before = scene.bytes_out();
    let output = scene.download().resume_from(record).send().await.unwrap();
    assert_eq!(output.resumed_bytes, 3 * PART as u64);
    assert_eq!((output.restarted, output.parts), (None, 6));
    assert_eq!(output.crc64, Crc64::of(&scene.content));
    assert!(output.verified);
    // What was in flight when it stopped may still move.
    let fetched = scene.bytes_out() - before;
    let missing = (SIZE - 3 * PART) as u64;
    assert!(
        (missing..missing + PART as u64).contains(&fetched),
        "{fetched}"
    );
    scene.arrived();
}

#[tokio::test]
async fn a_store_finds_its_record_after_a_failure() {
    let scene = Scene::new().await;
    let store = scene.store();
    scene.cloud.fault(&json!({
        "match": {"operation": "GetObject", "nth": 3},
        "action": {"status": 403, "code": "AccessDenied"},
    }));
    let download = || scene.download().resume_store(&store);
    let error = download().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert_eq!(error.resume_record().unwrap().done_bytes(), 2 * PART as u64);
    assert!(std::fs::read(&scene.path).unwrap() == b"old");
    let output = download().send().await.unwrap();
    assert_eq!(
        (output.resumed_bytes, output.restarted),
        (2 * PART as u64, None)
    );
    scene.arrived();
    assert_eq!(names(store.path()), [""; 0]);
    assert_eq!(download().send().await.unwrap().resumed_bytes, 0);
    // Small objects leave no trace.
    scene.client.put_object("small", "x").send().await.unwrap();
    let small = scene.client.download_file("small", &scene.path);
    small.resume_store(&store).send().await.unwrap();
    assert_eq!(names(store.path()), [""; 0]);
}

/// What goes wrong between two processes, and the reason the second one gives.
async fn restarted(
    change: impl AsyncFnOnce(&mut Scene, &mut Vec<u8>),
    set_up: impl FnOnce(DownloadFile) -> DownloadFile,
) -> Option<RestartReason> {
    let mut scene = Scene::new().await;
    let mut record = scene.fetched_in_part(scene.download(), 3).await;
    change(&mut scene, &mut record).await;
    let download = set_up(scene.download().resume_from(record));
    let output = download.send().await.unwrap();
    assert_eq!(output.resumed_bytes, 0);
    assert_eq!(output.crc64, Crc64::of(&scene.content));
    if let Some(RestartReason::Record(_) | RestartReason::OtherTransfer) = output.restarted {
        // What cannot be read cannot be removed; what is another's is not.
        std::fs::remove_file(scene.temporary()).unwrap();
    }
    scene.arrived();
    output.restarted
}

#[tokio::test]
async fn what_does_not_fit_starts_again_and_says_why() {
    let damaged = restarted(async |_, record| record[100] ^= 1, |d| d).await;
    assert_eq!(damaged.unwrap().as_str(), "record_damaged");
    // A record of an upload of the same object.
    let other_record = async |s: &mut Scene, record: &mut Vec<u8>| {
        let source = s.dir.path().join("source");
        std::fs::write(&source, &s.content).unwrap();
        s.cloud.fault(&json!({
            "match": {"operation": "UploadPart"}, "action": {"delay_ms": 3_600_000},
        }));
        let transfer = s.client.upload_file("k", &source).start();
        while transfer.resume_record().is_none() {
            tokio::task::yield_now().await;
        }
        *record = transfer.resume_record().unwrap().to_bytes();
        transfer.cancel();
        let _ = transfer.await;
        s.client.wait_for_cleanup().await;
        std::fs::remove_file(source).unwrap();
    };
    let reason = restarted(other_record, |d| d).await;
    assert_eq!(reason, Some(RestartReason::OtherTransfer));

    let settings = Some(RestartReason::SettingsChanged);
    assert_eq!(
        restarted(async |_, _| {}, |d| d.part_size(2 << 20)).await,
        settings
    );
    let header = |d: DownloadFile| d.header("x-cos-meta-x", "1");
    assert_eq!(restarted(async |_, _| {}, header).await, settings);

    let object = Some(RestartReason::ObjectChanged);
    let replaced = async |s: &mut Scene, _: &mut Vec<u8>| s.replace(data(SIZE + 1)).await;
    assert_eq!(restarted(replaced, |d| d).await, object);
    let smaller = async |s: &mut Scene, _: &mut Vec<u8>| s.replace(data(10)).await;
    assert_eq!(restarted(smaller, |d| d).await, object);

    let gone = Some(RestartReason::TemporaryFileGone);
    let removed = async |s: &mut Scene, _: &mut Vec<u8>| {
        std::fs::remove_file(s.temporary()).unwrap();
    };
    assert_eq!(restarted(removed, |d| d).await, gone);
    // Of another size: somebody else's now, and not touched.
    let scene = Scene::new().await;
    let record = scene.fetched_in_part(scene.download(), 3).await;
    let temporary = scene.temporary();
    std::fs::write(&temporary, "short").unwrap();
    let output = scene.download().resume_from(record).send().await.unwrap();
    assert_eq!(output.restarted, gone);
    assert_eq!(std::fs::read(temporary).unwrap(), b"short");
}

#[tokio::test]
async fn a_byte_that_changed_on_the_disk_is_fetched_again() {
    let scene = Scene::new().await;
    let record = scene.fetched_in_part(scene.download(), 3).await;
    let temporary = scene.temporary();
    let mut content = std::fs::read(&temporary).unwrap();
    content[PART + 77] ^= 0x10;
    std::fs::write(&temporary, content).unwrap();
    let output = scene.download().resume_from(record).send().await.unwrap();
    assert_eq!(
        (output.resumed_bytes, output.restarted),
        (2 * PART as u64, None)
    );
    scene.arrived();
}

#[tokio::test]
async fn a_byte_that_changed_on_the_wire_is_caught() {
    let scene = Scene::new().await;
    scene.cloud.fault(&json!({
        "match": {"operation": "GetObject", "nth": 2}, "action": {"corrupt_byte_at": 9}, "times": 1,
    }));
    let store = scene.store();
    scene.hang_after_faults(4);
    let transfer = scene.download().resume_store(&store).start();
    while transfer
        .resume_record()
        .is_none_or(|r| r.done_bytes() < 3 * PART as u64)
    {
        tokio::task::yield_now().await;
    }
    drop(transfer);
    scene.cloud.emulator.clear_faults();
    scene.client.wait_for_cleanup().await;
    let error = loop {
        match scene.download().resume_store(&store).send().await {
            // The dropped one has not let go of its record yet.
            Err(error) if error.message().contains("in use") => tokio::task::yield_now().await,
            other => break other.unwrap_err(),
        }
    };
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert!(std::fs::read(&scene.path).unwrap() == b"old");
    assert_eq!(names(scene.dir.path()), ["state", "target"]);
    assert_eq!(names(store.path()), [""; 0]);
    scene.download().resume_store(&store).send().await.unwrap();
    scene.arrived();
}

impl Scene {
    /// As `hang_at`, besides the rules that are there.
    fn hang_after_faults(&self, nth: u64) {
        self.cloud.fault(&json!({
            "match": {"operation": "GetObject", "nth": nth},
            "action": {"delay_ms": 3_600_000},
        }));
    }
}

#[tokio::test]
async fn a_file_that_has_its_name_already_is_not_fetched_again() {
    let scene = Scene::new().await;
    let record = scene.fetched_in_part(scene.download(), 5).await;
    // All but the last 17 bytes; fetch these, and come to the end but not to forgetting.
    let mut complete = record.clone();
    scene.cloud.fault(&json!({
        "match": {"operation": "GetObject"}, "action": {"bytes_per_second": 1_000_000},
    }));
    let transfer = scene.download().resume_from(record).start();
    loop {
        if let Some(now) = transfer.resume_record() {
            complete = now.to_bytes();
        }
        if transfer.is_finished() {
            break;
        }
        tokio::task::yield_now().await;
    }
    transfer.await.unwrap();
    scene.cloud.emulator.clear_faults();
    let is_complete = ResumeRecord::from_bytes(&complete).unwrap().done_bytes() == SIZE as u64;
    let before = scene.bytes_out();
    let output = scene.download().resume_from(complete).send().await.unwrap();
    if is_complete {
        assert_eq!(
            (output.resumed_bytes, output.restarted),
            (SIZE as u64, None)
        );
        assert_eq!(scene.bytes_out() - before, 1);
    } else {
        assert_eq!(output.restarted, Some(RestartReason::TemporaryFileGone));
    }
    scene.arrived();
}

#[tokio::test]
async fn an_object_replaced_during_a_resumed_download_is_old_or_new() {
    let mut scene = Scene::new().await;
    let record = scene.fetched_in_part(scene.download(), 2).await;
    // The first answer is still of the old one.
    scene.hang_at(2);
    let transfer = scene.download().resume_from(record).start();
    while transfer
        .resume_record()
        .is_none_or(|r| r.done_bytes() < 3 * PART as u64)
    {
        tokio::task::yield_now().await;
    }
    transfer.pause();
    let control = transfer.control();
    control.state_after(TransferState::InProgress).await;
    scene.replace(data(SIZE - 1)).await;
    scene.cloud.emulator.clear_faults();
    transfer.resume();
    let output = transfer.await.unwrap();
    assert_eq!(output.restarted, Some(RestartReason::ObjectChanged));
    scene.arrived();
}

#[tokio::test]
async fn pausing_stops_and_resuming_goes_on_in_place() {
    let scene = Scene::new().await;
    scene.hang_at(3);
    let events: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let sink = Arc::clone(&events);
    let download = scene.download();
    let transfer = download
        .on_progress(move |p| sink.lock().unwrap().push(p))
        .start();
    while transfer
        .resume_record()
        .is_none_or(|r| r.done_bytes() < 2 * PART as u64)
    {
        tokio::task::yield_now().await;
    }
    transfer.pause();
    let control = transfer.control();
    control.state_after(TransferState::InProgress).await;
    assert_eq!(transfer.state(), TransferState::Paused);
    assert!(std::fs::read(&scene.path).unwrap() == b"old");
    scene.cloud.emulator.clear_faults();
    transfer.resume();
    let output = transfer.await.unwrap();
    assert_eq!((output.resumed_bytes, output.restarted), (0, None));
    scene.arrived();
    let events = events.lock().unwrap();
    assert!(events.is_sorted_by_key(|p| p.done_bytes));
    assert_eq!(events.last().unwrap().done_bytes, SIZE as u64);
}

#[tokio::test]
async fn an_object_deleted_meanwhile_ends_it_for_good() {
    let scene = Scene::new().await;
    let store = scene.store();
    scene
        .fetched_in_part(scene.download().resume_store(&store), 2)
        .await;
    scene.client.delete_object("k").send().await.unwrap();
    let error = scene
        .download()
        .resume_store(&store)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.resume_record().is_none());
    assert!(std::fs::read(&scene.path).unwrap() == b"old");
    assert_eq!(names(scene.dir.path()), ["state", "target"]);
}

#[tokio::test]
async fn leftovers_are_kept_or_removed_as_asked() {
    for (kept, how) in [
        (true, "stop"),
        (false, "cancel"),
        (false, "fail"),
        (true, "keep"),
    ] {
        let scene = Scene::new().await;
        let download = scene.download();
        let leftovers = match how {
            "keep" => Leftovers::Keep,
            _ => Leftovers::Abort,
        };
        let download = download.on_failure(leftovers);
        if matches!(how, "fail" | "keep") {
            scene.cloud.fault(&json!({
                "match": {"operation": "GetObject", "nth": 2},
                "action": {"status": 403, "code": "AccessDenied"},
            }));
            let error = download.send().await.unwrap_err();
            assert_eq!(error.resume_record().is_some(), kept);
        } else {
            scene.hang_at(2);
            let transfer = download.start();
            while transfer.resume_record().is_none_or(|r| r.done_bytes() == 0) {
                tokio::task::yield_now().await;
            }
            match how {
                "stop" => transfer.stop(),
                _ => transfer.cancel(),
            }
            let error = transfer.await.unwrap_err();
            assert_eq!(error.resume_record().is_some(), kept);
        }
        assert_eq!(
            names(scene.dir.path()).len(),
            1 + usize::from(kept),
            "{how}"
        );
    }
}

#[tokio::test]
async fn a_cache_that_ignores_ranges_by_now_starts_again() {
    let content = data(3 * PART);
    let ignores = Arc::new(AtomicBool::new(false));
    let (source, ignoring) = (content.clone(), Arc::clone(&ignores));
    let server = Server::start(move |n, seen| {
        let crc = Crc64::of(&source).to_string();
        let (first, last) = seen.range().unwrap();
        let answer = match ignoring.load(Ordering::SeqCst) {
            _ if n == 1 => return refuse(403, "AccessDenied", "not now"),
            true => say(200, &source[..]),
            false => {
                let range = format!("bytes {first}-{last}/{}", source.len());
                say(206, &source[first..=last]).with("content-range", range)
            }
        };
        answer
            .with("etag", "\"v\"")
            .with("x-cos-hash-crc64ecma", crc)
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("target");
    let client = client(&server.url);
    let download = || {
        let download = client.download_file("k", &path).concurrency(1);
        download.part_size(PART as u64).on_failure(Leftovers::Keep)
    };
    let error = download().send().await.unwrap_err();
    let record = error.resume_record().unwrap();
    assert_eq!(record.done_bytes(), PART as u64);
    ignores.store(true, Ordering::SeqCst);
    let download = download().resume_from(record.to_bytes());
    let output = download.send().await.unwrap();
    assert_eq!(output.restarted, Some(RestartReason::ObjectChanged));
    assert!(std::fs::read(&path).unwrap() == content);
    assert_eq!(names(dir.path()), ["target"]);
}
