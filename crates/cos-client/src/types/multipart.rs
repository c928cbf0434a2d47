use std::fmt;

use super::InvalidValue;

/// The most parts one upload may have.
pub const MAX_PARTS: u32 = 10_000;

/// Names an upload in parts that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UploadId(String);

impl UploadId {
    /// Wraps an id as received.
    ///
    /// # Errors
    /// When it is empty.
    pub fn new(id: impl Into<String>) -> Result<Self, InvalidValue> {
        let id = id.into();
        if id.is_empty() {
            return Err(InvalidValue::new("upload id", "it is empty"));
        }
        Ok(Self(id))
    }

    /// The id as received.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A part's place in its upload, 1 to 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartNumber(u32);

impl PartNumber {
    /// Checks `number`.
    ///
    /// # Errors
    /// When it is outside 1 to 10,000.
    pub fn new(number: u32) -> Result<Self, InvalidValue> {
        if !(1..=MAX_PARTS).contains(&number) {
            return Err(InvalidValue::new(
                "part number",
                format!("{number} is outside 1 to {MAX_PARTS}"),
            ));
        }
        Ok(Self(number))
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for PartNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
