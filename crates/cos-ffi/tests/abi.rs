//! What the library exports: exactly the functions of the header, exactly those of the list, and
//! each of them in at least one C program that the tests run.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[allow(dead_code, reason = "each test program uses its part")]
mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// `tests/abi/symbols.txt`: one name a line, in the order they came, never shortened.
fn listed() -> BTreeSet<String> {
    let text = std::fs::read_to_string(support::root().join("tests/abi/symbols.txt")).unwrap();
    let names: Vec<String> = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    let set: BTreeSet<String> = names.iter().cloned().collect();
    assert_eq!(set.len(), names.len(), "a name is listed twice");
    set
}

/// Functions the header declares: lines outside comments that do not begin with a blank and have
/// `cosffi_…(` in them.
fn declared() -> BTreeSet<String> {
    let header = std::fs::read_to_string(support::root().join("include/cos_ffi.h")).unwrap();
    header
        .lines()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
        .filter(|line| !line.starts_with("typedef") && !line.starts_with("static"))
        .filter_map(|line| line.split_once('('))
        .filter_map(|(before, _)| before.rsplit([' ', '*']).next())
        .filter(|name| name.starts_with("cosffi_"))
        .map(str::to_owned)
        .collect()
}

fn missing(from: &BTreeSet<String>, wanted: &BTreeSet<String>) -> Vec<String> {
    wanted.difference(from).cloned().collect()
}

#[test]
fn the_list_is_the_header() {
    let (listed, declared) = (listed(), declared());
    assert_eq!(
        missing(&listed, &declared),
        [""; 0],
        "add these at the end of tests/abi/symbols.txt"
    );
    assert_eq!(
        missing(&declared, &listed),
        [""; 0],
        "these were taken away; the ABI only grows"
    );
}

fn exports_of(library: &Path) -> BTreeSet<String> {
    let output = Command::new("nm")
        .args(["-D", "--defined-only", "--format=posix"])
        .arg(library)
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_shared_library_exports_the_list_and_nothing_else() {
    let (listed, exported) = (listed(), exports_of(&support::library("libcos_ffi.so")));
    assert_eq!(missing(&listed, &exported), [""; 0], "exported too much");
    assert_eq!(missing(&exported, &listed), [""; 0], "not exported");
}

/// The archive inside somebody else's shared library, with the version script that we ship.
#[test]
fn the_archive_in_a_shared_library_exports_nothing_else() {
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libwith_cos_ffi.so");
    let linked = Command::new("cc")
        .args(["-shared", "-o"])
        .arg(&library)
        .arg(format!(
            "-Wl,--version-script={}/cos_ffi.map",
            env!("CARGO_MANIFEST_DIR")
        ))
        .arg("-Wl,--whole-archive")
        .arg(support::library("libcos_ffi.a"))
        .arg("-Wl,--no-whole-archive")
        .args(support::NATIVE_LIBS.split_whitespace())
        .output()
        .unwrap();
    assert!(
        linked.status.success(),
        "{}",
        String::from_utf8_lossy(&linked.stderr)
    );
    assert_eq!(exports_of(&library), listed());
}

/// The C programs that are really run, without their comments.
fn c_tests() -> String {
    let runners = [
        include_str!("c_programs.rs"),
        include_str!("emulated.rs"),
        include_str!("packaging.rs"),
    ]
    .concat();
    let mut programs = String::new();
    for entry in std::fs::read_dir(support::root().join("tests/c")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "c") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(
            [
                format!("c_test(\"{name}\")"),
                format!("c_test_on(\"{name}\""),
                format!("tests/c/{name}.c"),
            ]
            .iter()
            .any(|call| runners.contains(call)),
            "no test runs tests/c/{name}.c"
        );
        programs.push_str(&without_comments(&std::fs::read_to_string(&path).unwrap()));
    }
    programs
}

fn without_comments(source: &str) -> String {
    let mut parts = source.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |code, part| {
        code + part.split_once("*/").map_or("", |(_, after)| after)
    })
}

#[test]
fn every_function_is_in_a_c_test() {
    let programs = c_tests();
    let unused: Vec<String> = listed()
        .into_iter()
        .filter(|name| !programs.contains(&format!("{name}(")))
        .collect();
    assert_eq!(unused, [""; 0], "no C test calls these");
}

#[test]
fn comments_call_nothing() {
    assert_eq!(without_comments("a /* f( */ b /* g( */"), "a  b ");
}
