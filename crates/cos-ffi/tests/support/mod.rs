//! Builds C and C++ programs against the static library of this very build, and runs them plain and
//! under valgrind.

pub(crate) mod stage;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `rustc --print native-static-libs` says for the library; the same file the documents name.
pub(crate) const NATIVE_LIBS: &str = include_str!("../../native-libs.txt");

/// The C side instrumented: undefined behaviour, bad accesses, and leaks of either side.
pub(crate) const SANITIZED: &[&str] =
    &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

/// Where Cargo puts the libraries this test was built with: beside the test itself.
pub(crate) fn library(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().join(name);
    assert!(path.exists(), "{} is not there", path.display());
    path
}

/// Compiles and links; warnings are errors. `flags` begin with the language standard.
pub(crate) fn build(name: &str, compiler: &str, flags: &[&str], sources: &[&str]) -> PathBuf {
    let root = root();
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let built = Command::new(compiler)
        .args(flags)
        .args(["-g", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
        .arg("-I")
        .arg(root.join("include"))
        .args(sources.iter().map(|source| root.join(source)))
        .arg(library("libcos_ffi.a"))
        .args(NATIVE_LIBS.split_whitespace())
        .arg("-o")
        .arg(&program)
        .output()
        .unwrap_or_else(|error| panic!("cannot run {compiler}: {error}"));
    assert!(
        built.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&built.stderr)
    );
    program
}

/// Runs a program; it must exit with 0. Its standard output.
pub(crate) fn run(program: &Path, args: &[&str]) -> String {
    let mut command = Command::new(program);
    command.args(args);
    finish(command, program)
}

/// The same under valgrind: no invalid access, nothing definitely lost.
pub(crate) fn run_checked(program: &Path, args: &[&str]) -> Option<String> {
    let [first, words @ ..] = valgrind(program)?;
    let mut command = Command::new(first);
    command.args(words).arg(program).args(args);
    Some(finish(command, program))
}

/// The words in front of a program that valgrind checks. `None`, and a line on the terminal, where it
/// is not installed; CI installs it.
pub(crate) fn valgrind(program: &Path) -> Option<[&'static str; 6]> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        // Written past the test harness, which would hide it.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: valgrind is not installed, {} was not checked for leaks",
            program.display()
        );
        return None;
    }
    Some([
        "valgrind",
        "--quiet",
        "--leak-check=full",
        "--error-exitcode=99",
        "--show-leak-kinds=definite,possible",
        "--errors-for-leak-kinds=definite",
    ])
}

/// Runs a command that must exit with 0. Its standard output.
pub(crate) fn finish(mut command: Command, program: &Path) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{} ended with {}\n{said}\n{}",
        program.display(),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    said
}
