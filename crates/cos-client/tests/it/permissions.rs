//! Temporary keys: what they may do, when they end, whose clock counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use cos_client::{ErrorKind, Operation};
use cos_sts::ManualClock;
use serde_json::json;

use crate::cloud::Cloud;
use crate::setup::data;

const PART: usize = 1 << 20;

const UPLOAD: [&str; 5] = [
    "name/cos:PutObject",
    "name/cos:InitiateMultipartUpload",
    "name/cos:UploadPart",
    "name/cos:CompleteMultipartUpload",
    "name/cos:AbortMultipartUpload",
];

fn file(size: usize) -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    std::fs::write(&path, data(size)).unwrap();
    (dir, path)
}

#[tokio::test]
async fn uploads_need_only_upload_permissions() {
    let cloud = Cloud::start().await;
    let client = cloud.allowed(&UPLOAD).await;
    let (_dir, path) = file(3 * PART);
    client.upload_file("k", &path).send().await.unwrap();
    client
        .upload_file("small", &path)
        .multipart_threshold(1 << 30)
        .send()
        .await
        .unwrap();
    let error = client.get_object("k").send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::AccessDenied, Some("AccessDenied"))
    );
    assert!(error.hint().unwrap().contains("name/cos:GetObject"));
    let error = client.head_object("k").send().await.unwrap_err();
    assert_eq!(error.code(), Some("AccessDenied"), "{error:?}");
    assert!(error.hint().unwrap().contains("name/cos:HeadObject"));
}

#[tokio::test]
async fn downloads_need_only_get() {
    let cloud = Cloud::start().await;
    let (dir, path) = file(3 * PART);
    cloud.root().upload_file("k", &path).send().await.unwrap();
    let client = cloud.allowed(&["name/cos:GetObject"]).await;
    let target = dir.path().join("t");
    client.download_file("k", &target).send().await.unwrap();
    let error = client.upload_file("k", &path).send().await.unwrap_err();
    assert_eq!(error.operation(), Some("InitiateMultipartUpload"));
    assert!(
        error
            .hint()
            .unwrap()
            .contains("lacks name/cos:InitiateMultipartUpload on")
    );
}

#[tokio::test]
async fn a_denied_completion_leaves_no_parts() {
    let cloud = Cloud::start().await;
    let without_complete: Vec<_> = UPLOAD
        .into_iter()
        .filter(|a| !a.contains("Complete"))
        .collect();
    let client = cloud.allowed(&without_complete).await;
    let (_dir, path) = file(2 * PART);
    let error = client.upload_file("k", &path).send().await.unwrap_err();
    assert_eq!(error.operation(), Some("CompleteMultipartUpload"));
    assert_eq!(cloud.count("AbortMultipartUpload"), 1);
}

#[tokio::test]
async fn a_key_that_ends_in_the_middle_costs_one_part() {
    let cloud = Cloud::start().await;
    let provider = cloud.sts(Some(&UPLOAD));
    let client = cloud.builder().credentials(provider).build().unwrap();
    let (_dir, path) = file(6 * PART);
    let clock = cloud.emulator.clock();
    let moved = Arc::new(AtomicBool::new(false));
    let upload = client
        .upload_file("k", &path)
        .concurrency(1)
        .on_progress(move |p| {
            if p.done_bytes > 0 && !moved.swap(true, Ordering::SeqCst) {
                clock.advance_s(1_801);
            }
        });
    // Slow enough for the progress callback to come while parts are left.
    cloud.fault(&json!({"match": {"operation": "UploadPart"}, "action": {"delay_ms": 60}}));
    let output = upload.send().await.unwrap();
    assert_eq!(output.parts, 6);
    assert_eq!(cloud.count("AssumeRole"), 2);
    assert!(
        (6..=7).contains(&cloud.count("UploadPart")),
        "{}",
        cloud.count("UploadPart")
    );
}

#[tokio::test]
async fn a_key_revoked_in_the_middle_costs_one_part() {
    let cloud = Cloud::start().await;
    let client = cloud
        .builder()
        .credentials(cloud.sts(None))
        .build()
        .unwrap();
    let (dir, path) = file(6 * PART);
    cloud.fault(&json!({"match": {"operation": "UploadPart", "nth": 3}, "action": {"revoke_token": true}, "times": 1}));
    client
        .upload_file("k", &path)
        .concurrency(1)
        .send()
        .await
        .unwrap();
    assert_eq!(cloud.count("AssumeRole"), 2);
    assert_eq!(cloud.count("UploadPart"), 7);
    cloud.fault(&json!({"match": {"operation": "GetObject", "nth": 2}, "action": {"revoke_token": true}, "times": 1}));
    let target = dir.path().join("t");
    client.download_file("k", &target).send().await.unwrap();
    assert_eq!(cloud.count("AssumeRole"), 3);
    assert!(std::fs::read(target).unwrap() == std::fs::read(path).unwrap());
}

#[tokio::test]
async fn keys_revoked_at_random_cost_one_part_each() {
    const PARTS: usize = 12;
    for seed in 0..4_u64 {
        let cloud = Cloud::start().await;
        let client = cloud
            .builder()
            .credentials(cloud.sts(None))
            .build()
            .unwrap();
        let mut random = fastrand::Rng::with_seed(seed);
        for nth in (1..=PARTS).filter(|_| random.u8(..3) == 0) {
            cloud.fault(&json!({
                "match": {"operation": "UploadPart", "nth": nth},
                "action": {"revoke_token": true}, "times": 1,
            }));
        }
        let (_dir, path) = file(PARTS * PART);
        let upload = client.upload_file("k", &path).concurrency(1);
        upload.send().await.unwrap();
        let keys = cloud.count("AssumeRole");
        let sent = cloud.count("UploadPart");
        assert!(keys > 1, "seed {seed}: nothing was revoked");
        assert!(
            sent < PARTS + keys,
            "seed {seed}: {sent} parts, {keys} keys"
        );
    }
}

