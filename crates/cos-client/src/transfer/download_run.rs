//! A download under way: from a record or from the start, until the file has its name.

use std::fs::File;
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::abort::clean_up;
use super::blocking;
use super::download::{DownloadFile, DownloadOutput};
use super::drive::Work;
use super::fetch::Begun;
use super::piece::Source;
use super::progress::Meter;
use super::resume::{Checkpoint, Keeper, Kind, Leftovers, RestartReason, ResumeRecord, digest};
use super::target::Target;
use crate::body::checksum;
use crate::error::{Error, ErrorKind, Result};
use crate::operation::Operation;
use crate::types::{ETag, ObjectKey};

/// A download and what it has achieved so far.
pub(super) struct DownloadRun {
    pub(super) download: DownloadFile,
    meter: Arc<Meter>,
    pub(super) keeper: Arc<Keeper>,
    /// Of the run that is, or was last, under way.
    target: Option<Target>,
    /// The target is being given its name.
    committing: Option<JoinHandle<Result<()>>>,
    /// Records were looked for.
    looked: bool,
    looked_at_bytes: bool,
    resumed_bytes: u64,
    pub(super) restarted: Option<RestartReason>,
    /// All that counts as finished is on the disk as it arrived: it was read again, or this process
    /// wrote it itself.
    compared: bool,
    /// What was fetched is not the object, and nobody knows where.
    spoilt: bool,
}

/// Why a run did not make the file.
enum Setback {
    /// What an earlier run did is of no use; the failure that showed it.
    StartAgain(RestartReason, Error),
    Failed(Error),
}

impl From<Error> for Setback {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Work for DownloadRun {
    type Output = DownloadOutput;

    fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    fn keeper(&self) -> Option<Arc<Keeper>> {
        Some(Arc::clone(&self.keeper))
    }

    async fn run(&mut self) -> Result<DownloadOutput> {
        match self.attempt().await {
            Ok(output) => Ok(output),
            Err(Setback::Failed(error)) => Err(error),
            Err(Setback::StartAgain(reason, error)) => {
                tracing::info!(%reason, %error, "downloading again from the beginning");
                self.start_again(reason).await;
                self.attempt().await.map_err(|setback| match setback {
                    Setback::Failed(error) | Setback::StartAgain(_, error) => error,
                })
            }
        }
    }

    fn leftovers(&self) -> Leftovers {
        self.download.options.leftovers()
    }

    async fn keep(&mut self) -> Option<ResumeRecord> {
        // A failure shows when it goes on.
        let _ = self.committed().await;
        if self.spoilt {
            return None;
        }
        self.keeper.flush().await;
        let record = self.keeper.record()?;
        if let Some(target) = &mut self.target {
            target.keep(true);
            // Who goes on with the file must find that nobody has it any more.
            target.settle().await;
        }
        Some(record)
    }

    async fn discard(mut self, in_background: bool) {
        let _ = self.committed().await;
        if let Some(mut target) = self.target.take() {
            target.keep(false);
        }
        let keeper = self.keeper;
        let work = async move {
            keeper.forget().await;
            keeper.release().await;
        };
        clean_up(&self.download.client, in_background, work).await;
    }
}

impl DownloadRun {
    pub(super) fn new(download: DownloadFile) -> Self {
        Self {
            meter: Meter::new(),
            keeper: Keeper::new(&download.client),
            download,
            target: None,
            committing: None,
            looked: false,
            looked_at_bytes: false,
            resumed_bytes: 0,
            restarted: None,
            compared: false,
            spoilt: false,
        }
    }

