//! A caller's buffer as a writer that also says how much room was needed.

use core::fmt;

use crate::SignError;

/// Writes into a slice; text beyond its end is counted, not kept.
///
/// ```
/// use core::fmt::Write as _;
/// use cos_sign_core::{SignError, SliceWriter};
/// let mut buffer = [0; 4];
/// let mut out = SliceWriter::new(&mut buffer);
/// out.write_str("too long").unwrap();
/// assert_eq!(out.finish(), Err(SignError::BufferTooSmall { needed: 8 }));
/// ```
#[derive(Debug)]
pub struct SliceWriter<'b> {
    buffer: &'b mut [u8],
    needed: usize,
}

impl<'b> SliceWriter<'b> {
    /// Starts at the beginning of `buffer`.
    pub fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, needed: 0 }
    }

    /// The text written.
    ///
    /// # Errors
    /// [`SignError::BufferTooSmall`] with the number of bytes that would have been enough.
    pub fn finish(self) -> Result<&'b str, SignError> {
        let needed = self.needed;
        let text = self
            .buffer
            .get(..needed)
            .ok_or(SignError::BufferTooSmall { needed })?;
        core::str::from_utf8(text).map_err(|_| SignError::Format)
    }
}

impl fmt::Write for SliceWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.needed.saturating_add(text.len());
        if let Some(room) = self.buffer.get_mut(self.needed..end) {
            room.copy_from_slice(text.as_bytes());
        }
        self.needed = end;
        Ok(())
    }
}
