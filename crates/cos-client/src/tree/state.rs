//! The sums behind a tree's progress and report.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::entry::Entry;
use super::report::{Outcome, TreeProgress, TreeReport};
use crate::transfer::progress::Meter;

/// What is known of one transfer while it runs.
pub(crate) struct State {
    pub meter: Arc<Meter>,
    report: Mutex<TreeReport>,
    files_done: AtomicU64,
    files_found: AtomicU64,
    bytes_found: AtomicU64,
    is_complete: AtomicBool,
}

impl State {
    pub(crate) fn new(meter: Arc<Meter>) -> Self {
        Self {
            meter,
            report: Mutex::default(),
            files_done: AtomicU64::new(0),
            files_found: AtomicU64::new(0),
            bytes_found: AtomicU64::new(0),
            is_complete: AtomicBool::new(false),
        }
    }

    /// One more file that something is done with.
    pub(crate) fn found(&self) {
        self.files_found.fetch_add(1, Ordering::Relaxed);
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
        self.report().count(&outcome.event());
    }

    /// The report, when all is done.
    pub(crate) fn take_report(&self) -> TreeReport {
        let mut report = std::mem::take(&mut *self.report());
        report.failures.sort_by(|a, b| a.name.cmp(&b.name));
        report
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

    fn report(&self) -> MutexGuard<'_, TreeReport> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
