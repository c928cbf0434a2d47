//! Something that is said once and heard by any number of listeners. Every transfer has one, so it is small: tokio's
//! `watch` keeps eight lists of listeners.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Copies are the same signal.
#[derive(Clone, Default)]
pub(crate) struct Signal(Arc<Inner>);

#[derive(Default)]
struct Inner {
    given: AtomicBool,
    listeners: Notify,
}

impl Signal {
    /// Says it; again does nothing.
    pub(crate) fn give(&self) {
        self.0.given.store(true, Ordering::Release);
        self.0.listeners.notify_waiters();
    }

    pub(crate) fn is_given(&self) -> bool {
        self.0.given.load(Ordering::Acquire)
    }

    /// Resolves once it is said, also before.
    pub(crate) async fn given(&self) {
        // Listens from here on, before the first poll, so that nothing falls between the look and the wait.
        let heard = self.0.listeners.notified();
        if !self.is_given() {
            heard.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_hear_it_before_and_after() {
        let signal = Signal::default();
        let listen = |signal: Signal| tokio::spawn(async move { signal.given().await });
        let early = [listen(signal.clone()), listen(signal.clone())];
        tokio::task::yield_now().await;
        assert!(!signal.is_given() && early.iter().all(|task| !task.is_finished()));
        signal.give();
        signal.give();
        for task in early {
            task.await.unwrap();
        }
        listen(signal.clone()).await.unwrap();
        assert!(signal.is_given());
    }

    /// Given at any moment, it is heard: many rounds with a thread that gives and one that listens.
    #[test]
    fn none_is_lost() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap();
        runtime.block_on(async {
            for _ in 0..10_000 {
                let signal = Signal::default();
                let giver = signal.clone();
                let given = tokio::spawn(async move { giver.give() });
                signal.given().await;
                given.await.unwrap();
            }
        });
    }
}
