//! CRC-64/XZ, the sum COS calls `crc64ecma`: of a slice, of a stream, of pieces put together.

use crc_fast::CrcAlgorithm::Crc64Xz;

/// Running sum of a stream.
#[derive(Clone)]
pub(crate) struct Running(crc_fast::Digest);

impl Running {
    pub(crate) fn new() -> Self {
        Self(crc_fast::Digest::new(Crc64Xz))
    }

    pub(crate) fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.finalize()
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Running({})", self.value())
    }
}

pub(crate) fn checksum(data: &[u8]) -> u64 {
    crc_fast::checksum(Crc64Xz, data)
}

/// The sum of `a ++ b` from the two sums and the length of `b`.
pub(crate) fn combine(a: u64, b: u64, b_len: u64) -> u64 {
    // Nothing appended changes nothing; the library's matrix loop is not asked about zero lengths.
    if b_len == 0 {
        return a;
    }
    crc_fast::checksum_combine(Crc64Xz, a, b, b_len)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Running, checksum, combine};

    /// The table of the protocol notes (values of Go's crc64.ECMA).
    #[test]
    fn known_values() {
        assert_eq!(checksum(b""), 0);
        assert_eq!(checksum(b"123456789"), 11_051_210_869_376_104_954);
        assert_eq!(checksum(b"a"), 3_675_645_893_302_102_789);
        assert_eq!(checksum(b"hello world"), 5_981_764_153_023_615_706);
        assert_eq!(checksum(&vec![0; 1 << 20]), 6_947_770_692_288_575_170);
    }

    proptest! {
        #[test]
        fn pieces_combine_to_the_whole(data in prop::collection::vec(any::<u8>(), 0..5000),
                                       cuts in prop::collection::vec(0_usize..5000, 0..6)) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(data.len())).collect();
            cuts.push(0);
            cuts.push(data.len());
            cuts.sort_unstable();
            let mut whole = checksum(b"");
            let mut running = Running::new();
            for pair in cuts.windows(2) {
                let piece = &data[pair[0]..pair[1]];
                whole = combine(whole, checksum(piece), piece.len() as u64);
                running.update(piece);
            }
            prop_assert_eq!(whole, checksum(&data));
            prop_assert_eq!(running.value(), whole);
        }
    }
}
