//! Everything that can be wrong with the input of a signature.

use core::fmt;

/// Why a request could not be signed.
///
/// No variant holds a secret, a token or a header value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// The window is not `start;end` in Unix seconds with `start < end`.
    InvalidKeyTime,
    /// The secret id or the secret key is empty.
    EmptySecret,
    /// The secret id or the secret key begins or ends with a blank, as after a careless paste.
    BlankInSecret,
    /// A header name or value holds a control character (the index counts the request's headers).
    ControlCharacter {
        /// Position of the offending pair in [`Request::headers`](crate::Request::headers).
        header: usize,
    },
    /// The method is not an HTTP token such as `GET`.
    InvalidMethod,
    /// The path does not begin with `/`.
    InvalidPath,
    /// The caller's buffer holds fewer bytes than the result has.
    BufferTooSmall {
        /// Bytes that would have been enough.
        needed: usize,
    },
    /// The caller's writer refused the text.
    Format,
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidKeyTime => f.write_str(
                "key time must be `start;end` in Unix seconds (not milliseconds) with start before end",
            ),
            Self::EmptySecret => f.write_str("the secret id or secret key is empty"),
            Self::BlankInSecret => {
                f.write_str("the secret id or secret key begins or ends with a blank; trim it")
            }
            Self::ControlCharacter { header } => write!(
                f,
                "header number {header} holds a control character; percent-encode it before sending"
            ),
            Self::InvalidMethod => f.write_str("the method is not an HTTP token such as GET"),
            Self::InvalidPath => f.write_str("the path must begin with `/` and be decoded text"),
            Self::BufferTooSmall { needed } => {
                write!(f, "the buffer is too small: {needed} bytes are needed")
            }
            Self::Format => f.write_str("the writer refused the text"),
        }
    }
}

impl core::error::Error for SignError {}

impl From<fmt::Error> for SignError {
    fn from(_: fmt::Error) -> Self {
        Self::Format
    }
}
