//! Copies text that needs no escaping, eight bytes at a time.
//!
//! Most names and values in a request are plain (`content-type`, `max-keys`, a host); looking at them
//! byte by byte was a quarter of the time of a signature.

/// Which letters are plain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// Both, as in values.
    Any,
    /// Small ones only, as in names: capitals must be lowered.
    Lower,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Whether all eight bytes are among `A-Z a-z 0-9 - _ . ~`.
///
/// Each test leaves its answer in the high bit of every byte; no sum can carry into the next byte
/// because all bytes are below 0x80 by then.
#[inline]
fn is_plain(word: u64, case: Case) -> bool {
    let within = |word: u64, low: u8, high: u8| {
        (word + u64::from(0x80 - low) * ONES) & !(word + u64::from(0x7f - high) * ONES)
    };
    let equals = |byte: u8| !((word ^ (u64::from(byte) * ONES)) + 0x7f * ONES);
    if word & HIGH != 0 {
        return false;
    }
    let letters = match case {
        Case::Any => within(word | (0x20 * ONES), b'a', b'z'),
        Case::Lower => within(word, b'a', b'z'),
    };
    // `-`, `.`, `/` and the digits stand side by side.
    let digits = within(word, b'-', b'9') & !equals(b'/');
    (letters | digits | equals(b'_') | equals(b'~')) & HIGH == HIGH
}

/// Copies `text` to the start of `to`, which has room for it, if all of it is plain. Otherwise `false`,
/// and what `to` then holds means nothing.
#[inline]
pub(crate) fn copy(text: &[u8], to: &mut [u8], case: Case) -> bool {
    if let (Some(last), Some(to_last)) = (text.last_chunk::<8>(), to.last_chunk_mut::<8>()) {
        // The last word overlaps the one before it, so there is no tail to go through.
        *to_last = *last;
        let mut plain = is_plain(u64::from_le_bytes(*last), case);
        for (from, to) in text
            .as_chunks::<8>()
            .0
            .iter()
            .zip(to.as_chunks_mut::<8>().0)
        {
            *to = *from;
            plain &= is_plain(u64::from_le_bytes(*from), case);
        }
        return plain;
    }
    let mut word = [b'a'; 8];
    for ((from, to), in_word) in text.iter().zip(to).zip(&mut word) {
        *to = *from;
        *in_word = *from;
    }
    is_plain(u64::from_le_bytes(word), case)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn expected(byte: u8, case: Case) -> bool {
        let letter = match case {
            Case::Any => byte.is_ascii_alphabetic(),
            Case::Lower => byte.is_ascii_lowercase(),
        };
        letter || byte.is_ascii_digit() || b"-_.~".contains(&byte)
    }

    #[test]
    fn every_byte_in_every_place() {
        for case in [Case::Any, Case::Lower] {
            for byte in 0..=255 {
                for place in 0..8 {
                    let mut word = *b"az09-_.~";
                    word[place] = byte;
                    let found = is_plain(u64::from_le_bytes(word), case);
                    assert_eq!(found, expected(byte, case), "{byte:#x} at {place}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn copies_what_is_plain(text in "[a-c0-9._~A/%é-]{0,40}", lower in any::<bool>()) {
            let case = if lower { Case::Lower } else { Case::Any };
            let bytes = text.as_bytes();
            let mut to = std::vec![0; bytes.len()];
            let plain = copy(bytes, &mut to, case);
            prop_assert_eq!(plain, bytes.iter().all(|b| expected(*b, case)));
            prop_assert!(!plain || to == bytes);
        }
    }
}
