//! Which byte goes into which request. Pure arithmetic within the service's limits.

use crate::types::MAX_PARTS;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Bytes per part unless told otherwise.
pub(crate) const DEFAULT_PART_SIZE: u64 = 8 * MIB;
/// The smallest part the service takes, except for the last.
pub(crate) const MIN_PART_SIZE: u64 = MIB;
/// The largest part.
pub(crate) const MAX_PART_SIZE: u64 = 5 * GIB;
/// The largest object in one PUT.
pub(crate) const MAX_SINGLE_PUT: u64 = 5 * GIB;
/// The largest object at all: 10,000 parts of 5 GiB (48.8 TiB).
pub(crate) const MAX_OBJECT: u64 = MAX_PART_SIZE * MAX_PARTS as u64;

pub(crate) fn check_part_size(bytes: u64) -> Result<(), String> {
    if (MIN_PART_SIZE..=MAX_PART_SIZE).contains(&bytes) {
        return Ok(());
    }
    Err(format!("{bytes} bytes is outside 1 MiB to 5 GiB"))
}

/// How an upload goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UploadPlan {
    /// One PUT.
    Single,
    /// In parts.
    Parts(Ranges),
}

/// A length cut into pieces of one size; the last may be shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ranges {
    pub total: u64,
    pub piece: u64,
}

/// One piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    /// From 0; part numbers begin at 1.
    pub index: u32,
    pub offset: u64,
    pub len: u64,
}

impl Ranges {
    pub(crate) fn count(self) -> u32 {
        u32::try_from(self.total.div_ceil(self.piece)).unwrap_or(u32::MAX)
    }

    /// The piece with this index; beyond the end it is empty.
    pub(crate) fn at(self, index: u32) -> Piece {
        let offset = u64::from(index) * self.piece;
        Piece {
            index,
            offset,
            len: self.piece.min(self.total.saturating_sub(offset)),
        }
    }

    pub(crate) fn pieces(self) -> impl Iterator<Item = Piece> {
        (0..self.count()).map(move |index| self.at(index))
    }
}

/// Plans an upload of `size` bytes. `threshold`: from this size on in parts; `None` means for
/// everything larger than one part.
pub(crate) fn upload(
    size: u64,
    part_size: u64,
    threshold: Option<u64>,
) -> Result<UploadPlan, String> {
    check_part_size(part_size)?;
    if size > MAX_OBJECT {
        return Err(format!(
            "{size} bytes is more than an object can hold (48.8 TiB)"
        ));
    }
    let in_parts = match threshold {
        // Nothing cannot be cut.
        Some(threshold) => size > 0 && size >= threshold,
        None => size > part_size,
    };
    if !in_parts && size <= MAX_SINGLE_PUT {
        return Ok(UploadPlan::Single);
    }
    Ok(UploadPlan::Parts(Ranges {
        total: size,
        piece: fitting_part_size(size, part_size),
    }))
}

