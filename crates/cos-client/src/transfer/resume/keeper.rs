//! The live record of a running transfer: kept up to date, and written to the store after each
//! part, several parts at a time when the disk is slower than the network.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::folder::Slot;
use super::{Checkpoint, Done, ResumeRecord};
use crate::client::Client;
use crate::transfer::blocking;
use crate::transfer::lent::{Lender, Lent};

/// Holds what is done; shared between a transfer and its handle.
#[derive(Debug)]
pub(crate) struct Keeper {
    client: Client,
    state: Mutex<State>,
    /// The version that is in the store; whoever holds it writes.
    saved: tokio::sync::Mutex<u64>,
}

#[derive(Debug, Default)]
struct State {
    checkpoint: Option<Checkpoint>,
    /// Grows with every change.
    version: u64,
    /// Where it is written to, while the transfer runs.
    slot: Option<Lender<Slot>>,
    /// The transfer has ended, though a task of it may still be about to notice.
    is_over: bool,
}

impl Keeper {
    pub(crate) fn new(client: &Client) -> Arc<Self> {
        Arc::new(Self {
            client: client.clone(),
            state: Mutex::default(),
            saved: tokio::sync::Mutex::new(0),
        })
    }

    /// From now on the record is written here.
    pub(crate) fn write_to(&self, slot: Slot) {
        self.state().slot = Some(Lender::new(slot));
    }

    pub(crate) fn has_slot(&self) -> bool {
        self.state().slot.is_some()
    }

    fn slot(&self) -> Option<Lent<Slot>> {
        self.state().slot.as_ref().map(Lender::lend)
    }

    /// What the store holds, if anything.
    pub(crate) async fn load(&self) -> Option<Vec<u8>> {
        let slot = self.slot()?;
        blocking(move || Ok(slot.load())).await.ok().flatten()
    }

    pub(crate) fn checkpoint(&self) -> Option<Checkpoint> {
        self.state().checkpoint.clone()
    }

    /// The record as it is: the same however often it is asked for, until something is done.
    pub(crate) fn record(&self) -> Option<ResumeRecord> {
        self.checkpoint().map(ResumeRecord::new)
    }

    /// Takes over a record that was found, or replaces the present one without writing it.
    pub(crate) fn set(&self, checkpoint: Option<Checkpoint>) {
        let saved_s = self.client.now().s;
        let mut state = self.state();
        state.checkpoint = checkpoint.map(|found| Checkpoint { saved_s, ..found });
        state.version += 1;
    }

    /// Begins a record; `durable` makes sure that it survives a loss of power.
    pub(crate) async fn begin(&self, checkpoint: Checkpoint, durable: bool) {
        self.set(Some(checkpoint));
        self.save(durable).await;
    }

    /// Notes a finished piece. With a store it returns when that is written: whoever takes the next
    /// piece only then never has more to repeat than what is in flight.
    pub(crate) async fn finish(&self, index: u32, done: Done) {
        {
            let saved_s = self.client.now().s;
            let mut state = self.state();
            if state.is_over {
                return;
            }
            if let Some(checkpoint) = &mut state.checkpoint {
                checkpoint.done.insert(index, done);
                checkpoint.saved_s = saved_s;
            }
            state.version += 1;
        }
        self.save(false).await;
    }

    /// Writes what is not written yet.
    pub(crate) async fn flush(&self) {
        self.save(false).await;
    }

    /// The transfer is over or starts again: the record is worth nothing any more.
    pub(crate) async fn forget(&self) {
        self.set(None);
        let Some(slot) = self.slot() else {
            return;
        };
        let version = self.state().version;
        let removed = blocking(move || Ok(slot.remove(version))).await;
        if let Ok(Err(error)) = removed {
            tracing::warn!(%error, "a resume record cannot be removed");
        }
    }

    /// Changes and writes no more, and lets others use the record: with its return nobody holds it any more.
    pub(crate) async fn release(&self) {
        let slot = {
            let mut state = self.state();
            state.is_over = true;
            state.slot.take()
        };
        let Some(slot) = slot else {
            return;
        };
        // A write that was given up may still be under way.
        slot.all_back().await;
        let _ = blocking(move || {
            drop(slot);
            Ok(())
        })
        .await;
    }

    async fn save(&self, durable: bool) {
        let Some(slot) = self.slot() else {
            return;
        };
        let wanted = self.state().version;
        let mut saved = self.saved.lock().await;
        if *saved >= wanted {
            return; // Another part's turn wrote this one too.
        }
        let (bytes, version) = {
            let state = self.state();
            let Some(checkpoint) = &state.checkpoint else {
                return;
            };
            (checkpoint.encode(), state.version)
        };
        let written = blocking(move || Ok(slot.save(&bytes, version, durable))).await;
        match written {
            Ok(Ok(())) => *saved = version,
            // The transfer itself can go on.
            Ok(Err(error)) => tracing::warn!(%error, "the resume record cannot be written"),
            Err(_) => {}
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is a single step; a panic elsewhere leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
