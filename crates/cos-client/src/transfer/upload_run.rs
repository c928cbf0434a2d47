//! An upload under way: from a record or from the start, until the object is there.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use super::abort::{abort, clean_up};
use super::blocking;
use super::destination::Destination;
use super::drive::Work;
use super::options::part_size_error;
use super::plan::{self, UploadPlan};
use super::progress::Meter;
use super::resume::{
    Checkpoint, Keeper, Kind, Leftovers, RestartReason, ResumeRecord, digest, slot_name,
    source_place,
};
use super::upload::{Source, UploadFile, UploadOutput};
use super::upload_parts::{Parts, Setback};
use crate::body::{CHUNK, SourceFile};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::types::{ObjectKey, UploadId};

/// An upload and what it has achieved so far.
pub(super) struct UploadRun {
    upload: UploadFile,
    meter: Arc<Meter>,
    keeper: Arc<Keeper>,
    /// Records were looked for.
    looked: bool,
    resumed_bytes: u64,
    restarted: Option<RestartReason>,
    /// The parts sent so far do not belong together.
    spoilt: bool,
}

impl Work for UploadRun {
    type Output = UploadOutput;

    fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    fn keeper(&self) -> Option<Arc<Keeper>> {
        Some(Arc::clone(&self.keeper))
    }

    async fn run(&mut self) -> Result<UploadOutput> {
        match self.attempt().await {
            Ok(output) => Ok(output),
            Err(Setback::Failed(error)) => Err(error),
            Err(Setback::StartAgain(reason, error)) => {
                tracing::info!(%reason, %error, "uploading again from the beginning");
                self.start_again(reason).await;
                self.attempt().await.map_err(|setback| match setback {
                    Setback::Failed(error) | Setback::StartAgain(_, error) => error,
                })
            }
        }
    }

    fn leftovers(&self) -> Leftovers {
        self.upload.options.leftovers()
    }

    async fn keep(&mut self) -> Option<ResumeRecord> {
        if self.spoilt {
            return None;
        }
        self.keeper.flush().await;
        self.keeper.record()
    }

    async fn discard(self, in_background: bool) {
        let client = self.upload.client.clone();
        let (client_, keeper) = (client.clone(), self.keeper);
        let work = async move {
            let gone = match keeper.checkpoint() {
                Some(checkpoint) => abort_begun(&client_, &checkpoint).await,
                None => true,
            };
            // What could not be aborted stays known, for a resume or the janitor.
            if gone {
                keeper.forget().await;
            }
            keeper.release().await;
        };
        clean_up(&client, in_background, work).await;
    }
}

impl UploadRun {
    pub(super) fn new(upload: UploadFile) -> Self {
        Self {
            meter: Meter::new(),
            keeper: Keeper::new(&upload.client),
            upload,
            looked: false,
            resumed_bytes: 0,
            restarted: None,
            spoilt: false,
        }
    }

    async fn attempt(&mut self) -> Result<UploadOutput, Setback> {
        let UploadFile {
            client, options, ..
        } = &self.upload;
        let key = ObjectKey::new(self.upload.key.as_str()).map_err(Error::from)?;
        let concurrency = options.concurrency(client)?;
        let part_size = options.part_size(client)?;
        let threshold = options.threshold;
        let threshold = threshold.or(client.settings().multipart_threshold);
        let to = Destination {
            claim: options.claim(client)?,
            content_md5: options.content_md5,
            client: client.clone(),
            key,
            headers: self.upload.headers.clone().checked()?,
            meter: Arc::clone(&self.meter),
        };
        let source = self.upload.source.again()?;
        let (file, content) = blocking(move || open(source)).await?;
        self.meter.set_total(file.size());
        let plan = plan::upload(file.size(), part_size, threshold).map_err(part_size_error)?;
        if !self.looked {
            self.look_for_record(&to, &file, plan).await?;
            self.looked = true;
        }
        let mut parts = Parts {
            file,
            to,
            concurrency,
            keeper: &self.keeper,
            spoilt: &mut self.spoilt,
        };
        let mut output = match (self.keeper.checkpoint(), plan) {
            (None, UploadPlan::Single) => {
                self.meter.begin(0);
                parts.single(content).await?
            }
            (None, UploadPlan::Parts(ranges)) => {
                let begun = parts.begin(ranges.piece).await?;
                parts.send(begun, false).await?
            }
            (Some(begun), _) => parts.send(begun, true).await?,
        };
        output.resumed_bytes = self.resumed_bytes;
        output.restarted = self.restarted;
        Ok(output)
    }

