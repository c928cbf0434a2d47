//! The examples in C and C++ as a user runs them, and with the sanitizers, which see leaks of either side.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[allow(dead_code, reason = "each test program uses its part")]
mod support;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use support::stage::{Stage, TOKEN};

#[derive(Clone, Copy, Debug)]
enum Language {
    C,
    Cpp,
}

const BOTH: [Language; 2] = [Language::C, Language::Cpp];

/// An example's source is short enough to be read at once.
fn program(language: Language, name: &str) -> [PathBuf; 2] {
    let (folder, ending, compiler, flag) = match language {
        Language::C => ("examples/c", "c", "cc", "-std=c99"),
        Language::Cpp => ("examples/cpp", "cpp", "c++", "-std=c++17"),
    };
    let source = format!("{folder}/{name}.{ending}");
    let lines = std::fs::read_to_string(support::root().join(&source))
        .unwrap()
        .lines()
        .count();
    assert!(lines < 150, "{source} has {lines} lines");
    let plain = format!("{name}_{ending}_example");
    // C in a C++ program: compiled by a C compiler.
    let http = "examples/c/http_post.c";
    let http = support::compile("http_post", "cc", &["-std=c99"], http);
    let mut sources = vec![source.as_str()];
    if name == "provider" {
        sources.push(http.to_str().unwrap());
    }
    let flags = [flag, "-pthread"];
    let sanitized = [&flags, support::SANITIZED].concat();
    [
        support::build_shared(&plain, compiler, &flags, &sources),
        support::build_shared(&format!("{plain}_san"), compiler, &sanitized, &sources),
    ]
}

struct Run<'a> {
    stage: &'a Stage,
    program: [PathBuf; 2],
}

