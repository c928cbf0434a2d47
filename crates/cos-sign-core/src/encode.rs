//! The percent-encoding of COS signatures and request lines (`enc`, 436/7778).
//!
//! Kept: `A-Z a-z 0-9 - _ . ~`. Everything else is `%XX` per UTF-8 byte, upper-case hex. Names are
//! escaped first and lower-cased afterwards, so their escapes have lower-case hex.

use core::fmt::{self, Write as _};

use crate::{digest::Sink, plain::Case};

const UPPER: &[u8; 16] = b"0123456789ABCDEF";
const LOWER: &[u8; 16] = b"0123456789abcdef";

/// For each byte: itself when kept, 0 when it must be escaped.
static KEPT: [u8; 256] = kept_table(false);
/// The same, lower-cased.
static KEPT_LOWER: [u8; 256] = kept_table(true);
/// For each byte: its place in the order of escaped, lower-cased names. Escapes begin with `%`, which
/// sorts before every kept byte, and among themselves they sort by value.
static RANK: [u16; 256] = rank_table();

const fn kept_table(lower: bool) -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~') {
            table[byte] = if lower { b.to_ascii_lowercase() } else { b };
        }
        byte += 1;
    }
    table
}

const fn rank_table() -> [u16; 256] {
    let kept = kept_table(true);
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = if kept[byte] == 0 {
            byte as u16
        } else {
            0x100 | kept[byte] as u16
        };
        byte += 1;
    }
    table
}

pub(crate) fn rank(byte: u8) -> u16 {
    RANK[byte as usize]
}

/// What a list of pairs may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allow {
    /// Parameters travel percent-encoded: any text.
    Any,
    /// Headers travel as they are: no control character but a tab (RFC 9110 §5.5). Line ends and NUL
    /// would let one header pretend to be two.
    HeaderText,
}

/// Why [`put_name`] or [`put_value`] stopped.
pub(crate) enum Stopped {
    Control,
    Format,
}

impl From<fmt::Error> for Stopped {
    fn from(_: fmt::Error) -> Self {
        Self::Format
    }
}

/// Writes `enc(text)`.
pub(crate) fn put_value<S: Sink>(text: &str, out: &mut S, allow: Allow) -> Result<(), Stopped> {
    if out.put_plain(text, Case::Any) {
        return Ok(());
    }
    put(text, out, allow, &KEPT, UPPER)
}

/// Writes `lower(enc(text))`.
pub(crate) fn put_name<S: Sink>(text: &str, out: &mut S, allow: Allow) -> Result<(), Stopped> {
    if out.put_plain(text, Case::Lower) {
        return Ok(());
    }
    put(text, out, allow, &KEPT_LOWER, LOWER)
}

/// Most texts are kept whole or in long runs, so runs are copied at once.
#[inline]
fn put<S: Sink>(
    text: &str,
    out: &mut S,
    allow: Allow,
    kept: &[u8; 256],
    hex: &[u8; 16],
) -> Result<(), Stopped> {
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let keep = kept[byte as usize];
        if keep == byte && byte != 0 {
            continue;
        }
        if from < at {
            // Both ends of a run are next to ASCII bytes or are the borders of a character.
            out.put_str(text.get(from..at).unwrap_or_default())?;
        }
        from = at + 1;
        if keep != 0 {
            out.put_ascii(keep)?;
            continue;
        }
        if allow == Allow::HeaderText && ((byte < b' ' && byte != b'\t') || byte == 0x7f) {
            return Err(Stopped::Control);
        }
        out.put_ascii(b'%')?;
        out.put_ascii(hex[(byte >> 4) as usize])?;
        out.put_ascii(hex[(byte & 15) as usize])?;
    }
    if from < bytes.len() {
        out.put_str(text.get(from..).unwrap_or_default())?;
    }
    Ok(())
}

/// `text` with every byte outside `A-Z a-z 0-9 - _ . ~` as `%XX`.
///
/// ```
/// assert_eq!(cos_sign_core::encode("a b+c/中").to_string(), "a%20b%2Bc%2F%E4%B8%AD");
/// ```
#[must_use]
pub const fn encode(text: &str) -> Encoded<'_> {
    Encoded(text)
}

/// Shows a text percent-encoded; made by [`encode`].
#[derive(Clone, Copy, Debug)]
pub struct Encoded<'a>(&'a str);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_encoded(self.0, f, false)
    }
}

/// An object key or a decoded path as it belongs in the request line.
///
/// Like [`encode`] but `/` stays, and what HTTP software would tidy away is protected: the slash of
/// `./` and every slash after the first of a run become `%2F` (as in the official Java SDK).
///
/// ```
/// use cos_sign_core::encode_path;
/// assert_eq!(encode_path("/photos/a+b.jpg").to_string(), "/photos/a%2Bb.jpg");
/// assert_eq!(encode_path("/a/../b//c").to_string(), "/a/..%2Fb/%2Fc");
/// ```
#[must_use]
pub const fn encode_path(path: &str) -> EncodedPath<'_> {
    EncodedPath(path)
}

/// Shows a path percent-encoded; made by [`encode_path`].
#[derive(Clone, Copy, Debug)]
pub struct EncodedPath<'a>(&'a str);

impl fmt::Display for EncodedPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_encoded(self.0, f, true)
    }
}

fn write_encoded(text: &str, f: &mut fmt::Formatter<'_>, path: bool) -> fmt::Result {
    let mut plain_from = 0;
    let bytes = text.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        let kept = KEPT[byte as usize] != 0
            || (path
                && byte == b'/'
                && !matches!(at.checked_sub(1).map(|i| bytes[i]), Some(b'.' | b'/')));
        if kept {
            continue;
        }
        // A kept byte is ASCII, so both cuts fall on character borders.
        f.write_str(text.get(plain_from..at).unwrap_or_default())?;
        f.write_char('%')?;
        f.write_char(UPPER[(byte >> 4) as usize] as char)?;
        f.write_char(UPPER[(byte & 15) as usize] as char)?;
        plain_from = at + 1;
    }
    f.write_str(text.get(plain_from..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{
        string::{String, ToString},
        vec::Vec,
    };

    fn decode(text: &str) -> String {
        let bytes = text.as_bytes();
        let mut out = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at] == b'%' {
                out.push(u8::from_str_radix(&text[at + 1..at + 3], 16).unwrap());
                at += 3;
            } else {
                out.push(bytes[at]);
                at += 1;
            }
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn dot_segments_and_empty_segments_survive_http_software() {
        for (key, line) in [
            ("/", "/"),
            ("//", "/%2F"),
            ("/./a", "/.%2Fa"),
            ("/a/..", "/a/.."),
            ("/a.b/c", "/a.b/c"),
            ("/a./c", "/a.%2Fc"),
            ("/~ %", "/~%20%25"),
        ] {
            assert_eq!(encode_path(key).to_string(), line, "{key}");
        }
    }

    proptest! {
        #[test]
        fn encoding_can_be_undone(text in any::<String>()) {
            prop_assert_eq!(decode(&encode(&text).to_string()), text.clone());
            prop_assert_eq!(decode(&encode_path(&text).to_string()), text);
        }

        #[test]
        fn rank_orders_as_the_encoded_names_do(a in "\\PC{0,6}", b in "\\PC{0,6}") {
            let by_rank = a.bytes().map(rank).cmp(b.bytes().map(rank));
            let lower = |s: &str| encode(s).to_string().to_lowercase();
            prop_assert_eq!(by_rank, lower(&a).cmp(&lower(&b)));
        }
    }
}
