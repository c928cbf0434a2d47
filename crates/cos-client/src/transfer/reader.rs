//! A stream of unknown length to an object: standard input, a pipe, content made on the fly.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, TryStreamExt};
use http::Method;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::abort::AbortGuard;
use super::handle::Transfer;
use super::plan;
use super::progress::{Meter, Progress, ProgressFn};
use super::upload::UploadOutput;
use crate::body::Payload;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::multipart::{UploadPartOutput, part_call};
use crate::object::object_headers;
use crate::operation::Operation;
use crate::request::{Call, Headers};
use crate::types::{Crc64, ObjectKey, PartNumber, UploadId};

/// After so many parts their size doubles, so that a long stream fits into 10,000 of them.
const PARTS_PER_SIZE: u32 = 1_000;

/// Uploads a stream; see [`Client::upload_reader`].
#[must_use = "call send() or start()"]
pub struct UploadReader<R> {
    client: Client,
    key: String,
    reader: R,
    headers: Headers,
    part_size: Option<u64>,
    concurrency: Option<usize>,
    on_progress: Option<ProgressFn>,
}

impl Client {
    /// Uploads what `reader` gives, to its end, whose place need not be known.
    ///
    /// What fits into one part goes in one request, more goes in parts. A stream cannot be read
    /// again, so parts are held in memory until they have arrived: at most `concurrency` + 1 of
    /// them. Prefer [`Client::upload_file`] for files. For the rest the same holds as there.
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
            part_size: None,
            concurrency: None,
            on_progress: None,
        }
    }
}

impl<R: AsyncRead + Send + Unpin + 'static> UploadReader<R> {
    object_headers!();

    /// Bytes per part instead of the client's, 1 MiB to 5 GiB; doubled after every 1,000 parts.
    pub fn part_size(mut self, bytes: u64) -> Self {
        self.part_size = Some(bytes);
        self
    }

    /// Parts in flight at most; the client's own limit holds as well.
    pub fn concurrency(mut self, parts: usize) -> Self {
        self.concurrency = Some(parts);
        self
    }

    /// Calls `callback` about ten times a second while bytes move, and once at the end. The total
    /// is unknown until the stream has ended. It runs inside the transfer: return quickly.
    pub fn on_progress(mut self, callback: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(Arc::new(callback));
        self
    }

    /// Uploads and waits. Dropping the future cancels.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`]: `Local` when the stream fails.
    pub async fn send(self) -> Result<UploadOutput> {
        self.start().await
    }

    /// Starts uploading on the current Tokio runtime.
    ///
    /// # Panics
    /// Outside a runtime.
    pub fn start(self) -> Transfer<UploadOutput> {
        let meter = Meter::new();
        let on_progress = self.on_progress.clone();
        Transfer::start(Arc::clone(&meter), on_progress, self.run(meter))
    }

    async fn run(mut self, meter: Arc<Meter>) -> Result<UploadOutput> {
        let settings = self.client.settings();
        let part_size = self.part_size.unwrap_or(settings.part_size);
        plan::check_part_size(part_size)
            .map_err(|why| Error::config(format!("part_size: {why}")))?;
        let concurrency = self.concurrency.unwrap_or(settings.concurrency);
        if concurrency == 0 {
            return Err(Error::config("concurrency: must be at least 1"));
        }
        let upload = StreamUpload {
            key: ObjectKey::new(self.key)?,
            headers: self.headers.checked()?,
            client: self.client,
            meter,
            part_size,
            concurrency,
        };
        let first = read_part(&mut self.reader, part_size).await?;
        if (first.len() as u64) < part_size {
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

/// Up to `size` bytes; fewer only at the end.
async fn read_part(reader: &mut (impl AsyncRead + Unpin), size: u64) -> Result<Bytes> {
    let mut part = BytesMut::new();
    let mut limited = reader.take(size);
    loop {
        let read = limited.read_buf(&mut part).await.map_err(|e| {
            Error::new(ErrorKind::Local, format!("cannot read the stream: {e}")).with_source(e)
        })?;
        if read == 0 {
            return Ok(part.freeze());
        }
    }
}

struct StreamUpload {
    client: Client,
    key: ObjectKey,
    headers: Headers,
    meter: Arc<Meter>,
    part_size: u64,
    concurrency: usize,
}

/// A part that has arrived: its index, its length, its answer.
type Sent = (u32, u64, UploadPartOutput);

impl StreamUpload {
    async fn single(self, content: Bytes) -> Result<UploadOutput> {
        let size = content.len() as u64;
        self.meter.set_total(size);
        let mut call = Call::new(Operation::PutObject, Method::PUT)
            .key(self.key)
            .headers(self.headers)
            .payload(Payload::bytes(content));
        call.check_crc = true;
        call.share = Some(self.meter.share());
        let _permit = self.client.permit().await?;
        let output = crate::object::put(&self.client, &call).await?;
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

    async fn in_parts<R>(self, first: Bytes, reader: R) -> Result<UploadOutput>
    where
        R: AsyncRead + Unpin,
    {
        let upload_id = self
            .client
            .initiate_multipart_upload(self.key.as_str())
            .all_headers(self.headers.clone().without("x-cos-forbid-overwrite"))
            .send()
            .await?;
        let guard = AbortGuard::new(&self.client, &self.key, &upload_id);
        let result = self.send_parts(first, reader, &upload_id).await;
        match &result {
            Ok(_) => guard.disarm(),
            Err(error) => guard.abort(error).await,
        }
        result
    }

    async fn send_parts<R>(
        &self,
        first: Bytes,
        mut reader: R,
        upload_id: &UploadId,
    ) -> Result<UploadOutput>
    where
        R: AsyncRead + Unpin,
    {
        let mut sent: Vec<Sent> = Vec::new();
        let mut sending = FuturesUnordered::new();
        let (mut next, mut index, mut total) = (first, 0, 0);
        while !next.is_empty() {
            total += next.len() as u64;
            sending.push(self.send_part(index, next, upload_id));
            index += 1;
            while sending.len() >= self.concurrency {
                sent.extend(sending.next().await.transpose()?);
            }
            // Parts move on while the stream is read.
            let reading = read_part(&mut reader, self.size_of(index));
            let mut reading = std::pin::pin!(reading);
            next = loop {
                tokio::select! {
                    piece = &mut reading => break piece?,
                    Some(part) = sending.next() => sent.push(part?),
                }
            };
        }
        self.meter.set_total(total);
        sent.extend(sending.try_collect::<Vec<Sent>>().await?);
        sent.sort_by_key(|(index, ..)| *index);
        let whole = sent.iter().fold(Crc64::of(b""), |sum, (_, len, part)| {
            sum.then(part.crc64, *len)
        });
        let mut complete = self
            .client
            .complete_multipart_upload(
                self.key.as_str(),
                upload_id,
                sent.into_iter().map(|(.., part)| part.part),
            )
            .expected_crc64(whole);
        if let Some(value) = self.headers.get("x-cos-forbid-overwrite") {
            complete = complete.header("x-cos-forbid-overwrite", value);
        }
        let output = complete.send().await?;
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

    async fn send_part(&self, index: u32, data: Bytes, upload_id: &UploadId) -> Result<Sent> {
        let _permit = self.client.permit().await?;
        let len = data.len() as u64;
        let number = PartNumber::new(index + 1)?;
        let mut call = part_call(self.key.clone(), upload_id, number, Payload::bytes(data));
        call.share = Some(self.meter.share());
        let part = self.client.send_part(&call, number).await?;
        Ok((index, len, part))
    }
}