impl Run<'_> {
    /// The program, plain and with the sanitizers; both must say the same.
    fn twice(&self, args: &[&str], input: &str) -> Output {
        let [plain, sanitized] = &self.program;
        let [plain, sanitized] =
            [plain, sanitized].map(|p| self.once(Command::new(p), args, input));
        let said = String::from_utf8_lossy(&sanitized.stderr);
        assert_eq!(sanitized.status.code(), plain.status.code(), "{said}");
        plain
    }

    fn once(&self, mut command: Command, args: &[&str], input: &str) -> Output {
        let account = &self.stage.emulator.accounts()[0];
        let mut child = command
            .args(args)
            .env("COS_BUCKET", "demo-1250000000")
            .env("COS_REGION", "ap-guangzhou")
            .env("COS_ENDPOINT", self.stage.emulator.http_url())
            .env("COS_SECRET_ID", &account.secret_id)
            .env("COS_SECRET_KEY", &account.secret_key)
            .env_remove("COS_SESSION_TOKEN")
            .env(
                "COS_BROKER_URL",
                format!("{}/v1/credentials", self.stage.broker.url()),
            )
            .env("COS_BROKER_BEARER", TOKEN)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        drop(stdin);
        child.wait_with_output().unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn content() -> Vec<u8> {
    (0..(9_usize << 20) + 5)
        .map(|i| ((i * i) >> 7) as u8)
        .collect()
}

#[test]
fn upload_and_download() {
    for language in BOTH {
        let stage = Stage::new();
        let path = |name: &str| stage.folder.path().join(name).to_str().unwrap().to_owned();
        let (from, to) = (path("from"), path("to"));
        std::fs::write(&from, content()).unwrap();
        let upload = Run {
            stage: &stage,
            program: program(language, "upload"),
        };
        let said = upload.twice(&[&from, "examples/a"], "");
        assert!(said.status.success(), "{}", text(&said.stderr));
        assert!(text(&said.stdout).starts_with("uploaded 9437189 bytes, ETag \""));
        assert!(text(&said.stderr).ends_with("9437189 of 9437189 bytes"));
        let missing = upload.once(
            Command::new(&upload.program[0]),
            &[&path("none"), "examples/a"],
            "",
        );
        assert_eq!(missing.status.code(), Some(1));
        assert!(text(&missing.stderr).contains("COSFFI_ERROR_LOCAL"));

        let download = Run {
            stage: &stage,
            program: program(language, "download"),
        };
        let said = download.twice(&["examples/a", &to], "");
        assert!(said.status.success(), "{}", text(&said.stderr));
        assert_eq!(std::fs::read(&to).unwrap(), content());
        let piped = download.twice(&["examples/a", "-"], "");
        assert!(piped.stdout == content());
        let missing = download.twice(&["examples/none", &to], "");
        assert_eq!(missing.status.code(), Some(1));
        assert!(text(&missing.stderr).contains("COSFFI_ERROR_NOT_FOUND"));
    }
}

#[test]
fn presign() {
    let stage = Stage::new();
    let run = Run {
        stage: &stage,
        program: program(Language::Cpp, "presign"),
    };
    let said = run.twice(&["a b"], "");
    assert!(text(&said.stdout).starts_with(
        "https://demo-1250000000.cos.ap-guangzhou.myqcloud.com/a%20b?q-sign-algorithm=sha1&"
    ));
    // sign.c is its sister: see c_programs.rs.
}

#[test]
fn own_provider() {
    for language in BOTH {
        let stage = Stage::new();
        let run = Run {
            stage: &stage,
            program: program(language, "provider"),
        };
        let said = run.twice(&["users/alice/note", "remember"], "");
        assert!(said.status.success(), "{}", text(&said.stderr));
        assert_eq!(text(&said.stdout), "stored 8 bytes\n");
        assert_eq!(
            text(&said.stderr),
            "asked for name/cos:PutObject in demo-1250000000\n"
        );
        let outside = run.twice(&["users/bob/note", "remember"], "");
        assert_eq!(outside.status.code(), Some(1));
        assert!(text(&outside.stderr).contains("COSFFI_ERROR_ACCESS_DENIED"));
    }
}

#[test]
fn cancel() {
    for language in BOTH {
        let stage = Stage::new();
        let from = stage.folder.path().join("from");
        std::fs::write(&from, content()).unwrap();
        let from = from.to_str().unwrap();
        let run = Run {
            stage: &stage,
            program: program(language, "cancel"),
        };
        // No part is ever answered, so the end can only be the cancel, which comes when the first byte of one
        // has left.
        let never = serde_json::json!({
            "match": {"operation": "UploadPart"},
            "action": {"delay_ms": 3_600_000},
        });
        stage
            .emulator
            .add_fault(cos_emulator::FaultRule::from_json(&never).unwrap());
        let said = run.twice(&[from, "examples/c", "1"], "");
        assert_eq!(text(&said.stdout), "COSFFI_ERROR_CANCELLED\n");
        assert_eq!(said.status.code(), Some(0));
        assert!(text(&said.stderr).contains("completed with COSFFI_ERROR_CANCELLED"));
        let log = stage.emulator.log_since(0);
        let count = |operation: &str| log.iter().filter(|r| r.operation == operation).count();
        assert_eq!(
            count("InitiateMultipartUpload"),
            count("AbortMultipartUpload")
        );
    }
}

#[test]
fn event_loop() {
    for language in BOTH {
        let stage = Stage::new();
        let run = Run {
            stage: &stage,
            program: program(language, "event_loop"),
        };
        let names: Vec<String> = (0..40).map(|n| format!("name-{n}")).collect();
        let said = run.twice(&["loop/"], &format!("{}\n\n", names.join("\n")));
        assert!(said.status.success(), "{}", text(&said.stderr));
        let mut lines: Vec<String> = text(&said.stdout).lines().map(str::to_owned).collect();
        let mut expected: Vec<String> = names
            .iter()
            .map(|name| format!("loop/{name}: COSFFI_OK"))
            .collect();
        lines.sort();
        expected.sort();
        assert_eq!(lines, expected);
        assert!(run.twice(&["loop/"], "").status.success());
    }
}
