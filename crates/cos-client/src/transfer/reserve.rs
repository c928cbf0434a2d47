//! Room for a file on the disk, taken before its bytes come. The system then need not look for room at
//! every write (half its work in writing a large file), the file is not torn into pieces by what is
//! written beside it, and a disk that is too small says so before anything is transferred.

use std::fs::File;
use std::io;

/// A smaller file is written at once: there is nothing to save.
const WORTHWHILE: u64 = 1 << 20;

/// Gives an empty file its length, and room where the file system can. Blocks.
pub(super) fn reserve(file: &File, size: u64) -> io::Result<()> {
    if size >= WORTHWHILE && has_taken_room(file, size)? {
        return Ok(());
    }
    file.set_len(size)
}

/// What to do about it.
pub(super) fn hint(kind: io::ErrorKind) -> Option<&'static str> {
    match kind {
        io::ErrorKind::StorageFull => {
            Some("free some room on that disk, or choose a folder on another")
        }
        io::ErrorKind::QuotaExceeded => {
            Some("this user may not have so much on that disk: remove something, or ask for more")
        }
        io::ErrorKind::FileTooLarge => {
            Some("that file system holds no file of this size: choose a folder on another")
        }
        _ => None,
    }
}

/// Whether the file has its room and its length. An error is about the disk: it will not fit.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn has_taken_room(file: &File, size: u64) -> io::Result<bool> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;

    loop {
        return match fallocate(file, FallocateFlags::empty(), 0, size) {
            Ok(()) => Ok(true),
            Err(Errno::INTR) => continue,
            Err(e @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG)) => Err(e.into()),
            // Not every file system knows it, and each says so in its own way.
            Err(_) => Ok(false),
        };
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn has_taken_room(_: &File, _: u64) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_length_and_reads_as_zeros() {
        for size in [0, 1, WORTHWHILE - 1, WORTHWHILE, 3 * WORTHWHILE + 5] {
            let file = tempfile::tempfile().unwrap();
            reserve(&file, size).unwrap();
            assert_eq!(file.metadata().unwrap().len(), size);
            let mut content = Vec::new();
            io::Read::read_to_end(&mut &file, &mut content).unwrap();
            assert!(content.iter().all(|b| *b == 0));
            assert_eq!(content.len() as u64, size);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_disk_that_is_too_small_is_told_at_once() {
        let file = tempfile::tempfile().unwrap();
        let error = reserve(&file, 1 << 62).unwrap_err();
        assert!(hint(error.kind()).is_some(), "{error}");
    }
}
