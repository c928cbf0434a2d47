//! Runs a transfer's work: tells the progress, hears what the caller wants, and decides what becomes
//! of what was done when it ends early.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::handle::{Controls, TransferState};
use super::progress::{Meter, Progress, ProgressFn};
use super::resume::{Keeper, Leftovers, ResumeRecord};
use super::whole::Ear;
use crate::error::{Error, ErrorKind, Result};

/// Between two progress events.
const EVENT_INTERVAL: Duration = Duration::from_millis(100);

/// What the caller wants of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Go,
    Pause,
    /// End and keep.
    Stop,
    /// End and remove.
    Cancel,
    /// Nobody waits for it any more.
    Nothing,
}

impl Wanted {
    pub(crate) fn is_final(self) -> bool {
        matches!(self, Self::Stop | Self::Cancel | Self::Nothing)
    }
}

/// What a transfer does.
pub(crate) trait Work: Send + Sized + 'static {
    type Output: Send + 'static;

    /// Counts what is done.
    fn meter(&self) -> Arc<Meter>;

    /// Knows what is done, where that can be continued by another process.
    fn keeper(&self) -> Option<Arc<Keeper>>;

    /// Told once, before the first run, where it can hear what is wanted of it.
    fn hear(&mut self, _: watch::Receiver<Wanted>) {}

    /// Goes on to the end. Dropped in the middle to pause, and called again to go on: what must
    /// outlive that is in `self`.
    fn run(&mut self) -> impl Future<Output = Result<Self::Output>> + Send;

    /// What becomes of the rest when it fails or is dropped.
    fn leftovers(&self) -> Leftovers;

    /// Makes sure that what is done can be continued. `None` when there is nothing to continue.
    fn keep(&mut self) -> impl Future<Output = Option<ResumeRecord>> + Send;

    /// Removes what is done; `in_background` when nobody should wait for the network.
    fn discard(self, in_background: bool) -> impl Future<Output = ()> + Send;
}

/// All events come from here, so they are in order and never overlap.
pub(crate) async fn drive<W: Work>(
    controls: Arc<Controls>,
    mut ear: Ear,
    on_progress: Option<ProgressFn>,
    mut work: W,
) -> Result<W::Output> {
    let result = run(&controls, &mut ear, on_progress, &mut work).await;
    let result = match result {
        Ok(output) => {
            release(work.keeper()).await;
            Ok(output)
        }
        Err(end) => Err(finish(end, work).await),
    };
    controls.state.send_replace(match &result {
        Ok(_) => TransferState::Completed,
        Err(error) if error.kind() == ErrorKind::Cancelled => TransferState::Cancelled,
        Err(_) => TransferState::Failed,
    });
    result
}

/// How a transfer ended without success.
enum End {
    Wanted(Wanted),
    Failed(Error),
}

