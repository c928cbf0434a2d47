//! `cos cp -r`, `cos sync`, `cos rm -r` and `cos uploads` against a running emulator.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Output;

use common::{Emulator, json, run, stderr, stdout};
use serde_json::{Value, json};

const BUCKET: &str = "cos://demo-1250000000";

fn write(root: &Path, name: &str, content: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// Runs and expects this status.
fn go(emulator: &Emulator, status: i32, args: &[&str]) -> Output {
    let output = run(&mut emulator.cos(args));
    let code = output.status.code();
    assert_eq!(
        code,
        Some(status),
        "{args:?}: {}{}",
        stdout(&output),
        stderr(&output)
    );
    output
}

fn lines(output: &Output) -> Vec<Value> {
    let text = stdout(output);
    let all = text.lines().map(|l| serde_json::from_str(l).unwrap());
    all.collect()
}

fn keys(emulator: &Emulator) -> Vec<String> {
    let listed = go(emulator, 0, &["ls", "-r", "--json", &format!("{BUCKET}/")]);
    let keys = lines(&listed);
    keys.iter()
        .map(|k| k["key"].as_str().unwrap().to_owned())
        .collect()
}

fn counts(document: &Value) -> [u64; 4] {
    ["transferred", "unchanged", "deleted", "failed"].map(|n| document[n].as_u64().unwrap())
}

#[test]
fn folders_there_and_back_and_across() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let here = dir.path().join("here");
    for name in ["a.txt", "b/c.txt", "b/d.log", "夏/é"] {
        write(&here, name, name);
    }
    fs::create_dir(here.join("empty")).unwrap();
    let (from, to) = (here.to_str().unwrap(), format!("{BUCKET}/t"));
    let output = go(
        &emulator,
        0,
        &[
            "cp",
            "-r",
            "--json",
            "--meta=k=v",
            "--exclude=*.log",
            "--empty-folders",
            from,
            &to,
        ],
    );
    assert_eq!(
        stderr(&output),
        "",
        "no bar and no message without a terminal"
    );
    let done = json(&output);
    assert_eq!(counts(&done), [3, 0, 0, 0]);
    assert_eq!(
        (&done["bytes"], &done["resumed_bytes"]),
        (&json!(18), &json!(0))
    );
    assert_eq!(
        keys(&emulator),
        ["t/a.txt", "t/b/c.txt", "t/empty/", "t/夏/é"]
    );
    let stat = json(&go(
        &emulator,
        0,
        &["stat", "--json", &format!("{to}/a.txt")],
    ));
    assert_eq!(stat["metadata"]["k"], "v");

    let there = dir.path().join("there");
    let back = there.to_str().unwrap();
    let output = go(&emulator, 0, &["cp", "-r", &to, back]);
    assert!(
        stdout(&output).starts_with("3 files transferred (18 B"),
        "{}",
        stdout(&output)
    );
    assert_eq!(fs::read_to_string(there.join("夏/é")).unwrap(), "夏/é");
    assert!(there.join("empty").is_dir());
    let failed = go(&emulator, 4, &["cp", "-r", "--no-overwrite", &to, back]);
    assert!(stderr(&failed).contains("exists"), "{}", stderr(&failed));
    let failed = go(
        &emulator,
        1,
        &["cp", "-r", "--no-overwrite", "--exclude=*.log", from, &to],
    );
    assert!(stderr(&failed).contains("FileAlreadyExists"));

    go(&emulator, 0, &["cp", "-r", &to, &format!("{BUCKET}/copy/")]);
    let stat = json(&go(
        &emulator,
        0,
        &["stat", "--json", &format!("{BUCKET}/copy/a.txt")],
    ));
    assert_eq!(stat["metadata"]["k"], "v");
}

