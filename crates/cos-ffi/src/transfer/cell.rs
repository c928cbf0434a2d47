//! One transfer as its handle, its task and the callback thread see it.
//!
//! The laws kept here: callbacks only on the callback thread; the last progress before completion;
//! completion exactly once; then the app's `drop` exactly once; then waiters go on. With a queue of
//! events the app's threads that ask it take the place of the callback thread.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use super::callbacks::Callbacks;
use super::signal::Signal;
use super::steering::Steering;
use crate::callback::UserData;
use crate::error::{Failure, cosffi_error};
use crate::events::{Entry, Events};
use crate::response::cosffi_response;
use crate::result::cosffi_result;
use crate::runtime::queue::Hold;
use crate::runtime::shared::Shared;

pub(crate) type Outcome = Result<cosffi_response, cosffi_error>;

pub(crate) struct Cell {
    pub(crate) shared: Arc<Shared>,
    cancelled: Signal,
    /// Counts the app's wishes to go on after it had a stream wait; made by the first stream that waits.
    resumed: OnceLock<watch::Sender<u64>>,
    pub(crate) steering: Steering,
    /// Why the library itself ended the transfer: an answer of the app that makes no sense.
    refused: OnceLock<Failure>,
    /// Where events go instead of the callback thread.
    events: Option<Arc<Events>>,
    /// Held while a function of the app runs on a thread that asked for events, so that the end is
    /// not told meanwhile.
    pub(crate) asking: Mutex<()>,
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

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cell {
    pub(crate) fn new(shared: Arc<Shared>, callbacks: Callbacks) -> Arc<Cell> {
        Arc::new(Cell {
            shared,
            cancelled: Signal::default(),
            resumed: OnceLock::new(),
            steering: Steering::default(),
            refused: OnceLock::new(),
            events: callbacks.events(),
            asking: Mutex::new(()),
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
        self.cancelled.give();
    }

    /// Resolves when the transfer was cancelled or its runtime begins to shut down.
    pub(crate) fn cancelled(&self) -> impl Future<Output = ()> + Send + use<> {
        let cancelled = self.cancelled.clone();
        let closing = self.shared.closing();
        async move {
            tokio::select! {
                () = cancelled.given() => (),
                () = closing => (),
            }
        }
    }

    /// Whether the app cancelled it; otherwise its runtime shuts down.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.is_given()
    }

    /// Tells streams that wait to go on.
    pub(crate) fn go_on(&self) {
        if let Some(resumed) = self.resumed.get() {
            resumed.send_modify(|count| *count += 1);
        }
    }

    /// Changes with every [`go_on`](Self::go_on) from here on.
    pub(crate) fn resumes(&self) -> watch::Receiver<u64> {
        self.resumed
            .get_or_init(|| watch::Sender::new(0))
            .subscribe()
    }

    /// Remembers how far the transfer is and has the callback thread tell it.
    pub(crate) fn progress(self: &Arc<Self>, done_bytes: u64, total_bytes: u64) {
        let mut progress = lock(&self.progress);
        progress.latest = Some((done_bytes, total_bytes));
        if !self.wants_progress {
            return;
        }
        if core::mem::replace(&mut progress.queued, true) {
            return;
        }
        drop(progress);
        let cell = Arc::clone(self);
        if let Some(events) = &self.events {
            events.push(Entry::Progress(cell));
            return;
        }
        // A queue that takes no jobs belongs to a transfer that has completed.
        let _ = self.shared.queue.post(Box::new(move || {
            cell.tell_progress();
        }));
    }

    /// The latest progress unless that was told already, and whom to tell it.
    pub(crate) fn take_progress(&self) -> Option<(Arc<Callbacks>, u64, u64)> {
        let callbacks = lock(&self.callbacks).clone()?;
        let mut progress = lock(&self.progress);
        let news = progress
            .latest
            .filter(|latest| progress.told != Some(*latest));
        progress.told = progress.latest;
        progress.queued = false;
        news.map(|(done_bytes, total_bytes)| (callbacks, done_bytes, total_bytes))
    }

    /// How far it is, whether or not the app was told.
    pub(crate) fn latest_progress(&self) -> Option<(u64, u64)> {
        lock(&self.progress).latest
    }

    fn tell_progress(&self) {
        if let Some((callbacks, done_bytes, total_bytes)) = self.take_progress() {
            callbacks.progress(done_bytes, total_bytes);
        }
    }

    /// Asks the app something where its callbacks run and waits for the answer. `None`: nobody will
    /// be asked any more.
    pub(crate) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&UserData) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, wait) = oneshot::channel();
        let cell = Arc::clone(self);
        let job = Box::new(move || {
            let _asking = lock(&cell.asking);
            let Some(callbacks) = lock(&cell.callbacks).clone() else {
                return;
            };
            // A transfer that was cancelled meanwhile has stopped listening.
            if !answer.is_closed() {
                let _ = answer.send(question(callbacks.user_data()));
            }
        });
        match &self.events {
            Some(events) => events.push(Entry::Ask(job)),
            None => self.shared.queue.post(job).ok()?,
        }
        wait.await.ok()
    }

    /// Ends the transfer because of what the app answered.
    pub(crate) fn refuse(&self, why: Failure) {
        let _ = self.refused.set(why);
        self.cancel();
    }

    /// The end, on the callback thread or on its way to the app's own.
    fn complete(self: &Arc<Self>, outcome: Result<cosffi_response, Failure>) {
        let outcome = outcome.map_err(|failure| match self.refused.get() {
            Some(why) if failure.code() == cosffi_result::COSFFI_ERROR_CANCELLED => why.clone(),
            _ => failure,
        });
        if self.events.is_none() {
            self.tell_progress();
        }
        let outcome = self
            .outcome
            .get_or_init(|| outcome.map_err(cosffi_error::from));
        if let Some(events) = &self.events {
            // Whatever was not told yet; nothing when it was.
            events.push(Entry::Progress(Arc::clone(self)));
            events.push(Entry::Complete(Arc::clone(self)));
        } else if let Some(callbacks) = self.take_callbacks() {
            callbacks.complete(outcome);
            // Nobody else has it any more: `tell_progress` runs on this very thread.
            drop(callbacks);
        }
        *lock(&self.finished) = true;
        self.on_finished.notify_all();
    }

    /// The app's side, for whoever tells it the end.
    pub(crate) fn take_callbacks(&self) -> Option<Arc<Callbacks>> {
        lock(&self.callbacks).take()
    }

    /// How it ended, once it has.
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.outcome.get().filter(|_| *lock(&self.finished))
    }

    /// The same for whoever tells it.
    pub(crate) fn told_outcome(&self) -> Option<&Outcome> {
        self.outcome.get()
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
        if cell.events.is_some() {
            cell.complete(outcome);
            return;
        }
        let queue = Arc::clone(&cell.shared.queue);
        let job = Box::new(move || {
            cell.complete(outcome);
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
