//! `cos demo`: the five steps on files of several sizes, and what it says when it cannot.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs;
use std::process::Stdio;

use common::{cos, json, run, stderr, stdout};

/// The demo on a file of so many bytes; its whole output.
fn demo(bytes: usize) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("my file.bin");
    fs::write(&file, vec![7; bytes]).unwrap();
    let output = run(cos(&["demo"]).arg(&file).env("TMPDIR", dir.path()));
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stderr(&output), "", "no progress bar without a terminal");
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing but the file itself is left behind");
    stdout(&output)
}

#[test]
fn every_step_on_several_sizes() {
    for (bytes, parts) in [(0, 1), (1, 1), (5 << 20, 5)] {
        let text = demo(bytes);
        let mut from = 0;
        // In this order.
        for words in [
            "\n1. The app asks the owner's server",
            "\n2. The owner's server asks STS",
            "AssumeRole qcs::cam::uin/100000000001:roleName/uploader",
            "\n3. STS answers",
            "HTTP 200",
            "\n4. The app holds temporary credentials",
            "\n5. The app signs every request itself",
            &format!("in {parts} part"),
            "equal byte for byte",
            "writing outside the prefix",
            "AccessDenied",
            "hint: the policy lacks name/cos:PutObject",
            "31 minutes later",
            "ExpiredToken",
            "hint: the temporary key expired",
            "STS was called 1 time",
            "signed 2 calls to STS",
            "\ndemo: ok\n",
        ] {
            let at = text[from..].find(words);
            from +=
                at.unwrap_or_else(|| panic!("{bytes}: no {words:?} after byte {from} of {text}"));
        }
        assert!(text.ends_with("\ndemo: ok\n"));
        assert!(
            !text.contains("emulatorSecretKey") && !text.contains("AKIDemulatorRootKey"),
            "{text}"
        );
    }
}

#[test]
fn as_json() {
    let output = run(&mut cos(&["demo", "--json", env!("CARGO_MANIFEST_PATH")]));
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(json(&output), serde_json::json!({"demo": "ok"}));
    assert!(stderr(&output).contains("5. The app"));
}

/// A proxy in the environment is not for this machine's own addresses.
#[test]
fn a_proxy_does_not_get_in_the_way() {
    let mut command = cos(&["demo", env!("CARGO_MANIFEST_PATH")]);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"] {
        command.env(name, "http://127.0.0.1:1");
    }
    let output = run(&mut command);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn files_that_cannot_be_read_are_status_4() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    let folder = dir.path().to_owned();
    for (file, words) in [(missing, "No such file"), (folder, "directory")] {
        let output = run(cos(&["demo", "--json"]).arg(&file));
        assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
        assert!(stderr(&output).contains(words) && !stdout(&output).contains("demo: ok"));
        assert_eq!(json(&output)["error"]["kind"], "local");
    }
}

/// With `--keep` the printed variables lead to the servers; Ctrl-C ends them and cleans up.
#[test]
#[cfg(unix)]
fn keep_leaves_the_servers_running() {
    use std::io::{BufRead, BufReader};
    let dir = tempfile::tempdir().unwrap();
    let mut command = cos(&["demo", "--keep", env!("CARGO_MANIFEST_PATH")]);
    let mut child = command
        .env("TMPDIR", dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut variables = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some((name, value)) = line
            .trim()
            .strip_prefix("export ")
            .and_then(|l| l.split_once('='))
        {
            variables.push((name.to_owned(), value.to_owned()));
        }
        if line == "demo: ok" {
            break;
        }
    }
    assert_eq!(variables.len(), 5, "{variables:?}");
    // No keys: the credentials come from the broker.
    let mut list = cos(&["ls", "cos://demo-1250000000/users/alice/"]);
    let output = run(list.envs(variables.clone()));
    assert!(
        stdout(&output).contains("Cargo.toml"),
        "{}",
        stderr(&output)
    );
    let mut list = cos(&["ls", "cos://demo-1250000000/users/bob/"]);
    let output = run(list.envs(variables));
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    common::interrupt(&child);
    assert!(child.wait().unwrap().success());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}
