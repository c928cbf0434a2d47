//! From an object's key to a path inside a folder, or the reason why there is none. Pure.

use std::fmt;
use std::path::PathBuf;

/// The longest file name that common file systems hold, in bytes.
const MAX_COMPONENT: usize = 255;

/// Why an object has no place in a local folder. Such objects are refused by name, never renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnsafeKey {
    /// It begins with `/`, or with `\\` as paths to other machines do.
    Absolute,
    /// It begins with a drive letter: `C:`.
    DriveLetter,
    /// Two slashes follow each other, or it has a slash at the end and content all the same.
    EmptyName,
    /// A part of it is `.` or `..`.
    DotName,
    /// It holds NUL or another control character.
    ControlCharacter,
    /// A part of it is longer than 255 bytes.
    LongName,
    /// It holds a character that Windows has no names with: `\ < > : " | ? *`.
    ForbiddenCharacter,
    /// A part of it is a device on Windows: `CON`, `NUL`, `COM1`, …
    ReservedName,
    /// A part of it ends with a dot or a blank, which Windows drops.
    TrailingDotOrBlank,
    /// It is below another object's key, as `a/b` is below `a`: a file cannot be a folder too.
    FileAndFolder,
    /// It differs from another key only by case or by the composition of its characters, and the
    /// folder holds only one of the two.
    CaseCollision,
}

impl fmt::Display for UnsafeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absolute => "it is an absolute path",
            Self::DriveLetter => "it begins with a drive letter",
            Self::EmptyName => "a folder or file in it has an empty name",
            Self::DotName => "it holds \".\" or \"..\" as a name",
            Self::ControlCharacter => "it holds a control character",
            Self::LongName => "a name in it is longer than 255 bytes",
            Self::ForbiddenCharacter => "it holds a character that Windows forbids in names",
            Self::ReservedName => "a name in it is a device on Windows",
            Self::TrailingDotOrBlank => {
                "a name in it ends with a dot or a blank, which Windows drops"
            }
            Self::FileAndFolder => "another object has the name of a folder in it",
            Self::CaseCollision => {
                "another object's name differs only by case or composition of characters"
            }
        })
    }
}

impl std::error::Error for UnsafeKey {}

/// The path of `key` relative to the folder it is put into, for a file, or for a folder if the key
/// ends with `/`. With `windows`, only names that Windows can hold.
pub(crate) fn relative_path(key: &str, windows: bool) -> Result<PathBuf, UnsafeKey> {
    if key.starts_with('/') || key.starts_with("\\\\") {
        return Err(UnsafeKey::Absolute);
    }
    if let [letter, b':', ..] = key.as_bytes()
        && letter.is_ascii_alphabetic()
    {
        return Err(UnsafeKey::DriveLetter);
    }
    let names = key.strip_suffix('/').unwrap_or(key);
    let mut path = PathBuf::new();
    for name in names.split('/') {
        check_name(name)?;
        if windows {
            check_windows_name(name)?;
        }
        path.push(name);
    }
    Ok(path)
}

fn check_name(name: &str) -> Result<(), UnsafeKey> {
    if name.is_empty() {
        return Err(UnsafeKey::EmptyName);
    }
    if name == "." || name == ".." {
        return Err(UnsafeKey::DotName);
    }
    if name.contains(char::is_control) {
        return Err(UnsafeKey::ControlCharacter);
    }
    if name.len() > MAX_COMPONENT {
        return Err(UnsafeKey::LongName);
    }
    Ok(())
}

