//! Places inside a local folder: made without following a link out of it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::transfer::resume::temporary_name;

/// The place for a file at `relative` below `root`, its folders made. Blocks.
///
/// Neither a folder on the way nor the place itself may be a symbolic link. This guards against
/// links that are there already, not against somebody who plants them meanwhile.
pub(crate) fn for_file(root: &Path, relative: &Path) -> Result<PathBuf> {
    if let Some(parent) = relative.parent() {
        make_folders(root, parent)?;
    }
    let path = root.join(relative);
    match fs::symlink_metadata(&path) {
        Ok(metadata) if metadata.is_symlink() => Err(refuse("write", &path, LINK)),
        Ok(metadata) if metadata.is_dir() => Err(refuse("write", &path, "a folder has this name")),
        Ok(_) => Ok(path),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(path),
        Err(e) => Err(Error::local("write", &path, e)),
    }
}

/// Makes the folder at `relative` below `root` and those above it, in the same way. Blocks.
pub(crate) fn make_folders(root: &Path, relative: &Path) -> Result<()> {
    let mut path = root.to_path_buf();
    for name in relative {
        path.push(name);
        match fs::create_dir(&path) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => check_folder(&path)?,
            Err(e) => return Err(Error::local("make the folder", &path, e)),
        }
    }
    Ok(())
}

/// Deletes the file at `relative`, unless a link is on the way to it. Blocks.
pub(crate) fn delete_file(root: &Path, relative: &Path) -> Result<()> {
    let mut path = root.to_path_buf();
    for name in relative.parent().into_iter().flatten() {
        path.push(name);
        check_folder(&path)?;
    }
    let path = root.join(relative);
    match fs::remove_file(&path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::local("delete", &path, e)),
        _ => Ok(()),
    }
}

const LINK: &str = "it is a symbolic link";

fn check_folder(path: &Path) -> Result<()> {
    let metadata = fs::symlink_metadata(path).map_err(|e| Error::local("enter", path, e))?;
    if metadata.is_symlink() {
        return Err(refuse("enter", path, LINK));
    }
    if !metadata.is_dir() {
        return Err(refuse("enter", path, "a file has this name"));
    }
    Ok(())
}

fn refuse(what: &str, path: &Path, why: &'static str) -> Error {
    Error::local(what, path, io::Error::other(why))
}

/// Whether the folder takes names for the same that differ only by case. Blocks.
pub(crate) fn folds_case(root: &Path) -> bool {
    let name = temporary_name(fastrand::u64(..));
    let (here, there) = (root.join(&name), root.join(name.to_uppercase()));
    let made = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&here);
    if made.is_err() {
        return folds_case_usually();
    }
    let same = fs::symlink_metadata(there).is_ok();
    let _ = fs::remove_file(here);
    same
}

/// Without a look: what the system's usual file systems do.
pub(crate) fn folds_case_usually() -> bool {
    cfg!(any(windows, target_vendor = "apple"))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use proptest::prelude::*;

    use super::*;
    use crate::tree::safe_path::relative_path;

    #[test]
    fn links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (root, outside) = (dir.path().join("root"), dir.path().join("outside"));
        fs::create_dir_all(root.join("real")).unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("f"), "kept").unwrap();
        symlink(&outside, root.join("out")).unwrap();
        symlink("real", root.join("in")).unwrap();
        symlink(outside.join("f"), root.join("real/f")).unwrap();
        for path in ["out/f", "out/new/f", "in/f", "real/f"] {
            let error = for_file(&root, Path::new(path)).unwrap_err();
            assert!(error.message().contains("symbolic link"), "{error}");
        }
        assert!(delete_file(&root, Path::new("out/f")).is_err());
        assert!(for_file(&root, Path::new("real")).is_err());
        assert!(
            for_file(&root, Path::new("a/b/c"))
                .unwrap()
                .parent()
                .unwrap()
                .is_dir()
        );
        fs::write(root.join("file"), "").unwrap();
        assert!(for_file(&root, Path::new("file/x")).is_err());
        // A link itself is deleted, not what it leads to.
        delete_file(&root, Path::new("real/f")).unwrap();
        delete_file(&root, Path::new("real/f")).unwrap();
        assert_eq!(fs::read(outside.join("f")).unwrap(), b"kept");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
        assert!(!folds_case(&root) || folds_case_usually());
    }

    proptest! {
        /// Whatever the key and the links in the folder: what is written stays below the folder.
        #[test]
        fn no_key_is_written_outside(keys in prop::collection::vec("[ab./~\\\\]{0,8}", 1..20)) {
            let dir = tempfile::tempdir().unwrap();
            let root = dir.path().join("x/root");
            fs::create_dir_all(&root).unwrap();
            symlink("../..", root.join("a")).unwrap();
            symlink("/", root.join("aa")).unwrap();
            for key in keys {
                let Ok(relative) = relative_path(&key, false) else { continue };
                if let Ok(path) = for_file(&root, &relative) {
                    fs::write(&path, "x").unwrap();
                    let real = path.canonicalize().unwrap();
                    prop_assert!(real.starts_with(root.canonicalize().unwrap()), "{} {:?}", key, real);
                }
            }
            let outside: Vec<_> = fs::read_dir(dir.path()).unwrap().chain(fs::read_dir(dir.path().join("x")).unwrap())
                .map(|e| e.unwrap().file_name()).collect();
            prop_assert_eq!(outside, ["x", "root"]);
        }
    }
}
