//! Records in a folder: written whole, found again by what they are for, used by one at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::settings::hex;
use crate::error::{Error, ErrorKind, Result};

const RECORD: &str = "cosresume";

/// A folder that holds the resume records of this machine's transfers.
///
/// A record's file name is a digest of direction, bucket, key and the local file's place, so the
/// same call finds it again, also in another process after this one was killed. Give it a folder of
/// its own that outlives the process, such as one in the user's state or cache folder. Records of
/// transfers that succeed are removed; see [`crate::Client::clean_up_stale`] for those that nobody
/// continues.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (_emulator, client) = setup().await?;
/// # let folder = tempfile::tempdir()?;
/// # let (path, state) = (folder.path().join("film.mp4"), folder.path().join("state"));
/// # std::fs::write(&path, vec![7; 3 << 20])?;
/// use cos_client::ResumeFolder;
///
/// let store = ResumeFolder::new(&state)?;
/// let uploaded = client
///     .upload_file("films/1.mp4", &path)
///     .resume_store(&store)
///     .send()
///     .await?;
/// println!("{} bytes were there already", uploaded.resumed_bytes);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumeFolder {
    dir: Arc<PathBuf>,
}

impl ResumeFolder {
    /// Uses `dir`, which is made if it is missing.
    ///
    /// # Errors
    /// `Local` when it cannot be made.
    pub fn new(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        std::fs::create_dir_all(dir).map_err(|e| Error::local("make the folder", dir, e))?;
        Ok(Self {
            dir: Arc::new(dir.to_path_buf()),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Whether there is a record of this name. Blocks.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.file(name, RECORD).is_file()
    }

    /// The names of all records. Blocks.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&*self.dir)? {
            let path = entry?.path();
            let is_record = path.extension().is_some_and(|e| e == RECORD);
            if let Some(stem) = path.file_stem().and_then(|s| s.to_str())
                && is_record
            {
                names.push(stem.to_owned());
            }
        }
        Ok(names)
    }

    /// Takes a record's place; nobody else has it meanwhile. Blocks.
    ///
    /// # Errors
    /// `Local` when somebody has it, or the folder cannot be written.
    pub(crate) fn slot(&self, name: &str) -> Result<Slot> {
        let fail = |e| Error::local("use the resume folder", &self.dir, e);
        let lock = self.file(name, "lock");
        let Some(guard) = take_lock(&lock).map_err(fail)? else {
            let why = "the same transfer is running already: its resume record is in use";
            return Err(Error::new(ErrorKind::Local, why)
                .with_retryable(true)
                .with_hint_text("wait for the other one, or go without a resume store"));
        };
        Ok(Slot {
            record: self.file(name, RECORD),
            place: self.file(name, "place"),
            lock,
            guard,
            version: Mutex::new(0),
        })
    }

    fn file(&self, name: &str, extension: &str) -> PathBuf {
        self.dir.join(name).with_extension(extension)
    }
}

/// The name of a record: no path can be read from it.
pub(crate) fn slot_name(kind: &str, bucket: &str, key: &str, local: &[u8]) -> String {
    let mut hash = Sha256::new();
    for part in [kind.as_bytes(), bucket.as_bytes(), key.as_bytes(), local] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    format!("{kind}-{}", hex(&hash.finalize()[..16]))
}

/// What tells the local file of an upload. Blocks.
pub(crate) fn source_place(path: &Path) -> Result<Vec<u8>> {
    let path = std::fs::canonicalize(path).map_err(|e| Error::local("open", path, e))?;
    Ok(path.into_os_string().into_encoded_bytes())
}

/// What tells the target of a download, which need not exist yet. Blocks.
pub(crate) fn target_place(path: &Path) -> Result<Vec<u8>> {
    let folder = crate::transfer::target::folder_of(path);
    let folder = std::fs::canonicalize(folder).map_err(|e| Error::local("write", path, e))?;
    let name = path.file_name().unwrap_or_default();
    Ok(folder.join(name).into_os_string().into_encoded_bytes())
}

