//! Whole folders up, down and across: what is moved, what is refused, what is deleted.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use cos_client::{
    Client, Compare, ErrorKind, ResumeFolder, TransferState, TreeAction, TreeProgress, TreeReport,
    UnsafeKey,
};
use futures_util::TryStreamExt;
use serde_json::json;

use crate::cloud::Cloud;
use crate::setup::{REGION, data};

fn write(root: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// Every file below a folder, with its content.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fn add(dir: &Path, prefix: &str, all: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                add(&entry.path(), &format!("{name}/"), all);
            } else {
                all.insert(name, fs::read(entry.path()).unwrap_or_default());
            }
        }
    }
    let mut all = BTreeMap::new();
    add(root, "", &mut all);
    all
}

async fn keys(client: &Client) -> Vec<String> {
    let objects: Vec<_> = client.list_objects().objects().try_collect().await.unwrap();
    objects.into_iter().map(|o| o.key).collect()
}

async fn put(client: &Client, key: &str, content: &str) {
    let put = client.put_object(key, content.to_owned());
    put.send().await.unwrap();
}

fn numbers(report: &TreeReport) -> (u64, u64, u64, u64) {
    (
        report.transferred,
        report.unchanged,
        report.deleted,
        report.failed,
    )
}

fn failed(report: &TreeReport) -> Vec<&str> {
    let failures = report.failures.iter();
    failures.map(|f| f.name.as_str()).collect()
}

/// With one file at a time nothing is told while the caller holds it, and everything in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_begun_while_it_is_held() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let dir = tempfile::tempdir().unwrap();
    for n in 0..40 {
        fs::write(dir.path().join(n.to_string()), "x").unwrap();
    }
    let (hold, held) = tokio::sync::watch::channel(true);
    let hold = Arc::new(hold);
    let holder = Arc::clone(&hold);
    let transfer = client
        .upload_dir(dir.path(), "held")
        .dry_run(true)
        .concurrency(1)
        .on_event(move |_| assert!(!holder.send_replace(true), "told while held"))
        .hold_while(held.clone())
        .start();
    let mut wanted = held;
    let release = tokio::spawn(async move {
        while wanted.wait_for(|held| *held).await.is_ok() {
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            hold.send_replace(false);
        }
    });
    assert_eq!(transfer.await.unwrap().transferred, 40);
    release.abort();
}

#[tokio::test]
async fn two_thousand_small_files_there_and_back() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let dir = tempfile::tempdir().unwrap();
    let here = dir.path().join("here");
    for n in 0..2_000 {
        let name = format!("{}/{}-{n}", n % 7, n % 13);
        write(&here, &name, data(n));
    }
    write(&here, "空 folder/ß/e\u{301}.txt", "unicode");
    write(&here, "a/large", data(3 << 20));
    let last: Arc<Mutex<TreeProgress>> = Arc::default();
    let seen = Arc::clone(&last);
    let transfer = client
        .upload_dir(&here, "t/")
        .concurrency(32)
        .on_progress(move |now| {
            let mut last = seen.lock().unwrap();
            assert!(now.files_done >= last.files_done && now.bytes_done >= last.bytes_done);
            *last = now;
        })
        .start();
    let control = transfer.control();
    let report = transfer.await.unwrap();
    assert_eq!(numbers(&report), (2_002, 0, 0, 0));
    let bytes: u64 = files(&here).values().map(|c| c.len() as u64).sum();
    assert_eq!(report.bytes, bytes);
    let last = *last.lock().unwrap();
    assert!(last.is_complete);
    assert_eq!((last.files_done, last.files_found), (2_002, 2_002));
    assert_eq!((last.bytes_done, last.bytes_found), (bytes, bytes));
    assert_eq!(control.progress().total_bytes, Some(bytes));
    assert_eq!(control.progress().done_bytes, bytes);
    assert_eq!(cloud.count("PutObject"), 2_001);
    assert_eq!(cloud.count("UploadPart"), 3);

    let there = dir.path().join("there");
    let report = client.download_dir("t", &there).send().await.unwrap();
    assert_eq!(numbers(&report), (2_002, 0, 0, 0));
    assert!(files(&there) == files(&here));
    let listings = cloud.count("GetBucket");
    let report = client.sync_down("t", &there).delete(true).send().await;
    assert_eq!(numbers(&report.unwrap()), (0, 2_002, 0, 0));
    assert_eq!(cloud.count("GetBucket") - listings, 3);
    let report = client.sync_up(&here, "t").delete(true).send().await;
    assert_eq!(numbers(&report.unwrap()), (0, 2_002, 0, 0));
    assert_eq!(cloud.count("PutObject"), 2_001);
}

