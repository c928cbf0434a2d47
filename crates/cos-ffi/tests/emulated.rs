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
    let flags = [&["-std=c99"], support::SANITIZED].concat();
    let sanitized = support::build(&format!("{name}_sanitized"), "cc", &flags, &[&source]);
    run_all(name, &program, &sanitized, stage)
}

/// Runs both, and the first under valgrind, with ENDPOINT ID KEY FOLDER BROKER TOKEN; each must say that all
/// went well. What they left in the folder.
fn run_all(name: &str, program: &Path, sanitized: &Path, stage: &Stage) -> Vec<String> {
    let account = &stage.emulator.accounts()[0];
    let (url, broker) = (stage.emulator.http_url(), stage.broker.url());
    let args = [
        url.as_str(),
        &account.secret_id,
        &account.secret_key,
        stage.folder.path().to_str().unwrap(),
        &broker,
        TOKEN,
    ];
    let expected = format!("{name}: ok\n");
    assert_eq!(support::run(program, &args), expected);
    assert_eq!(support::run(sanitized, &args), expected);
    if let Some(said) = support::run_checked(program, &args) {
        assert_eq!(said, expected);
    }
    std::fs::read_dir(stage.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn objects() {
    assert_eq!(c_test("objects"), ["in"], "only the input is left");
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
    let flags = [&["-std=c++20"], support::SANITIZED].concat();
    let sanitized = support::build("layer_sanitized", "c++", &flags, &[source]);
    assert_eq!(
        run_all("layer", &program, &sanitized, &Stage::new()),
        [""; 0]
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

/// A program compiled with the first header that was given out runs with this library.
#[test]
fn the_first_header() {
    let header = support::root().join("tests/abi/1.0");
    let flags = ["-std=c99", "-I", header.to_str().unwrap()];
    let program = support::build("objects_1_0", "cc", &flags, &["tests/abi/1.0/objects.c"]);
    let stage = Stage::new();
    let account = &stage.emulator.accounts()[0];
    let url = stage.emulator.http_url();
    let folder = stage.folder.path().to_str().unwrap();
    let args = [
        url.as_str(),
        &account.secret_id,
        &account.secret_key,
        folder,
    ];
    assert_eq!(support::run(&program, &args), "objects: ok\n");
}
