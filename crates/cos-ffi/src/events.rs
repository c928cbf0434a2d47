//! `cosffi_queue`: the other way to hear of transfers, for programs with a loop of their own.

use core::cell::Cell as Flag;
use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::error::{Failure, cosffi_error};
use crate::guard;
use crate::response::cosffi_response;
use crate::result::cosffi_result;
use crate::transfer::callbacks::Callbacks;
use crate::transfer::cell::{Cell, lock};
use wake::Wake;

mod wake;

/// Events of transfers, taken out by the program's own threads when they like.
///
/// Give it to transfers in `cosffi_transfer_callbacks.queue`. Their progress and completion arrive here,
/// and functions that have to answer (such as cosffi_body_fn) are called inside cosffi_queue_next(), on
/// the thread that called it.
pub struct cosffi_queue {
    events: Arc<Events>,
}

/// Something that happened to one transfer. Until it is freed, what it tells stays valid.
pub struct cosffi_event {
    kind: cosffi_event_type,
    done_bytes: u64,
    total_bytes: u64,
    /// Of a completion: where the outcome is.
    cell: Option<Arc<Cell>>,
    callbacks: Arc<Callbacks>,
}

/// What an event tells. Skip kinds that you do not know.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum cosffi_event_type {
    /// Nothing: the answer for NULL.
    COSFFI_EVENT_NONE = 0,
    /// The transfer has come further.
    COSFFI_EVENT_PROGRESS = 1,
    /// The transfer is over; its last event. Freeing it runs the `drop` of its callbacks.
    COSFFI_EVENT_COMPLETE = 2,
}

/// What waits in the queue.
pub(crate) enum Entry {
    /// A function of the app to be called.
    Ask(Box<dyn FnOnce() + Send>),
    Progress(Arc<Cell>),
    Complete(Arc<Cell>),
}

#[derive(Default)]
pub(crate) struct Events {
    pid: u32,
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    entries: VecDeque<Entry>,
    wake: Option<Wake>,
    closed: bool,
}

thread_local!(static INSIDE: Flag<bool> = const { Flag::new(false) });

impl Events {
    fn new() -> Arc<Events> {
        Arc::new(Events {
            pid: std::process::id(),
            ..Events::default()
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Adds to the queue. After its end there is nobody to tell; what the entry holds is let go.
    pub(crate) fn push(&self, entry: Entry) {
        let mut state = self.lock();
        if state.closed {
            drop(state);
            discard(entry);
            return;
        }
        state.entries.push_back(entry);
        if let Some(wake) = &mut state.wake {
            wake.set();
        }
        drop(state);
        self.arrived.notify_one();
    }

    /// The next entry; `None` when the time is over first.
    fn pop(&self, deadline: Option<Instant>) -> Option<Entry> {
        let mut state = self.lock();
        loop {
            if let Some(entry) = state.entries.pop_front() {
                if state.entries.is_empty()
                    && let Some(wake) = &mut state.wake
                {
                    wake.clear();
                }
                return Some(entry);
            }
            let Some(deadline) = deadline else {
                state = self
                    .arrived
                    .wait(state)
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            state = self
                .arrived
                .wait_timeout(state, left)
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .0;
        }
    }

    /// Runs what has to be run and returns the first event.
    fn next(&self, deadline: Option<Instant>) -> Option<cosffi_event> {
        loop {
            match self.pop(deadline)? {
                Entry::Ask(ask) => {
                    INSIDE.set(true);
                    let _ = guard::run(ask);
                    INSIDE.set(false);
                }
                Entry::Progress(cell) => {
                    if let Some((callbacks, done_bytes, total_bytes)) = cell.take_progress() {
                        return Some(cosffi_event {
                            kind: cosffi_event_type::COSFFI_EVENT_PROGRESS,
                            done_bytes,
                            total_bytes,
                            cell: None,
                            callbacks,
                        });
                    }
                }
                Entry::Complete(cell) => {
                    // A function of the app that another thread is in has to return first.
                    drop(lock(&cell.asking));
                    if let Some(callbacks) = cell.take_callbacks() {
                        return Some(cosffi_event {
                            kind: cosffi_event_type::COSFFI_EVENT_COMPLETE,
                            done_bytes: 0,
                            total_bytes: 0,
                            cell: Some(cell),
                            callbacks,
                        });
                    }
                }
            }
        }
    }

    fn check_process(&self) -> Result<(), Failure> {
        if self.is_forked() {
            return Err(Failure::new(
                cosffi_result::COSFFI_ERROR_FORKED,
                "the queue was made before fork()",
            )
            .hint("make a queue and a runtime of its own in the child"));
        }
        Ok(())
    }

    fn is_forked(&self) -> bool {
        self.pid != std::process::id()
    }

    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.wake = None;
        let entries = core::mem::take(&mut state.entries);
        drop(state);
        entries.into_iter().for_each(discard);
    }
}

/// Lets go of an event nobody will take: the app's `drop` still runs.
fn discard(entry: Entry) {
    if let Entry::Complete(cell) = entry {
        drop(lock(&cell.asking));
        drop(cell.take_callbacks());
    }
}

impl cosffi_queue {
    pub(crate) fn events(&self) -> Result<Arc<Events>, Failure> {
        self.events.check_process()?;
        Ok(Arc::clone(&self.events))
    }
}

/// Makes a queue of events. It belongs to no runtime: transfers of several may share it.
///
/// Ownership: `*out` is yours; end it with cosffi_queue_free().
/// Threads: any.
/// How often: any number of times.
/// Errors: INVALID_ARGUMENT.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_queue_new(
    out: Option<&mut MaybeUninit<*mut cosffi_queue>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        let out = out
            .ok_or_else(|| Failure::null("out"))?
            .write(ptr::null_mut());
        *out = Box::into_raw(Box::new(cosffi_queue {
            events: Events::new(),
        }));
        Ok(())
    })
}

