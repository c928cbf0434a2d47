//! The primitives under the cache. `--cfg cos_loom` swaps in loom's, which try every interleaving
//! (`make loom`).

#[cfg(not(cos_loom))]
pub(super) use std::{
    sync::atomic::AtomicU64,
    sync::{Arc, Mutex, MutexGuard},
    thread_local,
};

#[cfg(cos_loom)]
pub(super) use loom::{
    sync::atomic::AtomicU64,
    sync::{Arc, Mutex, MutexGuard},
    thread_local,
};

use std::sync::PoisonError;

/// Locks also what a panic left behind: whoever uses this makes each change whole before anything in
/// it can panic.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