#[tokio::test]
async fn sync_up_moves_what_changed_and_deletes_exactly_the_rest() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "a/../b", "c/d", "c.txt", "keep.log", "z/1"] {
        write(dir.path(), &name.replace("a/../", "x/"), name);
    }
    let sync = || client.sync_up(dir.path(), "site");
    assert_eq!(numbers(&sync().send().await.unwrap()), (6, 0, 0, 0));
    for key in [
        "site/old",
        "site/c/old",
        "site/c-",
        "site/z/old.log",
        "site2/x",
        "sit",
    ] {
        put(&client, key, "other").await;
    }
    put(&client, "site/gone/", "").await;
    fs::write(dir.path().join("c.txt"), "longer than before").unwrap();
    let newer = SystemTime::now() + Duration::from_secs(10);
    let touched = fs::File::options().write(true).open(dir.path().join("x/b"));
    touched.unwrap().set_modified(newer).unwrap();
    fs::remove_file(dir.path().join("z/1")).unwrap();

    let before = keys(&client).await;
    let events: Arc<Mutex<Vec<(TreeAction, String)>>> = Arc::default();
    let sink = Arc::clone(&events);
    let dry = sync().delete(true).exclude("*.log").dry_run(true);
    let dry = dry.on_event(move |e| sink.lock().unwrap().push((e.action, e.name.to_owned())));
    assert_eq!(numbers(&dry.send().await.unwrap()), (2, 2, 5, 0));
    assert_eq!(keys(&client).await, before, "a dry run touches nothing");
    let events = std::mem::take(&mut *events.lock().unwrap());
    let of = |action| {
        let mut names: Vec<_> = events
            .iter()
            .filter(|e| e.0 == action)
            .map(|e| e.1.as_str())
            .collect();
        names.sort_unstable();
        names
    };
    assert_eq!(
        of(TreeAction::Delete),
        ["c-", "c/old", "gone/", "old", "z/1"]
    );
    assert_eq!(of(TreeAction::Upload), ["c.txt", "x/b"]);

    let report = sync().delete(true).exclude("*.log").send().await.unwrap();
    assert_eq!(numbers(&report), (2, 2, 5, 0));
    let expected = [
        "sit",
        "site/a",
        "site/c.txt",
        "site/c/d",
        "site/keep.log",
        "site/x/b",
        "site/z/old.log",
        "site2/x",
    ];
    assert_eq!(keys(&client).await, expected);
    assert_eq!(cloud.count("DeleteMultipleObjects"), 1);
}

