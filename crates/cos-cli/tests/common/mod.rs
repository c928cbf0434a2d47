//! Runs the built command with a clean environment.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(dead_code, reason = "each test file uses a part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// `cos ARGS`, with none of the caller's variables that could change what it does.
pub(crate) fn cos(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cos"));
    for (name, _) in std::env::vars() {
        let ours = ["COS_", "TENCENTCLOUD_"];
        let upper = name.to_ascii_uppercase();
        if ours.iter().any(|p| name.starts_with(p)) || upper.ends_with("_PROXY") {
            command.env_remove(name);
        }
    }
    // Neither this machine's profile file nor a metadata service may lend its keys to a test.
    command
        .env("HOME", "/nonexistent")
        .env(
            "COS_STATE_DIR",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/state"),
        )
        .env("COS_METADATA_URL", "http://127.0.0.1:1");
    command.args(args).stdin(Stdio::null());
    command
}

/// Runs to the end.
pub(crate) fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The one JSON document on stdout.
pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_str(&stdout(output))
        .unwrap_or_else(|e| panic!("{e}: {}{}", stdout(output), stderr(output)))
}

/// A server that prints one line of JSON when it is ready.
pub(crate) fn start_server(mut command: Command) -> (Child, Value) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    lines.read_line(&mut line).unwrap();
    (child, serde_json::from_str(&line).unwrap())
}

/// `cos emulator`, running until dropped.
pub(crate) struct Emulator {
    child: Child,
    pub(crate) ready: Value,
}

impl Emulator {
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut command = cos(&["emulator"]);
        command.args(args);
        let (child, ready) = start_server(command);
        Self { child, ready }
    }

    pub(crate) fn url(&self) -> &str {
        self.ready["http"].as_str().unwrap()
    }

    /// A request to the admin API, and its JSON answer.
    pub(crate) fn admin(&self, method: &str, path: &str, body: &Value) -> Value {
        let address = self.url().strip_prefix("http://").unwrap();
        let body = body.to_string();
        let mut stream = TcpStream::connect(address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(body).unwrap_or_else(|e| panic!("{e}: {answer}"))
    }

    /// One record per request so far.
    pub(crate) fn log(&self) -> Vec<Value> {
        let log = self.admin("GET", "/_emulator/log?since=0", &Value::Null);
        log.as_array().unwrap().clone()
    }

    /// Asks for a clean end and waits for it.
    #[cfg(unix)]
    pub(crate) fn interrupt(&mut self) -> std::process::ExitStatus {
        self.signal("-INT")
    }

    /// Sends a signal and waits for the end.
    #[cfg(unix)]
    pub(crate) fn signal(&mut self, name: &str) -> std::process::ExitStatus {
        signal(&self.child, name);
        self.child.wait().unwrap()
    }

    /// A command that knows this emulator and its keys.
    pub(crate) fn cos(&self, args: &[&str]) -> Command {
        let account = &self.ready["accounts"][0];
        let mut command = cos(args);
        command
            .env("COS_ENDPOINT", self.url())
            .env("COS_STS_ENDPOINT", self.url())
            .env("COS_REGION", "ap-guangzhou")
            .env("COS_SECRET_ID", account["secret_id"].as_str().unwrap())
            .env("COS_SECRET_KEY", account["secret_key"].as_str().unwrap());
        command
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal that asks for a clean end.
#[cfg(unix)]
pub(crate) fn interrupt(child: &Child) {
    signal(child, "-INT");
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let done = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(done.success());
}
