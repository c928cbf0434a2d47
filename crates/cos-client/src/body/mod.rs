//! What a request carries, and how its sending is watched.

mod md5;
mod pool;
mod prompt;
mod source;
mod upload;

pub(crate) use pool::{BufferPool, CHUNK};
pub(crate) use prompt::Prompt;
pub(crate) use source::{SourceFile, checksum};
pub(crate) use upload::{Sending, UploadBody};

use std::sync::Arc;

use bytes::Bytes;

/// The content of a request. Every attempt makes a new body from it.
#[derive(Clone)]
pub(crate) enum Payload {
    /// The request has no body at all.
    None,
    /// In memory, with its CRC-64.
    Bytes { data: Bytes, crc: u64 },
    /// A stretch of a file, read while it is sent.
    File {
        file: Arc<SourceFile>,
        offset: u64,
        len: u64,
        pool: Arc<BufferPool>,
    },
}

impl Payload {
    pub(crate) fn bytes(data: Bytes) -> Self {
        let crc = cos_crc64::checksum(&data);
        Self::Bytes { data, crc }
    }

    /// The value of Content-Length, when one is sent.
    pub(crate) fn content_length(&self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Bytes { data, .. } => Some(data.len() as u64),
            Self::File { len, .. } => Some(*len),
        }
    }
}
