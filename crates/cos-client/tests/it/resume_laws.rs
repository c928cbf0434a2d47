//! What always holds, whatever goes wrong and whenever the transfer is interrupted.

use std::sync::{Arc, Mutex};

use cos_client::{ErrorKind, Progress, Transfer, TransferState};
use serde_json::json;

use crate::cloud::Cloud;
use crate::setup::{data, names};

const PART: usize = 1 << 20;
const SCHEDULES: u64 = 8;

/// Faults of all sorts, about every fifth request.
fn break_things(cloud: &Cloud, operation: &str, random: &mut fastrand::Rng) {
    cloud.emulator.clear_faults();
    let actions = [
        json!({"status": 503, "code": "SlowDown"}),
        json!({"status": 500, "code": "InternalError"}),
        json!({"reset": true}),
        json!({"drop_response": true}),
        json!({"truncate_after": random.u32(0..900_000)}),
        json!({"reset": random.u32(0..900_000)}),
    ];
    for action in actions {
        cloud.fault(&json!({
            "match": {"operation": operation}, "action": action, "probability": 0.04,
        }));
    }
    // Time for interruptions to come in between.
    cloud.fault(&json!({
        "match": {"operation": operation}, "action": {"bytes_per_second": 60_000_000},
    }));
}

type Events = Arc<Mutex<Vec<Progress>>>;

fn listener() -> (Events, impl Fn(Progress) + Send + Sync + 'static) {
    let events = Events::default();
    let sink = Arc::clone(&events);
    (events, move |p| sink.lock().unwrap().push(p))
}

/// Pauses, resumes and stops at random points. What `progress` tells never falls meanwhile.
async fn interrupt<T: Send + 'static>(
    transfer: Transfer<T>,
    random: &mut fastrand::Rng,
    size: u64,
) -> cos_client::Result<T> {
    let control = transfer.control();
    let mut waiting = Box::pin(transfer);
    let mut last = 0;
    let mut pauses = random.u32(0..4);
    let stops = random.u32(0..3) == 0;
    let mut until = random.u64(0..=size);
    loop {
        tokio::select! {
            biased;
            result = &mut waiting => return result,
            () = tokio::task::yield_now() => {}
        }
        let done = control.progress().done_bytes;
        assert!(done >= last && done <= size, "{last} {done} {size}");
        last = done;
        if done < until {
            continue;
        }
        until = random.u64(0..=size);
        if pauses > 0 {
            pauses -= 1;
            control.pause();
            // It may have ended before.
            if control.state_after(TransferState::InProgress).await == TransferState::Paused {
                control.resume();
            }
        } else if stops {
            control.stop();
            until = u64::MAX;
        } else {
            until = u64::MAX;
        }
    }
}

fn check_events(events: &Events, finished: bool, size: u64) {
    let events = events.lock().unwrap();
    assert!(events.is_sorted_by_key(|p| p.done_bytes));
    assert!(events.iter().all(|p| p.done_bytes <= size));
    if finished {
        assert_eq!(events.last().unwrap().done_bytes, size);
    }
}

#[tokio::test]
async fn uploads_end_whole_and_progress_never_falls() {
    for seed in 0..SCHEDULES {
        let mut random = fastrand::Rng::with_seed(seed);
        let cloud = Cloud::start().await;
        let client = cloud.root();
        let dir = tempfile::tempdir().unwrap();
        let content = data(PART * random.usize(2..9) + random.usize(0..PART));
        let (path, size) = (dir.path().join("source"), content.len() as u64);
        std::fs::write(&path, &content).unwrap();
        let mut record = Vec::new();
        for round in 0.. {
            assert!(round < 50, "seed {seed} does not end");
            break_things(&cloud, "UploadPart", &mut random);
            let (events, on_progress) = listener();
            let mut upload = client.upload_file("k", &path).on_progress(on_progress);
            if !record.is_empty() {
                upload = upload.resume_from(record.clone());
            }
            let upload = upload.concurrency(random.usize(1..4));
            let result = interrupt(upload.start(), &mut random, size).await;
            check_events(&events, result.is_ok(), size);
            match result {
                Ok(output) => {
                    assert_eq!(output.restarted, None, "seed {seed}");
                    break;
                }
                Err(error) => {
                    if let Some(kept) = error.resume_record() {
                        record = kept.to_bytes();
                    } else {
                        // Nothing was begun, or a failure without a record to keep it in.
                        record.clear();
                    }
                }
            }
        }
        cloud.emulator.clear_faults();
        client.wait_for_cleanup().await;
        let object = client.get_object("k").send().await.unwrap();
        assert!(object.bytes().await.unwrap() == content, "seed {seed}");
        let open = client.list_multipart_uploads().send().await.unwrap();
        assert_eq!(open.uploads, [], "seed {seed}");
    }
}

