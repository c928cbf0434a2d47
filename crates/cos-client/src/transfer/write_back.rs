//! Has the system begin to put on the disk what was written, soon after it was: a disk that idles while the
//! bytes come has them all before it at the end. It neither waits for the disk nor asks it to empty its own
//! memory, and a failure is told by the sync at the end.

use std::fs::File;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// As much of a stretch is worth a call of its own.
pub(super) const STEP: u64 = 1 << 20;

/// Elsewhere there is no such call, or only one that waits.
const IS_POSSIBLE: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Stretches of a file on their way to the disk.
#[derive(Debug, Default)]
pub(super) struct WriteBack(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Range<u64>>,
    /// Somebody is at it and will see to what is added.
    is_served: bool,
}

impl WriteBack {
    /// Adds a stretch. `true` tells the caller to have [`Self::serve`] run, away from the network's threads:
    /// a disk that has enough to do makes it wait.
    pub(super) fn add(&self, stretch: Range<u64>) -> bool {
        if !IS_POSSIBLE {
            return false;
        }
        let mut queue = self.lock();
        queue.waiting.push(stretch);
        !std::mem::replace(&mut queue.is_served, true)
    }

    /// Until nothing waits. Blocks.
    pub(super) fn serve(&self, file: &File) {
        while let Some(stretches) = self.next() {
            for stretch in stretches {
                begin(file, stretch);
            }
        }
    }

    fn next(&self) -> Option<Vec<Range<u64>>> {
        let mut queue = self.lock();
        queue.is_served = !queue.waiting.is_empty();
        queue.is_served.then(|| std::mem::take(&mut queue.waiting))
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Each change is one step, so a panic has spoilt nothing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is not on the disk is "not needed" only once it is: Linux begins to write it and, as that takes a
/// while, forgets next to nothing of it (`generic_fadvise` in mm/fadvise.c).
#[cfg(any(target_os = "linux", target_os = "android"))]
fn begin(file: &File, stretch: Range<u64>) {
    use rustix::fs::{Advice, fadvise};

    let len = stretch.end.saturating_sub(stretch.start);
    if let Some(len) = std::num::NonZeroU64::new(len) {
        // Advice. Where it is not taken the sync at the end has more to do.
        let _ = fadvise(file, stretch.start, Some(len), Advice::DontNeed);
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn begin(_: &File, _: Range<u64>) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_serves_for_all_and_none_waits_for_ever() {
        let disk = WriteBack::default();
        assert_eq!(disk.add(0..STEP), IS_POSSIBLE);
        assert!(!disk.add(5 * STEP..6 * STEP), "somebody is to serve");
        if IS_POSSIBLE {
            assert_eq!(disk.next(), Some(vec![0..STEP, 5 * STEP..6 * STEP]));
            assert!(!disk.add(STEP..STEP + 1), "who serves looks again");
            assert!(!disk.add(0..1), "and takes all at once");
            assert_eq!(disk.next(), Some(vec![STEP..STEP + 1, 0..1]));
        }
        assert_eq!(disk.next(), None);
        assert_eq!(disk.add(0..1), IS_POSSIBLE, "nobody serves now");
    }

    #[test]
    fn the_content_stays_what_it_is() {
        let file = tempfile::tempfile().unwrap();
        let data: Vec<u8> = (0..3 * STEP).map(|i| (i % 251) as u8).collect();
        std::io::Write::write_all(&mut &file, &data).unwrap();
        let disk = WriteBack::default();
        for stretch in [0..STEP, 7..7, STEP + 5..2 * STEP, 2 * STEP..9 * STEP] {
            disk.add(stretch);
        }
        disk.serve(&file);
        std::io::Seek::rewind(&mut &file).unwrap();
        let mut read = Vec::new();
        std::io::Read::read_to_end(&mut &file, &mut read).unwrap();
        assert!(read == data);
    }
}
