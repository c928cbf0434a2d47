//! The requests of one run of a download: a first answer, then the other pieces in parallel.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::{JoinError, JoinSet};

use super::lent::Lent;
use super::piece::{Asked, Source};
use super::plan::{Piece, Ranges};
use super::progress::Meter;
use super::queue::Queue;
use super::resume::{Checkpoint, Done, Keeper};
use super::target::{Target, TargetFile};
use super::writer::RangeWriter;
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
        source: Source,
        target: &Target,
        meter: &Arc<Meter>,
        keeper: &Arc<Keeper>,
        concurrency: usize,
    ) -> Result<Crc64> {
        let workers = concurrency.min(self.missing.len());
        let mut queue = Queue::new(self.missing, workers);
        let mut begun = match (self.stream, self.permit) {
            (Some(stream), Some(permit)) => queue.one().map(|piece| Turn {
                asked: Asked::up_to(piece.offset + piece.len, Some(stream)),
                pieces: vec![piece],
                permit,
            }),
            _ => None,
        };
        let work = Arc::new(Fetching {
            source,
            queue: Mutex::new(queue),
            meter: Arc::clone(meter),
            keeper: Arc::clone(keeper),
        });
        // Tasks of their own: what a connection received is summed and written by the processor that
        // has it in its cache. Dropping the set ends them.
        let mut tasks = JoinSet::new();
        for _ in 0..workers {
            tasks.spawn(Arc::clone(&work).take_turns(begun.take(), target.file()));
        }
        let mut pieces = self.finished;
        while let Some(done) = tasks.join_next().await {
            pieces.extend(joined(done)?);
        }
        pieces.sort_by_key(|(piece, _)| piece.index);
        Ok(sum(&pieces))
    }
}

/// One request and what it is for.
struct Turn {
    asked: Asked,
    pieces: Vec<Piece>,
    permit: Permit,
}

/// What those who fetch have in common.
struct Fetching {
    source: Source,
    queue: Mutex<Queue>,
    meter: Arc<Meter>,
    keeper: Arc<Keeper>,
}

impl Fetching {
    /// Fetches until nothing is left, beginning with what has begun.
    async fn take_turns(
        self: Arc<Self>,
        begun: Option<Turn>,
        target: Lent<TargetFile>,
    ) -> Result<Vec<(Piece, u64)>> {
        let mut next = begun;
        let mut done = Vec::new();
        loop {
            next = match next {
                Some(turn) => Some(turn),
                None => self.turn().await,
            };
            let Some(turn) = next.take() else {
                return Ok(done);
            };
            self.fetch(turn, &target, &mut done).await?;
        }
    }

    /// Waits for a permit, and decides only then what to use it for.
    async fn turn(&self) -> Option<Turn> {
        if self.queue().is_empty() {
            return None;
        }
        let permit = self.source.client.permit(&self.source.claim).await;
        let pieces: Vec<Piece> = if permit.is_scarce() {
            self.queue().one().into_iter().collect()
        } else {
            self.queue().run()
        };
        let end = pieces.last().map(|last| last.offset + last.len)?;
        Some(Turn {
            asked: Asked::up_to(end, None),
            pieces,
            permit,
        })
    }

    async fn fetch(
        &self,
        turn: Turn,
        target: &Lent<TargetFile>,
        done: &mut Vec<(Piece, u64)>,
    ) -> Result<()> {
        let Turn {
            mut asked,
            pieces,
            permit,
        } = turn;
        let mut pieces = pieces.into_iter();
        while let Some(piece) = pieces.next() {
            let mut writer = RangeWriter::new(target.clone(), piece.offset, self.meter.share());
            self.source.pour(&piece, &mut asked, &mut writer).await?;
            let crc = writer.finish().await?;
            permit.moved(piece.len);
            let finished = Done { crc, tag: None };
            self.keeper.finish(piece.index, finished).await;
            done.push((piece, crc));
            if permit.is_wanted_back(self.source.claim.priority) {
                // The rest of the answer is not waited for.
                self.queue().give_back(pieces);
                return Ok(());
            }
        }
        Ok(())
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Every change of it is whole.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a task gave; its panic is ours.
fn joined<T>(done: Result<Result<T>, JoinError>) -> Result<T> {
    match done {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime shuts down.
        Err(_) => Err(Error::cancelled()),
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
