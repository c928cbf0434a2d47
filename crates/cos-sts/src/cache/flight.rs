//! One outcome for any number of waiters.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::sync::{Arc, Mutex, lock};

/// The side that will tell the outcome. Dropping it untold tells everybody that there is none.
pub(super) struct Pilot<T>(Arc<Mutex<Board<T>>>);

/// The side that waits; clones wait for the same.
pub(super) struct Flight<T>(Arc<Mutex<Board<T>>>);

enum Board<T> {
    /// Under way. A waiter keeps its place here; an empty place is one that gave up.
    Open(Vec<Option<Waker>>),
    Landed(T),
    Lost,
}

pub(super) fn flight<T>() -> (Pilot<T>, Flight<T>) {
    let board = Arc::new(Mutex::new(Board::Open(Vec::new())));
    (Pilot(Arc::clone(&board)), Flight(board))
}

impl<T> Pilot<T> {
    pub(super) fn land(self, outcome: T) {
        self.close(Board::Landed(outcome));
    }

    fn close(&self, end: Board<T>) {
        let mut board = lock(&self.0);
        if let Board::Open(waiters) = &mut *board {
            let waiters = std::mem::take(waiters);
            *board = end;
            // Whoever wakes may run at once, on this thread.
            drop(board);
            waiters.into_iter().flatten().for_each(Waker::wake);
        }
    }
}

impl<T> Drop for Pilot<T> {
    fn drop(&mut self) {
        self.close(Board::Lost);
    }
}

impl<T: Clone> Flight<T> {
    /// Whether an outcome may still come.
    pub(super) fn is_open(&self) -> bool {
        matches!(&*lock(&self.0), Board::Open(_))
    }

    /// Waits; `None` when no outcome will come.
    pub(super) fn wait(&self) -> Landing<T> {
        Landing {
            flight: self.clone(),
            place: None,
        }
    }
}

impl<T> Clone for Flight<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Waits for the outcome. Dropping it gives up its place and takes nothing from the others.
#[must_use = "futures do nothing unless polled"]
pub(super) struct Landing<T: Clone> {
    flight: Flight<T>,
    place: Option<usize>,
}

impl<T: Clone> Future for Landing<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.get_mut();
        let mut board = lock(&this.flight.0);
        let waiters = match &mut *board {
            Board::Landed(outcome) => return Poll::Ready(Some(outcome.clone())),
            Board::Lost => return Poll::Ready(None),
            Board::Open(waiters) => waiters,
        };
        match this.place {
            Some(place) => match &mut waiters[place] {
                Some(waker) => waker.clone_from(context.waker()),
                empty => *empty = Some(context.waker().clone()),
            },
            None => {
                this.place = Some(waiters.len());
                waiters.push(Some(context.waker().clone()));
            }
        }
        Poll::Pending
    }
}

impl<T: Clone> Drop for Landing<T> {
    fn drop(&mut self) {
        let Some(place) = self.place else { return };
        if let Board::Open(waiters) = &mut *lock(&self.flight.0) {
            waiters[place] = None;
            // Places are numbers, so only those at the end can go.
            while waiters.last().is_some_and(Option::is_none) {
                waiters.pop();
            }
        }
    }
}
