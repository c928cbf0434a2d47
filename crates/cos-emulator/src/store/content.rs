//! An object's bytes: segments in memory or in files, shared between copies, never joined.

use std::collections::VecDeque;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use tokio::task::JoinHandle;

use crate::body::Body;

/// Bytes read from a file at a time.
const READ_BYTES: usize = 256 * 1024;

/// The bytes of an object or a part.
#[derive(Debug, Clone, Default)]
pub(crate) struct Content {
    segments: Vec<Segment>,
    len: u64,
}

/// A run of stored bytes.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) blob: Blob,
    pub(crate) start: u64,
    pub(crate) len: u64,
}

/// Where bytes lie. Clones share them; the last one frees them.
#[derive(Debug, Clone)]
pub(crate) enum Blob {
    Memory(Arc<MemoryBlob>),
    File(Arc<FileBlob>),
}

#[derive(Debug)]
pub(crate) struct MemoryBlob {
    pub(crate) chunks: Vec<Bytes>,
    /// Gives the memory back to the budget.
    pub(crate) _lease: Option<Lease>,
}

/// A file of the data directory.
#[derive(Debug)]
pub(crate) struct FileBlob {
    pub(crate) id: String,
    pub(crate) path: PathBuf,
    /// False once the store is going: then nothing is deleted any more.
    pub(crate) alive: Arc<AtomicBool>,
}

