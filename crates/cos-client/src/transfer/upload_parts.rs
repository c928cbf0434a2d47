//! The requests of one run of an upload: all at once, or the parts that are missing.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};

use super::blocking;
use super::destination::Destination;
use super::plan::Piece;
use super::resume::{Checkpoint, Done, Keeper, Kind, RestartReason, Tag, digest};
use super::upload::UploadOutput;
use crate::body::{Payload, SourceFile};
use crate::error::{Error, ErrorKind, Result};
use crate::multipart::CompletedPart;
use crate::types::{PartNumber, UploadId};

/// One run.
pub(super) struct Parts<'a> {
    pub file: Arc<SourceFile>,
    pub to: Destination,
    pub concurrency: usize,
    pub keeper: &'a Keeper,
    /// Set when the parts sent so far do not belong together.
    pub spoilt: &'a mut bool,
}

/// Why a run did not make the object.
pub(super) enum Setback {
    /// What an earlier run did is of no use; the failure that showed it.
    StartAgain(RestartReason, Error),
    Failed(Error),
}

impl From<Error> for Setback {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Parts<'_> {
    pub(super) async fn single(&mut self, content: Option<Bytes>) -> Result<UploadOutput> {
        let was_read = content.is_some();
        let payload = match content {
            Some(content) => Payload::bytes(content),
            None => self.slice(0, self.file.size()),
        };
        let output = self.to.put(payload).await?;
        if !was_read {
            self.check_unchanged().await?;
        }
        Ok(UploadOutput {
            bytes: self.file.size(),
            parts: 1,
            etag: output.etag,
            crc64: output.crc64,
            upload_id: None,
            version_id: output.version_id,
            request_id: output.request_id,
            resumed_bytes: 0,
            restarted: None,
        })
    }

    /// Begins an upload in parts, and its record.
    pub(super) async fn begin(&self, part_size: u64) -> Result<Checkpoint> {
        let upload_id = self.to.initiate().await?;
        let client = &self.to.client;
        let begun = Checkpoint {
            bucket: client.bucket().as_str().to_owned(),
            region: client.region().as_str().to_owned(),
            key: self.to.key.as_str().to_owned(),
            size: self.file.size(),
            part_size,
            settings: digest(&self.to.headers, &[]),
            saved_s: client.now().s,
            kind: Kind::Upload {
                upload_id: upload_id.as_str().to_owned(),
            },
            done: Default::default(),
        };
        // Durable: an upload that is forgotten costs money.
        self.keeper.begin(begun.clone(), true).await;
        Ok(begun)
    }

    /// Sends what is missing and puts the parts together. `earlier`: another run began it.
    pub(super) async fn send(
        &mut self,
        begun: Checkpoint,
        earlier: bool,
    ) -> Result<UploadOutput, Setback> {
        let Kind::Upload { upload_id } = &begun.kind else {
            return Err(Error::config("the record is not of an upload").into());
        };
        let upload_id = UploadId::new(upload_id).map_err(Error::from)?;
        if begun.size != self.file.size() {
            return Err(source_changed(&self.file));
        }
        self.to.meter.begin(begun.done_bytes());
        let gone = |error: Error| match error.code() {
            Some("NoSuchUpload" | "InvalidPart") if earlier => {
                Setback::StartAgain(RestartReason::UploadGone, error)
            }
            _ => Setback::Failed(error),
        };
        // What was sent is read again while the rest is on its way.
        let sending = async {
            let sent = self.send_missing(&begun, &upload_id).await;
            sent.map_err(gone)
        };
        tokio::try_join!(self.compare(&begun), sending)?;
        self.check_unchanged().await?;

        let Some(complete) = self.keeper.checkpoint() else {
            return Err(Error::cancelled().into());
        };
        let whole = complete.whole_crc();
        let mut parts = Vec::with_capacity(complete.done.len());
        for (index, done) in &complete.done {
            let Some(tag) = &done.tag else {
                return Err(Error::integrity("a part without a tag").into());
            };
            parts.push(CompletedPart {
                number: PartNumber::new(index + 1).map_err(Error::from)?,
                etag: tag.etag(),
            });
        }
        let output = self.to.complete(&upload_id, parts, whole, earlier).await;
        let output = output.map_err(|error| {
            *self.spoilt |= error.kind() == ErrorKind::Integrity;
            gone(error)
        })?;
        self.keeper.forget().await;
        Ok(UploadOutput {
            bytes: self.file.size(),
            parts: begun.ranges().count(),
            etag: output.etag,
            crc64: whole,
            upload_id: Some(upload_id),
            version_id: output.version_id,
            request_id: output.request_id,
            resumed_bytes: 0,
            restarted: None,
        })
    }

    async fn send_missing(&self, begun: &Checkpoint, upload_id: &UploadId) -> Result<()> {
        futures_util::stream::iter(begun.missing())
            .map(|piece| async move {
                let payload = self.slice(piece.offset, piece.len);
                let sent = self.to.send_part(upload_id, piece.index, payload).await?;
                let done = Done {
                    crc: sent.crc64.as_u64(),
                    tag: Some(Tag::new(&sent.part.etag)),
                };
                self.keeper.finish(piece.index, done).await;
                Ok(())
            })
            .buffer_unordered(self.concurrency)
            .try_collect()
            .await
    }

    /// Finds out whether the file still is what an earlier run sent of it.
    async fn compare(&self, begun: &Checkpoint) -> Result<(), Setback> {
        for (piece, done) in begun.finished() {
            if self.checksum(piece).await? != Some(done.crc) {
                return Err(source_changed(&self.file));
            }
        }
        Ok(())
    }

    /// `None` when the file is shorter now.
    async fn checksum(&self, piece: Piece) -> Result<Option<u64>> {
        let file = Arc::clone(&self.file);
        let pool = Arc::clone(self.to.client.buffers());
        blocking(
            move || match file.checksum(piece.offset, piece.len, &pool) {
                Ok(crc) => Ok(Some(crc)),
                Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
                Err(e) => Err(Error::local("read", file.path(), e)),
            },
        )
        .await
    }

    fn slice(&self, offset: u64, len: u64) -> Payload {
        if let Some(content) = self.file.in_memory(offset, len) {
            return Payload::bytes(content);
        }
        Payload::File {
            file: Arc::clone(&self.file),
            offset,
            len,
            pool: Arc::clone(self.to.client.buffers()),
        }
    }

    async fn check_unchanged(&mut self) -> Result<()> {
        let file = Arc::clone(&self.file);
        let unchanged = blocking(move || file.check_unchanged()).await;
        *self.spoilt |= unchanged.is_err();
        unchanged
    }
}

fn source_changed(file: &SourceFile) -> Setback {
    let why = format!(
        "{} changed since it was uploaded in part",
        file.path().display()
    );
    Setback::StartAgain(
        RestartReason::SourceChanged,
        Error::new(ErrorKind::Local, why),
    )
}
