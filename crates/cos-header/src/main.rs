#![forbid(unsafe_code)]
//! Writes `include/cos_ffi.h` from the sources of `cos-ffi`.
//!
//! `cargo run -p cos-header` writes it, `cargo run -p cos-header -- --check` fails if the file is
//! not what the sources say. Both refuse a header that breaks the conventions of the C API.

mod assemble;
mod conventions;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HEADER: &str = "include/cos_ffi.h";

fn main() -> ExitCode {
    match run(std::env::args().nth(1).as_deref()) {
        Ok(said) => {
            say(&said);
            ExitCode::SUCCESS
        }
        Err(why) => {
            say(&format!("cos-header: {why}"));
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stderr, reason = "a command line tool")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn run(argument: Option<&str>) -> Result<String, String> {
    let check = match argument {
        None => false,
        Some("--check") => true,
        Some(other) => return Err(format!("unknown argument {other}; there is only --check")),
    };
    let root = workspace_root()?;
    let header = generate(&root)?;
    conventions::check(&header)?;
    let path = root.join(HEADER);
    if !check {
        std::fs::write(&path, header).map_err(|error| format!("cannot write {HEADER}: {error}"))?;
        return Ok(format!("{HEADER} written"));
    }
    let present =
        std::fs::read_to_string(&path).map_err(|error| format!("cannot read {HEADER}: {error}"))?;
    match first_difference(&present, &header) {
        None => Ok(format!("{HEADER} is what the sources say")),
        Some(line) => Err(format!(
            "{HEADER} differs from the sources at line {line}; run `make header` and commit the result"
        )),
    }
}

/// The number of the first line that is not the same in both, counted from 1.
fn first_difference(a: &str, b: &str) -> Option<usize> {
    if a == b {
        return None;
    }
    let same = a.lines().zip(b.lines()).take_while(|(a, b)| a == b).count();
    Some(same + 1)
}

fn workspace_root() -> Result<PathBuf, String> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .map(Path::to_owned)
        .ok_or_else(|| "no workspace around this crate".to_owned())
}

fn generate(root: &Path) -> Result<String, String> {
    let crate_dir = root.join("crates/cos-ffi");
    let config = cbindgen::Config::from_file(crate_dir.join("cbindgen.toml"))?;
    let mut raw = Vec::new();
    cbindgen::Builder::new()
        .with_config(config)
        .with_crate(&crate_dir)
        .generate()
        .map_err(|error| format!("cbindgen: {error}"))?
        .write(&mut raw);
    let raw = String::from_utf8(raw).map_err(|_| "cbindgen wrote something that is not UTF-8")?;
    assemble::assemble(&raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first_difference() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
    }

    /// The drift check as part of `cargo test`.
    #[test]
    fn the_header_is_what_the_sources_say() {
        run(Some("--check")).unwrap();
    }
}
