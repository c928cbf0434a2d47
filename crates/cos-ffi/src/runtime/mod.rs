//! `cosffi_runtime`: worker threads and one callback thread.

pub(crate) mod app_data;
pub(crate) mod queue;
pub(crate) mod shared;

use core::ffi::c_void;
use core::mem::{MaybeUninit, size_of};
use core::ptr;
use std::sync::Arc;
use std::time::Duration;

use crate::callback::UserData;
use crate::error::{Failure, cosffi_error};
use crate::guard;
use crate::options::{self, SizeTagged};
use crate::result::cosffi_result;
use shared::{OnDone, Shared};

/// Threads that do the work, and the one thread all callbacks come from.
///
/// Several runtimes may live in one process; most programs need one.
pub struct cosffi_runtime {
    shared: Arc<Shared>,
}

impl cosffi_runtime {
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

/// Settings of a runtime. Zero means default everywhere.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_runtime_options {
    /// sizeof(cosffi_runtime_options) when the program was compiled.
    pub struct_size: usize,
    /// Threads that do the work, 1 to 64. Default: one per processor, at most 4. One is enough for
    /// an app extension.
    pub worker_threads: u32,
    /// Must be 0.
    pub reserved: u32,
}

// SAFETY: repr(C), struct_size first, integers only.
unsafe impl SizeTagged for cosffi_runtime_options {}

const MAX_WORKERS: u32 = 64;
const DEFAULT_WORKERS: usize = 4;

/// Tells that a runtime has called the app for the last time.
pub type cosffi_shutdown_fn = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

fn worker_threads(options: &cosffi_runtime_options) -> Result<usize, Failure> {
    match options.worker_threads {
        _ if options.reserved != 0 => Err(Failure::argument("options->reserved is not 0")),
        0 => Ok(std::thread::available_parallelism()
            .map_or(1, |processors| processors.get().min(DEFAULT_WORKERS))),
        n @ 1..=MAX_WORKERS => Ok(n as usize),
        n => Err(Failure::argument(format!(
            "options->worker_threads is {n}; it may be 1 to {MAX_WORKERS}"
        ))),
    }
}

/// Starts a runtime: its worker threads and its callback thread.
///
/// Ownership: `*out` is yours; end it with cosffi_runtime_free(). `options` is read during the call;
/// NULL means all defaults.
/// Threads: any.
/// How often: any number of times: several runtimes may live at once; most programs need one.
/// Errors: INVALID_ARGUMENT; LOCAL when threads cannot be started. `*out` is then NULL.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_runtime_new(
    options: *const cosffi_runtime_options,
    out: Option<&mut MaybeUninit<*mut cosffi_runtime>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        let out = out
            .ok_or_else(|| Failure::null("out"))?
            .write(ptr::null_mut());
        let options = if options.is_null() {
            cosffi_runtime_options {
                struct_size: size_of::<cosffi_runtime_options>(),
                worker_threads: 0,
                reserved: 0,
            }
        } else {
            // SAFETY: the caller passes a struct that starts with its size.
            unsafe { options::read(options, "options") }?
        };
        let shared = Shared::start(worker_threads(&options)?)?;
        *out = Box::into_raw(Box::new(cosffi_runtime { shared }));
        Ok(())
    })
}

/// Refuses new work, cancels transfers in flight (their `on_complete` and `drop` still come), ends
/// all threads, and waits up to `timeout_ms` for that; a negative time waits as long as it takes, 0
/// not at all. What was not finished in time goes on in the background.
///
/// `on_done(user_data)` may be NULL. It is called exactly once, on the callback thread, after every
/// other callback, whether or not the wait was long enough, and possibly before this function returns.
///
/// Ownership: borrows `runtime`, which still has to be freed.
/// Threads: any except the callback thread.
/// How often: any number of times; the first call begins it, and only that one may give `on_done`.
/// Errors: NOT_FINISHED when the time was over first (with 0: always OK); WRONG_THREAD on the
/// callback thread; SHUT_DOWN when `on_done` is given but shutdown had begun before, so that
/// `on_done` is never called; FORKED. A further call without `on_done` waits again.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_runtime_shutdown(
    runtime: *const cosffi_runtime,
    timeout_ms: i64,
    on_done: cosffi_shutdown_fn,
    user_data: *mut c_void,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        // A pointer and not a reference, because `on_done` may free the handle before this function
        // returns; what is needed is shared.
        // SAFETY: NULL or a live handle, by the caller's promise.
        let runtime = unsafe { runtime.as_ref() };
        let shared = Arc::clone(&runtime.ok_or_else(|| Failure::null("runtime"))?.shared);
        shared.check_process()?;
        if shared.queue.is_callback_thread() {
            return Err(Failure::new(
                cosffi_result::COSFFI_ERROR_WRONG_THREAD,
                "a shutdown on the callback thread would wait for itself",
            )
            .hint("call it from another thread, or free the runtime here"));
        }
        let on_done = on_done.map(|call| OnDone {
            call,
            user_data: UserData::new(user_data, None),
        });
        if let Err(Some(_never_called)) = shared.close(on_done) {
            return Err(Failure::new(
                cosffi_result::COSFFI_ERROR_SHUT_DOWN,
                "the runtime is being shut down already",
            ));
        }
        let timeout = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
        if timeout == Some(Duration::ZERO) || shared.wait_finished(timeout) {
            return Ok(());
        }
        Err(Failure::new(
            cosffi_result::COSFFI_ERROR_NOT_FINISHED,
            format!("the runtime has not come to its end after {timeout_ms} ms"),
        ))
    })
}

