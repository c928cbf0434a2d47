//! The single-flight cell: the state behind its lock, and what readers see without it. Knows no
//! runtime, no source and no clock, so that loom can try all its interleavings.

use super::settings::Settings;
use super::state::{Due, Held, Plan, Start, State};
use super::sync::{Mutex, Shown, lock};
use crate::{CredentialError, Credentials};

pub(super) struct Cell {
    state: Mutex<State>,
    /// What `state` holds and may be handed out.
    shown: Shown<Held>,
}

impl Cell {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State::new()),
            shown: Shown::nothing(),
        }
    }

    /// The credential at hand, if it need not be renewed yet. Takes no lock.
    pub(super) fn fresh(&self, now_ms: u64) -> Option<Credentials> {
        self.shown.read(|held| {
            held.life
                .is_fresh(now_ms)
                .then(|| held.credentials().clone())
        })
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

    /// Changes the state and shows readers what it holds then; both under the lock, or an older value
    /// could be shown last.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.state);
        let result = change(&mut state);
        self.shown.show(state.shown());
        result
    }
}

#[cfg(test)]
#[cfg(cos_loom)]
mod loom_models;
