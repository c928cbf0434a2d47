//! SHA-1 and HMAC-SHA1 over the `sha1` crate's block function.
//!
//! A signature is six or seven blocks of SHA-1; at that size the buffering of the general hash and MAC
//! types costs more than the hashing. The compression function, which is where hardware support and
//! care about constant time live, stays the crate's; a test compares this module with `hmac`.

use core::fmt;

use sha1::block_api::compress;
use zeroize::Zeroize as _;

use crate::{
    digest::Sink,
    plain::{self, Case},
};

const BLOCK: usize = 64;
const INITIAL: [u32; 5] = [
    0x6745_2301,
    0xefcd_ab89,
    0x98ba_dcfe,
    0x1032_5476,
    0xc3d2_e1f0,
];

/// SHA-1 of text that arrives in small pieces.
pub(crate) struct Sha1Text<const BLOCKS: usize = 5> {
    state: [u32; 5],
    /// Whole blocks waiting, so that pieces are copied once and hashed several blocks at a time.
    buffer: [[u8; BLOCK]; BLOCKS],
    len: usize,
    hashed: u64,
}

impl Sha1Text {
    #[inline]
    pub(crate) fn new() -> Self {
        Self::resume(INITIAL, 0)
    }
}

impl<const BLOCKS: usize> Sha1Text<BLOCKS> {
    const BUFFER: usize = BLOCKS * BLOCK;

    #[inline]
    fn resume(state: [u32; 5], hashed: u64) -> Self {
        Self {
            state,
            buffer: [[0; BLOCK]; BLOCKS],
            len: 0,
            hashed,
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        loop {
            let room = Self::BUFFER - self.len;
            if rest.len() < room {
                self.buffer.as_flattened_mut()[self.len..self.len + rest.len()]
                    .copy_from_slice(rest);
                self.len += rest.len();
                return;
            }
            let (now, later) = rest.split_at(room);
            self.buffer.as_flattened_mut()[self.len..].copy_from_slice(now);
            self.flush();
            rest = later;
        }
    }

    #[inline]
    fn push_byte(&mut self, byte: u8) {
        self.buffer.as_flattened_mut()[self.len] = byte;
        self.len += 1;
        if self.len == Self::BUFFER {
            self.flush();
        }
    }

    fn flush(&mut self) {
        compress(&mut self.state, &self.buffer);
        self.hashed += Self::BUFFER as u64;
        self.len = 0;
    }

    /// Pads (RFC 3174 §4) and hashes what is left; nothing may be put afterwards. By reference, so that
    /// the buffer is not moved. The buffer is never full here, so the padding's
    /// first byte fits; its length may need one block more.
    pub(crate) fn finish(&mut self) -> [u8; 20] {
        let bits = (self.hashed + self.len as u64) * 8;
        let mut end = self.len + 1;
        {
            let flat = self.buffer.as_flattened_mut();
            flat[self.len] = 0x80;
            let whole = end.next_multiple_of(BLOCK);
            flat[end..whole].fill(0);
        }
        let fits = end.next_multiple_of(BLOCK) - end >= 8;
        end = end.next_multiple_of(BLOCK);
        if !fits {
            if end == Self::BUFFER {
                compress(&mut self.state, &self.buffer);
                end = 0;
            }
            self.buffer.as_flattened_mut()[end..end + BLOCK].fill(0);
            end += BLOCK;
        }
        self.buffer.as_flattened_mut()[end - 8..end].copy_from_slice(&bits.to_be_bytes());
        compress(&mut self.state, &self.buffer[..end / BLOCK]);
        let mut out = [0; 20];
        for (bytes, word) in out.chunks_exact_mut(4).zip(self.state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        out
    }
}

impl<const BLOCKS: usize> Sink for Sha1Text<BLOCKS> {
    #[inline]
    fn put_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }

    #[inline]
    fn put_ascii(&mut self, byte: u8) -> fmt::Result {
        self.push_byte(byte);
        Ok(())
    }

    #[inline]
    fn put_plain(&mut self, text: &str, case: Case) -> bool {
        let end = self.len + text.len();
        if end >= Self::BUFFER {
            return false;
        }
        let plain = plain::copy(
            text.as_bytes(),
            &mut self.buffer.as_flattened_mut()[self.len..end],
            case,
        );
        if plain {
            self.len = end;
        }
        plain
    }
}

/// HMAC-SHA1 with the key's two blocks already hashed (RFC 2104 §4). Wiped on drop.
#[derive(Clone)]
pub(crate) struct MacKey {
    inner: [u32; 5],
    outer: [u32; 5],
}

impl MacKey {
    /// A key of any length; a SignKey is the 40 hex digits of one.
    pub(crate) fn new(key: &[u8]) -> Self {
        let mut block = [0; BLOCK];
        if key.len() <= BLOCK {
            block[..key.len()].copy_from_slice(key);
        } else {
            let mut hash = Sha1Text::new();
            hash.push(key);
            block[..20].copy_from_slice(&hash.finish());
        }
        let keyed = |pad: u8| {
            let mut state = INITIAL;
            let mut padded = block.map(|byte| byte ^ pad);
            compress(&mut state, &[padded]);
            padded.zeroize();
            state
        };
        let mac = Self {
            inner: keyed(0x36),
            outer: keyed(0x5c),
        };
        block.zeroize();
        mac
    }

    #[inline]
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> [u8; 20] {
        // A StringToSign fills two blocks, the outer hash one.
        let mut inner = Sha1Text::<2>::resume(self.inner, BLOCK as u64);
        for part in parts {
            inner.push(part);
        }
        let mut outer = Sha1Text::<1>::resume(self.outer, BLOCK as u64);
        outer.push(&inner.finish());
        outer.finish()
    }
}

impl Drop for MacKey {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use proptest::prelude::*;
    use sha1::{Digest as _, Sha1};
    use std::vec::Vec;

    proptest! {
        #[test]
        fn equals_the_general_crates(
            key in prop::collection::vec(any::<u8>(), 0..200),
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 0..6),
        ) {
            let whole: Vec<u8> = pieces.concat();
            let mut text = Sha1Text::new();
            for piece in &pieces {
                text.push(piece);
            }
            let expected: [u8; 20] = Sha1::digest(&whole).into();
            prop_assert_eq!(text.finish(), expected);
            let mut mac = Hmac::<Sha1>::new_from_slice(&key).unwrap();
            mac.update(&whole);
            let parts: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            let expected: [u8; 20] = mac.finalize().into_bytes().into();
            prop_assert_eq!(MacKey::new(&key).mac(&parts), expected);
        }
    }

    #[test]
    fn every_length_around_the_buffer_is_padded_right() {
        let text = [0x61; 2 * Sha1Text::<5>::BUFFER + 2];
        for len in 0..text.len() {
            let expected: [u8; 20] = Sha1::digest(&text[..len]).into();
            let (mut whole, mut bytes) = (Sha1Text::new(), Sha1Text::new());
            whole.push(&text[..len]);
            for byte in &text[..len] {
                bytes.push_byte(*byte);
            }
            assert_eq!(
                (whole.finish(), bytes.finish()),
                (expected, expected),
                "{len}"
            );
        }
    }
}
