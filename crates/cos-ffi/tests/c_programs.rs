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
    if let Some(sanitized) = support::build_sanitized(name, "cc", C99, &[&source]) {
        support::run(&sanitized, &[]);
    }
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

/// Programs compiled with the headers that were given out before run with this library.
#[test]
fn earlier_headers() {
    for version in ["1.0", "2.0", "3.0"] {
        let folder = support::root().join("tests/abi").join(version);
        let flags = [C99, &["-I", folder.to_str().unwrap()]].concat();
        let source = format!("tests/abi/{version}/transfer.c");
        let program = support::build(&format!("transfer_{version}"), "cc", &flags, &[&source]);
        support::run(&program, &[]);
    }
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

/// Each language standard that the header promises, with both compilers and every warning an error: all C tests, and
/// the header twice in C++.
#[test]
fn header_compiles_everywhere() {
    let c = ["-std=c99", "-std=c11", "-std=c17", "-std=c2x"];
    let sources: Vec<_> = std::fs::read_dir(support::root().join("tests/c"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .collect();
    assert!(sources.len() > 15);
    let strict = ["-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes"];
    for compiler in ["gcc", "clang"].into_iter().filter(|c| support::has(c)) {
        for standard in c {
            for source in &sources {
                support::check_syntax(compiler, &[standard], source);
            }
            let flags = [&[standard], &strict[..]].concat();
            let source = support::root().join("tests/c/double_include.c");
            support::check_syntax(compiler, &flags, &source);
        }
    }
    // C23 as it was published, whose enums have a type of their own.
    for compiler in ["gcc-14", "clang-19", "clang"] {
        let source = support::root().join("tests/c/c23.c");
        if knows_c23(compiler) {
            support::check_syntax(compiler, &["-std=c23", "-DWANT_C23"], &source);
        }
    }
    let source = support::root().join("tests/c/double_include.cpp");
    for compiler in ["g++", "clang++"].into_iter().filter(|c| support::has(c)) {
        for standard in ["-std=c++11", "-std=c++17", "-std=c++20"] {
            support::check_syntax(
                compiler,
                &[&[standard], support::STRICT_CPP].concat(),
                &source,
            );
        }
    }
    let program = support::build(
        "header_cpp11",
        "c++",
        &["-std=c++11"],
        &["tests/c/double_include.cpp"],
    );
    support::run(&program, &[]);
}

fn knows_c23(compiler: &str) -> bool {
    let tried = std::process::Command::new(compiler)
        .args(["-std=c23", "-fsyntax-only", "-x", "c", "/dev/null"])
        .output();
    tried.is_ok_and(|tried| tried.status.success())
}
