//! What counts as the same on both sides.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::entry::Entry;
use crate::body::{CHUNK, SourceFile};
use crate::error::{Error, Result};
use crate::types::Crc64;
use cos_crc64::Running;

/// What counts as the same on both sides of a tree and is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Compare {
    /// Nothing: every file is transferred.
    #[default]
    Nothing,
    /// The same size, and the source is not newer, in whole seconds. An object's time is when it
    /// was written to the bucket (`Last-Modified`), a file's when it was modified. Downloads give
    /// files the object's time, so nothing is transferred twice; a file that was uploaded from
    /// here is older than its object and is downloaded once. What changed without a change of size
    /// and got an older time goes unnoticed, and both clocks must be about right.
    SizeAndTime,
    /// The same size and CRC-64. Reads local files and asks for each object's properties
    /// (`name/cos:HeadObject`). Objects without a CRC-64 always differ.
    Checksum,
}

/// Whether the source was modified after the target, in whole seconds: listings tell no more. What
/// has no time is taken for newer.
pub(crate) fn is_newer(source: &Entry, target: &Entry) -> bool {
    match (seconds(source.modified), seconds(target.modified)) {
        (Some(source), Some(target)) => source > target,
        _ => true,
    }
}

fn seconds(time: Option<SystemTime>) -> Option<i64> {
    let time = time?;
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).ok(),
        // Rounded down, as above.
        Err(before) => i64::try_from(before.duration().as_millis().div_ceil(1000))
            .ok()
            .map(|s| -s),
    }
}

/// The sum of a file's content. Blocks.
pub(crate) fn crc64_of_file(path: &Path) -> Result<Crc64> {
    let file = SourceFile::open(path)?;
    let mut sum = Running::new();
    let mut buffer = vec![0; CHUNK.min(file.size() as usize)];
    let mut at = 0;
    while at < file.size() {
        let take = (file.size() - at).min(CHUNK as u64) as usize;
        file.read_exact_at(&mut buffer[..take], at)
            .map_err(|e| Error::local("read", path, e))?;
        sum.update(&buffer[..take]);
        at += take as u64;
    }
    Ok(Crc64::from_u64(sum.value()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(ms: i64) -> Entry {
        let offset = Duration::from_millis(ms.unsigned_abs());
        Entry {
            name: "x".into(),
            size: 0,
            modified: Some(match ms < 0 {
                true => UNIX_EPOCH - offset,
                false => UNIX_EPOCH + offset,
            }),
            is_empty_folder: false,
        }
    }

    #[test]
    fn whole_seconds_count() {
        assert!(!is_newer(&at(1_999), &at(1_000)));
        assert!(is_newer(&at(2_000), &at(1_999)));
        assert!(!is_newer(&at(1_000), &at(5_000)));
        assert!(is_newer(&at(500), &at(-500)) && !is_newer(&at(-500), &at(0)));
        let unknown = Entry {
            modified: None,
            ..at(0)
        };
        assert!(is_newer(&unknown, &at(0)) && is_newer(&at(0), &unknown));
    }

    #[test]
    fn the_sum_of_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        for len in [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK - 1] {
            let content = vec![7; len];
            std::fs::write(&path, &content).unwrap();
            assert_eq!(crc64_of_file(&path).unwrap(), Crc64::of(&content));
        }
    }
}