async fn run<W: Work>(
    controls: &Controls,
    ear: &mut Ear,
    on_progress: Option<ProgressFn>,
    work: &mut W,
) -> Result<W::Output, End> {
    let mut ticks = tokio::time::interval(EVENT_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = None;
    let mut tell = |now: Progress| {
        if let Some(callback) = &on_progress
            && told != Some(now)
        {
            told = Some(now);
            callback(now);
        }
    };
    loop {
        let next = {
            let mut running = std::pin::pin!(work.run());
            loop {
                tokio::select! {
                    biased;
                    next = ear.until(|w| w != Wanted::Go) => break next,
                    result = &mut running => {
                        if result.is_ok() {
                            tell(controls.meter.now());
                        }
                        return result.map_err(End::Failed);
                    }
                    _ = ticks.tick(), if on_progress.is_some() => tell(controls.meter.now()),
                }
            }
        };
        if next.is_final() {
            return Err(End::Wanted(next));
        }
        work.keep().await;
        controls.state.send_replace(TransferState::Paused);
        let next = ear.until(|w| w != Wanted::Pause).await;
        if next.is_final() {
            return Err(End::Wanted(next));
        }
        controls.state.send_replace(TransferState::InProgress);
    }
}

async fn finish<W: Work>(end: End, mut work: W) -> Error {
    let (keeps, error) = match end {
        End::Wanted(Wanted::Stop) => (true, Error::cancelled()),
        End::Wanted(Wanted::Cancel) => (false, Error::cancelled()),
        End::Wanted(_) => (work.leftovers() == Leftovers::Keep, Error::cancelled()),
        End::Failed(error) => {
            let keeps = work.leftovers() == Leftovers::Keep && can_be_continued(&error);
            (keeps, error)
        }
    };
    if keeps && let Some(record) = work.keep().await {
        let keeper = work.keeper();
        // Who takes the record must find everything else free already.
        drop(work);
        release(keeper.clone()).await;
        // A task may have finished its piece meanwhile; the transfer tells the same from now on.
        let last = keeper.and_then(|keeper| keeper.record());
        return error.with_resume_record(last.unwrap_or(record));
    }
    // Nobody waits for a clean-up after a cancellation, or over a network that does not work.
    let in_background = matches!(
        error.kind(),
        ErrorKind::Cancelled | ErrorKind::Network | ErrorKind::Timeout
    );
    work.discard(in_background).await;
    error
}

/// Somebody else may use its record from now on, though handles may still live.
async fn release(keeper: Option<Arc<Keeper>>) {
    if let Some(keeper) = keeper {
        keeper.release().await;
    }
}

/// Whether the same transfer may succeed later with what is done so far.
fn can_be_continued(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Precondition | ErrorKind::NotFound | ErrorKind::Config => false,
        // Permissions, credentials, disks and networks can be mended; a damaged part is sent again.
        // When all of it is damaged, `keep` says so.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::transfer::handle::Transfer;

    /// Counts its runs; never ends unless told.
    struct Counting {
        meter: Arc<Meter>,
        ends_at_run: u32,
        runs: u32,
        log: Arc<Mutex<Vec<&'static str>>>,
    }

    impl Work for Counting {
        type Output = u32;

        fn meter(&self) -> Arc<Meter> {
            Arc::clone(&self.meter)
        }

        fn keeper(&self) -> Option<Arc<Keeper>> {
            None
        }

        async fn run(&mut self) -> Result<u32> {
            self.runs += 1;
            self.log.lock().unwrap().push("run");
            if self.runs < self.ends_at_run {
                std::future::pending::<()>().await;
            }
            self.meter.set_total(10);
            self.meter.share().reach(10);
            Ok(self.runs)
        }

        fn leftovers(&self) -> Leftovers {
            Leftovers::Abort
        }

        async fn keep(&mut self) -> Option<ResumeRecord> {
            self.log.lock().unwrap().push("keep");
            None
        }

        async fn discard(self, _: bool) {
            self.log.lock().unwrap().push("discard");
        }
    }

    type Log = Arc<Mutex<Vec<&'static str>>>;

    fn start(ends_at_run: u32, on_progress: Option<ProgressFn>) -> (Transfer<u32>, Log) {
        let log = Log::default();
        let work = Counting {
            meter: Meter::new(),
            ends_at_run,
            runs: 0,
            log: Arc::clone(&log),
        };
        (Transfer::start(on_progress, work), log)
    }

    async fn until_run(log: &Log, runs: usize) {
        while log.lock().unwrap().iter().filter(|l| **l == "run").count() < runs {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn the_last_event_is_the_total() {
        let events = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&events);
        let (transfer, log) = start(1, Some(Arc::new(move |p| seen.lock().unwrap().push(p))));
        let control = transfer.control();
        assert_eq!(transfer.await.unwrap(), 1);
        assert_eq!(control.state(), TransferState::Completed);
        let events = events.lock().unwrap();
        let last = events.last().unwrap();
        assert_eq!((last.done_bytes, last.total_bytes), (10, Some(10)));
        assert_eq!(*log.lock().unwrap(), ["run"]);
    }

    /// Moves a byte every ten milliseconds.
    struct Ticking(Arc<Meter>);

    impl Work for Ticking {
        type Output = ();

        fn meter(&self) -> Arc<Meter> {
            Arc::clone(&self.0)
        }

        fn keeper(&self) -> Option<Arc<Keeper>> {
            None
        }

        async fn run(&mut self) -> Result<()> {
            self.0.set_total(500);
            let share = self.0.share();
            for byte in 1..=500 {
                tokio::time::sleep(Duration::from_millis(10)).await;
                share.reach(byte);
            }
            Ok(())
        }

        fn leftovers(&self) -> Leftovers {
            Leftovers::Abort
        }

        async fn keep(&mut self) -> Option<ResumeRecord> {
            None
        }

        async fn discard(self, _: bool) {}
    }

    #[tokio::test(start_paused = true)]
    async fn at_most_ten_events_a_second_and_one_at_the_end() {
        let events = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&events);
        let on_progress: ProgressFn = Arc::new(move |p: Progress| seen.lock().unwrap().push(p));
        let begun = tokio::time::Instant::now();
        let transfer = Transfer::start(Some(on_progress), Ticking(Meter::new()));
        transfer.await.unwrap();
        assert_eq!(begun.elapsed(), Duration::from_secs(5));
        let events = events.lock().unwrap();
        // One as it begins, one at the end.
        assert!((40..=52).contains(&events.len()), "{}", events.len());
        assert!(events.is_sorted_by_key(|p| p.done_bytes));
        assert_eq!(events.last().unwrap().done_bytes, 500);
    }

    #[tokio::test]
    async fn cancel_completes_once_with_its_kind() {
        let (transfer, log) = start(9, None);
        let control = transfer.control();
        control.cancel();
        control.cancel();
        control.resume();
        assert_eq!(transfer.await.unwrap_err().kind(), ErrorKind::Cancelled);
        assert_eq!(control.state(), TransferState::Cancelled);
        assert_eq!(log.lock().unwrap().last(), Some(&"discard"));
    }

    #[tokio::test]
    async fn pausing_keeps_and_resuming_runs_again() {
        let (transfer, log) = start(3, None);
        let control = transfer.control();
        for runs in 1..=2 {
            until_run(&log, runs).await;
            control.pause();
            control.pause();
            let state = control.state_after(TransferState::InProgress).await;
            assert_eq!(state, TransferState::Paused);
            control.resume();
            control.state_after(TransferState::Paused).await;
        }
        assert_eq!(transfer.await.unwrap(), 3);
        let log = log.lock().unwrap();
        assert_eq!(*log, ["run", "keep", "run", "keep", "run"]);
    }

    #[tokio::test]
    async fn a_paused_one_can_be_cancelled_stopped_or_dropped() {
        for end in ["cancel", "stop", "drop"] {
            let (transfer, log) = start(9, None);
            let control = transfer.control();
            control.pause();
            control.state_after(TransferState::InProgress).await;
            match end {
                "cancel" => transfer.cancel(),
                "stop" => transfer.stop(),
                _ => drop(transfer),
            }
            let state = control.state_after(TransferState::Paused).await;
            assert_eq!(state, TransferState::Cancelled);
            assert_eq!(log.lock().unwrap().last(), Some(&"discard"), "{end}");
        }
    }
}
