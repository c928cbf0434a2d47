//! What the caller holds while a transfer runs.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::progress::{Meter, Progress, ProgressFn};
use crate::error::{Error, Result};

/// Between two progress events.
const EVENT_INTERVAL: Duration = Duration::from_millis(100);

/// A transfer that has started. Await it for the result.
///
/// Dropping it cancels the transfer. It completes exactly once; after [`Transfer::cancel`] with
/// [`crate::ErrorKind::Cancelled`], unless it was done already.
#[must_use = "dropping a transfer cancels it"]
pub struct Transfer<T> {
    task: JoinHandle<Result<T>>,
    controls: Controls,
}

#[derive(Debug, Clone)]
struct Controls {
    meter: Arc<Meter>,
    cancel: CancellationToken,
}

/// Watches and cancels a transfer from elsewhere; cheap to clone. Dropping it does nothing.
#[derive(Debug, Clone)]
pub struct TransferControl(Controls);

impl TransferControl {
    /// How far it is.
    pub fn progress(&self) -> Progress {
        self.0.meter.now()
    }

    /// Stops it: no more network work within 100 ms.
    pub fn cancel(&self) {
        self.0.cancel.cancel();
    }
}

impl<T: Send + 'static> Transfer<T> {
    /// Starts `work` on the current runtime.
    pub(crate) fn start(
        meter: Arc<Meter>,
        on_progress: Option<ProgressFn>,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Self {
        let controls = Controls {
            meter,
            cancel: CancellationToken::new(),
        };
        let task = tokio::spawn(drive(controls.clone(), on_progress, work));
        Self { task, controls }
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        self.controls.meter.now()
    }

    /// Stops it: no more network work within 100 ms. Any thread, any number of times.
    pub fn cancel(&self) {
        self.controls.cancel.cancel();
    }

    /// A handle to watch and cancel it while somebody else awaits it.
    pub fn control(&self) -> TransferControl {
        TransferControl(self.controls.clone())
    }

    /// Whether the result is there.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Waits for the result; the same as awaiting the transfer itself.
    ///
    /// # Errors
    /// What the transfer failed with.
    pub async fn wait(self) -> Result<T> {
        self.await
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
        self.controls.cancel.cancel();
    }
}

impl<T> fmt::Debug for Transfer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transfer")
            .field("progress", &self.controls.meter.now())
            .field("cancelled", &self.controls.cancel.is_cancelled())
            .field("finished", &self.task.is_finished())
            .finish()
    }
}

/// Runs the work, tells the progress, hears the cancellation. All events come from here, so they
/// are in order and never overlap.
async fn drive<T>(
    controls: Controls,
    on_progress: Option<ProgressFn>,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let mut work = std::pin::pin!(work);
    let mut ticks = tokio::time::interval(EVENT_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = None;
    let mut tell = |now: Progress| {
        if let Some(callback) = &on_progress
            && told != Some(now)
        {
            told = Some(now);
            callback(now);
        }
    };
    loop {
        tokio::select! {
            biased;
            () = controls.cancel.cancelled() => return Err(Error::cancelled()),
            result = &mut work => {
                if result.is_ok() {
                    tell(controls.meter.now());
                }
                return result;
            }
            _ = ticks.tick(), if on_progress.is_some() => tell(controls.meter.now()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::error::ErrorKind;

    #[tokio::test]
    async fn the_last_event_is_the_total() {
        let events = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&events);
        let meter = Meter::new();
        let inner = Arc::clone(&meter);
        let transfer = Transfer::start(
            meter,
            Some(Arc::new(move |p| seen.lock().unwrap().push(p))),
            async move {
                inner.set_total(10);
                inner.share().reach(10);
                Ok(7)
            },
        );
        assert_eq!(transfer.await.unwrap(), 7);
        let events = events.lock().unwrap();
        let last = events.last().unwrap();
        assert_eq!((last.done_bytes, last.total_bytes), (10, Some(10)));
    }

    #[tokio::test]
    async fn cancel_completes_once_with_its_kind() {
        let transfer: Transfer<()> = Transfer::start(Meter::new(), None, std::future::pending());
        let control = transfer.control();
        control.cancel();
        control.cancel();
        assert_eq!(transfer.await.unwrap_err().kind(), ErrorKind::Cancelled);
    }

    #[tokio::test]
    async fn dropping_it_cancels() {
        struct Gone(Option<tokio::sync::oneshot::Sender<()>>);
        impl Drop for Gone {
            fn drop(&mut self) {
                let _ = self.0.take().unwrap().send(());
            }
        }
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let gone = Gone(Some(sender));
        let transfer: Transfer<()> = Transfer::start(Meter::new(), None, async move {
            let _gone = gone;
            std::future::pending().await
        });
        drop(transfer);
        receiver.await.unwrap();
    }
}