#[test]
fn sync_moves_the_difference_and_a_dry_run_nothing() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b/c"] {
        write(dir.path(), name, name);
    }
    let (from, to) = (dir.path().to_str().unwrap(), format!("{BUCKET}/site"));
    let sync = |more: &[&str]| {
        let args = [&["sync", "--json"], more, &[from, &to]].concat();
        lines(&go(&emulator, 0, &args))
    };
    assert_eq!(counts(&sync(&[])[0]), [2, 0, 0, 0]);
    assert_eq!(counts(&sync(&[])[0]), [0, 2, 0, 0]);
    fs::write(dir.path().join("a"), "longer").unwrap();
    fs::remove_file(dir.path().join("b/c")).unwrap();
    let dry = sync(&["--delete", "--dry-run"]);
    assert_eq!(dry.len(), 3);
    assert_eq!(
        (&dry[0]["action"], &dry[0]["name"]),
        (&json!("upload"), &json!("a"))
    );
    assert_eq!(
        (&dry[1]["action"], &dry[1]["name"]),
        (&json!("delete"), &json!("b/c"))
    );
    assert_eq!(counts(&dry[2]), [1, 0, 1, 0]);
    assert_eq!(keys(&emulator), ["site/a", "site/b/c"]);
    assert_eq!(counts(&sync(&["--delete"])[0]), [1, 0, 1, 0]);
    assert_eq!(keys(&emulator), ["site/a"]);

    // The other way: the target is a folder.
    write(dir.path(), "extra", "x");
    let args = ["sync", "--json", "--checksum", "--delete", &to, from];
    assert_eq!(counts(&lines(&go(&emulator, 0, &args))[0]), [0, 1, 1, 0]);
    assert!(!dir.path().join("extra").exists());
    let text = go(
        &emulator,
        0,
        &["sync", "--dry-run", &to, &format!("{from}/new")],
    );
    assert!(
        stdout(&text).starts_with("would download a\n1 file transferred"),
        "{}",
        stdout(&text)
    );
}

#[test]
fn failures_are_named_and_have_their_status() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        write(dir.path(), name, name);
    }
    let (from, to) = (dir.path().to_str().unwrap(), format!("{BUCKET}/t"));
    let fault = json!([{"match": {"method": "PUT", "key_prefix": "t/b"},
        "action": {"status": 403, "code": "AccessDenied"}}]);
    emulator.admin("POST", "/_emulator/faults", &fault);
    let output = go(&emulator, 1, &["cp", "-r", "--json", from, &to]);
    let lines = lines(&output);
    assert_eq!(lines.len(), 2, "{}", stdout(&output));
    assert_eq!(lines[0]["name"], "b");
    assert_eq!(lines[0]["error"]["code"], "AccessDenied");
    assert_eq!(counts(&lines[1]), [2, 0, 0, 1]);
    assert!(
        stderr(&output).starts_with("cos: b: PutObject: AccessDenied"),
        "{}",
        stderr(&output)
    );
    assert_eq!(keys(&emulator), ["t/a", "t/c"]);

    go(
        &emulator,
        0,
        &[
            "cp",
            &format!("{from}/a"),
            &format!("{BUCKET}/t/x/../../../out"),
        ],
    );
    let target = dir.path().join("target");
    let output = go(&emulator, 4, &["cp", "-r", &to, target.to_str().unwrap()]);
    assert!(
        stderr(&output).contains("has no place in"),
        "{}",
        stderr(&output)
    );
    assert!(target.join("a").exists() && !dir.path().join("out").exists());

    let missing = format!("{from}/missing");
    go(&emulator, 4, &["sync", "--delete", &missing, &to]);
    assert_eq!(keys(&emulator).len(), 3);
    for wrong in [
        vec!["cp", "-r", from, from],
        vec!["sync", from, "-"],
        vec!["sync", "--include=[", from, &to],
        vec!["cp", "--dry-run", from, &to],
        vec!["cp", "-r", &to, &to],
        vec!["mv", "-r", from, &to],
        vec!["rm", "--dry-run", &to],
    ] {
        go(&emulator, 2, &wrong);
    }
}

