//! `examples/c/flow.c` as a user runs it: emulator, broker, and the C program between them, plain and
//! under valgrind.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[allow(dead_code, reason = "each test program uses its part")]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use cos_emulator::FaultRule;
use serde_json::json;
use support::stage::{Stage, TOKEN};

impl Stage {
    fn file(&self, bytes: usize) -> PathBuf {
        let path = self.folder.path().join("file");
        let content: Vec<u8> = (0..bytes).map(|i| ((i * i) >> 7) as u8).collect();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The program's call; `checker` is valgrind or nothing.
    fn command(&self, checker: &[&str], program: &Path, file: &Path, bearer: &str) -> Command {
        let mut words = checker.iter().copied();
        let mut command = match words.next() {
            None => Command::new(program),
            Some(first) => {
                let mut command = Command::new(first);
                command.args(words).arg(program);
                command
            }
        };
        command
            .args(["demo-1250000000", "ap-guangzhou"])
            .arg(self.emulator.http_url())
            .arg("users/alice/")
            .arg(file)
            .env("COS_BROKER_URL", self.broker.url())
            .env("COS_BROKER_BEARER", bearer);
        command
    }

    fn tokens_issued(&self) -> usize {
        self.emulator
            .log_since(0)
            .iter()
            .filter(|record| record.operation == "AssumeRole" && record.code.is_none())
            .count()
    }
}

/// The program, built once for all tests.
fn program() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let sources = ["examples/c/flow.c", "examples/c/http_post.c"];
    PROGRAM
        .get_or_init(|| support::build("flow", "cc", &["-std=c99"], &sources))
        .clone()
}

/// What the program prints, line by line, for a file of `bytes`.
fn check_output(said: &str, bytes: usize) {
    let lines: Vec<&str> = said.lines().collect();
    let [up, down, compare, outside, last] = lines[..] else {
        panic!("unexpected output: {said}");
    };
    assert!(
        up.starts_with(&format!("upload: {bytes} bytes, request ")),
        "{said}"
    );
    assert!(
        down.starts_with(&format!("download: {bytes} bytes, request ")),
        "{said}"
    );
    assert!(!up.ends_with("request "), "{said}");
    assert_eq!(compare, "compare: same");
    assert!(
        outside.starts_with("outside: COSFFI_ERROR_ACCESS_DENIED: AccessDenied "),
        "{said}"
    );
    assert_eq!(last, "flow: ok");
    for secret in [TOKEN, "q-signature", "secret"] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn the_whole_flow() {
    let (stage, program) = (Stage::new(), program());
    for bytes in [0, 1, 5 << 20, (20 << 20) + 17] {
        let file = stage.file(bytes);
        let command = stage.command(&[], &program, &file, TOKEN);
        check_output(&support::finish(command, &program), bytes);
    }
    assert_eq!(stage.tokens_issued(), 4, "one token serves a whole run");
    let Some(valgrind) = support::valgrind() else {
        return;
    };
    let bytes = (9 << 20) + 1;
    let file = stage.file(bytes);
    let command = stage.command(&valgrind, &program, &file, TOKEN);
    check_output(&support::finish(command, &program), bytes);
}

/// The service gives up on the token in the middle of an upload: the app is asked again, and the
/// upload goes on.
#[test]
fn a_token_refused_in_the_middle_is_renewed() {
    let (stage, program) = (Stage::new(), program());
    let rule = json!({
        "match": {"operation": "UploadPart", "nth": 2},
        "action": {"revoke_token": true},
        "times": 1,
    });
    stage
        .emulator
        .add_fault(FaultRule::from_json(&rule).unwrap());
    let bytes = 40 << 20;
    let file = stage.file(bytes);
    let command = stage.command(&[], &program, &file, TOKEN);
    check_output(&support::finish(command, &program), bytes);
    assert_eq!(stage.tokens_issued(), 2);
}

#[test]
fn a_user_our_server_does_not_know_gets_nothing() {
    let (stage, program) = (Stage::new(), program());
    let file = stage.file(5);
    let output = stage
        .command(&[], &program, &file, "mallory")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.starts_with("upload: COSFFI_ERROR_CREDENTIAL: "),
        "{said}"
    );
    assert!(said.ends_with("flow: failed\n"), "{said}");
    assert_eq!(stage.tokens_issued(), 0);
    let left = std::fs::read_dir(stage.folder.path()).unwrap().count();
    assert_eq!(left, 1, "no copy appeared");
}
