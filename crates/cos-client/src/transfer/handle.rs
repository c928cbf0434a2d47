//! What the caller holds while a transfer runs.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::drive::{Wanted, Work, drive};
use super::progress::{Meter, Progress, ProgressFn};
use super::resume::{Keeper, ResumeRecord};
use super::whole::Ear;
use crate::error::{Error, Result};

/// A transfer that has started. Await it for the result.
///
/// It completes exactly once. Four ways to interrupt it, all safe from any thread, any number of
/// times, and all ending its network work within 100 ms:
///
/// | call | the transfer | what was transferred |
/// |---|---|---|
/// | [`pause`](Self::pause) | waits for [`resume`](Self::resume) | kept |
/// | [`stop`](Self::stop) | completes with [`Cancelled`](crate::ErrorKind::Cancelled) and a resume record | kept |
/// | [`cancel`](Self::cancel) | completes with [`Cancelled`](crate::ErrorKind::Cancelled) | removed |
/// | dropping it | is gone | as [`crate::Leftovers`] says |
///
/// An app that goes to the background pauses, and keeps the bytes of
/// [`resume_record`](Self::resume_record) in case its process ends meanwhile.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (_emulator, client) = setup().await?;
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("film.mp4");
/// # std::fs::write(&path, vec![7; 3 << 20])?;
/// let transfer = client.upload_file("films/1.mp4", &path).part_size(1 << 20).start();
/// transfer.pause();
/// // The process may end here: give these bytes to `resume_from` then.
/// let record: Option<Vec<u8>> = transfer.resume_record().map(|r| r.to_bytes());
/// # let _ = record;
/// transfer.resume();
/// assert_eq!(transfer.await?.bytes, 3 << 20);
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping a transfer cancels it"]
pub struct Transfer<T> {
    task: JoinHandle<Result<T>>,
    control: TransferControl,
}

/// What a transfer is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransferState {
    /// It transfers, or waits for its turn.
    InProgress,
    /// It waits for [`Transfer::resume`]; nothing is in flight.
    Paused,
    /// It is done.
    Completed,
    /// It was cancelled or stopped.
    Cancelled,
    /// It failed.
    Failed,
}

/// Watches and controls a transfer from elsewhere; cheap to clone. Dropping it does nothing.
#[derive(Clone)]
pub struct TransferControl(Arc<Controls>);

/// What a transfer and its handles share.
pub(crate) struct Controls {
    pub meter: Arc<Meter>,
    pub keeper: Option<Arc<Keeper>>,
    pub wanted: watch::Sender<Wanted>,
    pub state: watch::Sender<TransferState>,
}

impl TransferControl {
    /// How far it is.
    pub fn progress(&self) -> Progress {
        self.0.meter.now()
    }

    /// What it is doing.
    pub fn state(&self) -> TransferState {
        *self.0.state.borrow()
    }

    /// Waits until its state is another one than `seen`, and gives that.
    pub async fn state_after(&self, seen: TransferState) -> TransferState {
        let mut states = self.0.state.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        states.wait_for(|s| *s != seen).await.map_or(seen, |s| *s)
    }

    /// Stops the network work until [`Self::resume`]; what is in flight is sent again then.
    pub fn pause(&self) {
        self.0.want(Wanted::Pause);
    }

    /// Goes on after [`Self::pause`], with what changed meanwhile found out and accounted for.
    pub fn resume(&self) {
        self.0.want(Wanted::Go);
    }

    /// Ends it and keeps what was transferred: it completes with
    /// [`Cancelled`](crate::ErrorKind::Cancelled), and [`Error::resume_record`] continues it.
    pub fn stop(&self) {
        self.0.want(Wanted::Stop);
    }

    /// Ends it and removes what was transferred: no more network work of its own within 100 ms.
    pub fn cancel(&self) {
        self.0.want(Wanted::Cancel);
    }

    /// What would continue it from here in another process; `None` while, or when, nothing is done
    /// that could be continued: small objects, streams and copies begin anew.
    pub fn resume_record(&self) -> Option<ResumeRecord> {
        self.0.keeper.as_ref()?.record()
    }
}

impl fmt::Debug for TransferControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransferControl")
            .field("progress", &self.progress())
            .field("state", &self.state())
            .finish()
    }
}

impl Controls {
    fn want(&self, wanted: Wanted) {
        self.wanted.send_if_modified(|now| {
            let changes = !now.is_final() && *now != wanted;
            if changes {
                *now = wanted;
            }
            changes
        });
    }
}

impl<T: Send + 'static> Transfer<T> {
    /// Starts `work` on the current runtime.
    pub(crate) fn start(on_progress: Option<ProgressFn>, mut work: impl Work<Output = T>) -> Self {
        let controls = Arc::new(Controls {
            meter: work.meter(),
            keeper: work.keeper(),
            wanted: watch::Sender::new(Wanted::Go),
            state: watch::Sender::new(TransferState::InProgress),
        });
        work.hear(controls.wanted.subscribe());
        let ear = Ear::new(controls.wanted.subscribe());
        let task = tokio::spawn(drive(Arc::clone(&controls), ear, on_progress, work));
        let control = TransferControl(controls);
        Self { task, control }
    }

    /// Waits for the result; the same as awaiting the transfer itself.
    ///
    /// # Errors
    /// What the transfer failed with.
    pub async fn wait(self) -> Result<T> {
        self.await
    }
}

impl<T> Transfer<T> {
    /// How far it is.
    pub fn progress(&self) -> Progress {
        self.control.progress()
    }

    /// What it is doing.
    pub fn state(&self) -> TransferState {
        self.control.state()
    }

    /// Stops the network work until [`Self::resume`]: see [`TransferControl::pause`].
    pub fn pause(&self) {
        self.control.pause();
    }

    /// Goes on after [`Self::pause`].
    pub fn resume(&self) {
        self.control.resume();
    }

    /// Ends it and keeps what was transferred: see [`TransferControl::stop`].
    pub fn stop(&self) {
        self.control.stop();
    }

    /// Ends it and removes what was transferred: see [`TransferControl::cancel`].
    pub fn cancel(&self) {
        self.control.cancel();
    }

    /// What would continue it in another process: see [`TransferControl::resume_record`].
    pub fn resume_record(&self) -> Option<ResumeRecord> {
        self.control.resume_record()
    }

    /// A handle to watch and control it while somebody else awaits it.
    pub fn control(&self) -> TransferControl {
        self.control.clone()
    }

    /// Whether the result is there.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}

impl<T> Future for Transfer<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(Pin::new(&mut self.task).poll(cx)) {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime shut down.
            Err(_) => Err(Error::cancelled()),
        })
    }
}

impl<T> Drop for Transfer<T> {
    fn drop(&mut self) {
        self.control.0.want(Wanted::Nothing);
    }
}

impl<T> fmt::Debug for Transfer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transfer")
            .field("progress", &self.progress())
            .field("state", &self.state())
            .finish()
    }
}