#[tokio::test]
async fn downloads_end_whole_and_progress_never_falls() {
    for seed in 0..SCHEDULES {
        let mut random = fastrand::Rng::with_seed(100 + seed);
        let cloud = Cloud::start().await;
        let client = cloud.root();
        let dir = tempfile::tempdir().unwrap();
        let content = data(PART * random.usize(2..9) + random.usize(0..PART));
        let (path, size) = (dir.path().join("target"), content.len() as u64);
        client
            .put_object("k", content.clone())
            .send()
            .await
            .unwrap();
        std::fs::write(&path, "old").unwrap();
        let mut record = Vec::new();
        for round in 0.. {
            assert!(round < 50, "seed {seed} does not end");
            break_things(&cloud, "GetObject", &mut random);
            if random.u32(0..5) == 0 {
                cloud.fault(&json!({
                    "match": {"operation": "GetObject", "nth": 2},
                    "action": {"corrupt_byte_at": random.u32(0..1000)},
                }));
            }
            let (events, on_progress) = listener();
            let mut download = client.download_file("k", &path).on_progress(on_progress);
            if !record.is_empty() {
                download = download.resume_from(record.clone());
            }
            let download = download.concurrency(random.usize(1..4));
            let result = interrupt(download.start(), &mut random, size).await;
            check_events(&events, result.is_ok(), size);
            match result {
                Ok(output) => {
                    assert_eq!(output.restarted, None, "seed {seed}");
                    break;
                }
                Err(error) => {
                    // Old, or, when it was stopped in its last moment, the whole.
                    let shown = std::fs::read(&path).unwrap();
                    assert!(shown == b"old" || shown == content, "seed {seed}");
                    let kept = error.resume_record().map(|r| r.to_bytes());
                    if error.kind() == ErrorKind::Integrity {
                        assert!(kept.is_none());
                    }
                    record = kept.unwrap_or_default();
                }
            }
        }
        assert!(std::fs::read(&path).unwrap() == content, "seed {seed}");
        assert_eq!(names(dir.path()), ["target"], "seed {seed}");
    }
}

/// Keys of 1,800 s, each request 450 s later than the one before, and a pause
/// longer than any key lives.
#[tokio::test]
async fn three_hours_with_keys_of_half_an_hour() {
    const PARTS: usize = 24;
    let cloud = Cloud::start().await;
    let clock = cloud.emulator.clock();
    let ticking = cloud.emulator.clock();
    let client = cloud
        .builder()
        .credentials(cloud.sts(None))
        .on_attempt(move |_| ticking.advance_s(450))
        .build()
        .unwrap();
    let begun = clock.now_s();
    let dir = tempfile::tempdir().unwrap();
    let content = data(PARTS * PART);
    let (source, target) = (dir.path().join("source"), dir.path().join("target"));
    std::fs::write(&source, &content).unwrap();
    let half = (PARTS / 2 * PART) as u64;

    let upload = client.upload_file("k", &source).concurrency(1).start();
    pause_once_for(3_600, &upload, half, &clock).await;
    assert_eq!(upload.await.unwrap().restarted, None);
    let hours = (clock.now_s() - begun) / 3_600;
    assert!(hours >= 3, "{hours}");
    let keys = cloud.count("AssumeRole");
    // One for each 1,800 s that something was sent in, and each costs one part at most.
    assert!((5..=9).contains(&keys), "{keys}");
    let sent = cloud.count("UploadPart");
    assert!(sent <= PARTS + keys + 1, "{sent} parts with {keys} keys");

    let download = client.download_file("k", &target).concurrency(1).start();
    pause_once_for(3_600, &download, half, &clock).await;
    assert_eq!(download.await.unwrap().restarted, None);
    assert!(std::fs::read(&target).unwrap() == content);
    let keys = cloud.count("AssumeRole") - keys;
    let fetched = cloud.count("GetObject");
    assert!(
        fetched <= PARTS + keys + 1,
        "{fetched} ranges with {keys} keys"
    );
}

async fn pause_once_for<T: Send + 'static>(
    seconds: i64,
    transfer: &Transfer<T>,
    at: u64,
    clock: &cos_emulator::EmulatorClock,
) {
    while transfer.progress().done_bytes < at {
        tokio::task::yield_now().await;
    }
    transfer.pause();
    let control = transfer.control();
    control.state_after(TransferState::InProgress).await;
    clock.advance_s(seconds);
    transfer.resume();
}

#[tokio::test]
async fn a_paused_tree_sends_nothing() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let dir = tempfile::tempdir().unwrap();
    for n in 0..6 {
        std::fs::write(dir.path().join(format!("f{n}")), data(3 * PART + n)).unwrap();
    }
    cloud.fault(&json!({
        "match": {"operation": "UploadPart"}, "action": {"bytes_per_second": 20_000_000},
    }));
    let transfer = client.upload_dir(dir.path(), "t").concurrency(2).start();
    while transfer.progress().done_bytes < PART as u64 {
        tokio::task::yield_now().await;
    }
    transfer.pause();
    let control = transfer.control();
    control.state_after(TransferState::InProgress).await;
    // What the pause cut off is noted when the emulator sees it, which takes as long as it takes;
    // after that nothing moves any more, though not all is done.
    let now = || (control.progress(), cloud.count("UploadPart"));
    let (mut seen, mut quiet) = (now(), 0);
    while quiet < 2_000 {
        tokio::task::yield_now().await;
        let next = now();
        quiet = if next == seen { quiet + 1 } else { 0 };
        seen = next;
    }
    assert!(!transfer.is_finished());
    assert!(cloud.count("CompleteMultipartUpload") < 6);
    cloud.emulator.clear_faults();
    transfer.resume();
    let report = transfer.await.unwrap();
    assert_eq!((report.transferred, report.failed), (6, 0));
    for n in 0..6 {
        let object = client.get_object(format!("t/f{n}")).send().await.unwrap();
        assert!(object.bytes().await.unwrap() == data(3 * PART + n));
    }
}