#[test]
fn rm_r_deletes_what_is_below_and_nothing_beside() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    for n in 0..1_100 {
        write(dir.path(), &format!("p/{n}"), "");
    }
    write(dir.path(), "p2", "stays");
    let (from, prefix) = (dir.path().to_str().unwrap(), format!("{BUCKET}/p"));
    go(
        &emulator,
        0,
        &["cp", "-r", "--concurrency=32", from, BUCKET],
    );
    let dry = go(&emulator, 0, &["rm", "-r", "--dry-run", &prefix]);
    assert_eq!(stdout(&dry).lines().count(), 1_100);
    let done = json(&go(&emulator, 0, &["rm", "-r", "--json", &prefix]));
    assert_eq!(
        (&done["deleted"], &done["failed"]),
        (&json!(1_100), &json!(0))
    );
    assert_eq!(keys(&emulator), ["p2"]);
    let operations = emulator.log();
    let deletes = operations
        .iter()
        .filter(|r| r["operation"] == "DeleteMultipleObjects");
    assert_eq!(deletes.count(), 2);
}

#[test]
fn uploads_are_listed_and_aborted_by_age() {
    let emulator = Emulator::start(&[]);
    let begin = |key: &str| {
        let account = &emulator.ready["accounts"][0];
        let credentials = cos_sts::Credentials::permanent(
            account["secret_id"].as_str().unwrap(),
            account["secret_key"].as_str().unwrap(),
        );
        let client = cos_client::Client::builder()
            .bucket("demo-1250000000")
            .region("ap-guangzhou")
            .credentials(cos_sts::StaticProvider::new(credentials.unwrap()))
            .endpoint(emulator.url())
            .build()
            .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let begun = client.initiate_multipart_upload(key).send();
        runtime.unwrap().block_on(begun).unwrap();
    };
    begin("v/old");
    begin("v/older");
    begin("w");
    let place = format!("{BUCKET}/v/");
    let listed = lines(&go(&emulator, 0, &["uploads", "ls", "--json", &place]));
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0]["key"], "v/old");
    assert!(listed[0]["initiated"].is_string());
    let id = listed[0]["upload_id"].as_str().unwrap();
    let none = go(
        &emulator,
        0,
        &["uploads", "abort", "--older-than=7d", &place],
    );
    assert_eq!(stdout(&none), "");
    let dry = go(
        &emulator,
        0,
        &["uploads", "abort", "--dry-run", "--older-than=0s", &place],
    );
    assert_eq!(stdout(&dry).matches("would abort").count(), 2);
    let one = [
        "uploads",
        "abort",
        "--json",
        "--upload-id",
        id,
        &format!("{place}old"),
    ];
    assert_eq!(json(&go(&emulator, 0, &one))["aborted"], true);
    assert_eq!(
        go(&emulator, 1, &one).status.code(),
        Some(1),
        "there is none any more"
    );
    let rest = lines(&go(
        &emulator,
        0,
        &["uploads", "abort", "--json", "--older-than=0s", &place],
    ));
    assert_eq!(
        (&rest[0]["key"], &rest[0]["aborted"]),
        (&json!("v/older"), &json!(true))
    );
    let left = lines(&go(&emulator, 0, &["uploads", "ls", "--json", BUCKET]));
    assert_eq!((left.len(), &left[0]["key"]), (1, &json!("w")));
    go(
        &emulator,
        2,
        &["uploads", "abort", "--older-than=soon", &place],
    );
}

#[test]
fn a_copy_reads_the_version_that_was_meant() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "a", "content");
    let (from, to) = (format!("{BUCKET}/a"), format!("{BUCKET}/b"));
    go(
        &emulator,
        0,
        &["cp", dir.path().join("a").to_str().unwrap(), &from],
    );
    let failed = go(
        &emulator,
        1,
        &["cp", "--json", "--if-match=\"x\"", &from, &to],
    );
    assert_eq!(json(&failed)["error"]["http_status"], 412);
    let etag = json(&go(&emulator, 0, &["stat", "--json", &from]))["etag"].clone();
    let given = format!("--if-match={}", etag.as_str().unwrap());
    let done = json(&go(&emulator, 0, &["cp", "--json", &given, &from, &to]));
    assert_eq!(
        (&done["bytes"], &done["parts"], &done["etag"]),
        (&json!(7), &json!(1), &etag)
    );
    assert!(done["crc64"].is_string());
    go(&emulator, 1, &["cp", "--no-overwrite", &from, &to]);
    let down = dir.path().join("down");
    go(
        &emulator,
        1,
        &["cp", "--if-match=\"x\"", &from, down.to_str().unwrap()],
    );
    assert!(!down.exists());
}
