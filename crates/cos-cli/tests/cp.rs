//! `cos cp` and its relatives against a running emulator: there and back, and every bad input.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs;
use std::path::Path;

use common::{Emulator, cos, json, run, stderr, stdout};
use serde_json::Value;

const BUCKET: &str = "cos://demo-1250000000";

/// Bytes that differ everywhere.
fn content(bytes: usize) -> Vec<u8> {
    let mut x = 1_u64;
    let mut next = || {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (x >> 56) as u8
    };
    (0..bytes).map(|_| next()).collect()
}

fn names_in(dir: &Path) -> Vec<String> {
    let all = fs::read_dir(dir).unwrap();
    all.map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn status(output: &std::process::Output) -> i32 {
    output.status.code().unwrap()
}

#[test]
fn there_and_back() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    for (bytes, parts) in [(0, 1), (1, 1), ((1 << 20) + 1, 2), (5 << 20, 5)] {
        let file = dir.path().join("up.bin");
        fs::write(&file, content(bytes)).unwrap();
        let object = format!("{BUCKET}/dir/夏 {bytes}.bin");
        let up = [
            "cp",
            "--json",
            "--part-size=1MiB",
            "--limit-rate=1GiB",
            "--meta=color=blue",
            file.to_str().unwrap(),
            &object,
        ];
        let output = run(&mut emulator.cos(&up));
        assert_eq!(status(&output), 0, "{}", stderr(&output));
        assert_eq!(
            stderr(&output),
            "",
            "no progress bar and no message without a terminal"
        );
        let done = json(&output);
        assert_eq!(done["bytes"], bytes);
        assert_eq!(done["parts"], parts);
        assert_eq!(done["upload_id"].is_string(), parts > 1);
        assert_eq!(done["resumed_bytes"], 0);
        assert!(done["seconds"].is_number());

        let stat = json(&run(&mut emulator.cos(&["stat", "--json", &object])));
        assert_eq!(stat["size"], bytes);
        assert_eq!(stat["crc64"], done["crc64"]);
        assert_eq!(stat["etag"], done["etag"]);
        assert_eq!(stat["metadata"]["color"], "blue");

        let back = dir.path().join("down.bin");
        let output =
            run(&mut emulator.cos(&["cp", "--part-size=1MiB", &object, back.to_str().unwrap()]));
        assert_eq!(status(&output), 0, "{}", stderr(&output));
        assert!(fs::read(&back).unwrap() == content(bytes), "{bytes}");
        fs::remove_file(&back).unwrap();

        let output = run(&mut emulator.cos(&["cat", &object]));
        assert!(output.stdout == content(bytes));
    }
    let listed = run(&mut emulator.cos(&["ls", "--json", &format!("{BUCKET}/dir/")]));
    let keys: Vec<Value> = stdout(&listed)
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(keys.len(), 4);
    for name in ["key", "size", "etag", "last_modified", "storage_class"] {
        assert!(!keys[0][name].is_null(), "{name}");
    }
    let folders = run(&mut emulator.cos(&["ls", &format!("{BUCKET}/")]));
    assert!(stdout(&folders).trim_end().ends_with("dir/"));

    let one = format!("{BUCKET}/dir/夏 1.bin");
    let output = run(&mut emulator.cos(&["cp", &one, &format!("{BUCKET}/copy/")]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let output = run(&mut emulator.cos(&["cat", &format!("{BUCKET}/copy/夏 1.bin")]));
    assert!(output.stdout == content(1));
    let output = run(&mut emulator.cos(&["rm", &one]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    assert_eq!(status(&run(&mut emulator.cos(&["stat", &one]))), 1);
}

#[test]
fn a_folder_as_target_takes_the_name() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.txt");
    fs::write(&file, "one").unwrap();
    let object = format!("{BUCKET}/in/");
    let output = run(&mut emulator.cos(&["cp", file.to_str().unwrap(), &object]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    fs::remove_file(&file).unwrap();
    let from = format!("{BUCKET}/in/a.txt");
    let output = run(&mut emulator.cos(&["cp", &from, dir.path().to_str().unwrap()]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    assert_eq!(fs::read_to_string(&file).unwrap(), "one");
    let no_overwrite = ["cp", "--no-overwrite", &from, file.to_str().unwrap()];
    assert_eq!(status(&run(&mut emulator.cos(&no_overwrite))), 4);
    fs::write(&file, "two").unwrap();
    let no_overwrite = ["cp", "--no-overwrite", file.to_str().unwrap(), &from];
    let output = run(&mut emulator.cos(&no_overwrite));
    assert_eq!(status(&output), 1, "{}", stderr(&output));
    assert!(
        stderr(&output).contains("FileAlreadyExists"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn standard_input_and_output() {
    use std::io::Write;
    let emulator = Emulator::start(&[]);
    let object = format!("{BUCKET}/piped");
    let mut command = emulator.cos(&["cp", "-", &object]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&content(3 << 20))
        .unwrap();
    assert!(child.wait().unwrap().success());
    let output = run(&mut emulator.cos(&["cp", &object, "-"]));
    assert!(output.stdout == content(3 << 20));
}

/// Each bad input: its status, words of its message, and nothing left under the target's name.
#[test]
fn bad_inputs() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("good.bin");
    fs::write(&file, content(2 << 20)).unwrap();
    let file = file.to_str().unwrap();
    let object = format!("{BUCKET}/x");
    let missing = format!("{}/missing", dir.path().display());
    let target = dir.path().join("target");
    let target = target.to_str().unwrap();

    let fails = |command: &mut std::process::Command, code: i32, words: &str| {
        let output = run(command.arg("--json"));
        assert_eq!(status(&output), code, "{words}: {}", stderr(&output));
        assert!(
            stderr(&output).contains(words),
            "{words}: {}",
            stderr(&output)
        );
        let all = stderr(&output) + &stdout(&output);
        assert!(
            !all.contains("emulatorSecretKey") && !all.contains("q-signature"),
            "{all}"
        );
        json(&output)["error"].clone()
    };

    let e = fails(
        &mut emulator.cos(&["cp", &missing, &object]),
        4,
        "No such file",
    );
    assert_eq!(e["kind"], "local");
    fails(
        &mut emulator.cos(&["cp", dir.path().to_str().unwrap(), &object]),
        4,
        "directory",
    );
    fails(
        &mut emulator.cos(&["cp", "/dev/null", &object]),
        4,
        "not a regular file",
    );
    fails(&mut emulator.cos(&["cp", file, file]), 2, "one side");
    fails(&mut emulator.cos(&["cp", file, "cos://Bad/x"]), 2, "Bad");
    fails(
        &mut emulator.cos(&["cp", "--part-size=1", file, &object]),
        2,
        "part",
    );
    fails(
        &mut emulator.cos(&["cp", "--limit-rate=0", file, &object]),
        2,
        "rate_limit",
    );
    fails(
        emulator
            .cos(&["cp", file, &object])
            .env_remove("COS_REGION"),
        2,
        "region",
    );

    // The secret key is wrong: the service says so, and what to look at.
    let mut wrong = emulator.cos(&["cp", file, &object]);
    let e = fails(
        wrong.env("COS_SECRET_KEY", "wrong"),
        1,
        "SignatureDoesNotMatch",
    );
    assert_eq!(e["http_status"], 403);
    assert!(e["request_id"].is_string() && e["hint"].as_str().unwrap().contains("secret key"));
    let mut wrong = emulator.cos(&["cp", file, &object]);
    fails(
        wrong.env("COS_SECRET_ID", "AKIDunknown"),
        1,
        "InvalidAccessKeyId",
    );

    let e = fails(
        &mut emulator.cos(&["cp", file, "cos://other-1250000000/x"]),
        1,
        "NoSuchBucket",
    );
    assert_eq!(
        (&e["http_status"], &e["retryable"]),
        (&404.into(), &false.into())
    );
    let e = fails(&mut emulator.cos(&["cp", &object, target]), 1, "NoSuchKey");
    assert!(e["resource"].is_string());

    // Nothing listens on a port that nobody is given by chance.
    let nowhere = "http://127.0.0.1:1";
    let mut refused = emulator.cos(&["cp", file, &object]);
    let e = fails(refused.env("COS_ENDPOINT", nowhere), 3, "refused");
    assert_eq!(
        (&e["kind"], &e["retryable"]),
        (&"network".into(), &true.into())
    );
    let mut refused = emulator.cos(&["cp", &object, target]);
    fails(refused.env("COS_ENDPOINT", nowhere), 3, "refused");

    let mut ca = emulator.cos(&["cp", file, &object]);
    fails(ca.args(["--ca-file", &missing]), 4, "CA file");

    // Nothing under the target's name nor beside it, and no object.
    assert_eq!(names_in(dir.path()), ["good.bin"]);
    assert_eq!(status(&run(&mut emulator.cos(&["stat", &object]))), 1);
    assert!(cos(&["cp"]).output().unwrap().status.code() == Some(2));
}

/// Root reads everything, so there this shows nothing and ends early.
#[test]
#[cfg(unix)]
fn unreadable_file() {
    use std::os::unix::fs::PermissionsExt;
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secret.bin");
    fs::write(&file, "x").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&file).is_ok() {
        return;
    }
    let output = run(&mut emulator.cos(&["cp", file.to_str().unwrap(), &format!("{BUCKET}/x")]));
    assert_eq!(status(&output), 4, "{}", stderr(&output));
    assert!(
        stderr(&output).contains("ermission denied"),
        "{}",
        stderr(&output)
    );
}

/// A download that fails halfway leaves the old file as it was.
#[test]
fn an_old_target_survives_a_failed_download() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("target");
    fs::write(&target, "old").unwrap();
    let output =
        run(&mut emulator.cos(&["cp", &format!("{BUCKET}/missing"), target.to_str().unwrap()]));
    assert_eq!(status(&output), 1);
    assert_eq!(fs::read_to_string(&target).unwrap(), "old");
    assert_eq!(names_in(dir.path()), ["target"]);
}

#[test]
fn moving_leaves_one_copy() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.bin");
    fs::write(&file, content(1000)).unwrap();
    let go = |args: &[&str]| run(&mut emulator.cos(args));
    let here = file.to_str().unwrap();
    let (first, second) = (format!("{BUCKET}/in/a.bin"), format!("{BUCKET}/out/"));
    assert_eq!(status(&go(&["mv", here, &first])), 0);
    assert!(names_in(dir.path()).is_empty());
    // Onto itself would be a deletion.
    for same in [first.as_str(), &format!("{BUCKET}/in/")] {
        assert_eq!(status(&go(&["mv", &first, same])), 2);
    }
    assert_eq!(status(&go(&["mv", &first, &second])), 0);
    assert_eq!(status(&go(&["stat", &first])), 1);
    let into = dir.path().to_str().unwrap();
    assert_eq!(status(&go(&["mv", &format!("{second}a.bin"), into])), 0);
    assert_eq!(fs::read(&file).unwrap(), content(1000));
    assert_eq!(status(&go(&["stat", &format!("{second}a.bin")])), 1);
    // A copy that fails takes nothing away.
    let lost = go(&["mv", here, "cos://nobody-1250000000/x"]);
    assert_eq!(status(&lost), 1, "{}", stderr(&lost));
    assert_eq!(names_in(dir.path()), ["a.bin"]);
    assert_eq!(status(&go(&["mv", "-", &first])), 2);
}

#[test]
fn buckets_come_and_go() {
    let emulator = Emulator::start(&[]);
    let go = |args: &[&str]| run(&mut emulator.cos(args));
    let bucket = "cos://new-1250000000";
    assert_eq!(status(&go(&["mb", bucket])), 0);
    let again = go(&["mb", bucket]);
    assert_eq!(status(&again), 1);
    assert!(
        stderr(&again).contains("BucketAlready"),
        "{}",
        stderr(&again)
    );
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a");
    fs::write(&file, "a").unwrap();
    let object = format!("{bucket}/a");
    assert_eq!(status(&go(&["cp", file.to_str().unwrap(), &object])), 0);
    let full = go(&["rb", bucket]);
    assert_eq!(status(&full), 1);
    assert!(
        stderr(&full).contains("BucketNotEmpty"),
        "{}",
        stderr(&full)
    );
    assert_eq!(status(&go(&["rb", &object])), 2);
    assert_eq!(status(&go(&["rm", &object])), 0);
    assert_eq!(json(&go(&["rb", "--json", bucket]))["removed"], true);
}
