//! What a runtime's handle, its clients and its transfers share.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::queue::{Hold, Queue};
use crate::callback::UserData;
use crate::error::Failure;
use crate::result::cosffi_result;
use crate::transfer::signal::Signal;

/// How long the last file operations may take before the workers are left to themselves.
const WORKERS_GRACE: Duration = Duration::from_secs(5);

pub(crate) struct Shared {
    /// fork() copies this value but not the threads: a different pid means they are not here.
    pid: u32,
    pub(crate) queue: Arc<Queue>,
    tokio: tokio::runtime::Handle,
    closing: Signal,
    thread: Mutex<Option<JoinHandle<()>>>,
    on_done: Arc<Mutex<Option<OnDone>>>,
}

/// Called once, when a runtime has called the app for the last time.
pub(crate) struct OnDone {
    pub(crate) call: unsafe extern "C" fn(user_data: *mut core::ffi::c_void),
    pub(crate) user_data: UserData,
}

impl Shared {
    pub(crate) fn start(worker_threads: usize) -> Result<Arc<Shared>, Failure> {
        let local = |what: &str, error: std::io::Error| {
            Failure::new(
                cosffi_result::COSFFI_ERROR_LOCAL,
                format!("cannot start {what}: {error}"),
            )
        };
        let workers = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(worker_threads)
            .thread_name("cosffi-worker")
            .enable_all()
            .build()
            .map_err(|error| local("the worker threads", error))?;
        let tokio = workers.handle().clone();
        let queue = Arc::new(Queue::default());
        let on_done = Arc::new(Mutex::new(None::<OnDone>));
        let thread = std::thread::Builder::new()
            .name("cosffi-callbacks".to_owned())
            .spawn({
                let (queue, on_done) = (Arc::clone(&queue), Arc::clone(&on_done));
                move || {
                    queue.run(
                        move || workers.shutdown_timeout(WORKERS_GRACE),
                        move || call_on_done(&on_done),
                    );
                }
            })
            .map_err(|error| local("the callback thread", error))?;
        Ok(Arc::new(Shared {
            pid: std::process::id(),
            queue,
            tokio,
            closing: Signal::default(),
            thread: Mutex::new(Some(thread)),
            on_done,
        }))
    }

    pub(crate) fn is_forked(&self) -> bool {
        self.pid != std::process::id()
    }

    /// Refuses a child process, where no thread would ever do the work.
    pub(crate) fn check_process(&self) -> Result<(), Failure> {
        if self.is_forked() {
            return Err(Failure::new(
                cosffi_result::COSFFI_ERROR_FORKED,
                "the runtime was started before fork(); its threads are not in this process",
            )
            .hint("start a runtime of its own in the child"));
        }
        Ok(())
    }

    /// Permission to start something that will call back, as long as the runtime is open.
    pub(crate) fn hold(&self) -> Result<Hold, Failure> {
        self.check_process()?;
        self.queue.hold().map_err(|_| {
            Failure::new(
                cosffi_result::COSFFI_ERROR_SHUT_DOWN,
                "the runtime was shut down",
            )
        })
    }

    /// Runs on the workers.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tokio.spawn(task);
    }

    /// Resolves when the runtime begins to shut down.
    pub(crate) fn closing(&self) -> impl Future<Output = ()> + Send + use<> {
        let closing = self.closing.clone();
        async move { closing.given().await }
    }

    /// Refuses new work and cancels what runs. False when that was done before, and then `on_done`
    /// comes back untouched.
    pub(crate) fn close(&self, on_done: Option<OnDone>) -> Result<(), Option<OnDone>> {
        // Held over both steps, so that the thread finds `on_done` however quickly it ends.
        let mut slot = lock(&self.on_done);
        if !self.queue.close() {
            return Err(on_done);
        }
        *slot = on_done;
        drop(slot);
        self.closing.give();
        Ok(())
    }

    /// Waits for the end of the callback thread; false if the time was over first.
    pub(crate) fn wait_finished(&self, timeout: Option<Duration>) -> bool {
        if !self.queue.wait_finished(timeout) {
            return false;
        }
        if let Some(thread) = lock(&self.thread).take() {
            // It has done everything; this only makes sure that no thread outlives the wait.
            let _ = thread.join();
        }
        true
    }
}

fn call_on_done(on_done: &Mutex<Option<OnDone>>) {
    let taken = lock(on_done).take();
    if let Some(on_done) = taken {
        // SAFETY: the app gave this function for this pointer; taken above, so it is called once.
        unsafe { (on_done.call)(on_done.user_data.pointer()) }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
