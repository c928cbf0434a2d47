//! `Content-MD5` of what a request carries, for those who ask for it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use super::{CHUNK, Payload, SourceFile};
use crate::error::{Error, Result};
use crate::transfer::blocking;

impl Payload {
    /// The header's value; of a file's stretch by reading it. `None` without a body.
    pub(crate) async fn content_md5(&self) -> Result<Option<String>> {
        match self {
            Self::None => return Ok(None),
            // As fast as asking somebody else to do it.
            Self::Bytes { data, .. } if data.len() <= CHUNK => {
                return Ok(Some(STANDARD.encode(Md5::digest(data))));
            }
            Self::Bytes { .. } | Self::File { .. } => {}
        }
        let payload = self.clone();
        let sum = blocking(move || payload.md5()).await?;
        Ok(Some(STANDARD.encode(sum)))
    }

    /// Blocks.
    fn md5(&self) -> Result<[u8; 16]> {
        let mut md5 = Md5::new();
        match self {
            Self::None => {}
            Self::Bytes { data, .. } => md5.update(data),
            Self::File {
                file,
                offset,
                len,
                pool,
            } => file
                .each_piece(*offset, *len, pool, |piece| md5.update(piece))
                .map_err(|error| unreadable(file, error))?,
        }
        Ok(md5.finalize().into())
    }
}

fn unreadable(file: &SourceFile, error: std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        return file.changed();
    }
    Error::local("read", file.path(), error)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::*;
    use crate::body::BufferPool;

    #[tokio::test]
    async fn of_memory_and_of_a_file_alike() {
        // RFC 1321's own example.
        let sum = Payload::bytes("abc".into()).content_md5().await.unwrap();
        assert_eq!(sum.unwrap(), "kAFQmDzST7DWlj99KOF/cg==");
        assert_eq!(Payload::None.content_md5().await.unwrap(), None);
        let content: Vec<u8> = (0..CHUNK * 2 + 5).map(|i| (i % 251) as u8).collect();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, &content).unwrap();
        let file = Arc::new(SourceFile::open(&path).unwrap());
        let slice = |offset, len| Payload::File {
            file: Arc::clone(&file),
            offset,
            len,
            pool: BufferPool::new(1),
        };
        let of_file = slice(3, content.len() as u64 - 3).content_md5().await;
        let of_bytes = Payload::bytes(Bytes::copy_from_slice(&content[3..]));
        assert_eq!(of_file.unwrap(), of_bytes.content_md5().await.unwrap());
        let beyond = slice(3, content.len() as u64).content_md5().await;
        assert!(beyond.unwrap_err().message().contains("changed"));
    }
}
