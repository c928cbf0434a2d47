//! The single-flight cell: the state behind its lock, and a version by which readers know without it
//! whether what they remember still holds. Knows no runtime, no source and no clock, so that loom can try
//! all its interleavings.

use std::sync::atomic::Ordering;

use super::memory::{self, Edition};
use super::settings::Settings;
use super::state::{Due, Plan, Start, State};
use super::sync::{AtomicU64, Mutex, lock};
use crate::{CredentialError, Credentials};

pub(super) struct Cell {
    id: u64,
    /// Counts the changes of `state`. Changed under its lock, read also without.
    version: AtomicU64,
    state: Mutex<State>,
}

impl Cell {
    pub(super) fn new() -> Self {
        Self {
            id: memory::cell_id(),
            version: AtomicU64::new(0),
            state: Mutex::new(State::new()),
        }
    }

    /// The credential at hand, if it need not be renewed yet. Takes the lock only where this thread has
    /// not read it before.
    pub(super) fn fresh(&self, now_ms: u64) -> Option<Credentials> {
        memory::recall(self.edition(), now_ms).or_else(|| self.look(now_ms))
    }

    #[cold]
    fn look(&self, now_ms: u64) -> Option<Credentials> {
        let state = lock(&self.state);
        let held = state.fresh(now_ms)?;
        let credentials = held.lend();
        memory::remember(self.edition(), held.life, credentials);
        Some(credentials.clone())
    }

    fn edition(&self) -> Edition {
        Edition {
            cell: self.id,
            version: self.version.load(Ordering::Acquire),
        }
    }

    /// The credential at hand, if it has not ended.
    pub(super) fn valid(&self, now_ms: u64) -> Option<Credentials> {
        lock(&self.state).valid(now_ms).cloned()
    }

    /// What a caller does now, and the fetch to start where one is due.
    pub(super) fn plan(&self, now_ms: u64) -> (Plan, Option<Start>) {
        lock(&self.state).plan(now_ms)
    }

    /// A fetch has ended: first the state knows, then its waiters do.
    pub(super) fn land(
        &self,
        start: Start,
        result: Result<Credentials, CredentialError>,
        now_ms: u64,
        settings: &Settings,
    ) -> Option<CredentialError> {
        let Start { pilot, epoch, .. } = start;
        let outcome = self.change(|state| state.land(epoch, result, now_ms, settings));
        let error = outcome.as_ref().err().cloned();
        pilot.land(outcome);
        error
    }

    /// The service refused this generation.
    pub(super) fn reject(&self, generation: u64, now_ms: u64, settings: &Settings) {
        self.change(|state| state.reject(generation, now_ms, settings));
    }

    /// What a renewal in the background waits for, after it has planned.
    pub(super) fn due(&self, now_ms: u64) -> Due {
        lock(&self.state).due(now_ms)
    }

    /// Forgets everything, also what is on its way.
    pub(super) fn clear(&self) {
        self.change(State::clear);
    }

    /// Changes the state and has all readers look again; both under the lock, or a reader could remember
    /// the older state under the newer version.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.state);
        let result = change(&mut state);
        self.version.fetch_add(1, Ordering::Release);
        result
    }
}

#[cfg(test)]
#[cfg(cos_loom)]
mod loom_models;
