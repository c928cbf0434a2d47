//! What is known of a tree's transfer while it runs, and outlives a pause.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::entry::Entry;
use super::report::{Outcome, TreeProgress, TreeReport};
use crate::transfer::progress::Meter;

/// The state of one transfer.
pub(crate) struct State {
    pub meter: Arc<Meter>,
    inner: Mutex<Inner>,
    files_done: AtomicU64,
    files_found: AtomicU64,
    bytes_found: AtomicU64,
    is_complete: AtomicBool,
}

#[derive(Default)]
struct Inner {
    report: TreeReport,
    journal: Journal,
}

impl State {
    pub(crate) fn new(meter: Arc<Meter>) -> Self {
        Self {
            meter,
            inner: Mutex::default(),
            files_done: AtomicU64::new(0),
            files_found: AtomicU64::new(0),
            bytes_found: AtomicU64::new(0),
            is_complete: AtomicBool::new(false),
        }
    }

    /// Begins a run; whether an earlier one did something already.
    pub(crate) fn restart(&self) -> bool {
        let mut inner = self.inner();
        inner.journal.open.clear();
        let done = self.files_done.load(Ordering::Relaxed);
        self.files_found.store(done, Ordering::Relaxed);
        self.bytes_found
            .store(inner.report.bytes, Ordering::Relaxed);
        self.is_complete.store(false, Ordering::Relaxed);
        done > 0
    }

    /// Whether an earlier run was done with this name.
    pub(crate) fn is_done(&self, name: &str) -> bool {
        self.inner().journal.is_done(name)
    }

    /// Takes note of a name that something is done with.
    pub(crate) fn begin(&self, name: &str) {
        self.files_found.fetch_add(1, Ordering::Relaxed);
        self.inner().journal.begin(name);
    }

    pub(crate) fn will_move(&self, entry: &Entry) {
        let before = self.bytes_found.fetch_add(entry.size, Ordering::Relaxed);
        if self.is_complete.load(Ordering::Relaxed) {
            self.meter.set_total(before + entry.size);
        }
    }

    /// Both sides are read to their ends.
    pub(crate) fn complete(&self) {
        self.is_complete.store(true, Ordering::Relaxed);
        self.meter
            .set_total(self.bytes_found.load(Ordering::Relaxed));
    }

    pub(crate) fn end(&self, outcome: &Outcome) {
        self.files_done.fetch_add(1, Ordering::Relaxed);
        let mut inner = self.inner();
        inner.report.count(&outcome.event());
        inner.journal.end(&outcome.name);
    }

    /// The report, when all is done.
    pub(crate) fn take_report(&self) -> TreeReport {
        std::mem::take(&mut self.inner().report)
    }

    pub(crate) fn now(&self) -> TreeProgress {
        TreeProgress {
            files_done: self.files_done.load(Ordering::Relaxed),
            files_found: self.files_found.load(Ordering::Relaxed),
            bytes_done: self.meter.now().done_bytes,
            bytes_found: self.bytes_found.load(Ordering::Relaxed),
            is_complete: self.is_complete.load(Ordering::Relaxed),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names done with out of order that are remembered one by one.
const REMEMBERED: usize = 1 << 16;

/// Which names of an ascending sequence are done with, though they are finished in any order.
#[derive(Default)]
struct Journal {
    /// Everything that began up to here is done with.
    up_to: Option<String>,
    /// Done with beyond that.
    beyond: BTreeSet<String>,
    open: BTreeSet<String>,
}

impl Journal {
    fn begin(&mut self, name: &str) {
        self.open.insert(name.to_owned());
    }

    fn is_done(&self, name: &str) -> bool {
        self.up_to.as_deref().is_some_and(|up_to| name <= up_to) || self.beyond.contains(name)
    }

    fn end(&mut self, name: &str) {
        self.open.remove(name);
        self.beyond.insert(name.to_owned());
        let first_open = self.open.first();
        while let Some(first) = self.beyond.first()
            && first_open.is_none_or(|open| first < open)
        {
            self.up_to = self.beyond.pop_first();
        }
        // One that takes very long, and many small ones meanwhile: the last would be done again
        // after a pause, for a bounded memory.
        if self.beyond.len() > REMEMBERED {
            self.beyond.pop_last();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Names begin in order, end in any, and are interrupted anywhere: each ends exactly once.
        #[test]
        fn nothing_is_done_twice_or_forgotten(
            names in prop::collection::btree_set("[a-c/]{1,4}", 1..40),
            steps in prop::collection::vec(0_usize..20, 0..200),
        ) {
            let mut journal = Journal::default();
            let mut ended = Vec::new();
            let mut steps = steps.into_iter();
            loop {
                journal.open.clear();
                let mut open: Vec<&String> = Vec::new();
                let mut rest = names.iter().filter(|n| !ended.contains(*n)).collect::<Vec<_>>().into_iter();
                for name in &names {
                    prop_assert_eq!(journal.is_done(name), ended.contains(name), "{}", name);
                }
                let mut interrupted = false;
                loop {
                    let step = steps.next().unwrap_or(1);
                    if step == 0 {
                        interrupted = true;
                        break;
                    }
                    if open.len() < 4 && let Some(name) = rest.next() {
                        journal.begin(name);
                        open.push(name);
                        continue;
                    }
                    if open.is_empty() {
                        break;
                    }
                    let name = open.remove(step % open.len());
                    journal.end(name);
                    ended.push(name.clone());
                }
                if !interrupted {
                    break;
                }
            }
            ended.sort();
            prop_assert_eq!(ended, names.into_iter().collect::<Vec<_>>());
            prop_assert!(journal.beyond.is_empty() && journal.open.is_empty());
        }
    }
}
