//! A local file, or content in memory, that is read at positions, from any thread.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;

use super::{BufferPool, CHUNK, Prompt};
use crate::error::{Error, ErrorKind, Result};
use cos_crc64::Running;

/// An open file and what it looked like when it was opened.
#[derive(Debug)]
pub(crate) struct SourceFile {
    content: Content,
    path: PathBuf,
    size: u64,
    modified: Option<SystemTime>,
    prompt: Prompt,
}

#[derive(Debug)]
enum Content {
    File(File),
    Memory(Bytes),
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
            content: Content::File(file),
            path: path.to_path_buf(),
            size: metadata.len(),
            modified: metadata.modified().ok(),
            prompt: Prompt::default(),
        })
    }

    /// Content that is in memory already.
    pub(crate) fn from_memory(content: Bytes) -> Self {
        Self {
            size: content.len() as u64,
            content: Content::Memory(content),
            path: PathBuf::from("the bytes in memory"),
            modified: None,
            prompt: Prompt::default(),
        }
    }

    /// A stretch of it without a copy, if it is in memory.
    pub(crate) fn in_memory(&self, offset: u64, len: u64) -> Option<Bytes> {
        let Content::Memory(content) = &self.content else {
            return None;
        };
        let (at, end) = stretch(content, offset, len)?;
        Some(content.slice(at..end))
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
        match &self.content {
            Content::File(file) => read_exact_at(file, buffer, offset),
            Content::Memory(content) => {
                let (at, end) = stretch(content, offset, buffer.len() as u64)
                    .ok_or(io::ErrorKind::UnexpectedEof)?;
                buffer.copy_from_slice(&content[at..end]);
                Ok(())
            }
        }
    }

    /// CRC-64 of a stretch. Blocks.
    pub(crate) fn checksum(&self, at: u64, len: u64, pool: &Arc<BufferPool>) -> io::Result<u64> {
        let mut crc = Running::new();
        self.each_piece(at, len, pool, |piece| crc.update(piece))?;
        Ok(crc.value())
    }

    /// Reads a stretch piece by piece. Blocks.
    pub(crate) fn each_piece(
        &self,
        at: u64,
        len: u64,
        pool: &Arc<BufferPool>,
        mut take: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        match &self.content {
            Content::File(file) => each_piece(file, at, len, pool, take),
            Content::Memory(content) => {
                let (at, end) = stretch(content, at, len).ok_or(io::ErrorKind::UnexpectedEof)?;
                take(&content[at..end]);
                Ok(())
            }
        }
    }

    /// Refuses when the file no longer is what was opened: then its parts do not belong together.
    /// Blocks.
    pub(crate) fn check_unchanged(&self) -> Result<()> {
        let Content::File(file) = &self.content else {
            return Ok(());
        };
        let metadata = file
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

/// The place of a stretch in a content; `None` beyond its end.
fn stretch(content: &[u8], offset: u64, len: u64) -> Option<(usize, usize)> {
    let end = usize::try_from(offset.checked_add(len)?).ok()?;
    (end <= content.len()).then_some((offset as usize, end))
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

    #[test]
    fn memory_is_read_alike() {
        let source = SourceFile::from_memory(Bytes::from_static(b"0123456789"));
        let mut buffer = [0; 4];
        source.read_exact_at(&mut buffer, 6).unwrap();
        assert_eq!(&buffer, b"6789");
        let end = source.read_exact_at(&mut buffer, 7).unwrap_err();
        assert_eq!(end.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(source.in_memory(3, 2).unwrap(), "34");
        assert_eq!(source.in_memory(10, 0).unwrap(), "");
        assert_eq!(source.in_memory(9, 2), None);
        assert_eq!(source.in_memory(u64::MAX, 2), None);
        let pool = BufferPool::new(1);
        let sum = cos_crc64::checksum(b"345");
        assert_eq!(source.checksum(3, 3, &pool).unwrap(), sum);
        assert!(source.checksum(9, 3, &pool).is_err());
        source.check_unchanged().unwrap();
    }
}
