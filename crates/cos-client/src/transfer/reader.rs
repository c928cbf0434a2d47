//! A stream of unknown length to an object: standard input, a pipe, content made on the fly.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, TryStreamExt};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::OwnedSemaphorePermit;

use super::abort::AbortGuard;
use super::destination::Destination;
use super::options::{Options, network_options, transfer_options};
use super::plan;
use super::progress::Meter;
use super::upload::UploadOutput;
use crate::body::Payload;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
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
    headers: Headers,
    options: Options,
}

impl Client {
    /// Uploads what `reader` gives, to its end, whose place need not be known.
    ///
    /// What fits into one part goes in one request, more goes in parts. A stream cannot be read
    /// again, so parts are held in memory until they have arrived: at most `concurrency` + 1 of
    /// them, and no more than the client's `memory_budget` for all such uploads. Prefer [`Client::upload_file`] for files. For the rest the same holds as there.
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

    /// Uploads and waits. Dropping the future cancels.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`]: `Local` when the stream fails.
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

    async fn run(mut self, meter: Arc<Meter>) -> Result<UploadOutput> {
        let part_size = self.options.part_size(&self.client)?;
        let upload = StreamUpload {
            part_size,
            concurrency: self.options.concurrency(&self.client)?,
            to: Destination {
                claim: self.options.claim(&self.client)?,
                key: ObjectKey::new(self.key)?,
                headers: self.headers.checked()?,
                client: self.client,
                meter,
            },
        };
        let first = upload.read_part(&mut self.reader, part_size).await?;
        if (first.data.len() as u64) < part_size {
            upload.single(first).await
        } else {
            upload.in_parts(first, self.reader).await
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

/// Content of the stream, and its room in the client's memory budget.
struct Part {
    data: Bytes,
    _room: OwnedSemaphorePermit,
}

struct StreamUpload {
    part_size: u64,
    concurrency: usize,
    to: Destination,
}

/// A part that has arrived: its index, its length, its answer.
type Sent = (u32, u64, UploadPartOutput);

impl StreamUpload {
    /// Up to `size` bytes; fewer only at the end.
    async fn read_part(&self, reader: &mut (impl AsyncRead + Unpin), size: u64) -> Result<Part> {
        let room = self.to.client.memory().take(size).await?;
        let mut data = BytesMut::new();
        let mut limited = reader.take(size);
        loop {
            let read = limited.read_buf(&mut data).await.map_err(|e| {
                Error::new(ErrorKind::Local, format!("cannot read the stream: {e}")).with_source(e)
            })?;
            if read == 0 {
                return Ok(Part {
                    data: data.freeze(),
                    _room: room,
                });
            }
        }
    }

    async fn single(self, content: Part) -> Result<UploadOutput> {
        let size = content.data.len() as u64;
        self.to.meter.set_total(size);
        let output = self.to.put(Payload::bytes(content.data)).await?;
        Ok(UploadOutput {
            bytes: size,
            parts: 1,
            etag: output.etag,
            crc64: output.crc64,
            upload_id: None,
            version_id: output.version_id,
            request_id: output.request_id,
        })
    }

    async fn in_parts<R>(self, first: Part, reader: R) -> Result<UploadOutput>
    where
        R: AsyncRead + Unpin,
    {
        let upload_id = self.to.initiate().await?;
        let guard = AbortGuard::new(&self.to.client, &self.to.key, &upload_id);
        let result = self.send_parts(first, reader, &upload_id).await;
        match &result {
            Ok(_) => guard.disarm(),
            Err(error) => guard.abort(error).await,
        }
        result
    }

    async fn send_parts<R>(
        &self,
        first: Part,
        mut reader: R,
        upload_id: &UploadId,
    ) -> Result<UploadOutput>
    where
        R: AsyncRead + Unpin,
    {
        let mut sent: Vec<Sent> = Vec::new();
        let mut sending = FuturesUnordered::new();
        let (mut next, mut index, mut total) = (first, 0, 0);
        while !next.data.is_empty() {
            total += next.data.len() as u64;
            sending.push(self.send_part(index, next, upload_id));
            index += 1;
            while sending.len() >= self.concurrency {
                sent.extend(sending.next().await.transpose()?);
            }
            // Parts move on while the stream is read.
            let reading = self.read_part(&mut reader, self.size_of(index));
            let mut reading = std::pin::pin!(reading);
            next = loop {
                tokio::select! {
                    piece = &mut reading => break piece?,
                    Some(part) = sending.next() => sent.push(part?),
                }
            };
        }
        self.to.meter.set_total(total);
        sent.extend(sending.try_collect::<Vec<Sent>>().await?);
        sent.sort_by_key(|(index, ..)| *index);
        let whole = sent.iter().fold(Crc64::of(b""), |sum, (_, len, part)| {
            sum.then(part.crc64, *len)
        });
        let parts = sent.into_iter().map(|(.., part)| part.part);
        let output = self.to.complete(upload_id, parts, Some(whole)).await?;
        Ok(UploadOutput {
            bytes: total,
            parts: index,
            etag: output.etag,
            crc64: whole,
            upload_id: Some(upload_id.clone()),
            version_id: output.version_id,
            request_id: output.request_id,
        })
    }

    /// The size of the part with this index: parts grow, as the end is not known.
    fn size_of(&self, index: u32) -> u64 {
        let doublings = (index / PARTS_PER_SIZE).min(20);
        (self.part_size << doublings).min(plan::MAX_PART_SIZE)
    }

    async fn send_part(&self, index: u32, part: Part, upload_id: &UploadId) -> Result<Sent> {
        let len = part.data.len() as u64;
        let payload = Payload::bytes(part.data);
        let sent = self.to.send_part(upload_id, index, payload).await?;
        Ok((index, len, sent))
    }
}