/// One record's place, locked.
#[derive(Debug)]
pub(crate) struct Slot {
    record: PathBuf,
    /// Where a download's temporary file is: known here, on this machine, not in the record.
    place: PathBuf,
    lock: PathBuf,
    guard: File,
    /// The version that was written last. A write that was given up may still be under way; it must
    /// not come after a newer one.
    version: Mutex<u64>,
}

impl Slot {
    /// What is there. Blocks.
    pub(super) fn load(&self) -> Option<Vec<u8>> {
        std::fs::read(&self.record).ok()
    }

    /// Replaces the record. Blocks.
    pub(super) fn save(&self, bytes: &[u8], version: u64, durable: bool) -> io::Result<()> {
        let mut last = self.version.lock().unwrap_or_else(PoisonError::into_inner);
        if version <= *last {
            return Ok(());
        }
        let temporary = self.record.with_extension("tmp");
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        if durable {
            file.sync_data()?;
        }
        drop(file);
        std::fs::rename(&temporary, &self.record)?;
        if durable {
            crate::transfer::target::sync_folder(&self.record);
        }
        *last = version;
        Ok(())
    }

    /// Removes the record. Blocks.
    pub(super) fn remove(&self, version: u64) -> io::Result<()> {
        let mut last = self.version.lock().unwrap_or_else(PoisonError::into_inner);
        *last = version.max(*last);
        match std::fs::remove_file(&self.record) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    /// When the record was written by this machine's clock. Blocks.
    pub(super) fn modified(&self) -> Option<std::time::SystemTime> {
        std::fs::metadata(&self.record).ok()?.modified().ok()
    }

    /// Notes the folder of the temporary file, for the janitor. Blocks.
    pub(crate) fn note_place(&self, folder: &Path) -> io::Result<()> {
        let folder = std::path::absolute(folder)?;
        std::fs::write(&self.place, folder.as_os_str().as_encoded_bytes())
    }

    pub(super) fn noted_place(&self) -> Option<PathBuf> {
        let bytes = std::fs::read(&self.place).ok()?;
        #[cfg(unix)]
        let folder: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(bytes);
        #[cfg(not(unix))]
        let folder = String::from_utf8(bytes).ok()?;
        Some(folder.into())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if !self.record.exists() {
            let _ = std::fs::remove_file(&self.place);
            if cfg!(unix) {
                // Still locked: who opens it meanwhile sees that it is not the same file any more.
                let _ = std::fs::remove_file(&self.lock);
            }
        }
        let _ = self.guard.unlock();
    }
}

/// The locked file, or `None` when somebody has it.
fn take_lock(path: &Path) -> io::Result<Option<File>> {
    loop {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            // A file system without locks: better unguarded than not at all.
            Err(TryLockError::Error(_)) => return Ok(Some(file)),
        }
        if is_at(&file, path) {
            return Ok(Some(file));
        }
    }
}

/// Whether the open file is the one that has this name now.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true // Names of open files are not removed here.
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_nothing_left() {
        let dir = tempfile::tempdir().unwrap();
        let store = ResumeFolder::new(dir.path().join("a/b")).unwrap();
        let name = slot_name("upload", "demo-1250000000", "k", b"/x");
        assert_ne!(name, slot_name("upload", "demo-1250000000", "k/", b"x"));
        let slot = store.slot(&name).unwrap();
        assert_eq!(slot.load(), None);
        let error = store.slot(&name).unwrap_err();
        assert!(error.is_retryable() && error.message().contains("in use"));
        slot.save(b"one", 1, true).unwrap();
        slot.save(b"three", 3, false).unwrap();
        slot.save(b"two, late", 2, false).unwrap();
        assert_eq!(slot.load().unwrap(), b"three");
        slot.note_place(dir.path()).unwrap();
        drop(slot);
        assert!(store.has(&name));
        assert_eq!(store.names().unwrap(), [name.as_str()]);
        let slot = store.slot(&name).unwrap();
        assert_eq!(slot.noted_place().unwrap(), dir.path());
        slot.remove(4).unwrap();
        slot.save(b"late", 4, false).unwrap();
        assert_eq!(slot.load(), None);
        drop(slot);
        if cfg!(unix) {
            assert_eq!(std::fs::read_dir(store.path()).unwrap().count(), 0);
        }
    }
}
