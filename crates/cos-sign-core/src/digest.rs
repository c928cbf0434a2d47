//! Hash and signature text, and the writers that feed them.

use core::fmt;

use crate::{KeyTime, SignError, plain::Case};

/// Where canonical text goes: a hash, or the caller's writer.
pub(crate) trait Sink {
    fn put_str(&mut self, text: &str) -> fmt::Result;
    fn put_ascii(&mut self, byte: u8) -> fmt::Result;
    /// Puts `text` if it is plain in `case` and this sink has a fast way for that; otherwise puts
    /// nothing and says `false`.
    fn put_plain(&mut self, _text: &str, _case: Case) -> bool {
        false
    }
}

/// Forty lower-case hex digits: SHA-1 of a canonical request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 40]);

/// Forty lower-case hex digits: the signature itself.
///
/// `Debug` does not show it: inside its window it is as good as the key for one request.
#[derive(Clone, Copy)]
pub struct Signature([u8; 40]);

impl Digest {
    pub(crate) fn new(raw: &[u8; 20]) -> Self {
        Self(hex40(raw))
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 40] {
        &self.0
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }
}

impl Signature {
    pub(crate) fn new(raw: &[u8; 20]) -> Self {
        Self(hex40(raw))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }

    /// Compares in constant time, ignoring the case of the digits.
    #[must_use]
    pub fn matches(&self, other: &str) -> bool {
        use subtle::ConstantTimeEq as _;
        let mut lower = [0; 40];
        if other.len() != lower.len() {
            return false;
        }
        lower.copy_from_slice(other.as_bytes());
        lower.make_ascii_lowercase();
        self.0.ct_eq(&lower).into()
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.as_str())
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

/// Text of bytes this crate wrote itself; always ASCII.
pub(crate) fn ascii(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or_default()
}

pub(crate) fn hex_into(raw: &[u8], out: &mut [u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (pair, byte) in out.chunks_exact_mut(2).zip(raw) {
        pair[0] = DIGITS[(byte >> 4) as usize];
        pair[1] = DIGITS[(byte & 15) as usize];
    }
}

pub(crate) fn hex40(raw: &[u8; 20]) -> [u8; 40] {
    let mut out = [0; 40];
    hex_into(raw, &mut out);
    out
}

/// The caller's [`fmt::Write`] as a [`Sink`].
pub(crate) struct TextSink<'w, W: fmt::Write + ?Sized>(pub(crate) &'w mut W);

impl<W: fmt::Write + ?Sized> Sink for TextSink<'_, W> {
    fn put_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)
    }

    fn put_ascii(&mut self, byte: u8) -> fmt::Result {
        self.0.write_char(byte as char)
    }
}

/// Percent-encodes what passes through; for lists that stand inside a URL.
pub(crate) struct EncodingSink<'w, W: fmt::Write + ?Sized>(pub(crate) &'w mut W);

impl<W: fmt::Write + ?Sized> Sink for EncodingSink<'_, W> {
    fn put_str(&mut self, text: &str) -> fmt::Result {
        write!(self.0, "{}", crate::encode(text))
    }

    fn put_ascii(&mut self, byte: u8) -> fmt::Result {
        self.put_str(ascii(&[byte]))
    }
}

/// Writes the StringToSign: `sha1`, the sign time and the digest of the HttpString, each with LF.
///
/// # Errors
/// [`SignError::Format`] when `out` refuses the text.
pub fn write_string_to_sign<W: fmt::Write + ?Sized>(
    sign_time: KeyTime,
    digest: &Digest,
    out: &mut W,
) -> Result<(), SignError> {
    Ok(write!(out, "sha1\n{sign_time}\n{}\n", digest.as_str())?)
}

/// [`write_string_to_sign`] into a new string.
#[cfg(feature = "alloc")]
#[must_use]
pub fn string_to_sign(sign_time: KeyTime, digest: &Digest) -> alloc::string::String {
    alloc::format!("sha1\n{sign_time}\n{}\n", digest.as_str())
}
