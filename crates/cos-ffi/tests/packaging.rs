//! `make install` into a folder of its own, and programs built from there as a user builds them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[allow(dead_code, reason = "each test program uses its part")]
mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

fn install(folder: &Path) -> PathBuf {
    let prefix = folder.join("usr");
    run(Command::new(support::root().join("scripts/install.sh"))
        .env("PREFIX", &prefix)
        .env("ARCHIVE", support::library("libcos_ffi.a"))
        .env_remove("DESTDIR"));
    prefix
}

/// Signs a request with the example, and so shows that the program runs.
fn check_program(program: &Path, library: Option<&Path>) {
    let mut command = Command::new(program);
    command
        .args(["photos-1250000000", "ap-guangzhou", "a b.jpg"])
        .envs([("COS_SECRET_ID", "id"), ("COS_SECRET_KEY", "key")])
        .env_remove("LD_LIBRARY_PATH");
    if let Some(library) = library {
        command.env("LD_LIBRARY_PATH", library);
    }
    assert!(run(&mut command).starts_with("Authorization: q-sign-algorithm=sha1&q-ak=id&"));
}

fn needed(file: &Path) -> String {
    run(Command::new("readelf").arg("-d").arg(file))
}

#[test]
fn installed_and_used() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = install(folder.path());
    let lib = prefix.join("lib");
    let so = lib.join("libcos_ffi.so");
    let soname = needed(&so);
    assert!(soname.contains("soname: [libcos_ffi.so.0.1]"), "{soname}");
    let exported = run(Command::new("nm")
        .args(["-D", "--defined-only", "--format=posix"])
        .arg(&so));
    assert!(exported.lines().all(|line| line.starts_with("cosffi_")));
    with_pkg_config(folder.path(), &lib);
    with_cmake(folder.path(), &prefix);
}

fn with_pkg_config(folder: &Path, lib: &Path) {
    if !support::has("pkg-config") {
        return;
    }
    let ask = |what: &[&str]| -> Vec<String> {
        let said = run(Command::new("pkg-config")
            .args(what)
            .arg("cos_ffi")
            .env("PKG_CONFIG_PATH", lib.join("pkgconfig")));
        said.split_whitespace().map(str::to_owned).collect()
    };
    assert_eq!(ask(&["--modversion"]), [env!("CARGO_PKG_VERSION")]);
    let source = support::root().join("examples/c/sign.c");
    let program = folder.join("shared");
    run(Command::new("cc")
        .arg("-o")
        .arg(&program)
        .arg(&source)
        .args(ask(&["--cflags", "--libs"])));
    assert!(needed(&program).contains("[libcos_ffi.so.0.1]"));
    check_program(&program, Some(lib));

    // Static: the archive in place of the library, and what pkg-config says it needs.
    let program = folder.join("static");
    let libs = ask(&["--static", "--libs"])
        .into_iter()
        .map(|word| match word.as_str() {
            "-lcos_ffi" => "-l:libcos_ffi.a".to_owned(),
            _ => word,
        });
    run(Command::new("cc")
        .arg("-o")
        .arg(&program)
        .arg(&source)
        .args(ask(&["--cflags"]))
        .args(libs));
    assert!(!needed(&program).contains("cos_ffi"));
    check_program(&program, None);
}

const CMAKE: &str = r#"
cmake_minimum_required(VERSION 3.13)
project(user LANGUAGES C CXX)
find_package(cos_ffi 0.1 REQUIRED)
find_package(cos_ffi 0.2 QUIET)
if(cos_ffi_FOUND)
  message(FATAL_ERROR "another soname was taken for ours")
endif()
find_package(cos_ffi 0.1 REQUIRED)
set(CMAKE_CXX_STANDARD 17)
add_executable(by_default @ROOT@/examples/c/sign.c)
target_link_libraries(by_default cos_ffi::cos_ffi)
add_executable(by_static @ROOT@/examples/c/sign.c)
target_link_libraries(by_static cos_ffi::static)
add_executable(in_cpp @ROOT@/examples/cpp/presign.cpp)
target_link_libraries(in_cpp cos_ffi::shared)
"#;

fn with_cmake(folder: &Path, prefix: &Path) {
    if !support::has("cmake") {
        return;
    }
    // Moved after the installation, which the package must not mind.
    let moved = folder.join("elsewhere");
    std::fs::rename(prefix, &moved).unwrap();
    let (source, build) = (folder.join("user"), folder.join("build"));
    std::fs::create_dir(&source).unwrap();
    let text = CMAKE.replace("@ROOT@", support::root().to_str().unwrap());
    std::fs::write(source.join("CMakeLists.txt"), text).unwrap();
    let mut configure = Command::new("cmake");
    let prefix_path = format!("-DCMAKE_PREFIX_PATH={}", moved.display());
    configure.arg(prefix_path).arg("-S").arg(&source);
    run(configure.arg("-B").arg(&build));
    run(Command::new("cmake").arg("--build").arg(&build));
    check_program(&build.join("by_default"), None);
    check_program(&build.join("by_static"), None);
    assert!(needed(&build.join("by_default")).contains("[libcos_ffi.so.0.1]"));
    assert!(!needed(&build.join("by_static")).contains("cos_ffi"));
}

/// What the documents, pkg-config and CMake say a program has to link is what the compiler says; that it is
/// enough, every C test shows.
#[test]
fn the_system_libraries_are_what_rustc_says() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("rustc")
        .args(["--crate-type", "staticlib", "--print", "native-static-libs"])
        .args(["--out-dir", folder.path().to_str().unwrap(), "-"])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let words =
        |text: &str| -> BTreeSet<String> { text.split_whitespace().map(str::to_owned).collect() };
    let (_, list) = said.split_once("native-static-libs: ").unwrap();
    let list = list.lines().next().unwrap();
    assert_eq!(words(list), words(support::NATIVE_LIBS));
}

/// Two Rust archives in one program: ours and a stranger's, built by the same compiler.
#[test]
fn beside_a_second_rust_library() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("stranger.rs");
    let text = r#"
        use std::collections::HashMap;
        #[unsafe(no_mangle)]
        pub extern "C" fn stranger_count(of: u64) -> u64 {
            let table: HashMap<u64, String> = (0..of).map(|n| (n, n.to_string())).collect();
            std::panic::catch_unwind(|| panic!("caught")).unwrap_err();
            std::thread::spawn(move || table.len() as u64).join().unwrap()
        }
    "#;
    std::fs::write(&source, text).unwrap();
    run(Command::new("rustc")
        .args(["--edition", "2024", "--crate-type", "staticlib", "-O", "-o"])
        .arg(folder.path().join("libstranger.a"))
        .arg(&source));
    let stranger = folder.path().join("libstranger.a");
    let flags = ["-std=c99", "-Wl,--gc-sections"];
    let sources = ["tests/c/beside.c", stranger.to_str().unwrap()];
    let program = support::build("beside", "cc", &flags, &sources);
    assert_eq!(support::run(&program, &[]), "beside: ok\n");
}
