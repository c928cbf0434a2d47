//! Every example of the help, run as it stands by a shell against an emulator.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use common::{Emulator, cos, run, stderr, stdout};
use serde_json::Value;

/// A command with its help.
struct Page {
    name: String,
    help: String,
}

/// The help of a command and of all below it.
fn pages(path: &[&str], all: &mut Vec<Page>) {
    let mut args = path.to_vec();
    args.push("--help");
    let output = run(&mut cos(&args));
    assert!(output.status.success(), "{path:?}");
    let help = stdout(&output);
    let commands = help.lines().skip_while(|l| *l != "Commands:").skip(1);
    let below: Vec<String> = commands
        .take_while(|l| !l.is_empty())
        // A description that is too long goes on below itself.
        .filter_map(|l| l.strip_prefix("  ").filter(|l| !l.starts_with(' ')))
        .filter_map(|l| l.split_whitespace().next())
        .filter(|n| *n != "help")
        .map(str::to_owned)
        .collect();
    let name = path.join(" ");
    all.push(Page { name, help });
    for command in below {
        let mut path = path.to_vec();
        path.push(&command);
        pages(&path, all);
    }
}

/// What stands indented below a line that begins with `title`.
fn indented(help: &str, title: &str) -> String {
    let lines = help.lines().skip_while(|l| !l.starts_with(title)).skip(1);
    let lines: Vec<_> = lines.take_while(|l| l.starts_with("  ")).collect();
    lines.iter().map(|l| format!("{}\n", &l[2..])).collect()
}

fn all_pages() -> Vec<Page> {
    let mut all = Vec::new();
    pages(&[], &mut all);
    all
}

/// Whoever pastes an example must get whole lines, also on a terminal of 80 columns.
#[test]
fn every_command_has_an_example_that_no_terminal_breaks() {
    let all = all_pages();
    assert!(all.len() >= 30, "{}", all.len());
    for page in &all {
        let example = indented(&page.help, "Example");
        assert!(!example.is_empty(), "`cos {}` has no example", page.name);
        for line in example.lines() {
            assert!(line.len() <= 78, "`cos {}`: {line}", page.name);
        }
    }
}

/// What the examples take for granted.
fn prepare(dir: &Path, emulator: &Emulator) {
    let write = |name: &str, text: &str| {
        let file = dir.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    let policy = r#"{"version":"2.0","statement":[{"effect":"allow",
        "action":["name/cos:PutObject","name/cos:InitiateMultipartUpload","name/cos:UploadPart",
        "name/cos:ListParts","name/cos:CompleteMultipartUpload","name/cos:AbortMultipartUpload"],
        "resource":"qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/up/*"}]}"#;
    for (name, text) in [
        ("video.mp4", "not really a video"),
        ("photos/1.jpg", "a picture"),
        ("site/index.html", "<p>hello"),
        ("user.json", policy),
        ("token.json", policy),
        ("policy.json", policy),
        ("token.jwt", "a.b.c"),
        // Not every machine has a pager.
        ("bin/less", "#!/bin/sh\nexec cat\n"),
        ("home/.local/share/bash-completion/completions/.keep", ""),
    ] {
        write(name, text);
    }
    let pager = dir.join("bin/less");
    fs::set_permissions(pager, fs::Permissions::from_mode(0o755)).unwrap();
    symlink(env!("CARGO_BIN_EXE_cos"), dir.join("bin/cos")).unwrap();
    let file = dir.join("photos/1.jpg");
    for key in ["photos/1.jpg", "notes.txt", "in/1.jpg", "1.jpg"] {
        let url = format!("cos://demo-1250000000/{key}");
        let output = run(&mut emulator.cos(&["cp", file.to_str().unwrap(), &url]));
        assert!(output.status.success(), "{}", stderr(&output));
    }
}

/// `sh` with what `cos` is told by the environment.
fn shell(dir: &Path, emulator: &Emulator, script: &str) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("sh");
    for (name, value) in emulator.cos(&[]).get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
        .env_remove("COS_REGION")
        .env("HOME", dir.join("home"))
        .env("PATH", format!("{}:{path}", dir.join("bin").display()))
        .current_dir(dir)
        .args(["-e", "-c", script])
        .stdin(Stdio::null());
    command
}

/// A server's example: it must come up and say where it is.
fn comes_up(dir: &Path, emulator: &Emulator, script: &str) -> Value {
    let mut server = shell(dir, emulator, script)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let read = BufReader::new(server.stdout.take().unwrap()).read_line(&mut line);
    server.kill().unwrap();
    server.wait().unwrap();
    read.unwrap();
    serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"))
}

#[test]
fn every_example_works() {
    let emulator = Emulator::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    prepare(dir, &emulator);
    for page in all_pages() {
        let example = indented(&page.help, "Example");
        match page.name.as_str() {
            // 64 MiB in a debug build: `tests/demo.rs` has its own.
            "" => assert_eq!(example, "cos demo\n"),
            "emulator" => {
                let script = format!("exec {}", example.replace(":9000", ":0"));
                assert!(comes_up(dir, &emulator, &script)["http"].is_string());
            }
            "broker" => {
                let config = indented(&page.help, "broker.toml");
                let config = config.replace(":8080", ":0").replace('…', &"0".repeat(64));
                fs::write(dir.join("broker.toml"), config).unwrap();
                let script = example.replace("cos broker", "exec cos broker");
                let script = script.replace("BROKER_SECRET_ID", "export BROKER_SECRET_ID");
                let script = script.replace("\\\n", "\n");
                assert!(comes_up(dir, &emulator, &script)["credentials"].is_string());
            }
            _ => {
                // The emulator's role trusts no identity provider.
                let script = match page.name.as_str() {
                    "sts web-identity" => format!("{} --dry-run", example.trim_end()),
                    _ => example,
                };
                let output = run(&mut shell(dir, &emulator, &script));
                let (out, err) = (stdout(&output), stderr(&output));
                assert!(output.status.success(), "{script}\n{out}{err}");
            }
        }
    }
}
