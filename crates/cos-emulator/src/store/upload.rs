//! A multipart upload in progress.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::content::{Content, SegmentRecord};
use super::{Backend, Meta, Received, version};
use crate::error::{Code, Result};

/// One begun upload and its parts.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) info: UploadInfo,
    parts: Mutex<BTreeMap<u32, Arc<Part>>>,
    /// Held while parts change, so that none is added to an upload that is being completed. `true`: it is over.
    pub(super) over: tokio::sync::Mutex<bool>,
}

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct UploadInfo {
    pub(crate) key: String,
    pub(crate) id: String,
    pub(crate) meta: Meta,
    pub(crate) initiated_ms: u64,
    pub(crate) initiator: String,
}

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Part {
    pub(crate) number: u32,
    /// MD5 of the part.
    pub(crate) md5: [u8; 16],
    pub(crate) crc64: u64,
    pub(crate) modified_ms: u64,
    segments: Vec<SegmentRecord>,
    #[serde(skip)]
    pub(crate) content: Content,
}

impl Part {
    pub(crate) fn new(number: u32, received: Received, modified_ms: u64) -> Self {
        Self {
            number,
            md5: received.md5,
            crc64: received.crc64,
            modified_ms,
            segments: received.content.records(),
            content: received.content,
        }
    }

    /// Without quotes.
    pub(crate) fn etag(&self) -> String {
        version::hex(&self.md5)
    }

    pub(super) fn segments(&self) -> &[SegmentRecord] {
        &self.segments
    }
}

impl Upload {
    pub(crate) fn new(info: UploadInfo, parts: BTreeMap<u32, Arc<Part>>) -> Self {
        Self {
            info,
            parts: Mutex::new(parts),
            over: tokio::sync::Mutex::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Arc<Part>>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The parts in order.
    pub(crate) fn parts(&self) -> BTreeMap<u32, Arc<Part>> {
        self.lock().clone()
    }

    /// Adds or replaces a part; durable when this returns.
    ///
    /// # Errors
    /// `NoSuchUpload` when it was completed or aborted meanwhile.
    pub(crate) async fn put_part(
        &self,
        backend: &Backend,
        bucket_dir: PathBuf,
        part: Part,
    ) -> Result<()> {
        let over = self.over.lock().await;
        if *over {
            return Err(Code::NoSuchUpload.into());
        }
        let place = bucket_dir
            .join("parts")
            .join(&self.info.id)
            .join(format!("{}.json", part.number));
        backend.save(place, &part).await?;
        self.lock().insert(part.number, Arc::new(part));
        Ok(())
    }
}
