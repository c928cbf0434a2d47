//! Something that is lent to work on blocking threads, which nobody can stop: its owner can wait until
//! all of it has been given back.

use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::watch;

/// Owns a value and lends it.
#[derive(Debug)]
pub(crate) struct Lender<T> {
    value: Arc<T>,
    /// Every loan listens, though nothing is ever said.
    loans: watch::Sender<()>,
}

/// A value on loan; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Lent<T> {
    // In this order: with the loan over the value is no longer held.
    value: Arc<T>,
    loan: watch::Receiver<()>,
}

impl<T> Lender<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            value: Arc::new(value),
            loans: watch::Sender::new(()),
        }
    }

    pub(crate) fn lend(&self) -> Lent<T> {
        Lent {
            value: Arc::clone(&self.value),
            loan: self.loans.subscribe(),
        }
    }

    /// Waits until nobody has it on loan.
    pub(crate) async fn all_back(&self) {
        self.loans.closed().await;
    }
}

impl<T> Deref for Lender<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Deref for Lent<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Clone for Lent<T> {
    fn clone(&self) -> Self {
        Self {
            value: Arc::clone(&self.value),
            loan: self.loan.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::poll_immediate;

    use super::*;

    #[tokio::test]
    async fn the_owner_waits_for_every_loan() {
        let lender = Lender::new(7);
        lender.all_back().await;
        let first = lender.lend();
        let second = first.clone();
        drop(first);
        assert_eq!(*second, 7);
        let mut waiting = Box::pin(lender.all_back());
        assert!(poll_immediate(&mut waiting).await.is_none());
        let thread = std::thread::spawn(move || drop(second));
        waiting.await;
        assert_eq!(Arc::strong_count(&lender.value), 1);
        thread.join().unwrap();
        // It can be lent again.
        let third = lender.lend();
        assert!(poll_immediate(lender.all_back()).await.is_none());
        drop(third);
        lender.all_back().await;
    }
}
