//! The queue behind the one callback thread.
//!
//! Jobs run one at a time in the order they were posted. A [`Hold`] keeps the thread alive for a
//! job that will surely come (a transfer's completion); once the queue is closed and the last hold
//! is gone the thread ends. Posting and ending are decided under one lock, so that a job is either
//! run by the thread or handed back to whoever posted it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub(crate) type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    /// Something changed that the callback thread or a waiting shutdown may care about.
    changed: Condvar,
    /// The address of its [`HERE`] while the callback thread lives, else 0.
    thread: AtomicUsize,
}

// Tells threads apart without `std::thread::current()`, which would allocate on each of the app's threads.
thread_local!(static HERE: u8 = const { 0 });

fn here() -> usize {
    HERE.with(|here| core::ptr::from_ref(here).addr())
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    holds: usize,
    /// The thread sleeps, and nobody has woken it yet: a wake-up is a call of the system, and one is enough.
    asleep: bool,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Phase {
    /// New work is welcome.
    #[default]
    Open,
    /// No new holds; what is held is finished.
    Closing,
    /// The thread takes no more jobs.
    Sealed,
    /// The thread has called the app for the last time.
    Finished,
}

/// Closed: no new work.
#[derive(Debug)]
pub(crate) struct Closed;

/// As long as this lives, the callback thread does.
pub(crate) struct Hold {
    queue: Arc<Queue>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.holds -= 1;
        let may_end = state.phase != Phase::Open;
        drop(state);
        // While new work is welcome nobody waits for this: waking the thread would be for nothing.
        if may_end {
            self.queue.changed.notify_all();
        }
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code of the app runs under this lock, so a poisoned state is still a whole one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the thread alive, unless it is on its way out.
    pub(crate) fn hold(self: &Arc<Self>) -> Result<Hold, Closed> {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return Err(Closed);
        }
        state.holds += 1;
        Ok(Hold {
            queue: Arc::clone(self),
        })
    }

    /// Runs `job` on the callback thread, or gives it back when that has ended.
    pub(crate) fn post(&self, job: Job) -> Result<(), Job> {
        let mut state = self.lock();
        if state.phase >= Phase::Sealed {
            return Err(job);
        }
        state.jobs.push_back(job);
        let asleep = core::mem::take(&mut state.asleep);
        drop(state);
        if asleep {
            self.changed.notify_all();
        }
        Ok(())
    }

    /// Refuses new holds. True for the call that closed the queue.
    pub(crate) fn close(&self) -> bool {
        let mut state = self.lock();
        let first = state.phase == Phase::Open;
        if first {
            state.phase = Phase::Closing;
        }
        drop(state);
        self.changed.notify_all();
        first
    }

    pub(crate) fn is_callback_thread(&self) -> bool {
        self.thread.load(Ordering::Relaxed) == here()
    }

    /// Waits until the thread has called the app for the last time. False if the time was over
    /// first; `None` waits as long as it takes.
    pub(crate) fn wait_finished(&self, timeout: Option<Duration>) -> bool {
        // A time-out beyond what the clock can hold is "as long as it takes".
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut state = self.lock();
        while state.phase != Phase::Finished {
            let Some(deadline) = deadline else {
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }

    /// The life of the callback thread. `stop_workers` runs when nothing is held any more and must
    /// leave nobody behind who could post; `last` is the very last thing that happens.
    pub(crate) fn run(&self, stop_workers: impl FnOnce(), last: impl FnOnce()) {
        // Only this thread ever compares equal, so no other memory has to be ordered with it.
        self.thread.store(here(), Ordering::Relaxed);
        while let Some(job) = self.next() {
            run_job(job);
        }
        let _ = crate::guard::run(stop_workers);
        while let Some(job) = self.next_or_seal() {
            run_job(job);
        }
        let _ = crate::guard::run(last);
        // The address may be that of another thread next.
        self.thread.store(0, Ordering::Relaxed);
        self.lock().phase = Phase::Finished;
        self.changed.notify_all();
    }

    /// The next job; `None` once closed, not held and empty.
    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.phase != Phase::Open && state.holds == 0 {
                return None;
            }
            state.asleep = true;
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.asleep = false;
        }
    }

    /// A job that came while the workers stopped; `None` seals the queue.
    fn next_or_seal(&self) -> Option<Job> {
        let mut state = self.lock();
        let job = state.jobs.pop_front();
        if job.is_none() {
            state.phase = Phase::Sealed;
        }
        job
    }
}

impl PartialOrd for Phase {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some((*self as u8).cmp(&(*other as u8)))
    }
}

/// A panic in a job (ours: the app's callbacks cannot unwind) must not end the thread.
fn run_job(job: Job) {
    let _ = crate::guard::run(job);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    #[test]
    fn runs_in_order_until_closed_and_released() {
        let queue = Arc::new(Queue::default());
        let (send, receive) = mpsc::channel();
        let thread = {
            let (queue, send) = (Arc::clone(&queue), send.clone());
            thread::spawn(move || {
                let stopped = send.clone();
                queue.run(
                    move || stopped.send("workers").unwrap(),
                    move || send.send("last").unwrap(),
                );
            })
        };
        let say = |what: &'static str| {
            let send = send.clone();
            queue
                .post(Box::new(move || send.send(what).unwrap()))
                .map_err(|_| ())
        };
        let hold = queue.hold().unwrap();
        say("one").unwrap();
        queue
            .post(Box::new(|| panic!("a job")))
            .map_err(|_| ())
            .unwrap();
        assert!(queue.close());
        assert!(!queue.close());
        assert!(queue.hold().is_err());
        assert!(!queue.wait_finished(Some(Duration::ZERO)));
        // Closed but held: the promised job still runs.
        say("two").unwrap();
        drop(hold);
        assert!(queue.wait_finished(None));
        thread.join().unwrap();
        assert!(say("late").is_err());
        drop(send);
        assert_eq!(
            receive.try_iter().collect::<Vec<_>>(),
            ["one", "two", "workers", "last"]
        );
    }

    #[test]
    fn knows_its_own_thread() {
        let queue = Arc::new(Queue::default());
        assert!(!queue.is_callback_thread());
        let (send, receive) = mpsc::channel();
        let thread = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.run(|| (), || ()))
        };
        let asked = Arc::clone(&queue);
        queue
            .post(Box::new(move || {
                send.send(asked.is_callback_thread()).unwrap()
            }))
            .map_err(|_| ())
            .unwrap();
        assert!(receive.recv().unwrap());
        assert!(!queue.is_callback_thread());
        queue.close();
        thread.join().unwrap();
    }
}
