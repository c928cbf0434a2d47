//! Keys that end in the middle of an upload: the command asks the broker again and goes on.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![cfg(unix)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::process::Child;

use common::{Emulator, cos, json, run, stderr};
use serde_json::{Value, json};

/// SHA-256 of `alice-token`.
const TOKEN_HASH: &str = "9c220f200955d76c0a38d308225e0ef10c5f971acaf2f8d1d8f732affa5bd1dc";
const OBJECT: &str = "cos://demo-1250000000/users/alice/big.bin";

/// `cos broker` before an emulator.
struct Broker {
    child: Child,
    url: String,
}

impl Broker {
    fn start(emulator: &Emulator, dir: &std::path::Path) -> Self {
        let config = dir.join("broker.toml");
        let account = &emulator.ready["accounts"][0];
        let text = format!(
            r#"
listen = "127.0.0.1:0"
[sts]
endpoint = "{}"
role_arn = "qcs::cam::uin/100000000001:roleName/uploader"
secret_id = {}
secret_key = {}
[grant]
bucket = "demo-1250000000"
region = "ap-guangzhou"
prefix = "users/{{user}}/"
allow = ["upload", "download"]
[[user]]
name = "alice"
token_sha256 = "{TOKEN_HASH}"
"#,
            emulator.url(),
            account["secret_id"],
            account["secret_key"]
        );
        fs::write(&config, text).unwrap();
        let (child, ready) =
            common::start_server(cos(&["broker", "--config", config.to_str().unwrap()]));
        Self {
            child,
            url: ready["credentials"].as_str().unwrap().to_owned(),
        }
    }

    /// A command that has no keys, only the broker.
    fn cos(&self, emulator: &Emulator, args: &[&str]) -> std::process::Command {
        let mut command = cos(args);
        command
            .env("COS_ENDPOINT", emulator.url())
            .env("COS_REGION", "ap-guangzhou")
            .env("COS_BROKER_URL", &self.url)
            .env("COS_BROKER_BEARER", "alice-token");
        command
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn parts(log: &[Value]) -> Vec<&Value> {
    let is_part = |r: &&Value| r["operation"] == "UploadPart";
    log.iter().filter(is_part).collect()
}

fn uploaded_whole(emulator: &Emulator, broker: &Broker, file: &[u8]) {
    let back = run(&mut broker.cos(emulator, &["cat", OBJECT]));
    assert!(back.stdout == file, "{}", stderr(&back));
}

#[test]
fn revoked_in_the_middle() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let broker = Broker::start(&emulator, dir.path());
    let file = dir.path().join("big.bin");
    let content = vec![5; 6 << 20];
    fs::write(&file, &content).unwrap();
    emulator.admin(
        "POST",
        "/_emulator/faults",
        &json!([{"match": {"operation": "UploadPart", "nth": 3}, "action": {"revoke_token": true}, "times": 1}]),
    );
    let up = [
        "cp",
        "--json",
        "--part-size=1MiB",
        "--concurrency=1",
        file.to_str().unwrap(),
        OBJECT,
    ];
    let output = run(&mut broker.cos(&emulator, &up));
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(json(&output)["parts"], 6);
    let log = emulator.log();
    assert_eq!(
        log.iter()
            .filter(|r| r["operation"] == "AssumeRole")
            .count(),
        2
    );
    assert_eq!(parts(&log).len(), 7, "one part is sent twice");
    uploaded_whole(&emulator, &broker, &content);
}

#[test]
fn expired_in_the_middle() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let broker = Broker::start(&emulator, dir.path());
    let content = vec![6; 12 << 20];
    let up = ["cp", "--part-size=1MiB", "--concurrency=1", "-", OBJECT];
    let mut command = broker.cos(&emulator, &up);
    let mut child = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // From a pipe, so that the clock is moved while most parts are still to come.
    let mut pipe = child.stdin.take().unwrap();
    let (begun, rest) = content.split_at(5 << 20);
    pipe.write_all(begun).unwrap();
    while parts(&emulator.log()).len() < 2 {
        std::thread::yield_now();
    }
    emulator.admin(
        "POST",
        "/_emulator/clock",
        &json!({"advance_seconds": 1860}),
    );
    pipe.write_all(rest).unwrap();
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let log = emulator.log();
    let keys: BTreeSet<_> = parts(&log)
        .iter()
        .map(|r| r["secret_id"].to_string())
        .collect();
    assert_eq!(keys.len(), 2, "the keys were renewed while parts were sent");
    let refused = parts(&log)
        .iter()
        .filter(|r| r["code"] == "ExpiredToken")
        .count();
    assert_eq!(refused, 1, "one refusal, then a renewal");
    uploaded_whole(&emulator, &broker, &content);
}

#[test]
fn a_broker_that_says_no() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let broker = Broker::start(&emulator, dir.path());
    let mut stranger = broker.cos(&emulator, &["stat", "--json", OBJECT]);
    let output = run(stranger.env("COS_BROKER_BEARER", "PLANTED"));
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let error = &json(&output)["error"];
    assert_eq!(error["code"], "Unauthorized", "{error}");
    assert_eq!(error["http_status"], 401, "{error}");
    assert!(!stderr(&output).contains("PLANTED"));
    let mut no_token = broker.cos(&emulator, &["stat", OBJECT]);
    let output = run(no_token.env_remove("COS_BROKER_BEARER"));
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let url = broker.url.clone();
    drop(broker);
    let mut gone = emulator.cos(&["stat", OBJECT]);
    gone.env_remove("COS_SECRET_ID")
        .env_remove("COS_SECRET_KEY")
        .env("COS_BROKER_URL", url)
        .env("COS_BROKER_BEARER", "alice-token");
    let output = run(&mut gone);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
}

/// Ctrl-C in the middle of what is not to be resumed: status 130, and neither an object nor a part is left.
#[test]
fn interrupted_in_the_middle() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("big.bin");
    fs::write(&file, vec![7; 12 << 20]).unwrap();
    emulator.admin(
        "POST",
        "/_emulator/faults",
        &json!([{"match": {"operation": "UploadPart", "nth": 3}, "action": {"delay_ms": 600_000}}]),
    );
    let up = [
        "cp",
        "--no-resume",
        "--part-size=1MiB",
        "--concurrency=1",
        file.to_str().unwrap(),
        OBJECT,
    ];
    let child = emulator
        .cos(&up)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while parts(&emulator.log()).len() < 2 {
        std::thread::yield_now();
    }
    common::interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stderr(&output).contains("cancelled"), "{}", stderr(&output));
    let state = emulator.admin("GET", "/_emulator/state", &Value::Null);
    let text = state.to_string();
    assert!(!text.contains("big.bin"), "{text}");
}
