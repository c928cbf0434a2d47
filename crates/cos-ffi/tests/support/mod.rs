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

/// A sanitizer that this very library is instrumented with (`scripts/sanitize.sh`): its name for the compilers, and
/// its one runtime, which library and programs have to share.
pub(crate) struct Instrumented {
    pub(crate) sanitizer: String,
    runtime: String,
}

pub(crate) fn instrumented() -> Option<Instrumented> {
    Some(Instrumented {
        sanitizer: std::env::var("COS_FFI_SANITIZER").ok()?,
        runtime: std::env::var("COS_FFI_SANITIZER_RUNTIME").ok()?,
    })
}

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

/// Compiles only to see that there is nothing to say; `flags` begin with the language standard.
pub(crate) fn check_syntax(compiler: &str, flags: &[&str], source: &Path) {
    let checked = Command::new(compiler)
        .args(flags)
        .args(["-Wall", "-Wextra", "-Wpedantic", "-Werror"])
        .args(["-fsyntax-only", "-I"])
        .arg(root().join("include"))
        .arg(source)
        .output()
        .unwrap();
    assert!(
        checked.status.success(),
        "{compiler} {flags:?} {}: {}",
        source.display(),
        String::from_utf8_lossy(&checked.stderr)
    );
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
    let warnings = ["-g", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];
    let mut command = Command::new(compiler);
    match instrumented() {
        None => {
            command.args(flags).args(warnings).arg("-I");
            command.arg(root.join("include"));
            command.args(sources.iter().map(|source| root.join(source)));
        }
        // Compiled with the sanitizer, linked without, because the linker would add the compiler's own runtime.
        Some(kind) => {
            let sanitize = format!("-fsanitize={}", kind.sanitizer);
            let flags = [flags, &[sanitize.as_str()]].concat();
            for (index, source) in sources.iter().enumerate() {
                let path = root.join(source);
                match path.extension().is_some_and(|e| e == "c" || e == "cpp") {
                    true => command.arg(compile(
                        &format!("{name}_{index}"),
                        compiler,
                        &flags,
                        source,
                    )),
                    false => command.arg(path),
                };
            }
            command.args([
                "-Wl,--whole-archive",
                &kind.runtime,
                "-Wl,--no-whole-archive",
            ]);
            command.args(["-rdynamic", "-pthread"]);
        }
    }
    let built = command
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

/// The same sources with address and undefined-behaviour sanitizers on the C side; not when the whole library is
/// instrumented with one, because only one goes into a program.
pub(crate) fn build_sanitized(
    name: &str,
    compiler: &str,
    flags: &[&str],
    sources: &[&str],
) -> Option<PathBuf> {
    if instrumented().is_some() {
        return None;
    }
    let flags = [flags, SANITIZED].concat();
    let name = format!("{name}_sanitized");
    Some(build(&name, compiler, &flags, sources))
}

/// Runs a program; it must exit with 0. Its standard output.
pub(crate) fn run(program: &Path, args: &[&str]) -> String {
    let mut command = Command::new(program);
    command.args(args);
    finish(command, program)
}

/// The same under valgrind: no invalid access, nothing lost, not even possibly.
pub(crate) fn run_checked(program: &Path, args: &[&str]) -> Option<String> {
    let [first, words @ ..] = valgrind()?;
    let mut command = Command::new(first);
    command.args(words).arg(program).args(args);
    Some(finish(command, program))
}

/// The words in front of a program that valgrind checks. `None`, and a line on the terminal, where it
/// is not installed; CI installs it.
pub(crate) fn valgrind() -> Option<[&'static str; 6]> {
    if instrumented().is_some() || !has("valgrind") {
        return None;
    }
    Some([
        "valgrind",
        "--quiet",
        "--leak-check=full",
        "--error-exitcode=99",
        "--show-leak-kinds=definite,possible",
        "--errors-for-leak-kinds=definite,possible",
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
