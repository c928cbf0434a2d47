//! C programs against the emulator, plain, sanitized and under valgrind.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[allow(dead_code, reason = "each test program uses its part")]
mod support;

use std::path::Path;

use support::stage::{Stage, TOKEN};

/// Builds `tests/c/{name}.c`, plain and sanitized, and runs it.
fn c_test(name: &str) -> Vec<String> {
    c_test_on(name, &Stage::new())
}

fn c_test_on(name: &str, stage: &Stage) -> Vec<String> {
    let source = format!("tests/c/{name}.c");
    let program = support::build(name, "cc", &["-std=c99"], &[&source]);
    let sanitized = support::build_sanitized(name, "cc", &["-std=c99"], &[&source]);
    run_all(name, &program, sanitized.as_deref(), stage)
}

/// Runs both, and the first under valgrind, with ENDPOINT ID KEY FOLDER BROKER TOKEN; each must say that all
/// went well. What they left in the folder.
fn run_all(name: &str, program: &Path, sanitized: Option<&Path>, stage: &Stage) -> Vec<String> {
    let expected = format!("{name}: ok\n");
    with_arguments(stage, |args| {
        assert_eq!(support::run(program, args), expected);
        if let Some(sanitized) = sanitized {
            assert_eq!(support::run(sanitized, args), expected);
        }
        if let Some(said) = support::run_checked(program, args) {
            assert_eq!(said, expected);
        }
    });
    std::fs::read_dir(stage.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn with_arguments<T>(stage: &Stage, run: impl FnOnce(&[&str]) -> T) -> T {
    let account = &stage.emulator.accounts()[0];
    run(&[
        &stage.emulator.http_url(),
        &account.secret_id,
        &account.secret_key,
        stage.folder.path().to_str().unwrap(),
        &stage.broker.url(),
        TOKEN,
    ])
}

#[test]
fn objects() {
    assert_eq!(c_test("objects"), ["in"], "only the input is left");
}

#[test]
fn manage() {
    assert_eq!(c_test("manage"), [""; 0]);
}

#[test]
fn folders() {
    assert_eq!(c_test("folders"), [""; 0]);
}

#[test]
fn versions() {
    assert_eq!(c_test("versions"), [""; 0]);
}

#[test]
fn streams() {
    assert_eq!(c_test("streams"), [""; 0]);
}

#[test]
fn queue() {
    assert_eq!(c_test("queue"), [""; 0]);
}

#[test]
fn remote() {
    assert_eq!(c_test("remote"), [""; 0]);
}

/// The C++ layer with both standards and, where there are two, both compilers.
#[test]
fn layer() {
    let source = "tests/cpp/layer.cpp";
    for (compiler, name) in [("g++", "gcc"), ("clang++", "clang")] {
        if !support::has(compiler) {
            continue;
        }
        for standard in ["-std=c++17", "-std=c++20"] {
            let flags = [&[standard], support::STRICT_CPP].concat();
            support::compile(&format!("layer_{name}"), compiler, &flags, source);
        }
    }
    let program = support::build("layer", "c++", &["-std=c++17"], &[source]);
    let sanitized = support::build_sanitized("layer", "c++", &["-std=c++20"], &[source]);
    assert_eq!(
        run_all("layer", &program, sanitized.as_deref(), &Stage::new()),
        [""; 0]
    );
}

/// The program in the document is compiled and run as it is printed there.
#[test]
fn first_program_of_the_document() {
    let document = std::fs::read_to_string(support::root().join("docs/c-api.md")).unwrap();
    let (_, program) = document.split_once("```c\n").unwrap();
    let (program, _) = program.split_once("```").unwrap();
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("first.c");
    std::fs::write(&source, program).unwrap();
    let source = source.to_str().unwrap();
    let program = support::build("first", "cc", &["-std=c99"], &[source]);
    let stage = Stage::new();
    let file = stage.folder.path().join("file");
    std::fs::write(&file, "hello\n").unwrap();
    let args = with_arguments(&stage, |all| {
        [&all[..3], &[file.to_str().unwrap()]]
            .concat()
            .iter()
            .map(|argument| (*argument).to_owned())
            .collect::<Vec<_>>()
    });
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let etag = "stored, ETag \"b1946ac92492d2347c6235b4d2611184\"\n";
    assert_eq!(support::run(&program, &args), etag);
    // What is missing is named.
    let missing = std::process::Command::new(&program)
        .args(&args[..3])
        .arg("/no/such/file")
        .output()
        .unwrap();
    assert_eq!(missing.status.code(), Some(1));
    let said = String::from_utf8(missing.stderr).unwrap();
    assert!(
        said.starts_with("upload: cannot open /no/such/file: "),
        "{said}"
    );
}

#[test]
fn pause() {
    let stage = Stage::new();
    for operation in ["UploadPart", "GetObject"] {
        let slow = serde_json::json!({
            "match": {"operation": operation},
            "action": {"delay_ms": 120},
        });
        stage
            .emulator
            .add_fault(cos_emulator::FaultRule::from_json(&slow).unwrap());
    }
    let mut left = c_test_on("pause", &stage);
    left.sort();
    assert_eq!(left, ["in", "records"], "only the input and its records");
}

/// Programs compiled with the headers that were given out before run with this library.
#[test]
fn earlier_headers() {
    for (version, name, count) in [
        ("1.0", "objects", 4),
        ("2.0", "objects", 6),
        ("2.0", "streams", 6),
        ("2.0", "queue", 6),
        ("3.0", "manage", 6),
        ("3.0", "streams", 6),
    ] {
        let header = support::root().join("tests/abi").join(version);
        let flags = ["-std=c99", "-I", header.to_str().unwrap()];
        let source = format!("tests/abi/{version}/{name}.c");
        let program = support::build(&format!("{name}_{version}"), "cc", &flags, &[&source]);
        let said = with_arguments(&Stage::new(), |all| support::run(&program, &all[..count]));
        assert_eq!(said, format!("{name}: ok\n"));
    }
}
