//! A download to a writer under way. What it was given cannot be taken back, so a run after a pause
//! goes on exactly where the one before was.

use std::io;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::download_to::{DownloadTo, DownloadToOutput};
use super::drive::Work;
use super::options::Options;
use super::piece::{Asked, Sink, Source};
use super::plan::Piece;
use super::progress::{Meter, Share};
use super::resume::{Keeper, Leftovers, ResumeRecord};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::object::{GetObjectOutput, ObjectMeta};
use crate::operation::Operation;
use crate::request::Headers;
use crate::response::BodyStream;
use crate::types::{Crc64, ObjectKey};
use cos_crc64::Running;

pub(super) struct DownloadToRun<W> {
    client: Client,
    key: String,
    headers: Headers,
    params: Vec<(String, String)>,
    options: Options,
    /// `None` once it was handed over.
    writer: Option<W>,
    meter: Arc<Meter>,
    state: State,
}

/// What outlives a pause.
struct State {
    /// Of the version that is being read.
    meta: Option<ObjectMeta>,
    received: u64,
    /// Of what was received.
    crc: Running,
    /// Received, but not taken by the writer yet.
    pending: Bytes,
}

impl<W: AsyncWrite + Send + Unpin + 'static> Work for DownloadToRun<W> {
    type Output = DownloadToOutput<W>;

    fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    /// No other process has the writer.
    fn keeper(&self) -> Option<Arc<Keeper>> {
        None
    }

    async fn run(&mut self) -> Result<DownloadToOutput<W>> {
        let mut source = Source {
            client: self.client.clone(),
            key: ObjectKey::new(self.key.as_str())?,
            params: self.params.clone(),
            headers: self.headers.clone().checked()?,
            etag: None,
            claim: self.options.claim(&self.client)?,
        };
        let Self {
            writer: slot,
            meter,
            state,
            ..
        } = self;
        let Some(writer) = slot.as_mut() else {
            return Err(Error::cancelled());
        };
        let written = state.written();
        meter.begin(written);
        let mut sink = Writing {
            writer,
            state,
            share: meter.share(),
            began_at: written,
        };
        sink.write_pending().await?;
        let permit = source.client.permit(&source.claim).await;
        let (meta, stream) = match sink.state.meta.clone() {
            Some(meta) => (meta, None),
            None => {
                let (meta, stream) = begin(&source).await?;
                sink.state.meta = Some(meta.clone());
                (meta, Some(stream))
            }
        };
        source.etag.clone_from(&meta.etag);
        if stream.is_none() && source.etag.is_none() && sink.state.received < meta.size {
            // A pause ended it: nobody knows whether the rest is of the same version.
            return Err(
                Error::integrity("an object without a tag cannot be gone on with")
                    .with_operation(Operation::GetObject),
            );
        }
        meter.set_total(meta.size);
        let whole = Piece {
            index: 0,
            offset: 0,
            len: meta.size,
        };
        let mut asked = Asked::up_to(meta.size, stream);
        source.pour(&whole, &mut asked, &mut sink).await?;
        permit.moved(meta.size - written);
        drop(permit);
        let crc64 = Crc64::from_u64(sink.state.crc.value());
        if let Some(expected) = meta.crc64.filter(|expected| *expected != crc64) {
            return Err(Error::integrity(format!(
                "the content arrived damaged, and was written: its CRC-64 is {crc64}, the object's \
                 is {expected}"
            ))
            .with_operation(Operation::GetObject));
        }
        // A writer that shows its content when it is shut down, shows nothing else.
        sink.writer.flush().await.map_err(failed)?;
        sink.writer.shutdown().await.map_err(failed)?;
        let Some(writer) = slot.take() else {
            return Err(Error::cancelled());
        };
        Ok(DownloadToOutput {
            bytes: meta.size,
            crc64,
            verified: meta.crc64.is_some(),
            meta,
            writer,
        })
    }

    fn leftovers(&self) -> Leftovers {
        Leftovers::Abort
    }

    async fn keep(&mut self) -> Option<ResumeRecord> {
        None
    }

    async fn discard(self, _: bool) {}
}

impl<W> DownloadToRun<W> {
    pub(super) fn new(download: DownloadTo<W>) -> Self {
        Self {
            client: download.client,
            key: download.key,
            headers: download.headers,
            params: download.params,
            options: download.options,
            writer: Some(download.writer),
            meter: Meter::new(),
            state: State {
                meta: None,
                received: 0,
                crc: Running::new(),
                pending: Bytes::new(),
            },
        }
    }
}

/// Asks for everything.
async fn begin(source: &Source) -> Result<(ObjectMeta, BodyStream)> {
    let output = GetObjectOutput::new(source.get_whole().await?)?;
    if output.meta.status != 200 || output.content_length.is_none() {
        let why = "the answer is not the whole object, or does not tell its size";
        return Err(Error::integrity(why).with_operation(Operation::GetObject));
    }
    Ok((output.meta, output.body.into_raw()))
}

impl State {
    fn written(&self) -> u64 {
        self.received - self.pending.len() as u64
    }
}

/// Gives the writer what arrives.
struct Writing<'a, W> {
    writer: &'a mut W,
    state: &'a mut State,
    share: Share,
    began_at: u64,
}

impl<W: AsyncWrite + Send + Unpin> Writing<'_, W> {
    /// Dropped in the middle, nothing is lost and nothing is written twice.
    async fn write_pending(&mut self) -> Result<()> {
        while !self.state.pending.is_empty() {
            let written = self.writer.write(&self.state.pending).await;
            let written = written.map_err(failed)?.min(self.state.pending.len());
            if written == 0 {
                return Err(failed(io::ErrorKind::WriteZero.into()));
            }
            self.state.pending.advance(written);
            self.share.reach(self.state.written() - self.began_at);
        }
        Ok(())
    }
}

impl<W: AsyncWrite + Send + Unpin> Sink for Writing<'_, W> {
    fn received(&self) -> u64 {
        self.state.received
    }

    async fn push(&mut self, data: Bytes) -> Result<()> {
        self.state.crc.update(&data);
        self.state.received += data.len() as u64;
        self.state.pending = data;
        self.write_pending().await
    }
}

fn failed(error: io::Error) -> Error {
    let why = format!("cannot write to the stream: {error}");
    Error::new(ErrorKind::Local, why).with_source(error)
}
