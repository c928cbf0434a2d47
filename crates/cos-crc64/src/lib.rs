//! CRC-64/XZ, the sum COS sends as `x-cos-hash-crc64ecma`: of bytes, of a stream, of pieces put together.
//!
//! Sums of bytes are `crc64fast`'s, with the processor's carry-less multiplication where it has one. That crate puts
//! no sums together, so [`combine`] is ours.
//!
//! ```
//! let whole = cos_crc64::checksum(b"hello world");
//! let (hello, world) = (cos_crc64::checksum(b"hello "), cos_crc64::checksum(b"world"));
//! assert_eq!(cos_crc64::combine(hello, world, 5), whole);
//! ```

#![forbid(unsafe_code)]

/// Running sum of a stream.
#[derive(Clone, Default)]
pub struct Running(crc64fast::Digest);

impl Running {
    /// The sum of nothing, 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on with the next bytes of the stream.
    pub fn update(&mut self, data: &[u8]) {
        self.0.write(data);
    }

    /// The sum of everything so far; the stream may go on.
    pub fn value(&self) -> u64 {
        self.0.sum64()
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Running({})", self.value())
    }
}

/// The sum of bytes at hand.
pub fn checksum(data: &[u8]) -> u64 {
    let mut running = Running::new();
    running.update(data);
    running.value()
}

/// The sum of `a ++ b` from their two sums and the length of `b` in bytes.
///
/// A sum is the remainder of a polynomial over GF(2), so `b_len` bytes behind it multiply it by x^(8 · `b_len`); the
/// ones that every sum starts and ends with cancel out.
pub fn combine(a: u64, b: u64, b_len: u64) -> u64 {
    let (mut shifted, mut rest) = (a, b_len);
    for power in &POWERS {
        if rest == 0 {
            break;
        }
        if rest & 1 == 1 {
            shifted = multiplied(*power, shifted);
        }
        rest >>= 1;
    }
    shifted ^ b
}

/// The polynomial of ECMA-182 without its x^64. In all numbers here the highest bit is the coefficient of x^0.
const POLYNOMIAL: u64 = 0xc96c_5795_d787_0f42;

/// x^8 raised to 2^n: what a run of 2^n bytes multiplies by.
static POWERS: [u64; 64] = {
    let mut powers = [1 << (63 - 8); 64];
    let mut n = 1;
    while n < powers.len() {
        powers[n] = multiplied(powers[n - 1], powers[n - 1]);
        n += 1;
    }
    powers
};

/// The product of two remainders.
const fn multiplied(mut a: u64, mut b: u64) -> u64 {
    let mut product = 0;
    while a != 0 {
        if a >> 63 == 1 {
            product ^= b;
        }
        a <<= 1;
        // b · x: what leaves at x^64 comes back as the polynomial.
        b = (b >> 1) ^ if b & 1 == 1 { POLYNOMIAL } else { 0 };
    }
    product
}

/// The example of README.md, compiled like the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, a bit at a time.
    fn by_definition(data: &[u8]) -> u64 {
        let mut sum = !0;
        for byte in data {
            sum ^= u64::from(*byte);
            for _ in 0..8 {
                sum = (sum >> 1) ^ if sum & 1 == 1 { POLYNOMIAL } else { 0 };
            }
        }
        !sum
    }

    /// Values of Go's crc64.ECMA.
    #[test]
    fn known_values() {
        assert_eq!(checksum(b""), 0);
        assert_eq!(checksum(b"123456789"), 11_051_210_869_376_104_954);
        assert_eq!(checksum(b"a"), 3_675_645_893_302_102_789);
        assert_eq!(checksum(b"hello world"), 5_981_764_153_023_615_706);
        assert_eq!(checksum(&vec![0; 1 << 20]), 6_947_770_692_288_575_170);
    }

    /// Lengths no test can hold in memory: zeros behind zeros, doubled until a length has its highest bit.
    #[test]
    fn combines_up_to_the_longest_lengths() {
        let (mut zeros, mut len) = (checksum(&[0]), 1_u64);
        let mut sums = Vec::new();
        while len < 1 << 63 {
            sums.push((zeros, len));
            zeros = combine(zeros, zeros, len);
            len *= 2;
            if len == 1 << 20 {
                assert_eq!(zeros, 6_947_770_692_288_575_170);
            }
        }
        // Both ways round: first the long piece, first the short one.
        for (sum, len) in sums {
            let text = checksum(b"123");
            let one = combine(combine(text, sum, len), checksum(b"4"), 1);
            let other = combine(text, combine(sum, checksum(b"4"), 1), len + 1);
            assert_eq!(one, other, "{len}");
        }
        assert_eq!(combine(5, 0, 0), 5);
    }

    proptest! {
        #[test]
        fn is_what_the_definition_says(data in prop::collection::vec(any::<u8>(), 0..3000), from in 0_usize..64) {
            let data = &data[from.min(data.len())..];
            prop_assert_eq!(checksum(data), by_definition(data));
        }

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

        /// Which pieces are put together first makes no difference.
        #[test]
        fn combining_associates(a: u64, b: u64, c: u64, b_len: u32, c_len: u32) {
            let (b_len, c_len) = (u64::from(b_len), u64::from(c_len));
            prop_assert_eq!(
                combine(combine(a, b, b_len), c, c_len),
                combine(a, combine(b, c, c_len), b_len + c_len)
            );
        }
    }
}