/// Takes the next event, waiting for one up to `timeout_ms`; a negative time waits as long as it takes,
/// 0 not at all. Functions of transfers that have to answer are called in here, on this thread; those
/// of one transfer never two at a time. Events of one transfer come out in their order; with several
/// threads one may hold its progress while another has its completion already.
///
/// Ownership: borrows `queue`; `*out_event` is yours; end it with cosffi_event_free().
/// Threads: any, several at once; not from inside a function that it calls.
/// How often: until COSFFI_ERROR_NOT_FINISHED, whenever the wake descriptor is readable.
/// Errors: NOT_FINISHED when there was no event in time; WRONG_THREAD inside a function that it called;
/// INVALID_ARGUMENT; FORKED. `*out_event` is then NULL.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_queue_next(
    queue: Option<&cosffi_queue>,
    timeout_ms: i64,
    out_event: Option<&mut MaybeUninit<*mut cosffi_event>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        let out = out_event
            .ok_or_else(|| Failure::null("out_event"))?
            .write(ptr::null_mut());
        let events = queue.ok_or_else(|| Failure::null("queue"))?.events()?;
        if INSIDE.get() {
            return Err(Failure::new(
                cosffi_result::COSFFI_ERROR_WRONG_THREAD,
                "cosffi_queue_next() was called by a function that it called itself",
            ));
        }
        let timeout = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
        // A time-out beyond what the clock can hold is "as long as it takes".
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let event = events.next(deadline).ok_or_else(|| {
            Failure::new(
                cosffi_result::COSFFI_ERROR_NOT_FINISHED,
                "there was no event in the time given",
            )
        })?;
        *out = Box::into_raw(Box::new(event));
        Ok(())
    })
}

/// A file descriptor that is readable while the queue has events: for poll(), epoll, kqueue and event
/// loops. Do not read from it, write to it or close it.
///
/// Ownership: borrowed from `queue`, valid until that is freed.
/// Threads: any.
/// How often: any number of times.
/// Errors: -1 when there is none: for NULL, on systems without pipes, when the process has no
/// descriptors left.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_queue_wake_fd(queue: Option<&cosffi_queue>) -> i32 {
    guard::value(-1, || {
        let Some(events) = queue.and_then(|queue| queue.events().ok()) else {
            return -1;
        };
        let mut state = events.lock();
        if state.wake.is_none() {
            let Ok(mut wake) = Wake::new() else { return -1 };
            if !state.entries.is_empty() {
                wake.set();
            }
            state.wake = Some(wake);
        }
        state.wake.as_ref().map_or(-1, Wake::descriptor)
    })
}

