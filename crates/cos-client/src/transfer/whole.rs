//! Transfers made of transfers, such as trees: what is wanted of the whole holds for its parts.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::watch;

use super::drive::{Wanted, Work};
use super::progress::Meter;
use super::resume::{Keeper, Leftovers, ResumeRecord};
use crate::error::Result;

tokio::task_local! {
    /// What is wanted of the transfer that this one is a part of.
    static WHOLE: watch::Receiver<Wanted>;
}

/// Work that cannot be begun again, such as a tree's: a pause holds it where it is, and pauses the
/// transfers it has started.
pub(crate) struct Once<F> {
    meter: Arc<Meter>,
    future: Pin<Box<F>>,
    wanted: Option<watch::Receiver<Wanted>>,
}

impl<F> Once<F> {
    pub(crate) fn new(meter: Arc<Meter>, future: F) -> Self {
        Self {
            meter,
            future: Box::pin(future),
            wanted: None,
        }
    }
}

impl<T, F> Work for Once<F>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    type Output = T;

    fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    fn keeper(&self) -> Option<Arc<Keeper>> {
        None
    }

    fn hear(&mut self, wanted: watch::Receiver<Wanted>) {
        self.wanted = Some(wanted);
    }

    async fn run(&mut self) -> Result<T> {
        match self.wanted.clone() {
            Some(wanted) => WHOLE.scope(wanted, self.future.as_mut()).await,
            None => self.future.as_mut().await,
        }
    }

    fn leftovers(&self) -> Leftovers {
        Leftovers::Abort
    }

    async fn keep(&mut self) -> Option<ResumeRecord> {
        None
    }

    /// What it started cleans up as it is dropped.
    async fn discard(self, _: bool) {}
}

/// What is wanted of a transfer: by its own handle, and by the one it is a part of.
pub(crate) struct Ear {
    own: watch::Receiver<Wanted>,
    whole: Option<watch::Receiver<Wanted>>,
}

impl Ear {
    /// To be called where the transfer is started.
    pub(crate) fn new(own: watch::Receiver<Wanted>) -> Self {
        let whole = WHOLE.try_with(Clone::clone).ok();
        Self { own, whole }
    }

    fn now(&mut self) -> Wanted {
        let own = *self.own.borrow_and_update();
        let whole = self.whole.as_mut().map(|w| *w.borrow_and_update());
        match whole {
            Some(Wanted::Pause) if !own.is_final() => Wanted::Pause,
            _ => own,
        }
    }

    /// Waits until what is wanted fits.
    pub(super) async fn until(&mut self, fits: impl Fn(Wanted) -> bool) -> Wanted {
        loop {
            let now = self.now();
            if fits(now) {
                return now;
            }
            let whole = async {
                match &mut self.whole {
                    Some(whole) => whole.changed().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // Without a sender there is no handle, and nobody waits.
                changed = self.own.changed() => if changed.is_err() {
                    return Wanted::Nothing;
                },
                changed = whole => if changed.is_err() {
                    self.whole = None;
                },
            }
        }
    }
}
