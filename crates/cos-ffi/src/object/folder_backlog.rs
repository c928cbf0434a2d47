//! Files that are done with and wait to be told, between the transfer and the callback thread.

use core::ffi::c_void;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use cos_client::TreeEvent;
use tokio::sync::{Notify, watch};

use super::flow::ask;
use super::folder_entry::{Entry, cosffi_folder_entry};
use crate::error::Failure;
use crate::transfer::cell::{Cell, lock};

/// As many wait to be told at most, and those that were in flight then.
const FULL: usize = 1_000;
/// Told in one go, so that other transfers' callbacks get their turn.
const BATCH: usize = 64;

pub(crate) struct Backlog {
    waiting: Mutex<Waiting>,
    /// Changed under the lock of `waiting` only.
    full: watch::Sender<bool>,
    news: Notify,
}

#[derive(Default)]
struct Waiting {
    entries: VecDeque<Entry>,
    closed: bool,
}

impl Backlog {
    pub(crate) fn new() -> Arc<Backlog> {
        Arc::new(Backlog {
            waiting: Mutex::default(),
            full: watch::Sender::new(false),
            news: Notify::new(),
        })
    }

    /// What the transfer tells its files to.
    pub(crate) fn ear(self: &Arc<Self>) -> impl Fn(TreeEvent<'_>) + Send + Sync + 'static {
        let backlog = Arc::clone(self);
        move |event| backlog.push(Entry::new(&event))
    }

    /// True while no more should come.
    pub(crate) fn is_full(&self) -> watch::Receiver<bool> {
        self.full.subscribe()
    }

    fn push(&self, entry: Entry) {
        let mut waiting = lock(&self.waiting);
        waiting.entries.push_back(entry);
        if waiting.entries.len() == FULL {
            self.full.send_replace(true);
        }
        drop(waiting);
        self.news.notify_one();
    }

    /// Nothing will come any more.
    pub(crate) fn close(&self) {
        lock(&self.waiting).closed = true;
        self.news.notify_one();
    }

    /// The next ones; `None` when all were taken and no more will come.
    async fn next(&self) -> Option<VecDeque<Entry>> {
        loop {
            {
                let mut waiting = lock(&self.waiting);
                if !waiting.entries.is_empty() {
                    let count = waiting.entries.len().min(BATCH);
                    let batch = waiting.entries.drain(..count).collect();
                    if waiting.entries.len() < FULL && *self.full.borrow() {
                        self.full.send_replace(false);
                    }
                    return Some(batch);
                }
                if waiting.closed {
                    return None;
                }
            }
            self.news.notified().await;
        }
    }
}

/// Tells the app of each entry until there will be no more.
pub(crate) async fn tell(
    cell: &Arc<Cell>,
    backlog: &Backlog,
    on_entry: unsafe extern "C" fn(*mut c_void, *const cosffi_folder_entry) -> i32,
) -> Result<(), Failure> {
    while let Some(mut batch) = backlog.next().await {
        while !batch.is_empty() {
            let asked = Arc::clone(cell);
            let question = move |user_data| {
                while let Some(entry) = batch.pop_front() {
                    let lent = entry.lend();
                    // SAFETY: the app gave this function with this pointer; the entry outlives the call.
                    let flow = unsafe { on_entry(user_data, &raw const lent) };
                    if flow != 0 || asked.is_cancelled() {
                        return (flow, batch);
                    }
                }
                (0, batch)
            };
            (_, batch) = ask(cell, "on_entry", false, question).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn names(batch: &VecDeque<Entry>) -> Vec<&str> {
        batch.iter().map(Entry::name).collect()
    }

    #[test]
    fn in_order_in_batches_and_then_the_end() {
        let backlog = Backlog::new();
        for n in 0..BATCH + 2 {
            backlog.push(Entry::named(&n.to_string()));
        }
        let first = backlog.next().now_or_never().flatten().unwrap();
        assert_eq!((first.len(), names(&first)[63]), (BATCH, "63"));
        let rest = backlog.next().now_or_never().flatten().unwrap();
        assert_eq!(names(&rest), ["64", "65"]);
        assert!(backlog.next().now_or_never().is_none(), "waits for more");
        backlog.push(Entry::named("last"));
        backlog.close();
        assert_eq!(
            names(&backlog.next().now_or_never().flatten().unwrap()),
            ["last"]
        );
        assert!(backlog.next().now_or_never().unwrap().is_none());
    }

    #[test]
    fn full_until_something_is_taken() {
        let backlog = Backlog::new();
        let full = backlog.is_full();
        for _ in 0..FULL - 1 {
            backlog.push(Entry::named("x"));
            assert!(!*full.borrow());
        }
        // What was in flight comes all the same.
        for _ in 0..3 {
            backlog.push(Entry::named("x"));
            assert!(*full.borrow());
        }
        backlog.next().now_or_never().flatten().unwrap();
        assert!(!*full.borrow());
        let mut taken = BATCH;
        while let Some(Some(batch)) = backlog.next().now_or_never() {
            taken += batch.len();
        }
        assert_eq!(taken, FULL + 2);
    }
}
