//! The record of a download: found, judged, and given its place in the store.

use super::blocking;
use super::download_run::DownloadRun;
use super::piece::Source;
use super::resume::{Checkpoint, Kind, RestartReason, digest, slot_name, target_place};
use super::target::{Target, folder_of};
use crate::error::Result;

impl DownloadRun {
    /// Takes over what an earlier transfer did, if there is something that fits.
    pub(super) async fn look_for_record(&mut self, source: &Source) -> Result<()> {
        self.open_slot(source, false).await?;
        let found = match &self.download.options.resume_from {
            Some(bytes) => Some(bytes.clone()),
            None => self.keeper.load().await,
        };
        let Some(bytes) = found else {
            return Ok(());
        };
        let reason = match Checkpoint::decode(&bytes) {
            Err(invalid) => RestartReason::Record(invalid),
            Ok(found) => match self.misfit(&found, source) {
                None => {
                    self.keeper.set(Some(found));
                    return Ok(());
                }
                Some(reason) => {
                    if let Kind::Download { temporary, .. } = found.kind
                        && reason != RestartReason::OtherTransfer
                    {
                        let path = self.download.path.clone();
                        blocking(move || {
                            if let Some(mut old) = Target::reopen(&path, &temporary, found.size) {
                                old.keep(false);
                            }
                            Ok(())
                        })
                        .await?;
                    }
                    reason
                }
            },
        };
        tracing::info!(%reason, "not resuming: downloading from the beginning");
        self.keeper.forget().await;
        self.restarted = Some(reason);
        Ok(())
    }

    /// Why a record cannot be continued, by what can be told before asking for the object.
    fn misfit(&self, found: &Checkpoint, source: &Source) -> Option<RestartReason> {
        let is_ours = matches!(found.kind, Kind::Download { .. })
            && found.bucket == source.client.bucket().as_str()
            && found.key == source.key.as_str();
        if !is_ours {
            return Some(RestartReason::OtherTransfer);
        }
        let asked = self.download.options.part_size;
        let same = found.settings == digest(&source.headers, &source.params)
            && asked.is_none_or(|asked| asked == found.part_size);
        (!same).then_some(RestartReason::SettingsChanged)
    }

    /// Takes the record's place in the store, if there is a store; without `make` only when there
    /// is a record already.
    pub(super) async fn open_slot(&self, source: &Source, make: bool) -> Result<()> {
        let Some(store) = self.download.options.store.clone() else {
            return Ok(());
        };
        if self.keeper.has_slot() {
            return Ok(());
        }
        let path = self.download.path.clone();
        let (bucket, key) = (source.client.bucket().clone(), source.key.clone());
        let slot = blocking(move || {
            let place = target_place(&path)?;
            let name = slot_name("download", bucket.as_str(), key.as_str(), &place);
            if !make && !store.has(&name) {
                return Ok(None);
            }
            let slot = store.slot(&name)?;
            if let Err(error) = slot.note_place(folder_of(&path)) {
                tracing::warn!(%error, "a stale temporary file will not be found again");
            }
            Ok(Some(slot))
        })
        .await?;
        if let Some(slot) = slot {
            self.keeper.write_to(slot);
        }
        Ok(())
    }
}