    async fn attempt(&mut self) -> Result<DownloadOutput, Setback> {
        let DownloadFile {
            client, options, ..
        } = &self.download;
        let part_size = options.part_size(client)?;
        let concurrency = options.concurrency(client)?;
        let mut source = Source {
            client: client.clone(),
            key: ObjectKey::new(self.download.key.as_str()).map_err(Error::from)?,
            params: self.download.params.clone(),
            headers: self.download.headers.clone().checked()?,
            etag: None,
            claim: options.claim(client)?,
        };
        if !self.looked {
            self.look_for_record(&source).await?;
            self.looked = true;
        }
        let earlier = self.keeper.checkpoint();
        let is_resumed = earlier.is_some();
        let begun = match earlier {
            Some(earlier) => self.go_on(&mut source, earlier).await?,
            None => {
                // What this transfer fetches itself is not resumed, also after a pause.
                self.looked_at_bytes = true;
                self.begin(&mut source, part_size).await?
            }
        };
        let (meta, total) = (begun.meta.clone(), begun.ranges.total);
        let parts = begun.ranges.count().max(1);
        let crc64 = match &self.target {
            Some(target) => {
                let work = begun.fetch(source, target, &self.meter, &self.keeper, concurrency);
                work.await.map_err(|error| match error.kind() {
                    ErrorKind::Precondition if is_resumed => {
                        Setback::StartAgain(RestartReason::ObjectChanged, error)
                    }
                    _ => Setback::Failed(error),
                })?
            }
            // An earlier run had given it its name already.
            None => begun.crc64(),
        };
        if let Some(expected) = meta.crc64.filter(|expected| *expected != crc64) {
            self.spoilt = true;
            return Err(Error::integrity(format!(
                "the content arrived damaged: its CRC-64 is {crc64}, the object's is {expected}"
            ))
            .with_operation(Operation::GetObject)
            .into());
        }
        if let Some(target) = &self.target {
            // A failure is told once: to a sync that is still under way or to the last one.
            target.settle().await;
        }
        if let Some(target) = self.target.take() {
            self.committing = Some(tokio::task::spawn_blocking(move || target.commit(total)));
        }
        self.committed().await?;
        self.keeper.forget().await;
        Ok(DownloadOutput {
            bytes: total,
            parts,
            crc64,
            verified: meta.crc64.is_some(),
            meta,
            resumed_bytes: self.resumed_bytes,
            restarted: self.restarted,
        })
    }

    /// Waits until the file has its name, if it is about to get it: an interruption does not stop
    /// that half-way.
    async fn committed(&mut self) -> Result<()> {
        let Some(committing) = &mut self.committing else {
            return Ok(());
        };
        let result = committing.await;
        self.committing = None;
        result.unwrap_or_else(|_| Err(Error::cancelled()))
    }

    /// From the start: the first answer tells what there is to do.
    async fn begin(&mut self, source: &mut Source, part_size: u64) -> Result<Begun> {
        let permit = source.client.permit(&source.claim).await;
        let mut begun = Begun::first(source, part_size).await?;
        begun.permit = Some(permit);
        source.etag.clone_from(&begun.meta.etag);
        let total = begun.ranges.total;
        self.meter.set_total(total);
        self.meter.begin(0);
        let path = self.download.path.clone();
        let target = blocking(move || Target::create(&path, total)).await?;
        let temporary = target.name();
        self.target = Some(target);
        self.compared = true;
        // What one answer brings is fetched again as fast as a record is read.
        if let Some(etag) = begun
            .meta
            .etag
            .as_ref()
            .filter(|_| begun.ranges.count() > 1)
        {
            let client = &source.client;
            let checkpoint = Checkpoint {
                bucket: client.bucket().as_str().to_owned(),
                region: client.region().as_str().to_owned(),
                key: source.key.as_str().to_owned(),
                size: total,
                part_size: begun.ranges.piece,
                settings: digest(&source.headers, &source.params),
                saved_s: client.now().s,
                kind: Kind::Download {
                    etag: etag.as_str().to_owned(),
                    crc64: begun.meta.crc64.map(|c| c.as_u64()),
                    temporary,
                },
                done: Default::default(),
            };
            self.open_slot(source, true).await?;
            let keeps = self.leftovers() == Leftovers::Keep;
            if let Some(target) = &mut self.target {
                target.keep(keeps);
            }
            self.keeper.begin(checkpoint, false).await;
        }
        Ok(begun)
    }

