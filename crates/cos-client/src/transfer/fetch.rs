//! The requests of one run of a download: a first answer, then the other pieces in parallel.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt};

use super::piece::Source;
use super::plan::{Piece, Ranges};
use super::progress::Meter;
use super::resume::{Checkpoint, Done, Keeper};
use super::target::Target;
use crate::error::{Error, Result};
use crate::limits::Permit;
use crate::object::{GetObjectOutput, ObjectMeta};
use crate::operation::Operation;
use crate::response::BodyStream;
use crate::types::Crc64;

/// A run whose first answer has begun.
pub(super) struct Begun {
    pub meta: ObjectMeta,
    pub ranges: Ranges,
    /// Pieces an earlier run fetched, with their CRC-64.
    finished: Vec<(Piece, u64)>,
    missing: Vec<Piece>,
    /// The answer for the first missing piece.
    stream: Option<BodyStream>,
    pub permit: Option<Permit>,
}

impl Begun {
    /// Asks for the first piece. It tells everything about the object, and is all of it when it is
    /// small: no HEAD, no second permission.
    pub(super) async fn first(source: &Source, part_size: u64) -> Result<Self> {
        let reply = match source.get(0, part_size - 1).await {
            // An empty object has no first byte.
            Err(error) if error.http_status() == Some(416) => source.get_whole().await?,
            other => other?,
        };
        let is_range = reply.status == 206;
        let output = GetObjectOutput::new(reply)?;
        let (meta, stream) = (output.meta, output.body.into_raw());
        let piece = if is_range {
            let expected = (0, part_size.min(meta.size).wrapping_sub(1));
            if output.content_range != Some(expected) {
                return Err(odd("the answer is not the range that was asked for"));
            }
            part_size
        } else {
            // The whole object at once: empty, or from a cache that ignores ranges.
            if output.content_length.is_none() {
                return Err(odd("the answer does not tell the object's size"));
            }
            meta.size.max(1)
        };
        let ranges = Ranges {
            total: meta.size,
            piece,
        };
        Ok(Self {
            meta,
            ranges,
            finished: Vec::new(),
            missing: ranges.pieces().collect(),
            stream: Some(stream),
            permit: None,
        })
    }

    /// Asks for the first piece that is missing, of the pinned version. `None` when the object is
    /// not what it was though it has the same tag, or does not come in ranges any more.
    pub(super) async fn again(source: &Source, earlier: &Checkpoint) -> Result<Option<Self>> {
        let missing = earlier.missing();
        // With nothing missing one byte shows that the object is still the same.
        let range = missing
            .first()
            .map_or((0, 0), |piece| (piece.offset, piece.offset + piece.len - 1));
        let reply = source.get(range.0, range.1).await?;
        let is_range = reply.status == 206;
        let output = GetObjectOutput::new(reply)?;
        if is_range && output.content_range != Some(range) {
            return Err(odd("the answer is not the range that was asked for"));
        }
        let meta = output.meta;
        if !is_range || meta.size != earlier.size || meta.crc64 != earlier.object_crc() {
            return Ok(None);
        }
        let stream = output.body.into_raw();
        Ok(Some(Self {
            meta,
            ranges: earlier.ranges(),
            finished: earlier.finished().map(|(p, done)| (p, done.crc)).collect(),
            stream: (!missing.is_empty()).then_some(stream),
            missing,
            permit: None,
        }))
    }

    /// CRC-64 of everything, when nothing is missing.
    pub(super) fn crc64(&self) -> Crc64 {
        sum(&self.finished)
    }

    /// Fetches what is missing and gives the CRC-64 of everything.
    pub(super) async fn fetch(
        self,
        source: &Source,
        target: &Target,
        meter: &Arc<Meter>,
        keeper: &Keeper,
        concurrency: usize,
    ) -> Result<Crc64> {
        let begun = std::iter::once((self.stream, self.permit));
        let jobs = self
            .missing
            .into_iter()
            .zip(begun.chain(std::iter::repeat_with(|| (None, None))));
        let work = jobs.map(|(piece, (stream, permit))| {
            let file = target.file();
            async move {
                let permit = match permit {
                    Some(permit) => permit,
                    None => source.client.permit(&source.claim).await,
                };
                let crc = source.fetch(piece, stream, file, meter).await?;
                permit.moved(piece.len);
                drop(permit);
                keeper.finish(piece.index, Done { crc, tag: None }).await;
                Ok::<_, Error>((piece, crc))
            }
        });
        let mut pieces: Vec<(Piece, u64)> = futures_util::stream::iter(work)
            .buffer_unordered(concurrency)
            .try_collect()
            .await?;
        pieces.extend(self.finished);
        pieces.sort_by_key(|(piece, _)| piece.index);
        Ok(sum(&pieces))
    }
}

fn sum(pieces: &[(Piece, u64)]) -> Crc64 {
    pieces.iter().fold(Crc64::of(b""), |sum, (piece, crc)| {
        sum.then(Crc64::from_u64(*crc), piece.len)
    })
}

fn odd(what: &str) -> Error {
    Error::integrity(what.to_owned()).with_operation(Operation::GetObject)
}