impl Drop for FileBlob {
    fn drop(&mut self) {
        if self.alive.load(Ordering::Acquire) {
            // What stays behind is found unused and removed at the next start.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Memory that objects may use.
#[derive(Debug)]
pub(crate) struct Budget {
    pub(crate) max: u64,
    pub(crate) used: AtomicU64,
}

/// A share of the budget.
#[derive(Debug)]
pub(crate) struct Lease {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Lease {
    pub(crate) fn new(budget: Arc<Budget>) -> Self {
        Self { budget, bytes: 0 }
    }

    /// Takes `more` bytes; false when there is no room.
    pub(crate) fn grow(&mut self, more: u64) -> bool {
        let max = self.budget.max;
        let taken = self
            .budget
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(more).filter(|sum| *sum <= max)
            });
        if taken.is_ok() {
            self.bytes += more;
        }
        taken.is_ok()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// How a segment is written down in a record of the data directory.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct SegmentRecord {
    pub(crate) blob: String,
    pub(crate) start: u64,
    pub(crate) len: u64,
}

impl Content {
    pub(crate) fn new(segments: Vec<Segment>) -> Self {
        let segments: Vec<_> = segments.into_iter().filter(|s| s.len > 0).collect();
        let len = segments.iter().map(|s| s.len).sum();
        Self { segments, len }
    }

    /// The contents one after another, without copying.
    pub(crate) fn concat<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Self {
        Self::new(
            parts
                .into_iter()
                .flat_map(|p| p.segments.iter().cloned())
                .collect(),
        )
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn records(&self) -> Vec<SegmentRecord> {
        let files = self.segments.iter().filter_map(|s| match &s.blob {
            Blob::File(blob) => Some(SegmentRecord {
                blob: blob.id.clone(),
                start: s.start,
                len: s.len,
            }),
            Blob::Memory(_) => None,
        });
        files.collect()
    }

    /// A part of the content that shares its bytes.
    pub(crate) fn slice(&self, range: Range<u64>) -> Self {
        let pieces = self.overlaps(range).map(|(segment, within)| Segment {
            blob: segment.blob.clone(),
            start: segment.start + within.start,
            len: within.end - within.start,
        });
        Self::new(pieces.collect())
    }

    /// The segments that `range` touches, with the touched range inside each.
    fn overlaps(&self, range: Range<u64>) -> impl Iterator<Item = (&Segment, Range<u64>)> {
        let mut at = 0;
        self.segments.iter().filter_map(move |segment| {
            let begin = at;
            at += segment.len;
            let (from, to) = (range.start.max(begin), range.end.min(at));
            (from < to).then(|| (segment, from - begin..to - begin))
        })
    }

    /// A response body of that range.
    pub(crate) fn body(&self, range: Range<u64>) -> Body {
        let pieces = self.slice(range);
        if pieces
            .segments
            .iter()
            .all(|s| matches!(s.blob, Blob::Memory(_)))
        {
            let mut chunks = VecDeque::new();
            for segment in &pieces.segments {
                if let Blob::Memory(blob) = &segment.blob {
                    slice_chunks(
                        &blob.chunks,
                        segment.start..segment.start + segment.len,
                        &mut chunks,
                    );
                }
            }
            return Body::chunks(chunks);
        }
        let length = pieces.len;
        let reader = FileReader {
            pieces: pieces.segments.into(),
            file: None,
        };
        // While some bytes are sent the next are read. The first read waits until somebody wants it.
        let begin = Reading::Not(reader);
        let stream = futures_util::stream::try_unfold(begin, |reading| async move {
            let under_way = match reading {
                Reading::Not(reader) => read_on(reader),
                Reading::UnderWay(read) => read,
            };
            let (bytes, reader) = under_way.await.map_err(io::Error::other)??;
            Ok((!bytes.is_empty()).then(|| (bytes, Reading::UnderWay(read_on(reader)))))
        });
        Body::stream(Box::pin(stream), Some(length))
    }

    /// All bytes at once; for small objects only.
    #[cfg(test)]
    pub(crate) fn to_vec(&self) -> Vec<u8> {
        let mut reader = FileReader {
            pieces: self.segments.clone().into(),
            file: None,
        };
        let mut out = Vec::new();
        loop {
            let bytes = reader.next().unwrap();
            if bytes.is_empty() {
                return out;
            }
            out.extend_from_slice(&bytes);
        }
    }
}

fn slice_chunks(chunks: &[Bytes], range: Range<u64>, out: &mut VecDeque<Bytes>) {
    let mut at = 0_u64;
    for chunk in chunks {
        let begin = at;
        at += chunk.len() as u64;
        let (from, to) = (range.start.max(begin), range.end.min(at));
        if from < to {
            // Both lie inside a chunk, whose length is a usize.
            out.push_back(chunk.slice((from - begin) as usize..(to - begin) as usize));
        }
        if at >= range.end {
            break;
        }
    }
}

type Read = JoinHandle<io::Result<(Bytes, FileReader)>>;

enum Reading {
    Not(FileReader),
    UnderWay(Read),
}

/// Reads the next bytes, off the threads that serve.
fn read_on(mut reader: FileReader) -> Read {
    tokio::task::spawn_blocking(move || reader.next().map(|bytes| (bytes, reader)))
}

struct FileReader {
    pieces: VecDeque<Segment>,
    file: Option<(std::fs::File, u64)>,
}

impl FileReader {
    /// The next bytes, none at the end.
    fn next(&mut self) -> io::Result<Bytes> {
        loop {
            if let Some((file, left)) = &mut self.file {
                let want = READ_BYTES.min(usize::try_from(*left).unwrap_or(READ_BYTES));
                let mut buffer = Vec::with_capacity(want);
                if file.take(want as u64).read_to_end(&mut buffer)? < want {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                *left -= want as u64;
                if *left == 0 {
                    self.file = None;
                    self.pieces.pop_front();
                }
                return Ok(buffer.into());
            }
            match self.pieces.front() {
                None => return Ok(Bytes::new()),
                Some(Segment {
                    blob: Blob::Memory(blob),
                    start,
                    len,
                }) => {
                    let mut chunks = VecDeque::new();
                    slice_chunks(&blob.chunks, *start..start + len, &mut chunks);
                    self.pieces.pop_front();
                    return Ok(chunks.iter().flatten().copied().collect::<Vec<u8>>().into());
                }
                Some(Segment {
                    blob: Blob::File(blob),
                    start,
                    len,
                }) => {
                    let mut file = std::fs::File::open(&blob.path)?;
                    file.seek(SeekFrom::Start(*start))?;
                    self.file = Some((file, *len));
                }
            }
        }
    }
}
