//! The file a download ends in: written beside its name, shown only when complete.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::lent::{Lender, Lent};
use super::reserve::{self, reserve};
use super::resume::temporary_name;
use super::write_back;
use crate::body::Prompt;
use crate::body::{BufferPool, checksum};
use crate::error::{Error, Result};

/// A temporary file in the target's folder. Dropping it removes it, also while somebody is still
/// writing, unless it is to be kept; [`Target::commit`] gives it the target's name.
#[derive(Debug)]
pub(crate) struct Target {
    file: Lender<TargetFile>,
    temporary: PathBuf,
    keep: bool,
}

/// The open file, for those who write to it.
#[derive(Debug)]
pub(crate) struct TargetFile {
    file: File,
    /// The final name, for errors.
    path: PathBuf,
    prompt: Prompt,
    /// Held to write: systems let one write to a file at a time, but who waits for that in there keeps
    /// a processor busy with waiting.
    turn: Mutex<()>,
}

impl Target {
    /// Creates the temporary file with `size` bytes. Blocks.
    pub(crate) fn create(path: &Path, size: u64) -> Result<Self> {
        if path.file_name().is_none() || path.is_dir() {
            let why = io::Error::new(io::ErrorKind::IsADirectory, "it is not a file name");
            return Err(Error::local("write", path, why));
        }
        let (file, temporary) = create_beside(path)?;
        // Tells a janitor that it is in use; where locks do not work there is nothing to tell.
        let _ = file.try_lock();
        let path = path.to_path_buf();
        let target = Self {
            file: Lender::new(TargetFile::new(file, path)),
            temporary,
            keep: false,
        };
        let TargetFile { file, path, .. } = &*target.file;
        // A disk that is too small says so here, before anything is transferred.
        reserve(file, size).map_err(|e| {
            let hint = reserve::hint(e.kind());
            let error = Error::local(&format!("reserve {size} bytes of disk for"), path, e);
            match hint {
                Some(hint) => error.with_hint_text(hint),
                None => error,
            }
        })?;
        Ok(target)
    }

    /// Goes on with a temporary file, if it still is what it was and nobody else has it. Blocks.
    pub(crate) fn reopen(path: &Path, name: &str, size: u64) -> Option<Self> {
        let temporary = folder_of(path).join(name);
        // Not through a link that somebody put there.
        if !std::fs::symlink_metadata(&temporary).ok()?.is_file() {
            return None;
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&temporary)
            .ok()?;
        if file.metadata().ok()?.len() != size
            || matches!(file.try_lock(), Err(TryLockError::WouldBlock))
        {
            return None;
        }
        let path = path.to_path_buf();
        Some(Self {
            file: Lender::new(TargetFile::new(file, path)),
            temporary,
            keep: true,
        })
    }

    /// Whether dropping it leaves the temporary file, for a later download to go on with.
    pub(crate) fn keep(&mut self, keep: bool) {
        self.keep = keep;
    }

    /// The temporary file's name.
    pub(crate) fn name(&self) -> String {
        let name = self.temporary.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// For writing to it.
    pub(crate) fn file(&self) -> Lent<TargetFile> {
        self.file.lend()
    }

    /// Waits until what an earlier run gave to the disk is there: it must not come after newer bytes.
    pub(crate) async fn settle(&self) {
        self.file.all_back().await;
    }

    /// Makes it durable and gives it its name, replacing what had it. Blocks.
    pub(crate) fn commit(self, size: u64) -> Result<()> {
        let target = self.file();
        self.rename(size, None)?;
        sync_folder(&target.path);
        Ok(())
    }

    /// The same for one of many files: after a loss of power the name may be the old file's, but
    /// never that of half a file. It can be given a time of modification. Blocks.
    pub(crate) fn rename(mut self, size: u64, modified: Option<SystemTime>) -> Result<()> {
        let target = self.file();
        let fail = |e| Error::local("finish", &target.path, e);
        target.file.set_len(size).map_err(fail)?;
        // The last change of all: setting the length counts as one.
        if let Some(time) = modified {
            target.file.set_modified(time).map_err(fail)?;
        }
        target.file.sync_all().map_err(fail)?;
        std::fs::rename(&self.temporary, &target.path).map_err(fail)?;
        self.keep = true;
        Ok(())
    }
}

impl TargetFile {
    fn new(file: File, path: PathBuf) -> Self {
        Self {
            file,
            path,
            prompt: Prompt::default(),
            turn: Mutex::default(),
        }
    }

