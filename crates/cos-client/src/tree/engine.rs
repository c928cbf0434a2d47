//! The one loop behind all trees: compare two sides, move what differs, several files at a time.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{Stream, unfold};
use tokio::time::MissedTickBehavior;

use super::Compare;
use super::compare::is_newer;
use super::entry::{Entry, Problem, Why};
use super::filter::Filter;
use super::merge::{Merge, Pair};
use super::mover::{Moved, Mover};
use super::names::Prefixes;
use super::options::TreeOptions;
use super::report::{Outcome, TreeAction, TreeReport};
use super::state::State;
use crate::error::{Error, ErrorKind, Result};

/// Between two progress events.
const EVENT_INTERVAL: Duration = Duration::from_millis(100);

/// Brings the target to what the source is.
pub(crate) async fn run<M: Mover>(
    mover: &M,
    merge: Merge,
    options: &TreeOptions,
    filter: &Filter,
    concurrency: usize,
    state: &State,
) -> Result<TreeReport> {
    let engine = Engine {
        mover,
        options,
        state,
    };
    let feed = Feed {
        merge,
        filter,
        engine: &engine,
        left_alone: Prefixes::default(),
        extraneous: Vec::new(),
    };
    let outcomes = feed
        .works()
        .map(|work| engine.carry_out(work))
        .buffer_unordered(concurrency);
    let mut outcomes = std::pin::pin!(outcomes);
    let mut ticks = tokio::time::interval(EVENT_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let tell = || {
        if let Some(callback) = &options.on_progress {
            callback(state.now());
        }
    };
    loop {
        let outcomes = tokio::select! {
            next = outcomes.next() => match next {
                Some(outcomes) => outcomes?,
                None => break,
            },
            _ = ticks.tick(), if options.on_progress.is_some() => {
                tell();
                continue;
            }
        };
        for outcome in outcomes {
            state.end(&outcome);
            if let Some(callback) = &options.on_event {
                callback(outcome.event());
            }
            if let Some(error) = outcome.error
                && (options.fail_fast || ends_all(&error))
            {
                return Err(error);
            }
        }
    }
    tell();
    Ok(state.take_report())
}

/// Failures that every other file would meet too.
fn ends_all(error: &Error) -> bool {
    let is_lost = matches!(error.kind(), ErrorKind::Credential | ErrorKind::Cancelled);
    is_lost || error.code().is_some_and(|code| FOR_ALL.contains(&code))
}

/// What the service says about the bucket, the key or the account, whatever the object.
const FOR_ALL: [&str; 6] = [
    "NoSuchBucket",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "RequestTimeTooSkewed",
    "PaymentRequired",
];

/// What to do next.
enum Work {
    Transfer(Entry),
    /// Transfer it unless the checksums are equal.
    Compare(Entry),
    MakeFolder(Entry),
    Done(Vec<Outcome>),
}

struct Engine<'a, M> {
    mover: &'a M,
    options: &'a TreeOptions,
    state: &'a State,
}

impl<M: Mover> Engine<'_, M> {
    async fn carry_out(&self, work: Result<Work>) -> Result<Vec<Outcome>> {
        Ok(match work? {
            Work::Done(outcomes) => outcomes,
            Work::Transfer(entry) => vec![self.transfer(entry).await],
            Work::Compare(entry) => match self.mover.same_content(&entry).await {
                Ok(true) => vec![Outcome::new(TreeAction::Unchanged, entry.name, entry.size)],
                Ok(false) => {
                    self.state.will_move(&entry);
                    vec![self.transfer(entry).await]
                }
                Err(error) => vec![Outcome::failed(entry.name, error)],
            },
            Work::MakeFolder(entry) => {
                let made = match self.options.dry_run {
                    true => Ok(()),
                    false => self.mover.make_folder(&entry).await,
                };
                vec![match made {
                    Ok(()) => Outcome::new(TreeAction::MakeFolder, entry.name, 0),
                    Err(error) => Outcome::failed(entry.name, error),
                }]
            }
        })
    }

    async fn transfer(&self, entry: Entry) -> Outcome {
        let share = self.state.meter.share();
        let moved = match self.options.dry_run {
            true => Ok(Moved::all(entry.size)),
            false => self.mover.transfer(&entry, share.clone()).await,
        };
        match moved {
            Ok(moved) => {
                // The file may have changed since it was listed; the totals keep to the list.
                share.reach(entry.size);
                let mut outcome = Outcome::new(M::ACTION, entry.name, moved.bytes);
                outcome.resumed_bytes = moved.resumed_bytes;
                outcome
            }
            Err(error) => Outcome::failed(entry.name, error),
        }
    }
}

