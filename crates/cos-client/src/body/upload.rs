//! The body of one attempt: pieces of memory or of a file, summed and counted as they leave.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{BufferPool, CHUNK, Payload, SourceFile};
use crate::limits::{Pace, Paced};
use crate::transfer::progress::Share;
use cos_crc64::Running;

/// What is known about an attempt while its body is on the way.
#[derive(Debug)]
pub(crate) struct Sending {
    started: Instant,
    last_ms: AtomicU64,
    bytes: AtomicU64,
    complete: AtomicBool,
    crc: AtomicU64,
    failure: Mutex<Option<io::Error>>,
}

impl Sending {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            started: Instant::now(),
            last_ms: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            complete: AtomicBool::new(false),
            crc: AtomicU64::new(0),
            failure: Mutex::new(None),
        })
    }

    /// The moment the network last took something.
    pub(crate) fn last_activity(&self) -> Instant {
        self.started + Duration::from_millis(self.last_ms.load(Ordering::Acquire))
    }

    /// Bytes handed over so far.
    pub(crate) fn sent_bytes(&self) -> u64 {
        self.bytes.load(Ordering::Acquire)
    }

    /// Whether all of the body was handed over.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete.load(Ordering::Acquire)
    }

    /// The sum of what was sent, once complete.
    pub(crate) fn crc(&self) -> Option<u64> {
        self.is_complete().then(|| self.crc.load(Ordering::Acquire))
    }

    /// Why the body could not be read, if that is what ended the attempt.
    pub(crate) fn take_failure(&self) -> Option<io::Error> {
        self.failure_slot().take()
    }

    fn failure_slot(&self) -> std::sync::MutexGuard<'_, Option<io::Error>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes were taken; `rest` is the moment from which on more may be, when that is not now.
    fn touch(&self, position: u64, rest: Option<Instant>) {
        self.bytes.store(position, Ordering::Release);
        let last = rest.map_or_else(|| self.started.elapsed(), |until| until - self.started);
        let ms = u64::try_from(last.as_millis()).unwrap_or(u64::MAX);
        self.last_ms.store(ms, Ordering::Release);
    }

    fn finish(&self, crc: u64) {
        self.crc.store(crc, Ordering::Release);
        self.complete.store(true, Ordering::Release);
    }
}

/// A body with a known length.
pub(crate) struct UploadBody {
    pieces: Pieces,
    left: u64,
    position: u64,
    sending: Arc<Sending>,
    share: Option<Share>,
    paced: Paced,
}

enum Pieces {
    Memory { rest: Bytes, crc: u64 },
    File(Box<FilePieces>),
}

/// A chunk, and the sum of all up to it.
type ReadChunk = io::Result<(Bytes, Running)>;

/// Reads one chunk ahead on a blocking thread, or at once from a file that answers at once.
struct FilePieces {
    file: Arc<SourceFile>,
    pool: Arc<BufferPool>,
    offset: u64,
    unread: u64,
    reading: Option<JoinHandle<ReadChunk>>,
    crc: Option<Running>,
}

impl UploadBody {
    pub(crate) fn new(
        payload: &Payload,
        sending: Arc<Sending>,
        share: Option<Share>,
        pace: Pace,
    ) -> Self {
        let left = payload.content_length().unwrap_or(0);
        let pieces = match payload {
            Payload::None => Pieces::Memory {
                rest: Bytes::new(),
                crc: 0,
            },
            Payload::Bytes { data, crc } => Pieces::Memory {
                rest: data.clone(),
                crc: *crc,
            },
            Payload::File {
                file,
                offset,
                len,
                pool,
            } => Pieces::File(Box::new(FilePieces {
                file: Arc::clone(file),
                pool: Arc::clone(pool),
                offset: *offset,
                unread: *len,
                reading: None,
                crc: Some(Running::new()),
            })),
        };
        if left == 0 {
            // Nobody asks an empty body for its end.
            sending.finish(0);
        }
        Self {
            pieces,
            left,
            position: 0,
            sending,
            share,
            paced: Paced::new(pace),
        }
    }
}