#[tokio::test]
async fn sync_down_makes_the_folder_what_the_prefix_is() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    for (key, content) in [
        ("p/a", "1"),
        ("p/b/c", "22"),
        ("p/b/d", "x"),
        ("p/empty/", ""),
        ("q", "no"),
    ] {
        put(&client, key, content).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("new/root");
    let sync = || client.sync_down("p", &root);
    assert_eq!(
        numbers(&sync().dry_run(true).send().await.unwrap()),
        (3, 0, 0, 0)
    );
    assert!(!root.exists(), "a dry run touches nothing");
    assert_eq!(numbers(&sync().send().await.unwrap()), (3, 0, 0, 0));
    assert!(root.join("empty").is_dir());
    let modified = client
        .head_object("p/a")
        .send()
        .await
        .unwrap()
        .last_modified;
    assert_eq!(
        fs::metadata(root.join("a")).unwrap().modified().ok(),
        modified
    );
    assert_eq!(numbers(&sync().send().await.unwrap()), (0, 3, 0, 0));

    write(&root, "b/extra", "x");
    write(&root, "more/x", "x");
    write(&root, "more/kept.log", "x");
    cloud.emulator.clock().advance_s(5);
    put(&client, "p/b/d", "y").await; // the same size, a later time
    client.delete_object("p/b/c").send().await.unwrap();
    let report = sync().delete(true).exclude("*.log").send().await.unwrap();
    assert_eq!(numbers(&report), (1, 1, 3, 0));
    let names: Vec<_> = files(&root).into_keys().collect();
    assert_eq!(names, ["a", "b/d", "more/kept.log"]);
    assert_eq!(fs::read(root.join("b/d")).unwrap(), b"y");
}

#[tokio::test]
async fn checksums_tell_what_time_and_size_cannot() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let dir = tempfile::tempdir().unwrap();
    for name in ["same", "changed"] {
        write(dir.path(), name, "before");
    }
    let _ = client.upload_dir(dir.path(), "").send().await.unwrap();
    fs::write(dir.path().join("changed"), "behind").unwrap();
    let old = SystemTime::now() - Duration::from_secs(100);
    for name in ["same", "changed"] {
        let file = fs::File::options().write(true).open(dir.path().join(name));
        file.unwrap().set_modified(old).unwrap();
    }
    let sync = || client.sync_up(dir.path(), "");
    assert_eq!(numbers(&sync().send().await.unwrap()), (0, 2, 0, 0));
    let report = sync().compare(Compare::Checksum).dry_run(true).send().await;
    assert_eq!(numbers(&report.unwrap()), (1, 1, 0, 0));
    let report = sync().compare(Compare::Checksum).send().await.unwrap();
    assert_eq!(numbers(&report), (1, 1, 0, 0));
    let down = || client.sync_down("", dir.path()).compare(Compare::Checksum);
    assert_eq!(numbers(&down().send().await.unwrap()), (0, 2, 0, 0));
    fs::write(dir.path().join("same"), "beside").unwrap();
    assert_eq!(numbers(&down().send().await.unwrap()), (1, 1, 0, 0));
    assert_eq!(fs::read(dir.path().join("same")).unwrap(), b"before");
}