/// Turns pairs into work.
struct Feed<'a, M> {
    merge: Merge,
    filter: &'a Filter,
    engine: &'a Engine<'a, M>,
    /// What the source could not tell about is not deleted at the target.
    left_alone: Prefixes,
    extraneous: Vec<String>,
}

impl<'a, M: Mover> Feed<'a, M> {
    /// Polled only when there is room for more work. Deletions are carried out in here, so that
    /// they come after everything before them in the order has begun and before what follows.
    fn works(self) -> impl Stream<Item = Result<Work>> + use<'a, M> {
        unfold(Some(self), |feed| async move {
            let mut feed = feed?;
            match feed.next().await {
                Ok(Some(work)) => Some((Ok(work), Some(feed))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })
    }

    async fn next(&mut self) -> Result<Option<Work>> {
        self.engine.options.wait_for_room().await;
        loop {
            if self.extraneous.len() >= M::DELETES {
                return Ok(Some(self.delete().await));
            }
            let Some(pair) = self.merge.next().await? else {
                self.engine.state.complete();
                if self.extraneous.is_empty() {
                    return Ok(None);
                }
                return Ok(Some(self.delete().await));
            };
            if let Some(work) = self.work(pair) {
                return Ok(Some(work));
            }
        }
    }

    fn work(&mut self, pair: Pair) -> Option<Work> {
        match pair {
            Pair::Problem(problem) => {
                self.left_alone.push(&problem.name);
                self.engine.state.found();
                Some(Work::Done(vec![outcome(problem)]))
            }
            Pair::Target(target) => {
                self.extraneous(target);
                None
            }
            Pair::Source(source) => self.source(source, None),
            Pair::Both(source, target) => self.source(source, Some(target)),
        }
    }

    fn source(&mut self, source: Entry, target: Option<Entry>) -> Option<Work> {
        if !self.filter.takes(&source.name) {
            return None;
        }
        let Engine {
            mover,
            options,
            state,
        } = self.engine;
        if let Err(error) = mover.admit(&source) {
            state.found();
            return Some(Work::Done(vec![Outcome::failed(source.name, error)]));
        }
        if mover.is_folder(&source) {
            let wanted = target.is_none() && mover.makes_folder(&source);
            if !wanted {
                return None;
            }
            state.found();
            return Some(Work::MakeFolder(source));
        }
        state.found();
        let is_same_size = target.as_ref().is_some_and(|t| t.size == source.size);
        match options.compare {
            Compare::Checksum if is_same_size => Some(Work::Compare(source)),
            Compare::SizeAndTime
                if is_same_size && !target.is_some_and(|t| is_newer(&source, &t)) =>
            {
                let unchanged = Outcome::new(TreeAction::Unchanged, source.name, source.size);
                Some(Work::Done(vec![unchanged]))
            }
            _ => {
                state.will_move(&source);
                Some(Work::Transfer(source))
            }
        }
    }

    fn extraneous(&mut self, target: Entry) {
        let Engine { mover, options, .. } = self.engine;
        let stays = !options.delete
            || !self.filter.takes(&target.name)
            || self.left_alone.cover(&target.name)
            || (target.is_folder() && !mover.deletes_folder())
            || mover.hides(&target);
        if !stays {
            self.engine.state.found();
            self.extraneous.push(target.name);
        }
    }

    async fn delete(&mut self) -> Work {
        let names = std::mem::take(&mut self.extraneous);
        let failures = match self.engine.options.dry_run {
            true => Vec::new(),
            false => self.engine.mover.delete(&names).await,
        };
        let mut outcomes = Vec::with_capacity(names.len());
        for name in names {
            let error = failures.iter().find(|(failed, _)| *failed == name);
            outcomes.push(match error {
                None => Outcome::new(TreeAction::Delete, name, 0),
                Some((_, error)) => Outcome::failed(name, error.clone()),
            });
        }
        Work::Done(outcomes)
    }
}

fn outcome(problem: Problem) -> Outcome {
    match problem.why {
        Why::Skipped(reason) => Outcome::skipped(problem.name, reason),
        Why::Failed(error) => Outcome::failed(problem.name, error),
    }
}
