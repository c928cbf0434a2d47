//! One object out of several: contents, ETag, CRC64.

use md5::{Digest as _, Md5};

use crate::store::{Content, Meta, Version, hex};

pub(crate) struct Combined {
    content: Content,
    etag: String,
    crc64: u64,
}

/// Joins contents without reading them: the CRC64 follows from those of the parts, the ETag is a hash of theirs.
pub(crate) fn combined<'a>(
    contents: impl IntoIterator<Item = &'a Content, IntoIter: Clone>,
    hashes: impl IntoIterator<Item = (&'a String, u64)>,
) -> Combined {
    let contents = contents.into_iter();
    let mut md5 = Md5::new();
    let mut count = 0;
    let mut crc64 = 0;
    for (content, (etag, crc)) in contents.clone().zip(hashes) {
        md5.update(etag.as_bytes());
        count += 1;
        crc64 = cos_crc64::combine(crc64, crc, content.len());
    }
    Combined {
        content: Content::concat(contents),
        etag: format!("{}-{count}", hex(&md5.finalize())),
        crc64,
    }
}

impl Combined {
    pub(crate) fn version(self, meta: Meta, modified_ms: u64) -> Version {
        Version::new(self.etag, self.crc64, self.content, meta, modified_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use bytes::Bytes;

    #[tokio::test]
    async fn crc_is_that_of_the_whole() {
        let store = Store::in_memory(None);
        let mut pieces = Vec::new();
        for piece in ["12345", "", "6789"] {
            let mut sink = store.sink(false).unwrap();
            sink.write(Bytes::from(piece)).await.unwrap();
            pieces.push(Version::simple(
                sink.finish().await.unwrap(),
                Meta::default(),
                0,
            ));
        }
        let contents: Vec<&Content> = pieces.iter().map(|p| &p.content).collect();
        let all = combined(contents, pieces.iter().map(|p| (&p.etag, p.crc64)));
        assert_eq!(all.crc64, 11_051_210_869_376_104_954);
        assert!(all.etag.ends_with("-3"));
        assert_eq!(all.content.to_vec(), b"123456789");
    }
}
