use std::fmt;

use super::InvalidValue;

/// An object's entity tag, opaque, with its quotes exactly as the service sent them.
///
/// It is a version marker for `If-Match`, not a checksum: parts, copies and encrypted objects have
/// tags that are no MD5. Use [`Crc64`] to compare content.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ETag(String);

impl ETag {
    /// Wraps a tag as received.
    pub fn new(tag: impl Into<String>) -> Self {
        Self(tag.into())
    }

    /// The tag with its quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag without the quotes around it.
    pub fn unquoted(&self) -> &str {
        self.0.trim_matches('"')
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The CRC-64 of some content as `x-cos-hash-crc64ecma` carries it (CRC-64/XZ).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Crc64(u64);

impl Crc64 {
    /// Wraps a value computed elsewhere.
    pub const fn from_u64(value: u64) -> Self {
        Self(value)
    }

    /// The number itself.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// Computes the sum of `data`.
    pub fn of(data: &[u8]) -> Self {
        Self(cos_crc64::checksum(data))
    }

    /// The sum of two pieces one after the other, when the second has `second_bytes` bytes.
    #[must_use]
    pub fn then(self, second: Crc64, second_bytes: u64) -> Self {
        Self(cos_crc64::combine(self.0, second.0, second_bytes))
    }

    /// Reads the unsigned decimal form of the header.
    ///
    /// # Errors
    /// When the text is not an unsigned 64-bit decimal.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        text.trim().parse().map(Self).map_err(|_| {
            InvalidValue::new("CRC-64", format!("{text:?} is not an unsigned decimal"))
        })
    }
}

impl fmt::Display for Crc64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