    /// CRC-64 of a stretch as the file has it now. Blocks.
    pub(crate) fn checksum(&self, at: u64, len: u64, pool: &Arc<BufferPool>) -> Result<u64> {
        checksum(&self.file, at, len, pool).map_err(|e| Error::local("read", &self.path, e))
    }

    /// Whether it takes what is written at once.
    pub(crate) fn is_prompt(&self) -> bool {
        self.prompt.is_prompt()
    }

    /// Writes `data` at `offset`. Blocks.
    pub(crate) fn write_all_at(&self, data: &[u8], offset: u64) -> Result<()> {
        // Guards nothing of ours, so a panic has spoilt nothing.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.prompt.timed(|| self.write_all(data, offset))
    }

    /// Has the disk begin with a stretch that was written. Blocks.
    pub(crate) fn write_back(&self, stretch: Range<u64>) {
        self.prompt.timed(|| write_back::begin(&self.file, stretch));
    }

    fn write_all(&self, mut data: &[u8], mut offset: u64) -> Result<()> {
        while !data.is_empty() {
            match write_at(&self.file, data, offset) {
                Ok(0) => {
                    let why = io::Error::from(io::ErrorKind::WriteZero);
                    return Err(Error::local("write", &self.path, why));
                }
                Ok(n) => {
                    data = &data[n..];
                    offset += n as u64;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::local("write", &self.path, e)),
            }
        }
        Ok(())
    }
}

impl Drop for TargetFile {
    fn drop(&mut self) {
        // Closing is not enough: a process that is being started may have a copy for a moment.
        let _ = self.file.unlock();
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if !self.keep {
            // Nothing can be done about a failure here, and the name is hidden and unique.
            let _ = std::fs::remove_file(&self.temporary);
        }
    }
}

fn create_beside(path: &Path) -> Result<(File, PathBuf)> {
    loop {
        let temporary = folder_of(path).join(temporary_name(fastrand::u64(..)));
        match OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&temporary)
        {
            Ok(file) => return Ok((file, temporary)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(Error::local("create a file beside", path, e)),
        }
    }
}

/// The folder a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes the rename durable where folders can be opened. The content is safe already, so a failure
/// is not one of the download.
pub(crate) fn sync_folder(path: &Path) {
    #[cfg(unix)]
    let _ = File::open(folder_of(path)).and_then(|f| f.sync_all());
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(unix)]
fn write_at(file: &File, data: &[u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, data, offset)
}

#[cfg(windows)]
fn write_at(file: &File, data: &[u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, data, offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(dir).unwrap();
        let mut names: Vec<_> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn old_content_until_commit_and_nothing_left_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, "old").unwrap();
        let target = Target::create(&path, 4).unwrap();
        target.file().write_all_at(b"ew", 2).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(names(dir.path()).len(), 2);
        drop(target);
        assert_eq!(names(dir.path()), ["f"]);
        let target = Target::create(&path, 4).unwrap();
        target.file().write_all_at(b"ew", 2).unwrap();
        target.file().write_all_at(b"ne", 0).unwrap();
        target.commit(4).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"neew");
        assert_eq!(names(dir.path()), ["f"]);
        let mut target = Target::create(&path, 4).unwrap();
        let name = target.name();
        target.keep(true);
        assert!(Target::reopen(&path, &name, 4).is_none(), "it is in use");
        drop(target);
        assert!(Target::reopen(&path, &name, 5).is_none());
        let mut target = Target::reopen(&path, &name, 4).unwrap();
        let pool = BufferPool::new(1);
        let zeros = cos_crc64::checksum(&[0; 3]);
        assert_eq!(target.file().checksum(1, 3, &pool).unwrap(), zeros);
        assert!(target.file().checksum(1, 4, &pool).is_err());
        target.keep(false);
        drop(target);
        assert_eq!(names(dir.path()), ["f"]);
        assert!(Target::create(dir.path(), 1).is_err());
        assert!(Target::create(&dir.path().join("none/f"), 1).is_err());
    }
}
