//! Has the system begin to put on the disk what was written, soon after it was: a disk that idles while the
//! bytes come has them all before it at the end. It neither waits for the disk nor asks it to empty its own
//! memory, and a failure is told by the sync at the end.

use std::fs::File;
use std::ops::Range;

/// As much of a stretch is worth a call of its own.
pub(super) const STEP: u64 = 1 << 20;

/// Blocks only where the disk has more to do than the system keeps for it.
///
/// What is not on the disk is "not needed" only once it is: Linux begins to write it and, as that takes a
/// while, forgets next to nothing of it (`generic_fadvise` in mm/fadvise.c).
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn begin(file: &File, stretch: Range<u64>) {
    use rustix::fs::{Advice, fadvise};

    let len = stretch.end.saturating_sub(stretch.start);
    if let Some(len) = std::num::NonZeroU64::new(len) {
        // Advice. Where it is not taken the sync at the end has more to do.
        let _ = fadvise(file, stretch.start, Some(len), Advice::DontNeed);
    }
}

/// Elsewhere there is no such call, or only one that waits.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn begin(_: &File, _: Range<u64>) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_stays_what_it_is() {
        let file = tempfile::tempfile().unwrap();
        let data: Vec<u8> = (0..3 * STEP).map(|i| (i % 251) as u8).collect();
        std::io::Write::write_all(&mut &file, &data).unwrap();
        for stretch in [0..STEP, 7..7, STEP + 5..2 * STEP, 2 * STEP..9 * STEP] {
            begin(&file, stretch);
        }
        std::io::Seek::rewind(&mut &file).unwrap();
        let mut read = Vec::new();
        std::io::Read::read_to_end(&mut &file, &mut read).unwrap();
        assert!(read == data);
    }
}