#[tokio::test]
async fn hostile_keys_are_refused_by_name_and_the_rest_arrives() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let long = format!("p/{}", "x".repeat(256));
    let hostile = [
        ("p/../out", UnsafeKey::DotName),
        ("p//etc/out", UnsafeKey::Absolute),
        ("p/C:/out", UnsafeKey::DriveLetter),
        ("p/\\\\host\\out", UnsafeKey::Absolute),
        ("p/a/./b", UnsafeKey::DotName),
        ("p/a//b", UnsafeKey::EmptyName),
        ("p/a/\u{1}", UnsafeKey::ControlCharacter),
        ("p/file/below", UnsafeKey::FileAndFolder),
        ("p/full/", UnsafeKey::EmptyName),
        (long.as_str(), UnsafeKey::LongName),
    ];
    for (key, _) in hostile {
        put(&client, key, "gotcha").await;
    }
    for key in ["p/file", "p/a/fine", "p/A/fine", "p/nul", "p/"] {
        put(&client, key, "fine").await;
    }
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("x/root");
    let report = client.download_dir("p", &root).send().await.unwrap();
    assert_eq!(
        (report.transferred, report.failed),
        (4, 10),
        "{:?}",
        report.failures
    );
    for (key, reason) in hostile {
        let failure = report.failures.iter().find(|f| f.name == key[2..]).unwrap();
        let source = std::error::Error::source(&failure.error).unwrap();
        assert_eq!(source.downcast_ref(), Some(&reason), "{key}");
        assert!(
            failure.error.message().contains("no place"),
            "{}",
            failure.error
        );
    }
    let names: Vec<_> = files(dir.path()).into_keys().collect();
    assert_eq!(
        names,
        [
            "x/root/A/fine",
            "x/root/a/fine",
            "x/root/file",
            "x/root/nul"
        ]
    );
    let portable = dir.path().join("portable");
    let report = client.download_dir("p", &portable).portable_names(true);
    let report = report.send().await.unwrap();
    let names: Vec<_> = files(&portable).into_keys().collect();
    assert_eq!(
        names,
        ["A/fine", "file"],
        "a/fine differs by case, nul is a device"
    );
    assert!(failed(&report).contains(&"a/fine") && failed(&report).contains(&"nul"));
    let error = client
        .download_dir("p", &portable)
        .fail_fast(true)
        .send()
        .await
        .unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().is::<UnsafeKey>());
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_neither_followed_nor_written_through_nor_deleted_behind() {
    use cos_client::Symlinks;
    use std::os::unix::fs::symlink;
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    write(dir.path(), "outside/o", "o");
    write(&root, "d/f", "f");
    symlink("../outside", root.join("out")).unwrap();
    symlink("..", root.join("d/loop")).unwrap();
    put(&client, "t/out/o", "stays: a link has this name").await;
    put(&client, "t/out", "stays too").await;
    let report = client
        .sync_up(&root, "t")
        .delete(true)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (report.transferred, report.skipped, report.deleted),
        (1, 2, 0)
    );
    assert_eq!(keys(&client).await, ["t/d/f", "t/out", "t/out/o"]);

    let follow = client.sync_up(&root, "u").symlinks(Symlinks::Follow);
    let report = follow.send().await.unwrap();
    assert_eq!(failed(&report), ["d/loop/"]);
    assert!(report.failures[0].error.message().contains("leads back"));
    assert_eq!(report.transferred, 2);

    client.delete_object("t/out").send().await.unwrap();
    let report = client
        .sync_down("t", &root)
        .delete(true)
        .send()
        .await
        .unwrap();
    assert_eq!(failed(&report), ["out/o"]);
    assert!(report.failures[0].error.message().contains("symbolic link"));
    assert_eq!(fs::read(dir.path().join("outside/o")).unwrap(), b"o");
    assert!(root.join("out").is_symlink(), "a link is not deleted");
}

#[tokio::test]
async fn one_that_fails_is_named_and_the_others_arrive() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        write(dir.path(), name, name);
    }
    cloud.fault(&json!({"match": {"method": "PUT", "key_prefix": "t/b"},
        "action": {"status": 403, "code": "AccessDenied"}}));
    let report = client.upload_dir(dir.path(), "t").send().await.unwrap();
    assert_eq!(failed(&report), ["b"]);
    assert_eq!(report.failures[0].error.code(), Some("AccessDenied"));
    assert_eq!(keys(&client).await, ["t/a", "t/c"]);
    assert_eq!(
        report.into_result().unwrap_err().kind(),
        ErrorKind::AccessDenied
    );
    let fast = client.upload_dir(dir.path(), "t").fail_fast(true);
    assert_eq!(fast.send().await.unwrap_err().code(), Some("AccessDenied"));

    // An object that breaks off in the middle is gone on with.
    cloud.fault(&json!({"match": {"method": "GET", "key_prefix": "t/c"},
        "action": {"truncate_after": 0}, "times": 1}));
    let back = dir.path().join("back");
    let report = client.download_dir("t", &back).send().await.unwrap();
    assert_eq!(numbers(&report), (2, 0, 0, 0), "{:?}", report.failures);
    assert_eq!(fs::read(back.join("c")).unwrap(), b"c");
    let kept = client.download_dir("t", &back).forbid_overwrite();
    assert_eq!(failed(&kept.send().await.unwrap()), ["a", "c"]);

    // What may not be deleted is named too.
    let actions = ["name/cos:GetBucket"];
    let client = cloud.allowed(&actions).await;
    let empty = tempfile::tempdir().unwrap();
    let report = client
        .sync_up(empty.path(), "t")
        .delete(true)
        .send()
        .await
        .unwrap();
    assert_eq!(failed(&report), ["a", "c"]);
    assert_eq!(report.failures[0].error.code(), Some("AccessDenied"));
}

