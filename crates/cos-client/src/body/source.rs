//! A local file that is read at positions, from any thread.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::{BufferPool, CHUNK, Prompt};
use crate::crc::Running;
use crate::error::{Error, ErrorKind, Result};

/// An open file and what it looked like when it was opened.
#[derive(Debug)]
pub(crate) struct SourceFile {
    file: File,
    path: PathBuf,
    size: u64,
    modified: Option<SystemTime>,
    prompt: Prompt,
}

impl SourceFile {
    /// Opens a regular file. Blocks.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|e| Error::local("open", path, e))?;
        Self::from_open(file, path)
    }

    /// Takes a file that is open for reading; `path` names it in errors. Blocks.
    pub(crate) fn from_open(file: File, path: &Path) -> Result<Self> {
        let metadata = file
            .metadata()
            .map_err(|e| Error::local("read the size of", path, e))?;
        if !metadata.is_file() {
            let why = io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file");
            return Err(Error::local("upload", path, why));
        }
        Ok(Self {
            file,
            path: path.to_path_buf(),
            size: metadata.len(),
            modified: metadata.modified().ok(),
            prompt: Prompt::default(),
        })
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Whether it answers at once.
    pub(crate) fn prompt(&self) -> &Prompt {
        &self.prompt
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Fills `buffer` from `offset`. Blocks.
    pub(crate) fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        read_exact_at(&self.file, buffer, offset)
    }

    /// CRC-64 of a stretch. Blocks.
    pub(crate) fn checksum(&self, at: u64, len: u64, pool: &Arc<BufferPool>) -> io::Result<u64> {
        checksum(&self.file, at, len, pool)
    }

    /// Reads a stretch piece by piece. Blocks.
    pub(crate) fn each_piece(
        &self,
        at: u64,
        len: u64,
        pool: &Arc<BufferPool>,
        take: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        each_piece(&self.file, at, len, pool, take)
    }

    /// Refuses when the file no longer is what was opened: then its parts do not belong together.
    /// Blocks.
    pub(crate) fn check_unchanged(&self) -> Result<()> {
        let metadata = self
            .file
            .metadata()
            .map_err(|e| Error::local("read the size of", &self.path, e))?;
        if metadata.len() == self.size && metadata.modified().ok() == self.modified {
            return Ok(());
        }
        Err(self.changed())
    }

    /// The error for a file that changed while it was sent.
    pub(crate) fn changed(&self) -> Error {
        Error::new(
            ErrorKind::Local,
            format!("{} changed while it was uploaded", self.path.display()),
        )
        .with_hint_text("upload it again when nothing writes to it, or upload a copy")
    }
}

fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match read_at(file, buffer, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => {
                buffer = &mut buffer[n..];
                offset += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// CRC-64 of a stretch of any file. Blocks.
pub(crate) fn checksum(file: &File, at: u64, len: u64, pool: &Arc<BufferPool>) -> io::Result<u64> {
    let mut crc = Running::new();
    each_piece(file, at, len, pool, |piece| crc.update(piece))?;
    Ok(crc.value())
}

fn each_piece(
    file: &File,
    mut at: u64,
    mut len: u64,
    pool: &Arc<BufferPool>,
    mut take: impl FnMut(&[u8]),
) -> io::Result<()> {
    let mut buffer = pool.take();
    while len > 0 {
        let step = len.min(CHUNK as u64);
        let piece = &mut buffer.as_mut()[..step as usize];
        read_exact_at(file, piece, at)?;
        take(piece);
        at += step;
        len -= step;
    }
    Ok(())
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_at_positions_and_notices_changes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, b"0123456789").unwrap();
        let source = SourceFile::open(&path).unwrap();
        assert_eq!(source.size(), 10);
        let mut buffer = [0; 4];
        source.read_exact_at(&mut buffer, 3).unwrap();
        assert_eq!(&buffer, b"3456");
        let end = source.read_exact_at(&mut buffer, 8).unwrap_err();
        assert_eq!(end.kind(), io::ErrorKind::UnexpectedEof);
        source.check_unchanged().unwrap();
        std::fs::write(&path, b"short").unwrap();
        let error = source.check_unchanged().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Local);
        assert!(SourceFile::open(dir.path()).is_err());
        assert!(SourceFile::open(&dir.path().join("none")).is_err());
    }
}