    /// Takes over what an earlier transfer did, if there is something that fits.
    async fn look_for_record(
        &mut self,
        to: &Destination,
        file: &Arc<SourceFile>,
        plan: UploadPlan,
    ) -> Result<()> {
        let options = &self.upload.options;
        if let Some(store) = options.store.clone()
            && !self.keeper.has_slot()
        {
            let path = self.upload.source.path();
            let file = Arc::clone(file);
            let (bucket, key) = (to.client.bucket().clone(), to.key.clone());
            let slot = blocking(move || {
                let place = match path {
                    Some(path) => source_place(&path)?,
                    None => fingerprint(&file)?,
                };
                let name = slot_name("upload", bucket.as_str(), key.as_str(), &place);
                // One request needs no record, but may have grown out of something that had one.
                let is_needed = plan != UploadPlan::Single || store.has(&name);
                is_needed.then(|| store.slot(&name)).transpose()
            })
            .await?;
            if let Some(slot) = slot {
                self.keeper.write_to(slot);
            }
        }
        let found = match &options.resume_from {
            Some(bytes) => Some(bytes.clone()),
            None => self.keeper.load().await,
        };
        let Some(bytes) = found else {
            return Ok(());
        };
        let reason = match Checkpoint::decode(&bytes) {
            Err(invalid) => RestartReason::Record(invalid),
            Ok(found) => match self.misfit(&found, to, file.size(), plan) {
                None => {
                    self.resumed_bytes = found.done_bytes();
                    self.keeper.set(Some(found));
                    return Ok(());
                }
                Some(RestartReason::OtherTransfer) => RestartReason::OtherTransfer,
                Some(reason) => {
                    abort_begun(&to.client, &found).await;
                    reason
                }
            },
        };
        tracing::info!(%reason, "not resuming: uploading from the beginning");
        self.keeper.forget().await;
        self.restarted = Some(reason);
        Ok(())
    }

    /// Why a record cannot be continued, by what can be told without looking at the content.
    fn misfit(
        &self,
        found: &Checkpoint,
        to: &Destination,
        size: u64,
        plan: UploadPlan,
    ) -> Option<RestartReason> {
        let is_ours = matches!(found.kind, Kind::Upload { .. })
            && found.bucket == to.client.bucket().as_str()
            && found.key == to.key.as_str();
        if !is_ours {
            return Some(RestartReason::OtherTransfer);
        }
        if found.size != size {
            return Some(RestartReason::SourceChanged);
        }
        let asked = match plan {
            UploadPlan::Parts(ranges) if self.upload.options.part_size.is_some() => ranges.piece,
            _ => found.part_size,
        };
        let same = found.settings == digest(&to.headers, &[]) && found.part_size == asked;
        (!same).then_some(RestartReason::SettingsChanged)
    }

    /// Gives up what an earlier run did.
    async fn start_again(&mut self, reason: RestartReason) {
        if let Some(old) = self.keeper.checkpoint() {
            abort_begun(&self.upload.client, &old).await;
            self.keeper.forget().await;
        }
        self.resumed_bytes = 0;
        self.restarted = Some(reason);
    }
}

/// Aborts the upload a record is about. Whether nothing of it remains.
async fn abort_begun(client: &Client, begun: &Checkpoint) -> bool {
    let Kind::Upload { upload_id } = &begun.kind else {
        return true;
    };
    match (ObjectKey::new(begun.key.as_str()), UploadId::new(upload_id)) {
        (Ok(key), Ok(id)) => abort(client, &key, &id).await,
        _ => true,
    }
}

/// Opens the file; a small one is read at once, which saves two trips to a blocking thread.
fn open(source: Source) -> Result<(Arc<SourceFile>, Option<Bytes>)> {
    let file = match source {
        Source::Path(path) => SourceFile::open(&path)?,
        Source::Open(file) => SourceFile::from_open(file, Path::new("the open file"))?,
        Source::Memory(content) => return Ok((Arc::new(SourceFile::from_memory(content)), None)),
    };
    if file.size() > CHUNK as u64 {
        return Ok((Arc::new(file), None));
    }
    let content = read(&file, 0, file.size() as usize)?;
    file.check_unchanged()?;
    Ok((Arc::new(file), Some(content.into())))
}

fn read(file: &SourceFile, offset: u64, len: usize) -> Result<Vec<u8>> {
    let mut content = vec![0; len];
    match file.read_exact_at(&mut content, offset) {
        Ok(()) => Ok(content),
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Err(file.changed()),
        Err(e) => Err(Error::local("read", file.path(), e)),
    }
}

/// What tells one open file without a name from another: its size, its beginning and its end.
fn fingerprint(file: &SourceFile) -> Result<Vec<u8>> {
    let len = (CHUNK as u64).min(file.size());
    let first = cos_crc64::checksum(&read(file, 0, len as usize)?);
    let last = cos_crc64::checksum(&read(file, file.size() - len, len as usize)?);
    Ok([file.size(), first, last].map(u64::to_le_bytes).concat())
}