fn check_windows_name(name: &str) -> Result<(), UnsafeKey> {
    if name.contains(['\\', '<', '>', ':', '"', '|', '?', '*']) {
        return Err(UnsafeKey::ForbiddenCharacter);
    }
    if name.ends_with(['.', ' ']) {
        return Err(UnsafeKey::TrailingDotOrBlank);
    }
    // A device keeps its meaning with an extension and with blanks before it.
    let stem = name.split('.').next().unwrap_or(name).trim_end();
    let stem = stem.to_ascii_uppercase();
    let numbered = ["COM", "LPT"].iter().any(|device| {
        let number = stem.strip_prefix(device).and_then(|n| {
            let mut characters = n.chars();
            characters.next().filter(|_| characters.next().is_none())
        });
        number.is_some_and(|n| n.is_ascii_digit() || matches!(n, '¹' | '²' | '³'))
    });
    let named = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
    if numbered || named.contains(&stem.as_str()) {
        return Err(UnsafeKey::ReservedName);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_keys_are_paths() {
        for key in [
            "a",
            "a/b.txt",
            "文/件 é",
            "...",
            ".hidden",
            "a b/c+d",
            "x/a:b",
            "CON",
            "x.",
            "\\x",
        ] {
            assert_eq!(relative_path(key, false), Ok(PathBuf::from(key)), "{key}");
        }
        assert_eq!(relative_path("a/b/", false), Ok(PathBuf::from("a/b")));
    }

    #[test]
    fn hostile_keys_are_refused_with_their_reason() {
        for (key, reason) in [
            ("..", UnsafeKey::DotName),
            ("../x", UnsafeKey::DotName),
            ("a/../../x", UnsafeKey::DotName),
            ("a/..", UnsafeKey::DotName),
            ("./a", UnsafeKey::DotName),
            ("a/./b", UnsafeKey::DotName),
            ("/etc/passwd", UnsafeKey::Absolute),
            ("//server/share", UnsafeKey::Absolute),
            ("\\\\server\\share", UnsafeKey::Absolute),
            ("C:/x", UnsafeKey::DriveLetter),
            ("c:x", UnsafeKey::DriveLetter),
            ("", UnsafeKey::EmptyName),
            ("a//b", UnsafeKey::EmptyName),
            ("a//", UnsafeKey::EmptyName),
            ("a\0b", UnsafeKey::ControlCharacter),
            ("a/b\n", UnsafeKey::ControlCharacter),
            ("a\u{7f}", UnsafeKey::ControlCharacter),
            ("a\u{85}", UnsafeKey::ControlCharacter),
        ] {
            assert_eq!(relative_path(key, false), Err(reason), "{key:?}");
        }
        let long = format!("a/{}", "x".repeat(256));
        assert_eq!(relative_path(&long, false), Err(UnsafeKey::LongName));
        assert!(relative_path(&long[..257], false).is_ok());
    }

    #[test]
    fn windows_holds_fewer_names() {
        for (key, reason) in [
            ("a\\..\\b", UnsafeKey::ForbiddenCharacter),
            ("a/b:stream", UnsafeKey::ForbiddenCharacter),
            ("a?", UnsafeKey::ForbiddenCharacter),
            ("x/CON", UnsafeKey::ReservedName),
            ("nul.txt", UnsafeKey::ReservedName),
            ("Aux .tar.gz", UnsafeKey::ReservedName),
            ("com1", UnsafeKey::ReservedName),
            ("LPT³.log", UnsafeKey::ReservedName),
            ("conout$", UnsafeKey::ReservedName),
            ("a./b", UnsafeKey::TrailingDotOrBlank),
            ("b ", UnsafeKey::TrailingDotOrBlank),
        ] {
            assert_eq!(relative_path(key, true), Err(reason), "{key:?}");
            assert!(relative_path(key, false).is_ok(), "{key:?}");
        }
        for fine in [
            "console",
            "com",
            "com10",
            "lpt",
            "nulls/x",
            "a.b",
            "com\u{e9}",
        ] {
            assert!(relative_path(fine, true).is_ok(), "{fine}");
        }
    }

    proptest! {
        /// Whatever the key: an accepted path has only plain names, so joined to a folder it stays
        /// below it, and it spells the key.
        #[test]
        fn no_accepted_key_leaves_the_folder(
            key in prop_oneof![any::<String>(), "[./a\\\\:C~ \0-]{0,12}", "(\\.\\./|/|a/|\\./|[A-Z]:){0,6}[a.]{0,3}"],
            windows: bool,
        ) {
            if let Ok(path) = relative_path(&key, windows) {
                prop_assert!(path.components().all(|c| matches!(c, Component::Normal(_))));
                let root = Path::new("/root/of/all");
                prop_assert!(root.join(&path).starts_with(root));
                prop_assert!(root.join(&path) != root);
                let names: Vec<_> = path.iter().map(|n| n.to_str().unwrap()).collect();
                prop_assert_eq!(names.join("/"), key.strip_suffix('/').unwrap_or(&key));
            }
        }
    }
}