/// `wanted`, grown in whole MiB just enough to stay within 10,000 parts.
fn fitting_part_size(size: u64, wanted: u64) -> u64 {
    let needed = size.div_ceil(u64::from(MAX_PARTS));
    if needed <= wanted {
        return wanted;
    }
    needed.next_multiple_of(MIB).min(MAX_PART_SIZE)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(size: u64, part: u64, threshold: Option<u64>) -> Option<Ranges> {
        match upload(size, part, threshold).unwrap() {
            UploadPlan::Single => None,
            UploadPlan::Parts(ranges) => Some(ranges),
        }
    }

    #[test]
    fn boundaries() {
        let p = DEFAULT_PART_SIZE;
        for single in [0, 1, p - 1, p] {
            assert_eq!(parts(single, p, None), None, "{single}");
        }
        let two = parts(p + 1, p, None).unwrap();
        let pieces: Vec<_> = two.pieces().collect();
        assert_eq!(
            pieces[0],
            Piece {
                index: 0,
                offset: 0,
                len: p
            }
        );
        assert_eq!(
            pieces[1],
            Piece {
                index: 1,
                offset: p,
                len: 1
            }
        );
        assert_eq!(pieces.len(), 2);
        assert_eq!(parts(2 * p, p, None).unwrap().count(), 2);
    }

    /// Every size at which something changes, and its neighbours.
    #[test]
    fn the_service_takes_the_plan_at_every_boundary() {
        let p = DEFAULT_PART_SIZE;
        let most = p * u64::from(MAX_PARTS);
        for limit in [0, 1, MIB, p, 2 * p, MAX_SINGLE_PUT, most, MAX_OBJECT] {
            for size in [limit.saturating_sub(1), limit, limit + 1] {
                for part in [MIN_PART_SIZE, p, MAX_PART_SIZE] {
                    let plan = upload(size, part, None);
                    if size > MAX_OBJECT {
                        assert!(plan.is_err(), "{size}");
                        continue;
                    }
                    let UploadPlan::Parts(ranges) = plan.unwrap() else {
                        assert!(size <= MAX_SINGLE_PUT && size <= part, "{size} {part}");
                        continue;
                    };
                    assert!(ranges.count() <= MAX_PARTS, "{size} {part}");
                    assert!(ranges.piece >= part && ranges.piece <= MAX_PART_SIZE);
                    let last = ranges.at(ranges.count() - 1);
                    assert_eq!(last.offset + last.len, size);
                    assert!(last.len > 0);
                }
            }
        }
    }

    #[test]
    fn thresholds() {
        let p = MIN_PART_SIZE;
        assert_eq!(parts(10 * p, p, Some(10 * p + 1)), None);
        assert_eq!(parts(10 * p, p, Some(10 * p)).unwrap().count(), 10);
        assert_eq!(parts(0, p, Some(0)), None);
        assert_eq!(parts(1, p, Some(0)).unwrap().count(), 1);
        // Above 5 GiB a threshold cannot help.
        assert_eq!(parts(MAX_SINGLE_PUT, p, Some(u64::MAX)), None);
        assert!(parts(MAX_SINGLE_PUT + 1, p, Some(u64::MAX)).is_some());
    }

    #[test]
    fn parts_grow_only_when_they_must() {
        let p = DEFAULT_PART_SIZE;
        let most = p * u64::from(MAX_PARTS);
        assert_eq!(
            parts(most, p, None).unwrap(),
            Ranges {
                total: most,
                piece: p
            }
        );
        let grown = parts(most + 1, p, None).unwrap();
        assert_eq!(grown.piece, p + MIB);
        let largest = parts(MAX_OBJECT, p, None).unwrap();
        assert_eq!((largest.piece, largest.count()), (MAX_PART_SIZE, MAX_PARTS));
        assert!(upload(MAX_OBJECT + 1, p, None).is_err());
        assert!(upload(1, MIN_PART_SIZE - 1, None).is_err());
        assert!(upload(1, MAX_PART_SIZE + 1, None).is_err());
    }

    proptest! {
        #[test]
        fn plans_cover_every_byte_once(size in 0..=MAX_OBJECT, part in MIN_PART_SIZE..=MAX_PART_SIZE,
                                       threshold in prop::option::of(0..=MAX_OBJECT)) {
            match upload(size, part, threshold).unwrap() {
                UploadPlan::Single => prop_assert!(size <= MAX_SINGLE_PUT),
                UploadPlan::Parts(ranges) => {
                    prop_assert!(ranges.piece >= part && ranges.piece <= MAX_PART_SIZE);
                    prop_assert!((1..=MAX_PARTS).contains(&ranges.count()));
                    let mut next = 0;
                    for piece in ranges.pieces() {
                        prop_assert_eq!(piece.offset, next);
                        prop_assert!(piece.len > 0);
                        next += piece.len;
                    }
                    prop_assert_eq!(next, size);
                }
            }
        }
    }
}
