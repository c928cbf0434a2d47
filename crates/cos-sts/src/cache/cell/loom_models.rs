//! Every interleaving of the few threads of each model, up to loom's bound of preemptions
//! (`make loom`).

use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use loom::future::block_on;
use loom::sync::Arc;
use loom::thread;

use super::Cell;
use crate::cache::CachingProvider;
use crate::cache::settings::Settings;
use crate::cache::state::Plan;
use crate::{CredentialError, CredentialErrorKind, Credentials, FnSource, ManualClock};

const NOW_S: u64 = 1_700_000_000;
const NOW_MS: u64 = NOW_S * 1000;

fn settings() -> StdArc<Settings> {
    let source = FnSource::new(|_| std::future::ready(issue()));
    let builder = CachingProvider::builder(source).clock(ManualClock::new(NOW_S));
    StdArc::new(builder.seed(7).settings)
}

fn issue() -> Result<Credentials, CredentialError> {
    Credentials::temporary("id", "key", "token", Some(NOW_S), NOW_S + 1800)
}

/// A cell, and how many fetches were begun. Counted outside loom: it is the test's, not the cell's.
#[derive(Clone)]
struct World {
    cell: Arc<Cell>,
    settings: StdArc<Settings>,
    fetches: StdArc<AtomicUsize>,
}

impl World {
    fn new() -> Self {
        Self {
            cell: Arc::new(Cell::new()),
            settings: settings(),
            fetches: StdArc::default(),
        }
    }

    /// One caller, who makes the fetch it is told to make.
    fn ask(&self, fetch: impl Fn() -> Result<Credentials, CredentialError>) -> Option<Credentials> {
        let (plan, start) = self.cell.plan(NOW_MS);
        if let Some(start) = start {
            self.fetches.fetch_add(1, Ordering::SeqCst);
            let result = fetch();
            self.cell.land(start, result, NOW_MS, &self.settings);
        }
        match plan {
            Plan::Use(credentials) => Some(credentials),
            Plan::Fail(_) => None,
            Plan::Wait(flight) => block_on(flight.wait())?.ok(),
        }
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    fn on_a_thread<T: 'static>(
        &self,
        work: impl FnOnce(Self) -> T + 'static,
    ) -> thread::JoinHandle<T> {
        let world = self.clone();
        thread::spawn(move || work(world))
    }
}

fn model(test: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = model.preemption_bound.or(Some(3));
    model.check(test);
}

#[test]
fn callers_share_one_fetch_and_all_hear_of_it() {
    model(|| {
        let world = World::new();
        let others: Vec<_> = (0..2)
            .map(|_| world.on_a_thread(|world| world.ask(issue)))
            .collect();
        let mut got = vec![world.ask(issue)];
        got.extend(others.into_iter().map(|other| other.join().unwrap()));
        assert!(
            got.iter()
                .all(|c| c.as_ref().is_some_and(|c| c.generation() == 1))
        );
        assert_eq!(world.fetches(), 1);
    });
}

#[test]
fn a_waiter_that_gives_up_leaves_the_others_waiting() {
    model(|| {
        let world = World::new();
        let (_, start) = world.cell.plan(NOW_MS);
        let gives_up = world.on_a_thread(|world| {
            if let (Plan::Wait(flight), _) = world.cell.plan(NOW_MS) {
                let mut landing = std::pin::pin!(flight.wait());
                let _: Poll<_> = landing
                    .as_mut()
                    .poll(&mut Context::from_waker(Waker::noop()));
            }
        });
        let waits = world.on_a_thread(|world| world.ask(issue));
        world
            .cell
            .land(start.unwrap(), issue(), NOW_MS, &world.settings);
        gives_up.join().unwrap();
        assert_eq!(waits.join().unwrap().unwrap().generation(), 1);
        assert_eq!(world.fetches(), 0, "only the first one");
    });
}

#[test]
fn a_lost_fetch_wakes_its_waiters_and_the_next_caller_begins_anew() {
    model(|| {
        let world = World::new();
        let (_, start) = world.cell.plan(NOW_MS);
        let waits = world.on_a_thread(|world| world.ask(issue));
        drop(start);
        // It waited for the lost one and heard so, or came later and made its own.
        let early = waits.join().unwrap();
        assert_eq!(early.is_some(), world.fetches() == 1);
        assert_eq!(world.ask(issue).unwrap().generation(), 1);
        assert_eq!(world.fetches(), 1);
    });
}

#[test]
fn a_failure_reaches_its_waiters_and_begins_one_pause() {
    model(|| {
        let fail = || {
            Err(CredentialError::new(
                CredentialErrorKind::Network,
                "refused",
            ))
        };
        let world = World::new();
        let other = world.on_a_thread(move |world| world.ask(fail));
        assert!(world.ask(fail).is_none());
        assert!(other.join().unwrap().is_none());
        assert_eq!(world.fetches(), 1);
    });
}

#[test]
fn a_refused_generation_is_seen_no_more_and_replaced_once() {
    model(|| {
        let world = World::new();
        assert_eq!(world.ask(issue).unwrap().generation(), 1);
        let refuse = |world: World| {
            world.cell.reject(1, NOW_MS, &world.settings);
            assert!(world.cell.fresh(NOW_MS).is_none_or(|c| c.generation() == 2));
            world.ask(issue).unwrap().generation()
        };
        let other = world.on_a_thread(refuse);
        assert_eq!((refuse(world.clone()), other.join().unwrap()), (2, 2));
        assert_eq!(world.fetches(), 2);
        assert_eq!(world.cell.fresh(NOW_MS).unwrap().generation(), 2);
    });
}

#[test]
fn what_was_asked_for_before_clear_never_shows_after_it() {
    model(|| {
        let world = World::new();
        let (_, start) = world.cell.plan(NOW_MS);
        let lands = world.on_a_thread(|world| {
            world
                .cell
                .land(start.unwrap(), issue(), NOW_MS, &world.settings);
        });
        world.cell.clear();
        assert!(world.cell.fresh(NOW_MS).is_none());
        lands.join().unwrap();
        assert!(world.cell.fresh(NOW_MS).is_none() && world.cell.valid(NOW_MS).is_none());
        assert!(world.ask(issue).is_some());
    });
}

#[test]
fn what_a_thread_remembers_ends_with_the_change() {
    model(|| {
        let world = World::new();
        assert_eq!(world.ask(issue).unwrap().generation(), 1);
        assert_eq!(world.cell.fresh(NOW_MS).unwrap().generation(), 1);
        let reads = world.on_a_thread(|world| {
            let seen = [(); 3].map(|()| world.cell.fresh(NOW_MS).map(|c| c.generation()));
            // First the old one, then none while it is replaced, then the new one: never back.
            let order = |seen: &Option<u64>| match seen {
                Some(1) => 0,
                None => 1,
                Some(_) => 2,
            };
            assert!(seen.is_sorted_by_key(order), "{seen:?}");
        });
        world.cell.reject(1, NOW_MS, &world.settings);
        assert!(world.cell.fresh(NOW_MS).is_none());
        assert_eq!(world.ask(issue).unwrap().generation(), 2);
        assert_eq!(world.cell.fresh(NOW_MS).unwrap().generation(), 2);
        reads.join().unwrap();
    });
}