/// Frees a runtime. If it was not shut down, that begins now, without waiting: transfers in flight
/// are cancelled and their callbacks still come, after this function has returned. A program that
/// wants to know when the last callback is over calls cosffi_runtime_shutdown() first.
///
/// Ownership: takes `runtime`; NULL is fine. Clients and transfers may be freed before or after.
/// Threads: any, also inside a callback. In a forked child it does nothing.
/// How often: once for each; NULL any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_runtime_free(runtime: Option<Box<cosffi_runtime>>) {
    guard::value((), || {
        let Some(runtime) = runtime else { return };
        if runtime.shared.is_forked() {
            // A lock copied while a thread of the parent held it would never open here.
            core::mem::forget(runtime);
            return;
        }
        let _ = runtime.shared.close(None);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn start() -> Box<cosffi_runtime> {
        let mut out = MaybeUninit::uninit();
        // SAFETY: NULL options are defaults; `out` is written on success.
        unsafe {
            assert_eq!(
                cosffi_runtime_new(ptr::null(), Some(&mut out), None),
                cosffi_result::COSFFI_OK
            );
            Box::from_raw(out.assume_init())
        }
    }

    fn shutdown(
        runtime: &cosffi_runtime,
        timeout_ms: i64,
        on_done: cosffi_shutdown_fn,
        user_data: *mut c_void,
    ) -> cosffi_result {
        // SAFETY: a live handle.
        unsafe { cosffi_runtime_shutdown(runtime, timeout_ms, on_done, user_data, None) }
    }

    unsafe extern "C" fn count(user_data: *mut c_void) {
        // SAFETY: the tests pass a live counter.
        unsafe { &*user_data.cast::<AtomicUsize>() }.fetch_add(1, Ordering::SeqCst);
    }

    #[test]
    fn shutdown_tells_once_and_joins() {
        let done = AtomicUsize::new(0);
        let pointer: *mut c_void = (&raw const done).cast_mut().cast();
        let runtime = start();
        assert_eq!(
            shutdown(&runtime, -1, Some(count), pointer),
            cosffi_result::COSFFI_OK
        );
        assert_eq!(done.load(Ordering::SeqCst), 1);
        assert_eq!(
            shutdown(&runtime, -1, None, pointer),
            cosffi_result::COSFFI_OK
        );
        assert_eq!(
            shutdown(&runtime, -1, Some(count), pointer),
            cosffi_result::COSFFI_ERROR_SHUT_DOWN
        );
        assert!(runtime.shared.hold().is_err());
        cosffi_runtime_free(Some(runtime));
        assert_eq!(done.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_held_runtime_finishes_what_it_promised() {
        let runtime = start();
        let shared = Arc::clone(runtime.shared());
        let hold = shared.hold().unwrap();
        assert_eq!(
            shutdown(&runtime, 1, None, ptr::null_mut()),
            cosffi_result::COSFFI_ERROR_NOT_FINISHED
        );
        drop(hold);
        cosffi_runtime_free(Some(runtime));
        assert!(shared.wait_finished(None));
    }

    #[test]
    fn shutdown_is_refused_where_it_would_wait_for_itself() {
        let runtime = start();
        let (send, receive) = std::sync::mpsc::channel();
        let shared = Arc::clone(runtime.shared());
        let handle = cosffi_runtime {
            shared: Arc::clone(&shared),
        };
        let job = move || {
            let refused = shutdown(&handle, -1, None, ptr::null_mut());
            send.send(refused).unwrap();
        };
        assert!(shared.queue.post(Box::new(job)).is_ok());
        assert_eq!(
            receive.recv().unwrap(),
            cosffi_result::COSFFI_ERROR_WRONG_THREAD
        );
        cosffi_runtime_free(Some(runtime));
        assert!(shared.wait_finished(None));
    }

    #[test]
    fn options_are_checked() {
        let with = |worker_threads, reserved| {
            worker_threads_result(&cosffi_runtime_options {
                struct_size: 0,
                worker_threads,
                reserved,
            })
        };
        fn worker_threads_result(options: &cosffi_runtime_options) -> Option<usize> {
            worker_threads(options).ok()
        }
        assert!((1..=4).contains(&with(0, 0).unwrap()));
        assert_eq!(with(64, 0), Some(64));
        assert_eq!(with(65, 0), None);
        assert_eq!(with(1, 1), None);
    }
}