impl Body for UploadBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        ready!(self.paced.poll_ready(cx));
        let next = match &mut self.pieces {
            Pieces::Memory { rest, crc } => {
                let piece = rest.split_to(rest.len().min(CHUNK));
                Ok((piece, *crc))
            }
            Pieces::File(file) => ready!(file.poll_next(cx)),
        };
        let (piece, crc) = match next {
            Ok(next) => next,
            Err(error) => {
                let kind = error.kind();
                *self.sending.failure_slot() = Some(error);
                return Poll::Ready(Some(Err(kind.into())));
            }
        };
        self.left -= piece.len() as u64;
        self.position += piece.len() as u64;
        self.paced.moved(piece.len());
        self.sending.touch(self.position, self.paced.waits_until());
        if self.left == 0 {
            self.sending.finish(crc);
        }
        if let Some(share) = &self.share {
            share.reach(self.position);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

impl FilePieces {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Bytes, u64)>> {
        let done = match &mut self.reading {
            Some(reading) => {
                let done = ready!(Pin::new(reading).poll(cx));
                self.reading = None;
                // The runtime shuts down; the request ends with it.
                done.unwrap_or_else(|_| Err(io::Error::other("reading was interrupted")))
            }
            None => match self.next_read() {
                None => Err(io::ErrorKind::UnexpectedEof.into()),
                Some(read) if self.file.prompt().is_prompt() => read(),
                Some(read) => {
                    self.reading = Some(tokio::task::spawn_blocking(read));
                    return self.poll_next(cx);
                }
            },
        };
        let (bytes, crc) = done?;
        let value = crc.value();
        self.crc = Some(crc);
        // Disk and network work at the same time, unless the disk has nothing to do.
        if !self.file.prompt().is_prompt()
            && let Some(read) = self.next_read()
        {
            self.reading = Some(tokio::task::spawn_blocking(read));
        }
        Poll::Ready(Ok((bytes, value)))
    }

    /// The work of reading the next chunk; `None` at the end.
    fn next_read(&mut self) -> Option<impl FnOnce() -> ReadChunk + Send + use<>> {
        if self.unread == 0 {
            return None;
        }
        let mut crc = self.crc.take()?;
        let len = self.unread.min(CHUNK as u64) as usize;
        let offset = self.offset;
        self.offset += len as u64;
        self.unread -= len as u64;
        let file = Arc::clone(&self.file);
        let pool = Arc::clone(&self.pool);
        Some(move || {
            let mut buffer = pool.take();
            let part = &mut buffer.as_mut()[..len];
            let read = file.prompt().timed(|| file.read_exact_at(part, offset));
            read?;
            crc.update(part);
            Ok((buffer.freeze(len), crc))
        })
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;
    use crate::transfer::progress::Meter;

    async fn run(payload: &Payload) -> (Vec<u8>, Arc<Sending>, u64) {
        let sending = Sending::new();
        let meter = Meter::new();
        let body = UploadBody::new(
            payload,
            Arc::clone(&sending),
            Some(meter.share()),
            Pace::default(),
        );
        assert_eq!(body.size_hint().exact(), payload.content_length());
        let data = body.collect().await.unwrap().to_bytes().to_vec();
        (data, sending, meter.now().done_bytes)
    }

    #[tokio::test]
    async fn files_and_memory_give_the_same_bytes_and_sum() {
        let data: Vec<u8> = (0..CHUNK * 2 + 77).map(|i| (i * 31 % 251) as u8).collect();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, &data).unwrap();
        let file = Arc::new(SourceFile::open(&path).unwrap());
        for (offset, len) in [
            (0, data.len()),
            (5, CHUNK),
            (CHUNK - 1, CHUNK + 2),
            (7, 0),
            (9, 1),
        ] {
            let expected = &data[offset..offset + len];
            let from_file = Payload::File {
                file: Arc::clone(&file),
                offset: offset as u64,
                len: len as u64,
                pool: BufferPool::new(2),
            };
            for payload in [from_file, Payload::bytes(Bytes::copy_from_slice(expected))] {
                let (sent, sending, progress) = run(&payload).await;
                assert_eq!(sent, expected);
                assert_eq!(sending.crc(), Some(cos_crc64::checksum(expected)));
                assert_eq!(progress, len as u64);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_of_speed_is_kept_and_is_no_stall() {
        let sending = Sending::new();
        let payload = Payload::bytes(vec![7; CHUNK * 8].into());
        let pace = Pace::of([crate::limits::RateLimit::new(CHUNK as u64 / 10)]);
        let body = UploadBody::new(&payload, Arc::clone(&sending), None, pace);
        let began = Instant::now();
        let mut body = std::pin::pin!(body);
        while let Some(frame) = body.frame().await {
            frame.unwrap();
            // Each piece takes ten seconds of the limit; none of them counts as one of silence.
            assert!(sending.last_activity() >= Instant::now());
        }
        let took = began.elapsed().as_secs_f64();
        assert!(
            (took - 70.0).abs() < 1.0,
            "the last piece is paid for afterwards: {took}"
        );
    }

    #[tokio::test]
    async fn a_file_that_shrank_is_reported() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, vec![1; 100]).unwrap();
        let payload = Payload::File {
            file: Arc::new(SourceFile::open(&path).unwrap()),
            offset: 0,
            len: 100,
            pool: BufferPool::new(2),
        };
        std::fs::write(&path, vec![1; 50]).unwrap();
        let sending = Sending::new();
        let body = UploadBody::new(&payload, Arc::clone(&sending), None, Pace::default());
        assert!(body.collect().await.is_err());
        let failure = sending.take_failure().unwrap();
        assert_eq!(failure.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(sending.crc(), None);
    }
}
