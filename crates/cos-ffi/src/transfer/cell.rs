//! One transfer as its handle, its task and the callback thread see it.
//!
//! The laws kept here: callbacks only on the callback thread; the last progress before completion;
//! completion exactly once; then the app's `drop` exactly once; then waiters go on.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::callbacks::Callbacks;
use crate::error::{Failure, cosffi_error};
use crate::response::cosffi_response;
use crate::result::cosffi_result;
use crate::runtime::queue::Hold;
use crate::runtime::shared::Shared;

pub(crate) type Outcome = Result<cosffi_response, cosffi_error>;

pub(crate) struct Cell {
    pub(crate) shared: Arc<Shared>,
    cancelled: watch::Sender<bool>,
    /// Gone once the app's `drop` has run.
    callbacks: Mutex<Option<Arc<Callbacks>>>,
    wants_progress: bool,
    progress: Mutex<Progress>,
    outcome: OnceLock<Outcome>,
    finished: Mutex<bool>,
    on_finished: Condvar,
}

#[derive(Default)]
struct Progress {
    latest: Option<(u64, u64)>,
    told: Option<(u64, u64)>,
    /// A job that will tell the latest is in the queue; one is enough.
    queued: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cell {
    pub(crate) fn new(shared: Arc<Shared>, callbacks: Callbacks) -> Arc<Cell> {
        Arc::new(Cell {
            shared,
            cancelled: watch::Sender::new(false),
            wants_progress: callbacks.wants_progress(),
            callbacks: Mutex::new(Some(Arc::new(callbacks))),
            progress: Mutex::default(),
            outcome: OnceLock::new(),
            finished: Mutex::new(false),
            on_finished: Condvar::new(),
        })
    }

    /// Asks the transfer to end; any number of times.
    pub(crate) fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    /// Resolves when the transfer was cancelled or its runtime begins to shut down.
    pub(crate) fn cancelled(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut cancelled = self.cancelled.subscribe();
        let closing = self.shared.closing();
        async move {
            tokio::select! {
                // Err: the cell is gone, and with it whoever could cancel.
                Ok(_) = cancelled.wait_for(|cancelled| *cancelled) => (),
                () = closing => (),
            }
        }
    }

    /// Remembers how far the transfer is and has the callback thread tell it.
    pub(crate) fn progress(self: &Arc<Self>, done_bytes: u64, total_bytes: u64) {
        if !self.wants_progress {
            return;
        }
        let mut progress = lock(&self.progress);
        progress.latest = Some((done_bytes, total_bytes));
        if core::mem::replace(&mut progress.queued, true) {
            return;
        }
        drop(progress);
        let cell = Arc::clone(self);
        // A queue that takes no jobs belongs to a transfer that has completed.
        let _ = self.shared.queue.post(Box::new(move || {
            lock(&cell.progress).queued = false;
            cell.tell_progress();
        }));
    }

    /// On the callback thread: tells the latest progress unless that was told already.
    fn tell_progress(&self) {
        let Some(callbacks) = lock(&self.callbacks).clone() else {
            return;
        };
        let news = {
            let mut progress = lock(&self.progress);
            let news = progress
                .latest
                .filter(|latest| progress.told != Some(*latest));
            progress.told = progress.latest;
            news
        };
        if let Some((done_bytes, total_bytes)) = news {
            callbacks.progress(done_bytes, total_bytes);
        }
    }

    /// On the callback thread: the end.
    fn complete(&self, outcome: Outcome) {
        self.tell_progress();
        let outcome = self.outcome.get_or_init(|| outcome);
        let callbacks = lock(&self.callbacks).take();
        if let Some(callbacks) = callbacks {
            callbacks.complete(outcome);
            // Nobody else has it any more: `tell_progress` runs on this very thread.
            drop(callbacks);
        }
        *lock(&self.finished) = true;
        self.on_finished.notify_all();
    }

    /// How it ended, once it has.
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.outcome.get().filter(|_| *lock(&self.finished))
    }

    /// Waits until the last callback is over; `None` waits as long as it takes. False: the time was
    /// over first.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> bool {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut finished = lock(&self.finished);
        while !*finished {
            finished = match deadline {
                None => self
                    .on_finished
                    .wait(finished)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    self.on_finished
                        .wait_timeout(finished, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
            };
        }
        true
    }
}

/// The promise that a transfer completes: kept by [`finish`](Self::finish), or by dropping it.
pub(crate) struct Finisher {
    cell: Option<(Arc<Cell>, Arc<Hold>)>,
}

impl Finisher {
    pub(crate) fn new(cell: Arc<Cell>, hold: Arc<Hold>) -> Finisher {
        Finisher {
            cell: Some((cell, hold)),
        }
    }

    pub(crate) fn finish(mut self, outcome: Result<cosffi_response, Failure>) {
        self.post(outcome);
    }

    fn post(&mut self, outcome: Result<cosffi_response, Failure>) {
        let Some((cell, hold)) = self.cell.take() else {
            return;
        };
        let queue = Arc::clone(&cell.shared.queue);
        let job = Box::new(move || {
            cell.complete(outcome.map_err(cosffi_error::from));
            drop(hold);
        });
        if let Err(job) = queue.post(job) {
            // The hold makes this impossible; a completion on the wrong thread beats none.
            job();
        }
    }
}

impl Drop for Finisher {
    /// The task did not come to its end: it panicked, or its runtime was torn down.
    fn drop(&mut self) {
        self.post(Err(if std::thread::panicking() {
            Failure::panicked()
        } else {
            cancelled()
        }));
    }
}

/// A request that a cancel cuts off wherever it is.
pub(crate) async fn or_cancelled<T>(
    cell: &Cell,
    request: impl Future<Output = cos_client::Result<T>>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        () = cell.cancelled() => Err(cancelled()),
        result = request => Ok(result?),
    }
}

pub(crate) fn cancelled() -> Failure {
    Failure::new(
        cosffi_result::COSFFI_ERROR_CANCELLED,
        "the transfer was cancelled",
    )
}