/// Frees a queue with the events in it. Transfers that use it go on, but nothing is heard of them any
/// more: functions that have to answer are not called, which cancels those transfers; `drop` still runs,
/// on any thread.
///
/// Ownership: takes `queue`; NULL is fine. No thread may be inside cosffi_queue_next(). Events taken
/// before stay valid.
/// Threads: any. In a forked child it does nothing.
/// How often: once for each queue; NULL any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_queue_free(queue: Option<Box<cosffi_queue>>) {
    guard::value((), || {
        let Some(queue) = queue else { return };
        if queue.events.is_forked() {
            core::mem::forget(queue);
            return;
        }
        queue.events.close();
    })
}

fn ask<T: Copy>(
    event: Option<&cosffi_event>,
    default: T,
    question: impl FnOnce(&cosffi_event) -> T,
) -> T {
    guard::value(default, || event.map_or(default, question))
}

impl cosffi_event {
    fn outcome(&self) -> Option<&Result<cosffi_response, cosffi_error>> {
        self.cell.as_ref()?.told_outcome()
    }
}

/// What the event tells; COSFFI_EVENT_NONE for NULL.
///
/// Ownership: borrows `event`.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_event_kind(event: Option<&cosffi_event>) -> cosffi_event_type {
    ask(event, cosffi_event_type::COSFFI_EVENT_NONE, |event| {
        event.kind
    })
}

/// The `user_data` of the transfer's callbacks: which transfer it is about.
///
/// Ownership: yours as it always was; NULL for NULL.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_event_user_data(event: Option<&cosffi_event>) -> *mut c_void {
    ask(event, ptr::null_mut(), |event| {
        event.callbacks.user_data().pointer()
    })
}

/// Bytes done, of a progress event; else 0.
///
/// Ownership: borrows `event`; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_event_done_bytes(event: Option<&cosffi_event>) -> u64 {
    ask(event, 0, |event| event.done_bytes)
}

/// Bytes in total, of a progress event, UINT64_MAX while not known; else 0.
///
/// Ownership: borrows `event`; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_event_total_bytes(event: Option<&cosffi_event>) -> u64 {
    ask(event, 0, |event| event.total_bytes)
}

/// What the transfer came to, of a completion; COSFFI_OK of other events.
///
/// Ownership: borrows `event`; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_event_result(event: Option<&cosffi_event>) -> cosffi_result {
    ask(event, cosffi_result::COSFFI_OK, |event| {
        match event.outcome() {
            Some(Err(error)) => error.failure().code(),
            _ => cosffi_result::COSFFI_OK,
        }
    })
}

/// The response, of a completion that went well; else NULL.
///
/// Ownership: borrowed from `event`, valid until it is freed; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_event_response(event: Option<&cosffi_event>) -> *const cosffi_response {
    ask(event, ptr::null(), |event| match event.outcome() {
        Some(Ok(response)) => ptr::from_ref(response),
        _ => ptr::null(),
    })
}

/// The error, of a completion that did not go well; else NULL.
///
/// Ownership: borrowed from `event`, valid until it is freed; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_event_error(event: Option<&cosffi_event>) -> *const cosffi_error {
    ask(event, ptr::null(), |event| match event.outcome() {
        Some(Err(error)) => ptr::from_ref(error),
        _ => ptr::null(),
    })
}

/// Frees an event. With the completion of a transfer, and all its events before, the `drop` of its
/// callbacks runs in here.
///
/// Ownership: takes `event`; NULL is fine.
/// Threads: any.
/// How often: once for each; NULL any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_event_free(event: Option<Box<cosffi_event>>) {
    guard::value((), || drop(event))
}
