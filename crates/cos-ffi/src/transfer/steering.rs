//! Pausing, stopping and going on, whenever the app says so.

use std::sync::Mutex;

use cos_client::{TransferControl, TransferState};

use super::cell::lock;

/// What the app wants of a transfer, kept until there is one to tell.
#[derive(Default)]
pub(crate) struct Steering(Mutex<State>);

#[derive(Default)]
struct State {
    control: Option<TransferControl>,
    paused: bool,
    stopped: bool,
}

impl Steering {
    /// The transfer has started; what was wanted before is told now.
    pub(crate) fn connect(&self, control: TransferControl) {
        let mut state = lock(&self.0);
        if state.paused {
            control.pause();
        }
        if state.stopped {
            control.stop();
        }
        state.control = Some(control);
    }

    pub(crate) fn pause(&self) {
        let mut state = lock(&self.0);
        state.paused = true;
        if let Some(control) = &state.control {
            control.pause();
        }
    }

    pub(crate) fn resume(&self) {
        let mut state = lock(&self.0);
        state.paused = false;
        if let Some(control) = &state.control {
            control.resume();
        }
    }

    pub(crate) fn stop(&self) {
        let mut state = lock(&self.0);
        state.stopped = true;
        if let Some(control) = &state.control {
            control.stop();
        }
    }

    /// Whether it is held, which single requests never are.
    pub(crate) fn is_paused(&self) -> bool {
        let control = lock(&self.0).control.clone();
        control.is_some_and(|control| control.state() == TransferState::Paused)
    }

    /// What would continue the transfer from here.
    pub(crate) fn record(&self) -> Option<Vec<u8>> {
        let control = lock(&self.0).control.clone()?;
        Some(control.resume_record()?.to_bytes())
    }
}