#[tokio::test]
async fn what_every_file_would_meet_ends_it_at_once() {
    let cloud = Cloud::start().await;
    let dir = tempfile::tempdir().unwrap();
    for n in 0..50 {
        write(dir.path(), &format!("f{n}"), "x");
    }
    let missing = cloud.root().for_bucket("none-1250000000", REGION).unwrap();
    let upload = missing.upload_dir(dir.path(), "t").concurrency(2);
    let error = upload.send().await.unwrap_err();
    assert_eq!(error.code(), Some("NoSuchBucket"));
    assert!(
        cloud.count("PutObject") <= 3,
        "{}",
        cloud.count("PutObject")
    );
    let id = cloud.emulator.accounts()[0].secret_id.clone();
    let wrong = cos_sts::Credentials::permanent(id, "wrong").unwrap();
    let wrong = cos_sts::StaticProvider::new(wrong);
    let client = cloud.builder().credentials(wrong).build().unwrap();
    let upload = client.upload_dir(dir.path(), "t").concurrency(2);
    let error = upload.send().await.unwrap_err();
    assert_eq!(error.code(), Some("SignatureDoesNotMatch"));
}

#[tokio::test]
async fn a_source_that_cannot_be_read_deletes_nothing() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    put(&client, "t/a", "a").await;
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("none");
    let error = client
        .sync_up(&missing, "t")
        .delete(true)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Local);
    write(dir.path(), "a", "a");
    let error = client
        .sync_down("t", dir.path())
        .include("[")
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    cloud.fault(&json!({"match": {"operation": "GetBucket"},
        "action": {"status": 403, "code": "AccessDenied"}}));
    let error = client
        .sync_down("none", dir.path())
        .delete(true)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert_eq!(files(dir.path()).len(), 1);
}

/// A slow service holds the files in flight; cancelling ends them all and takes back their parts.
#[tokio::test]
async fn one_cancel_ends_all() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let dir = tempfile::tempdir().unwrap();
    for n in 0..20 {
        write(dir.path(), &format!("small-{n}"), "x");
    }
    write(dir.path(), "large", data(4 << 20));
    cloud.fault(&json!({"match": {"operation": "UploadPart", "nth": 2},
        "action": {"delay_ms": 600_000}}));
    cloud.fault(&json!({"match": {"operation": "PutObject"},
        "action": {"delay_ms": 600_000}}));
    let transfer = client.upload_dir(dir.path(), "t").concurrency(4).start();
    // Until a part has arrived, so that there is something to take back.
    while cloud.count("UploadPart") == 0 {
        tokio::task::yield_now().await;
    }
    transfer.cancel();
    assert_eq!(transfer.await.unwrap_err().kind(), ErrorKind::Cancelled);
    client.wait_for_cleanup().await;
    assert!(
        client
            .list_multipart_uploads()
            .send()
            .await
            .unwrap()
            .uploads
            .is_empty()
    );
}

