//! The primitives under the cache. `--cfg cos_loom` swaps in loom's, which try every interleaving
//! (`make loom`).

#[cfg(not(cos_loom))]
pub(super) use std::sync::{Arc, Mutex, MutexGuard};

#[cfg(cos_loom)]
pub(super) use loom::sync::{Arc, Mutex, MutexGuard};

use std::sync::{Arc as StdArc, PoisonError};

/// Locks also what a panic left behind: whoever uses this makes each change whole before anything in
/// it can panic.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A value that readers see without a lock.
#[cfg(not(cos_loom))]
pub(super) struct Shown<T>(arc_swap::ArcSwapOption<T>);

#[cfg(not(cos_loom))]
impl<T> Shown<T> {
    pub(super) fn nothing() -> Self {
        Self(arc_swap::ArcSwapOption::empty())
    }

    pub(super) fn show(&self, value: Option<StdArc<T>>) {
        self.0.store(value);
    }

    pub(super) fn read<R>(&self, read: impl FnOnce(&T) -> Option<R>) -> Option<R> {
        self.0.load().as_ref().and_then(|value| read(value))
    }
}

/// The same with a lock, since loom cannot look into `arc_swap` (which has models of its own).
#[cfg(cos_loom)]
pub(super) struct Shown<T>(Mutex<Option<StdArc<T>>>);

#[cfg(cos_loom)]
impl<T> Shown<T> {
    pub(super) fn nothing() -> Self {
        Self(Mutex::new(None))
    }

    pub(super) fn show(&self, value: Option<StdArc<T>>) {
        *lock(&self.0) = value;
    }

    pub(super) fn read<R>(&self, read: impl FnOnce(&T) -> Option<R>) -> Option<R> {
        lock(&self.0).as_ref().and_then(|value| read(value))
    }
}
