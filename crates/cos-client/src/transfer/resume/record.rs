//! What is known about a transfer that has begun. Pure: values in, values out.

use std::collections::BTreeMap;

use crate::transfer::plan::{Piece, Ranges};
use crate::types::{Crc64, ETag};

/// Why bytes are not a resume record that this version can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRecord {
    /// It is something else.
    #[error("it is not a resume record")]
    Foreign,
    /// A newer version of this library wrote it.
    #[error("a newer version of this library wrote the resume record")]
    Newer,
    /// It was cut or changed.
    #[error("the resume record is damaged")]
    Damaged,
}

/// What is known about a transfer that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub bucket: String,
    pub region: String,
    pub key: String,
    pub size: u64,
    pub part_size: u64,
    /// One-way digest of the settings that shape the object or the content.
    pub settings: String,
    /// When it was written, Unix seconds.
    pub saved_s: u64,
    pub kind: Kind,
    /// Finished pieces by index.
    pub done: BTreeMap<u32, Done>,
}

/// What only one direction knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Upload {
        upload_id: String,
    },
    Download {
        etag: String,
        /// Of the whole object, where the service told it.
        crc64: Option<u64>,
        /// Name, not path, of the file beside the target.
        temporary: String,
    },
}

/// A finished piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Done {
    pub crc: u64,
    /// Of an uploaded part.
    pub tag: Option<Tag>,
}

/// A part's tag, small when it is the usual MD5 in quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tag {
    Md5([u8; 16]),
    Other(String),
}

impl Tag {
    pub(crate) fn new(etag: &ETag) -> Self {
        Self::read(etag.as_str())
    }

    pub(super) fn read(text: &str) -> Self {
        let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
        match inner.and_then(parse_md5) {
            Some(md5) => Self::Md5(md5),
            None => Self::Other(text.to_owned()),
        }
    }

    pub(crate) fn etag(&self) -> ETag {
        match self {
            Self::Md5(md5) => ETag::new(format!("\"{:032x}\"", u128::from_be_bytes(*md5))),
            Self::Other(text) => ETag::new(text.as_str()),
        }
    }
}

/// 32 lower-case hex digits.
fn parse_md5(text: &str) -> Option<[u8; 16]> {
    let is_hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != 32 || !text.bytes().all(is_hex) {
        return None;
    }
    let number = u128::from_str_radix(text, 16).ok()?;
    Some(number.to_be_bytes())
}

impl Checkpoint {
    pub(crate) fn ranges(&self) -> Ranges {
        Ranges {
            total: self.size,
            piece: self.part_size,
        }
    }

    /// The finished pieces.
    pub(crate) fn finished(&self) -> impl Iterator<Item = (Piece, &Done)> {
        let ranges = self.ranges();
        self.done.iter().map(move |(i, done)| (ranges.at(*i), done))
    }

    /// The pieces still to do.
    pub(crate) fn missing(&self) -> Vec<Piece> {
        let pieces = self.ranges().pieces();
        pieces
            .filter(|p| !self.done.contains_key(&p.index))
            .collect()
    }

    pub(crate) fn done_bytes(&self) -> u64 {
        self.finished().map(|(piece, _)| piece.len).sum()
    }

    /// What the service told of a downloaded object.
    pub(crate) fn object_crc(&self) -> Option<Crc64> {
        match self.kind {
            Kind::Download { crc64, .. } => crc64.map(Crc64::from_u64),
            Kind::Upload { .. } => None,
        }
    }

    /// CRC-64 of the whole, once every piece is finished.
    pub(crate) fn whole_crc(&self) -> Crc64 {
        self.finished().fold(Crc64::of(b""), |sum, (piece, done)| {
            sum.then(Crc64::from_u64(done.crc), piece.len)
        })
    }
}

/// The name of a download's temporary file: hidden, unique, and nothing that leads elsewhere.
pub(crate) fn temporary_name(random: u64) -> String {
    format!(".cos-{random:016x}.part")
}

pub(crate) fn is_temporary_name(name: &str) -> bool {
    let middle = name
        .strip_prefix(".cos-")
        .and_then(|n| n.strip_suffix(".part"));
    let is_hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    middle.is_some_and(|m| m.len() == 16 && m.bytes().all(is_hex))
}
