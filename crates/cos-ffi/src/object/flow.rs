//! Functions of the app that take or give content and say how to go on.

use core::ffi::c_void;
use std::future::pending;
use std::sync::Arc;

use tokio::sync::watch;

use crate::callback::UserData;
use crate::error::Failure;
use crate::transfer::cell::{Cell, cancelled};

/// What a function that takes or gives content answers. Any other number ends the transfer with
/// COSFFI_ERROR_INVALID_ARGUMENT.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum cosffi_flow {
    /// Go on.
    COSFFI_FLOW_CONTINUE = 0,
    /// Wait until cosffi_transfer_resume(), which may come before the function has returned.
    COSFFI_FLOW_PAUSE = 1,
    /// Cancel the transfer.
    COSFFI_FLOW_STOP = 2,
    /// The content ends here; only for functions that give content.
    COSFFI_FLOW_END = 3,
}

/// A question to the app that was answered with "go on" or "that is all".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Answer {
    GoOn,
    End,
}

/// Asks the app where its callbacks run, obeys a pause, and ends the transfer when the app says so.
/// `what` names the function of the app. Besides the flow the question may return something of its own.
pub(crate) async fn ask<T: Send + 'static>(
    cell: &Arc<Cell>,
    what: &'static str,
    gives: bool,
    question: impl FnOnce(*mut c_void) -> (i32, T) + Send + 'static,
) -> Result<(Answer, T), Failure> {
    // Told on the app's thread from when a wish to go on counts.
    let subscribe = {
        let cell = Arc::clone(cell);
        move |user_data: &UserData| {
            let resumed = cell.resumes();
            (resumed, question(user_data.pointer()))
        }
    };
    let Some((resumed, (flow, own))) = cell.ask(subscribe).await else {
        return Err(cancelled());
    };
    match flow {
        0 => Ok((Answer::GoOn, own)),
        1 => {
            wait_for_resume(resumed).await;
            Ok((Answer::GoOn, own))
        }
        2 => {
            cell.cancel();
            // Whoever waits for this hears of the cancel instead.
            pending().await
        }
        3 if gives => Ok((Answer::End, own)),
        other => {
            cell.refuse(Failure::argument(format!(
                "{what} answered {other}, which is no cosffi_flow it may answer"
            )));
            pending().await
        }
    }
}

async fn wait_for_resume(mut resumed: watch::Receiver<u64>) {
    // The sender lives in the cell, which the waiting transfer keeps.
    let _ = resumed.changed().await;
}