/// What is repeated is what carried the revoked key when it was refused: of each key at most one request
/// for each place in flight, since a place that was refused goes on with the next key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_revoked_with_several_in_flight_cost_at_most_one_part_of_each_of_them() {
    const PARTS: usize = 24;
    const IN_FLIGHT: usize = 4;
    let (dir, path) = file(PARTS * PART);
    let target = dir.path().join("t");
    for seed in [0, 1, 2, fastrand::u64(..)] {
        println!("seed {seed}");
        let cloud = Cloud::start().await;
        let client = cloud
            .builder()
            .credentials(cloud.sts(None))
            .build()
            .unwrap();
        let mut random = fastrand::Rng::with_seed(seed);
        for operation in ["UploadPart", "GetObject"] {
            // So far apart that nobody is refused by one key after another, which is given up.
            let mut nth = 1 + random.usize(..IN_FLIGHT);
            while nth <= PARTS {
                cloud.fault(&json!({
                    "match": {"operation": operation, "nth": nth},
                    "action": {"revoke_token": true}, "times": 1,
                }));
                nth += 2 * IN_FLIGHT + random.usize(..IN_FLIGHT);
            }
            // Answers that take a moment: requests are in flight together.
            cloud.fault(&json!({"match": {"operation": operation}, "action": {"delay_ms": 3}}));
            let before = cloud.count("AssumeRole");
            if operation == "UploadPart" {
                let upload = client.upload_file("k", &path).concurrency(IN_FLIGHT);
                upload.send().await.unwrap();
            } else {
                let download = client.download_file("k", &target).concurrency(IN_FLIGHT);
                download.send().await.unwrap();
            }
            // An upload fetches the first key, a download goes on with the last one.
            let revoked = cloud.count("AssumeRole") - before - usize::from(before == 0);
            let refused = cloud.refused(operation);
            println!("{operation}: {revoked} keys revoked, {refused} requests repeated");
            assert!(revoked >= 1, "seed {seed}, {operation}");
            assert!(
                (revoked..=revoked * IN_FLIGHT).contains(&refused),
                "seed {seed}, {operation}: {refused} refused, {revoked} keys"
            );
        }
        assert_eq!(
            cloud.count("UploadPart"),
            PARTS + cloud.refused("UploadPart")
        );
        assert!(std::fs::read(&target).unwrap() == std::fs::read(&path).unwrap());
    }
}

#[tokio::test]
async fn many_at_once_fetch_one_new_key() {
    let cloud = Cloud::start().await;
    let client = cloud
        .builder()
        .credentials(cloud.sts(None))
        .build()
        .unwrap();
    client.put_object("k", "x").send().await.unwrap();
    cloud.emulator.clock().advance_s(4_000);
    let puts = (0..16).map(|i| client.put_object(format!("k{i}"), "x").send());
    for result in futures_util::future::join_all(puts).await {
        result.unwrap();
    }
    assert_eq!(cloud.count("AssumeRole"), 2);
}

#[tokio::test]
async fn an_ended_key_without_a_successor_is_explained() {
    let cloud = Cloud::start().await;
    let account = &cloud.emulator.accounts()[0];
    // Signed by the right key, with a token nobody issued.
    let now = cloud.emulator.clock().now_s();
    let forged = cos_sts::Credentials::temporary(
        &account.secret_id,
        &account.secret_key,
        "forged",
        None,
        now + 60,
    );
    let forged = cos_sts::StaticProvider::new(forged.unwrap());
    let client = cloud.builder().credentials(forged).build().unwrap();
    let error = client.put_object("k", "x").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert_eq!(error.attempts(), 1);
    assert!(!format!("{error:?} {error}").contains("forged"));
}

#[tokio::test]
async fn a_wrong_clock_is_corrected() {
    let cloud = Cloud::start().await;
    let right = cloud.emulator.clock().now_s();
    let day = 26 * 3_600;
    for wrong in [
        right - 40_000,
        right + 40_000,
        right - day,
        right + day,
        86_400,
    ] {
        let client = cloud
            .builder()
            .credentials(cloud.root_credentials())
            .clock(ManualClock::skipping_sleep(wrong))
            .build()
            .unwrap();
        let before = cloud.count("PutObject");
        client
            .put_object("k", "x")
            .send()
            .await
            .unwrap_or_else(|e| panic!("{e:?}"));
        client.put_object("k", "x").send().await.unwrap();
        assert_eq!(cloud.count("PutObject") - before, 3, "learned once");
    }
}

#[tokio::test]
async fn a_clock_that_jumps_in_the_middle_costs_one_request() {
    let cloud = Cloud::start().await;
    let right = cloud.emulator.clock().now_s();
    for jump in [-26 * 3_600, 26 * 3_600] {
        let clock = ManualClock::skipping_sleep(right);
        let turned = clock.clone();
        let turn_at = Arc::new(AtomicUsize::new(3));
        let client = cloud
            .builder()
            .credentials(cloud.root_credentials())
            .clock(clock)
            .on_attempt(move |m| {
                let is_part = m.operation == Operation::UploadPart;
                if is_part && turn_at.fetch_sub(1, Ordering::SeqCst) == 1 {
                    turned.set_s(right.saturating_add_signed(jump));
                }
            })
            .build()
            .unwrap();
        let before = cloud.count("UploadPart");
        let (_dir, path) = file(6 * PART);
        let upload = client.upload_file("k", &path).concurrency(1);
        upload.send().await.unwrap();
        assert_eq!(cloud.count("UploadPart") - before, 7, "{jump}");
    }
}
