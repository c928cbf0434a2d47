//! Takes a body as it arrives, with its MD5 and CRC64.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use md5::{Digest as _, Md5};

use super::content::{Blob, Content, Lease, MemoryBlob, Segment};
use super::disk::BlobWriter;
use crate::error::{Code, Result};

/// Chunks below this are gathered, so that many small reads do not hold many large buffers.
const GATHER_BYTES: usize = 64 * 1024;

/// A body being stored. Dropped unfinished, it leaves nothing.
pub(crate) struct Sink {
    target: Target,
    /// `None` where nobody needs it: it costs more than all the rest.
    md5: Option<Md5>,
    crc: cos_crc64::Running,
    len: u64,
}

pub(crate) enum Target {
    Memory {
        chunks: Vec<Bytes>,
        tail: BytesMut,
        lease: Lease,
    },
    File(BlobWriter),
    /// Nothing is kept; as many zeros can be read.
    Nothing,
}

/// A body that arrived whole.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) content: Content,
    pub(crate) md5: [u8; 16],
    pub(crate) crc64: u64,
}

impl Sink {
    pub(crate) fn new(target: Target, with_md5: bool) -> Self {
        Self {
            target,
            md5: with_md5.then(Md5::new),
            crc: cos_crc64::Running::new(),
            len: 0,
        }
    }

    pub(crate) async fn write(&mut self, data: Bytes) -> Result<()> {
        if let Some(md5) = &mut self.md5 {
            md5.update(&data);
        }
        self.crc.update(&data);
        self.len += data.len() as u64;
        match &mut self.target {
            Target::Memory {
                chunks,
                tail,
                lease,
            } => {
                if !lease.grow(data.len() as u64) {
                    return Err(Code::InsufficientStorage.into());
                }
                if data.len() < GATHER_BYTES {
                    tail.extend_from_slice(&data);
                    if tail.len() >= GATHER_BYTES {
                        chunks.push(tail.split().freeze());
                    }
                } else {
                    if !tail.is_empty() {
                        chunks.push(tail.split().freeze());
                    }
                    chunks.push(data);
                }
                Ok(())
            }
            Target::File(writer) => Ok(writer.write(data).await?),
            Target::Nothing => Ok(()),
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Makes it durable (on disk) and hands it over.
    pub(crate) async fn finish(self) -> Result<Received> {
        let blob = match self.target {
            Target::Memory {
                mut chunks,
                tail,
                lease,
            } => {
                if !tail.is_empty() {
                    chunks.push(Bytes::copy_from_slice(&tail));
                }
                Blob::Memory(Arc::new(MemoryBlob {
                    chunks,
                    _lease: Some(lease),
                }))
            }
            Target::File(writer) => Blob::File(writer.finish().await?),
            Target::Nothing => Blob::Memory(Arc::new(MemoryBlob {
                chunks: zeros(self.len),
                _lease: None,
            })),
        };
        let crc64 = self.crc.value();
        Ok(Received {
            content: Content::new(vec![Segment {
                blob,
                start: 0,
                len: self.len,
            }]),
            md5: match self.md5 {
                Some(md5) => md5.finalize().into(),
                None => [crc64, self.len]
                    .map(u64::to_be_bytes)
                    .concat()
                    .try_into()
                    .unwrap_or_default(),
            },
            crc64,
        })
    }
}

/// Zeros that share one piece of memory.
fn zeros(len: u64) -> Vec<Bytes> {
    static ZEROS: [u8; 256 * 1024] = [0; 256 * 1024];
    let whole = len / ZEROS.len() as u64;
    let rest = (len % ZEROS.len() as u64) as usize;
    let mut chunks = vec![Bytes::from_static(&ZEROS); whole as usize];
    chunks.push(Bytes::from_static(&ZEROS[..rest]));
    chunks
}

/// Hashes stored bytes again, for a part that copies a range of an object.
pub(crate) async fn hashed(content: Content) -> Result<Received> {
    use futures_util::StreamExt as _;
    let (mut md5, mut crc) = (Md5::new(), cos_crc64::Running::new());
    let mut body = content.body(0..content.len());
    while let Some(data) = body.next().await {
        let data = data?;
        md5.update(&data);
        crc.update(&data);
    }
    Ok(Received {
        content,
        md5: md5.finalize().into(),
        crc64: crc.value(),
    })
}