    /// From where an earlier run ended, after looking at what it left.
    async fn go_on(
        &mut self,
        source: &mut Source,
        mut earlier: Checkpoint,
    ) -> Result<Begun, Setback> {
        let Kind::Download {
            etag, temporary, ..
        } = &earlier.kind
        else {
            return Err(Error::config("the record is not of a download").into());
        };
        source.etag = Some(ETag::new(etag.as_str()));
        let (path, name, size) = (self.download.path.clone(), temporary.clone(), earlier.size);
        if self.target.is_none() {
            self.compared = false;
            self.target = blocking(move || Ok(Target::reopen(&path, &name, size))).await?;
        }
        self.meter.set_total(size);
        match &self.target {
            Some(target) => {
                target.settle().await;
                if !self.compared {
                    drop_damaged(&mut earlier, target, source).await?;
                }
            }
            None if self.is_in_place(&earlier).await? => {}
            None => {
                let why = "the partly downloaded file is gone, in use, or of another size";
                let error = Error::new(ErrorKind::Local, why);
                return Err(Setback::StartAgain(RestartReason::TemporaryFileGone, error));
            }
        }
        self.keeper.set(Some(earlier.clone()));
        self.compared = true;
        self.meter.begin(earlier.done_bytes());
        if !self.looked_at_bytes {
            self.resumed_bytes = earlier.done_bytes();
            self.looked_at_bytes = true;
        }
        let permit = source.client.permit(&source.claim).await;
        match Begun::again(source, &earlier).await {
            Ok(Some(mut begun)) => {
                begun.permit = Some(permit);
                Ok(begun)
            }
            Ok(None) => {
                let error = Error::new(ErrorKind::Precondition, "the object is another one now");
                Err(Setback::StartAgain(RestartReason::ObjectChanged, error))
            }
            Err(error) if error.kind() == ErrorKind::Precondition => {
                Err(Setback::StartAgain(RestartReason::ObjectChanged, error))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether an earlier run came to its end, but not to forgetting its record.
    async fn is_in_place(&self, earlier: &Checkpoint) -> Result<bool> {
        if !earlier.missing().is_empty() {
            return Ok(false);
        }
        let path = self.download.path.clone();
        let (size, crc) = (earlier.size, earlier.whole_crc().as_u64());
        let pool = Arc::clone(self.download.client.buffers());
        blocking(move || {
            let same_size = std::fs::metadata(&path).is_ok_and(|m| m.is_file() && m.len() == size);
            let Some(file) = same_size.then(|| File::open(&path).ok()).flatten() else {
                return Ok(false);
            };
            Ok(checksum(&file, 0, size, &pool).is_ok_and(|sum| sum == crc))
        })
        .await
    }

    /// Gives up what an earlier run did.
    async fn start_again(&mut self, reason: RestartReason) {
        if let Some(mut target) = self.target.take() {
            target.keep(false);
        }
        self.keeper.forget().await;
        self.resumed_bytes = 0;
        self.restarted = Some(reason);
    }
}

/// Forgets finished pieces that are not on the disk as they arrived: after a loss of power, or
/// somebody else's writing.
async fn drop_damaged(earlier: &mut Checkpoint, target: &Target, source: &Source) -> Result<()> {
    let finished: Vec<_> = earlier.finished().map(|(p, done)| (p, done.crc)).collect();
    for (piece, crc) in finished {
        let (file, pool) = (target.file(), Arc::clone(source.client.buffers()));
        let sum = blocking(move || file.checksum(piece.offset, piece.len, &pool)).await?;
        if sum != crc {
            tracing::warn!(piece.index, "a downloaded piece is damaged on disk; again");
            earlier.done.remove(&piece.index);
        }
    }
    Ok(())
}
