//! The C tests of `tests/c`, one per section of the header: built as C99 with warnings denied, run
//! plain, under valgrind, and under the address and undefined-behaviour sanitizers. None of them needs a server.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[allow(dead_code, reason = "each test program uses its part")]
mod support;

const C99: &[&str] = &["-std=c99"];

fn c_test(name: &str) {
    let source = format!("tests/c/{name}.c");
    let program = support::build(name, "cc", C99, &[&source]);
    support::run(&program, &[]);
    support::run_checked(&program, &[]);
    let flags = [C99, support::SANITIZED].concat();
    let program = support::build(&format!("{name}_sanitized"), "cc", &flags, &[&source]);
    support::run(&program, &[]);
}

#[test]
fn result() {
    c_test("result");
}

#[test]
fn text_version() {
    c_test("text_version");
}

#[test]
fn error() {
    c_test("error");
}

#[test]
fn runtime() {
    c_test("runtime");
}

#[test]
fn credentials() {
    c_test("credentials");
}

#[test]
fn provider() {
    c_test("provider");
}

#[test]
fn sign() {
    c_test("sign");
}

#[test]
fn policy() {
    c_test("policy");
}

#[test]
fn notify() {
    c_test("notify");
}

#[test]
fn client() {
    c_test("client");
}

#[test]
fn transfer() {
    c_test("transfer");
}

#[test]
fn response() {
    c_test("response");
}

#[test]
fn log() {
    c_test("log");
}

#[test]
fn bad_input() {
    c_test("bad_input");
}

/// A program compiled with the first header that was given out runs with this library.
#[test]
fn the_first_header() {
    let header = support::root().join("tests/abi/1.0");
    let flags = [C99, &["-I", header.to_str().unwrap()]].concat();
    let program = support::build("transfer_1_0", "cc", &flags, &["tests/abi/1.0/transfer.c"]);
    support::run(&program, &[]);
}

/// The small example needs no server either.
#[test]
fn sign_example() {
    let program = support::build("sign_example", "cc", C99, &["examples/c/sign.c"]);
    let output = std::process::Command::new(&program)
        .args(["photos-1250000000", "ap-guangzhou", "a b.jpg"])
        .envs([("COS_SECRET_ID", "id"), ("COS_SECRET_KEY", "planted")])
        .env("COS_SESSION_TOKEN", "token")
        .output()
        .unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    let (header, url) = said.trim_end().split_once('\n').unwrap();
    assert!(header.starts_with("Authorization: q-sign-algorithm=sha1&q-ak=id&"));
    assert!(header.contains("&q-header-list=host;x-cos-security-token&"));
    assert!(url.starts_with(
        "https://photos-1250000000.cos.ap-guangzhou.myqcloud.com/a%20b.jpg?x-cos-security-token=token&"
    ));
    assert!(!said.contains("planted"));
}

/// Each language standard the header promises, with every warning an error.
#[test]
fn header_compiles_everywhere() {
    for (name, compiler, standard) in [
        ("header_c11", "cc", "-std=c11"),
        ("header_c2x", "cc", "-std=c2x"),
    ] {
        support::build(name, compiler, &[standard], &["tests/c/result.c"]);
    }
    for (name, standard) in [
        ("header_cpp11", "-std=c++11"),
        ("header_cpp17", "-std=c++17"),
    ] {
        let program = support::build(name, "c++", &[standard], &["tests/c/double_include.cpp"]);
        support::run(&program, &[]);
    }
}
