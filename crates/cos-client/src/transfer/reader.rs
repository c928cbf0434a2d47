//! A stream of known or unknown length to an object: standard input, a pipe, content made on the fly.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::abort::{abort, clean_up};
use super::destination::Destination;
use super::drive::Work;
use super::options::{Options, md5_option, network_options, part_size_error, transfer_options};
use super::plan::{self, UploadPlan};
use super::progress::Meter;
use super::resume::{Keeper, Leftovers, ResumeRecord};
use super::upload::UploadOutput;
use crate::body::Payload;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Room;
use crate::multipart::UploadPartOutput;
use crate::object::object_headers;
use crate::request::Headers;
use crate::types::{Crc64, ObjectKey, UploadId};

/// After so many parts their size doubles, so that a long stream fits into 10,000 of them.
const PARTS_PER_SIZE: u32 = 1_000;

/// Uploads a stream; see [`Client::upload_reader`].
#[must_use = "call send() or start()"]
pub struct UploadReader<R> {
    client: Client,
    key: String,
    reader: R,
    size: Option<u64>,
    headers: Headers,
    options: Options,
}

impl Client {
    /// Uploads what `reader` gives, to its end, whose place need not be known; if it is, say so with
    /// [`UploadReader::size`].
    ///
    /// What fits into one part goes in one request, more goes in parts. A stream cannot be read
    /// again, so parts are held in memory until they have arrived: at most `concurrency` + 1 of
    /// them, and no more than the client's `memory_budget` for all such uploads. Prefer
    /// [`Client::upload_file`] for files. For the rest the same holds as there.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// let output = client.upload_reader("log", &b"line 1\nline 2\n"[..]).send().await?;
    /// assert_eq!((output.bytes, output.parts), (14, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_reader<R>(&self, key: impl Into<String>, reader: R) -> UploadReader<R>
    where
        R: AsyncRead + Send + Unpin + 'static,
    {
        UploadReader {
            client: self.clone(),
            key: key.into(),
            reader,
            size: None,
            headers: Headers::default(),
            options: Options::default(),
        }
    }
}

impl<R: AsyncRead + Send + Unpin + 'static> UploadReader<R> {
    object_headers!();

    transfer_options!(
        UploadOutput,
        part_size: "Bytes per part instead of the client's, 1 MiB to 5 GiB; doubled after every \
                    1,000 parts."
    );
    network_options!();
    md5_option!("That costs time before each part is sent.");

    /// The number of bytes the stream has. Progress has a total then, parts are of one size that
    /// fits, and a stream that ends early or goes on is refused instead of stored.
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }

    /// Uploads and waits. Dropping the future cancels.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`]: `Local` when the stream fails, or is not as long as it should be.
    pub async fn send(self) -> Result<UploadOutput> {
        self.start().await
    }

    /// What another builder collected.
    pub(crate) fn with(self, headers: Headers, options: Options) -> Self {
        Self {
            headers,
            options,
            ..self
        }
    }

    fn work(self) -> StreamRun<R> {
        StreamRun {
            meter: Meter::new(),
            upload: self,
            state: State::default(),
        }
    }
}

impl<R> std::fmt::Debug for UploadReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UploadReader")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// An upload of a stream under way.
struct StreamRun<R> {
    upload: UploadReader<R>,
    meter: Arc<Meter>,
    state: State,
}

/// What outlives a pause.
#[derive(Default)]
struct State {
    upload_id: Option<UploadId>,
    /// The part being read, in its room of the client's memory budget.
    reading: Option<Room>,
    /// Parts read so far.
    parts: u32,
    total: u64,
    ended: bool,
    /// Parts that have not arrived yet, by index.
    waiting: BTreeMap<u32, Bytes>,
    sent: Vec<Sent>,
}

/// A part that has arrived: its index, its length, its answer.
type Sent = (u32, u64, UploadPartOutput);

impl<R: AsyncRead + Send + Unpin + 'static> Work for StreamRun<R> {
    type Output = UploadOutput;

    fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    /// A stream cannot be read again, so no other process can go on with it.
    fn keeper(&self) -> Option<Arc<Keeper>> {
        None
    }

    async fn run(&mut self) -> Result<UploadOutput> {
        let UploadReader {
            client, options, ..
        } = &self.upload;
        let part_size = options.part_size(client)?;
        let concurrency = options.concurrency(client)?;
        let parts = PartSizes::new(part_size, self.upload.size)?;
        if let Some(size) = self.upload.size {
            self.meter.set_total(size);
        }
        let to = Destination {
            claim: options.claim(client)?,
            content_md5: options.content_md5,
            key: ObjectKey::new(self.upload.key.as_str())?,
            headers: self.upload.headers.clone().checked()?,
            client: client.clone(),
            meter: Arc::clone(&self.meter),
        };
        let (reader, state) = (&mut self.upload.reader, &mut self.state);
        if state.parts == 0 && !state.ended {
            state.read_part(reader, parts, &to).await?;
        }
        match state.waiting.get(&0) {
            None if state.ended => single(to, Bytes::new()).await,
            // All of it, and nothing else was begun.
            Some(all) if state.ended && state.upload_id.is_none() && state.parts == 1 => {
                single(to, all.clone()).await
            }
            _ => state.send_parts(reader, &to, parts, concurrency).await,
        }
    }

    fn leftovers(&self) -> Leftovers {
        Leftovers::Abort
    }

    async fn keep(&mut self) -> Option<ResumeRecord> {
        None
    }

    async fn discard(self, in_background: bool) {
        let client = self.upload.client;
        let key = ObjectKey::new(self.upload.key);
        if let (Some(id), Ok(key)) = (self.state.upload_id, key) {
            let aborting = client.clone();
            let work = async move {
                abort(&aborting, &key, &id).await;
            };
            clean_up(&client, in_background, work).await;
        }
    }
}