#[tokio::test]
async fn from_prefix_to_prefix() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let other = client
        .for_bucket(crate::cloud::PLAIN, "ap-guangzhou")
        .unwrap();
    for key in ["a/1", "a/b/2", "a/b/", "ab/3"] {
        put(&client, key, key).await;
    }
    put(&other, "t/old", "x").await;
    let sync = || other.sync_copy(&client, "a", "t").delete(true);
    assert_eq!(numbers(&sync().send().await.unwrap()), (3, 0, 1, 0));
    assert_eq!(keys(&other).await, ["t/1", "t/b/", "t/b/2"]);
    assert_eq!(numbers(&sync().send().await.unwrap()), (0, 3, 0, 0));
    let by_sum = sync().compare(Compare::Checksum).send().await.unwrap();
    assert_eq!(numbers(&by_sum), (0, 3, 0, 0));
    for (from, to) in [("a", "a"), ("a", "a/x"), ("a/x", "a"), ("a", "")] {
        let error = client.copy_dir(&client, from, to).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{from} {to}");
    }
}

/// Both ways: stopped in the middle of a large file, the next call goes on with it.
#[tokio::test]
async fn large_files_go_on_where_they_were_stopped() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let dir = tempfile::tempdir().unwrap();
    let (here, there) = (dir.path().join("here"), dir.path().join("there"));
    write(&here, "large", data(5 << 20));
    write(&here, "small", "small");
    let store = ResumeFolder::new(dir.path().join("state")).unwrap();
    let only_one = cloud.builder().credentials(cloud.root_credentials());
    let one_at_a_time = only_one.concurrency(1).build().unwrap();
    let up = |client: &Client| client.upload_dir(&here, "t").resume_store(&store);
    let down = |client: &Client| client.download_dir("t", &there).resume_store(&store);
    for (operation, is_upload) in [("UploadPart", true), ("GetObject", false)] {
        cloud.fault(
            &json!({"match": {"operation": operation, "key_prefix": "t/large", "nth": 4},
            "action": {"delay_ms": 600_000}, "times": 1}),
        );
        let transfer = match is_upload {
            true => up(&one_at_a_time).start(),
            false => down(&one_at_a_time).start(),
        };
        let control = transfer.control();
        while control.progress().done_bytes < 3 << 20 {
            tokio::task::yield_now().await;
        }
        transfer.stop();
        assert_eq!(transfer.await.unwrap_err().kind(), ErrorKind::Cancelled);
        one_at_a_time.wait_for_cleanup().await;
        // It may have been stopped before the request that was to hang.
        cloud.emulator.clear_faults();
        let report = match is_upload {
            true => up(&client).send().await.unwrap(),
            false => down(&client).send().await.unwrap(),
        };
        assert_eq!(numbers(&report), (2, 0, 0, 0), "{:?}", report.failures);
        let resumed = report.resumed_bytes;
        assert!(
            (2 << 20..5 << 20).contains(&resumed),
            "{operation} {resumed}"
        );
    }
    assert!(files(&here) == files(&there));
    let uploads = client.list_multipart_uploads().send().await.unwrap();
    assert!(uploads.uploads.is_empty());
}

#[tokio::test]
async fn a_pause_holds_all_and_loses_nothing() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let dir = tempfile::tempdir().unwrap();
    for n in 0..50 {
        write(dir.path(), &format!("{n}"), data(n * 1000));
    }
    write(dir.path(), "large", data(4 << 20));
    cloud.fault(&json!({"match": {"operation": "PutObject"}, "action": {"delay_ms": 20}}));
    let transfer = client.upload_dir(dir.path(), "t").start();
    let control = transfer.control();
    for files in [3, 20] {
        while cloud.count("PutObject") < files {
            tokio::task::yield_now().await;
        }
        control.pause();
        let state = control.state_after(TransferState::InProgress).await;
        assert_eq!(state, TransferState::Paused);
        control.resume();
    }
    let report = transfer.await.unwrap();
    assert_eq!(numbers(&report), (51, 0, 0, 0), "{:?}", report.failures);
    assert_eq!(cloud.count("PutObject"), 50);
    let report = client.sync_up(dir.path(), "t").compare(Compare::Checksum);
    assert_eq!(numbers(&report.send().await.unwrap()), (0, 51, 0, 0));
}
