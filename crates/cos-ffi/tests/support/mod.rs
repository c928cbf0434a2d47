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

/// What a careful C++ project turns on besides.
pub(crate) const STRICT_CPP: &[&str] = &[
    "-Wshadow",
    "-Wconversion",
    "-Wsign-conversion",
    "-Wnon-virtual-dtor",
];

/// Whether a tool is installed. If not, a line on the terminal says that something was left out.
pub(crate) fn has(tool: &str) -> bool {
    let is_here = Command::new(tool).arg("--version").output().is_ok();
    if !is_here {
        // Written past the test harness, which would hide it.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {tool} is not installed");
    }
    is_here
}

/// Compiles without linking; warnings are errors. The object file.
pub(crate) fn compile(name: &str, compiler: &str, flags: &[&str], source: &str) -> PathBuf {
    let root = root();
    let object = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.o"));
    let built = Command::new(compiler)
        .args(flags)
        .args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", "-I"])
        .arg(root.join("include"))
        .arg(root.join(source))
        .arg("-o")
        .arg(&object)
        .output()
        .unwrap();
    assert!(
        built.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&built.stderr)
    );
    object
}

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

/// Compiles and links with the archive; warnings are errors. `flags` begin with the language standard.
pub(crate) fn build(name: &str, compiler: &str, flags: &[&str], sources: &[&str]) -> PathBuf {
    let archive = library("libcos_ffi.a");
    let library: Vec<&str> = [archive.to_str().unwrap()]
        .into_iter()
        .chain(NATIVE_LIBS.split_whitespace())
        .collect();
    link(name, compiler, flags, sources, &library)
}

/// The same with the shared library of this build, which links in no time.
pub(crate) fn build_shared(
    name: &str,
    compiler: &str,
    flags: &[&str],
    sources: &[&str],
) -> PathBuf {
    let folder = library("libcos_ffi.so").parent().unwrap().to_owned();
    let folder = folder.to_str().unwrap();
    // Found before whatever `cargo test` put into LD_LIBRARY_PATH.
    let rpath = format!("-Wl,--disable-new-dtags,-rpath,{folder}");
    link(
        name,
        compiler,
        flags,
        sources,
        &["-L", folder, "-lcos_ffi", &rpath],
    )
}

fn link(name: &str, compiler: &str, flags: &[&str], sources: &[&str], library: &[&str]) -> PathBuf {
    let root = root();
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let built = Command::new(compiler)
        .args(flags)
        .args(["-g", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
        .arg("-I")
        .arg(root.join("include"))
        .args(sources.iter().map(|source| root.join(source)))
        .args(library)
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
    let [first, words @ ..] = valgrind()?;
    let mut command = Command::new(first);
    command.args(words).arg(program).args(args);
    Some(finish(command, program))
}

/// The words in front of a program that valgrind checks. `None`, and a line on the terminal, where it
/// is not installed; CI installs it.
pub(crate) fn valgrind() -> Option<[&'static str; 6]> {
    if !has("valgrind") {
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