async fn single(to: Destination, content: Bytes) -> Result<UploadOutput> {
    let size = content.len() as u64;
    to.meter.set_total(size);
    to.meter.begin(0);
    let output = to.put(Payload::bytes(content)).await?;
    Ok(UploadOutput {
        bytes: size,
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

impl State {
    async fn send_parts(
        &mut self,
        reader: &mut (impl AsyncRead + Unpin),
        to: &Destination,
        sizes: PartSizes,
        concurrency: usize,
    ) -> Result<UploadOutput> {
        let upload_id = match self.upload_id.clone() {
            Some(id) => id,
            None => to.initiate().await?,
        };
        self.upload_id = Some(upload_id.clone());
        to.meter
            .begin(self.sent.iter().map(|(_, len, _)| len).sum());
        // After a pause, what was in flight then.
        let mut queue: VecDeque<u32> = self.waiting.keys().copied().collect();
        let mut sending = FuturesUnordered::new();
        loop {
            while sending.len() < concurrency
                && let Some(index) = queue.pop_front()
                && let Some(part) = self.waiting.get(&index)
            {
                sending.push(send_part(to, &upload_id, index, part.clone()));
            }
            if self.ended && sending.is_empty() {
                break;
            }
            // One part is read ahead while others move.
            let reads = !self.ended && queue.is_empty();
            tokio::select! {
                Some(part) = sending.next() => {
                    let part: Sent = part?;
                    self.waiting.remove(&part.0);
                    self.sent.push(part);
                }
                index = self.read_part(reader, sizes, to), if reads => queue.extend(index?),
            }
        }
        to.meter.set_total(self.total);
        self.sent.sort_by_key(|(index, ..)| *index);
        let whole = self
            .sent
            .iter()
            .fold(Crc64::of(b""), |sum, (_, len, part)| {
                sum.then(part.crc64, *len)
            });
        let parts = self.sent.iter().map(|(.., part)| part.part.clone());
        let output = to.complete(&upload_id, parts, whole, false).await?;
        Ok(UploadOutput {
            bytes: self.total,
            parts: self.parts,
            etag: output.etag,
            crc64: whole,
            upload_id: Some(upload_id.clone()),
            version_id: output.version_id,
            request_id: output.request_id,
            resumed_bytes: 0,
            restarted: None,
        })
    }

    /// Reads the next part and gives its index; `None` at the end. What was read when it is dropped
    /// is not lost.
    async fn read_part(
        &mut self,
        reader: &mut (impl AsyncRead + Unpin),
        sizes: PartSizes,
        to: &Destination,
    ) -> Result<Option<u32>> {
        let size = sizes.next(self.parts, self.total);
        let reading = match &mut self.reading {
            Some(reading) => reading,
            slot => slot.insert(to.client.memory().take(size).await?),
        }
        .buffer();
        while (reading.len() as u64) < size {
            let room = size - reading.len() as u64;
            let read = (&mut *reader).take(room).read_buf(reading).await;
            if read.map_err(unreadable)? == 0 {
                self.ended = true;
                break;
            }
        }
        if let Some(whole) = sizes.whole {
            let here = self.total + reading.len() as u64;
            if here < whole && self.ended {
                return Err(wrong_length(whole, &format!("ended after {here}")));
            }
            if here == whole && !self.ended {
                if reader.read(&mut [0]).await.map_err(unreadable)? > 0 {
                    return Err(wrong_length(whole, "goes on"));
                }
                self.ended = true;
            }
        }
        let part = match self.reading.take().map(Room::freeze) {
            Some(part) if !part.is_empty() => part,
            _ => return Ok(None),
        };
        let index = self.parts;
        self.parts += 1;
        self.total += part.len() as u64;
        self.waiting.insert(index, part);
        Ok(Some(index))
    }
}

/// How large parts are.
#[derive(Debug, Clone, Copy)]
struct PartSizes {
    first: u64,
    /// Bytes of the whole stream, where that is known.
    whole: Option<u64>,
}

impl PartSizes {
    fn new(wanted: u64, whole: Option<u64>) -> Result<Self> {
        let first = match whole {
            None => wanted,
            Some(size) => match plan::upload(size, wanted, None).map_err(part_size_error)? {
                UploadPlan::Single => size,
                UploadPlan::Parts(ranges) => ranges.piece,
            },
        };
        Ok(Self { first, whole })
    }

    /// Bytes of the part with this index, when `before` bytes came before it. Without a known end
    /// parts grow.
    fn next(self, index: u32, before: u64) -> u64 {
        if let Some(whole) = self.whole {
            return self.first.min(whole.saturating_sub(before));
        }
        let doublings = (index / PARTS_PER_SIZE).min(20);
        (self.first << doublings).min(plan::MAX_PART_SIZE)
    }
}

fn unreadable(error: std::io::Error) -> Error {
    let why = format!("cannot read the stream: {error}");
    Error::new(ErrorKind::Local, why).with_source(error)
}

fn wrong_length(announced: u64, what: &str) -> Error {
    let why = format!("the stream should have {announced} bytes and {what}");
    Error::new(ErrorKind::Local, why)
}

async fn send_part(
    to: &Destination,
    upload_id: &UploadId,
    index: u32,
    data: Bytes,
) -> Result<Sent> {
    let len = data.len() as u64;
    let part = to.send_part(upload_id, index, Payload::bytes(data)).await?;
    Ok((index, len, part))
}
