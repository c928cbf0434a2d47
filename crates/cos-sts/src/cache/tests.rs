//! The engine under a clock that is moved by hand.

use super::*;
use crate::{Clock as _, ManualClock, Reason};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

const NOW: u64 = 1_700_000_000;
const LIFE: u64 = 1800;

/// Issues credentials of `LIFE` seconds, or fails as told; waits for a permit where a gate is set.
#[derive(Debug, Clone)]
struct Bench {
    clock: ManualClock,
    fetches: Arc<AtomicUsize>,
    failures: Arc<Mutex<VecDeque<CredentialError>>>,
    dead: Arc<std::sync::atomic::AtomicBool>,
    gate: Option<Arc<Semaphore>>,
    reasons: Arc<Mutex<Vec<Reason>>>,
}

impl Bench {
    fn new() -> Self {
        Self {
            clock: ManualClock::new(NOW),
            fetches: Arc::default(),
            failures: Arc::default(),
            dead: Arc::default(),
            gate: None,
            reasons: Arc::default(),
        }
    }

    fn gated() -> Self {
        Self {
            gate: Some(Arc::new(Semaphore::new(0))),
            ..Self::new()
        }
    }

    fn open(&self) {
        if let Some(gate) = &self.gate {
            gate.add_permits(1);
        }
    }

    fn provider(&self) -> CachingProvider {
        CachingProvider::builder(self.clone())
            .clock(self.clock.clone())
            .seed(seed())
            .build()
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

impl CredentialSource for Bench {
    fn fetch<'a>(
        &'a self,
        request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(async move {
            let number = self.fetches.fetch_add(1, Ordering::SeqCst) + 1;
            self.reasons.lock().unwrap().push(request.reason);
            if let Some(gate) = &self.gate {
                gate.acquire().await.unwrap().forget();
            }
            if self.dead.load(Ordering::SeqCst) {
                return Err(CredentialError::new(
                    CredentialErrorKind::Network,
                    "refused",
                ));
            }
            if let Some(error) = self.failures.lock().unwrap().pop_front() {
                return Err(error);
            }
            let now = self.clock.now_s();
            Credentials::temporary(format!("AKID{number}"), "k", "t", Some(now), now + LIFE)
        })
    }
}

async fn ask(provider: &CachingProvider) -> Result<Credentials, CredentialError> {
    provider.credentials(&CredentialRequest::new()).await
}

/// Lets spawned tasks run until nothing moves any more (current-thread runtime).
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_thousand_callers_share_one_fetch() {
    let bench = Bench::gated();
    let provider = bench.provider();
    let callers: Vec<_> = (0..1000)
        .map(|_| {
            let provider = provider.clone();
            tokio::spawn(async move { ask(&provider).await })
        })
        .collect();
    settle().await;
    assert_eq!(bench.fetches(), 1);
    bench.open();
    for caller in callers {
        assert_eq!(caller.await.unwrap().unwrap().generation(), 1);
    }
    assert_eq!(bench.fetches(), 1);
    assert!(provider.cached(&CredentialRequest::new()).is_some());
}

#[tokio::test]
async fn a_waiter_that_gives_up_harms_nobody() {
    let bench = Bench::gated();
    let provider = bench.provider();
    let first = {
        let provider = provider.clone();
        tokio::spawn(async move { ask(&provider).await })
    };
    settle().await;
    let second = {
        let provider = provider.clone();
        tokio::spawn(async move { ask(&provider).await })
    };
    settle().await;
    first.abort();
    settle().await;
    bench.open();
    assert_eq!(second.await.unwrap().unwrap().generation(), 1);
    assert_eq!(bench.fetches(), 1);
}

#[tokio::test]
async fn renewal_goes_on_behind_the_callers_back() {
    let bench = Bench::new();
    let provider = bench.provider();
    ask(&provider).await.unwrap();
    // Past the margin: the old one serves at once, a new one comes.
    bench.clock.advance_s(LIFE - 100);
    assert!(provider.cached(&CredentialRequest::new()).is_none());
    assert_eq!(ask(&provider).await.unwrap().generation(), 1);
    settle().await;
    assert_eq!(ask(&provider).await.unwrap().generation(), 2);
    assert_eq!(bench.fetches(), 2);
    assert_eq!(
        *bench.reasons.lock().unwrap(),
        [Reason::First, Reason::Expiring]
    );
}

#[tokio::test]
async fn the_old_credential_serves_while_renewal_fails() {
    let bench = Bench::new();
    let provider = bench.provider();
    ask(&provider).await.unwrap();
    bench.dead.store(true, Ordering::SeqCst);
    bench.clock.advance_s(LIFE - 200);
    for _ in 0..19 {
        assert_eq!(ask(&provider).await.unwrap().generation(), 1);
        settle().await;
        bench.clock.advance_s(10);
    }
    // 190 s of failures cost a few fetches, not one per request.
    assert!((2..=9).contains(&bench.fetches()), "{}", bench.fetches());
    bench.clock.advance_s(20);
    assert!(ask(&provider).await.is_err(), "really over now");
}

#[tokio::test]
async fn a_dead_source_is_left_alone() {
    let bench = Bench::new();
    let provider = bench.provider();
    bench.dead.store(true, Ordering::SeqCst);
    // An hour with ten requests a second.
    for _ in 0..36_000 {
        assert!(ask(&provider).await.is_err());
        bench.clock.advance(Duration::from_millis(100));
    }
    assert!(
        bench.fetches() <= 90,
        "{} fetches in an hour",
        bench.fetches()
    );
    let error = ask(&provider).await.unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
    // It comes back: at most one longest pause later there are credentials.
    bench.dead.store(false, Ordering::SeqCst);
    bench.clock.advance_s(60);
    assert!(ask(&provider).await.is_ok());
}

#[tokio::test]
async fn a_refused_generation_is_replaced_by_one_fetch() {
    let bench = Bench::new();
    let provider = bench.provider();
    let first = ask(&provider).await.unwrap();
    for _ in 0..100 {
        provider.invalidate(first.generation());
    }
    assert!(provider.cached(&CredentialRequest::new()).is_none());
    let second = ask(&provider).await.unwrap();
    assert_eq!((second.generation(), bench.fetches()), (2, 2));
    // Latecomers that still hold the first one change nothing.
    provider.invalidate(first.generation());
    assert_eq!(ask(&provider).await.unwrap().generation(), 2);
    assert_eq!(bench.fetches(), 2);
    assert_eq!(bench.reasons.lock().unwrap()[1], Reason::Rejected);
}

/// A user who is locked out: every credential is issued, and every one is refused at once.
#[tokio::test]
async fn an_identity_that_is_locked_out_costs_a_bounded_number_of_fetches() {
    let bench = Bench::new();
    let provider = bench.provider();
    let mut told = 0;
    // An hour with ten requests a second, each refused and asked for once more.
    for _ in 0..36_000 {
        for _ in 0..2 {
            match ask(&provider).await {
                Ok(credentials) => provider.invalidate(credentials.generation()),
                Err(error) => {
                    assert_eq!(error.kind(), CredentialErrorKind::Denied);
                    assert!(error.to_string().contains("refused"), "{error}");
                    assert!(error.hint().is_some());
                    told += 1;
                }
            }
        }
        bench.clock.advance(Duration::from_millis(100));
    }
    assert!(
        bench.fetches() <= 90,
        "{} fetches in an hour",
        bench.fetches()
    );
    assert!(told > 71_000, "{told}");
    // Let in again: at most one longest pause later all is well, and stays so.
    bench.clock.advance_s(60);
    let fetches = bench.fetches();
    for _ in 0..100 {
        assert!(ask(&provider).await.is_ok());
        bench.clock.advance_s(1);
    }
    assert_eq!(bench.fetches(), fetches + 1);
    // Long after, a single refusal is an ordinary one.
    let good = ask(&provider).await.unwrap();
    provider.invalidate(good.generation());
    assert!(ask(&provider).await.is_ok());
}

/// Three revocations in a row are no reason to pause.
#[tokio::test]
async fn a_few_revocations_are_answered_at_once() {
    let bench = Bench::new();
    let provider = bench.provider();
    for generation in 1..=4 {
        assert_eq!(ask(&provider).await.unwrap().generation(), generation);
        if generation < 4 {
            provider.invalidate(generation);
        }
        bench.clock.advance_s(5);
    }
    assert_eq!(bench.fetches(), 4);
    // What has served for a minute was no bad one: counting begins anew.
    bench.clock.advance_s(60);
    for generation in 4..=6 {
        provider.invalidate(generation);
        assert!(ask(&provider).await.is_ok());
    }
    provider.clear();
    assert!(ask(&provider).await.is_ok());
}

#[tokio::test]
async fn an_idle_program_finds_a_fresh_credential() {
    let bench = Bench::new();
    let provider = bench.provider();
    let renewal = provider.renew_in_background(CredentialRequest::new());
    settle().await;
    assert_eq!(bench.fetches(), 1, "at once");
    // Three hours in steps of ten seconds, and nobody asks.
    let cached = |now: &str| {
        let found = provider.cached(&CredentialRequest::new());
        assert!(found.is_some(), "{now}");
    };
    for step in 0..1080 {
        cached(&format!("step {step}"));
        bench.clock.advance_s(10);
        settle().await;
    }
    let expected = (3 * 3600_u64).div_ceil(LIFE - 300) as usize;
    assert!(
        bench.fetches().abs_diff(expected) <= 1,
        "{} against {expected}",
        bench.fetches()
    );
    // A dead source gets its pauses, and the old credential serves meanwhile.
    bench.dead.store(true, Ordering::SeqCst);
    let before = bench.fetches();
    for _ in 0..360 {
        bench.clock.advance_s(10);
        settle().await;
    }
    let tries = bench.fetches() - before;
    assert!((2..=90).contains(&tries), "{tries}");
    bench.dead.store(false, Ordering::SeqCst);
    for _ in 0..7 {
        bench.clock.advance_s(10);
        settle().await;
    }
    cached("it came back");
    // A refused one is replaced without being asked for.
    let bad = provider.current().unwrap().generation();
    provider.invalidate(bad);
    for _ in 0..7 {
        bench.clock.advance_s(10);
        settle().await;
    }
    cached("refused and replaced");
    drop(renewal);
    settle().await;
    let fetches = bench.fetches();
    bench.clock.advance_s(2 * LIFE);
    settle().await;
    assert_eq!(bench.fetches(), fetches, "it has ended");
    assert_eq!(bench.clock.sleepers(), 0);
}

#[tokio::test]
async fn a_fetch_has_a_time_limit() {
    let bench = Bench::gated();
    let provider = bench.provider();
    let asking = {
        let provider = provider.clone();
        tokio::spawn(async move { ask(&provider).await })
    };
    settle().await;
    bench.clock.advance_s(30);
    let error = asking.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), CredentialErrorKind::Timeout);
}

#[tokio::test]
async fn a_source_that_panics_is_one_that_fails() {
    #[derive(Debug, Clone, Default)]
    struct Panics(Arc<AtomicUsize>);
    impl CredentialSource for Panics {
        fn fetch<'a>(
            &'a self,
            _: &'a CredentialRequest,
        ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
            let first = self.0.fetch_add(1, Ordering::SeqCst) == 0;
            Box::pin(async move {
                assert!(!first, "planted");
                Credentials::temporary("id", "k", "t", Some(NOW), NOW + LIFE)
            })
        }
    }
    let (source, clock) = (Panics::default(), ManualClock::new(NOW));
    let provider = CachingProvider::builder(source.clone())
        .clock(clock.clone())
        .build();
    for _ in 0..100 {
        let error = ask(&provider).await.unwrap_err();
        assert!(error.to_string().contains("panicked"), "{error}");
    }
    assert_eq!(source.0.load(Ordering::SeqCst), 1, "left alone for a while");
    clock.advance_s(1);
    assert!(ask(&provider).await.is_ok());
}

#[test]
fn a_runtime_that_goes_down_leaves_the_others_their_source() {
    let bench = Bench::gated();
    let provider = bench.provider();
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
    };
    let first = runtime();
    first.block_on(async {
        let asking = provider.clone();
        tokio::spawn(async move { ask(&asking).await });
        settle().await;
    });
    assert_eq!(bench.fetches(), 1);
    let waiting = provider.clone();
    let second = std::thread::spawn(move || runtime().block_on(ask(&waiting)));
    drop(first);
    // It waits for the lost fetch, or comes later: either way it begins one of its own.
    bench.open();
    assert!(second.join().unwrap().is_ok());
    assert_eq!(bench.fetches(), 2);
}

#[tokio::test]
async fn three_hours_of_requests_cost_a_fetch_per_life() {
    let bench = Bench::new();
    let provider = bench.provider();
    let (hours_s, requests) = (3 * 3600, 500);
    for _ in 0..requests {
        let credentials = ask(&provider).await.unwrap();
        assert!(credentials.is_valid_at(bench.clock.now_s()));
        settle().await;
        bench
            .clock
            .advance(Duration::from_millis(hours_s * 1000 / requests));
    }
    let expected = hours_s.div_ceil(LIFE - 300) as usize;
    assert!(
        bench.fetches().abs_diff(expected) <= 1,
        "{} against {expected}",
        bench.fetches()
    );
}

#[tokio::test]
async fn clear_forgets_even_during_a_pause() {
    let bench = Bench::new();
    let provider = bench.provider();
    ask(&provider).await.unwrap();
    provider.clear();
    assert!(provider.current().is_none());
    assert_eq!(ask(&provider).await.unwrap().generation(), 2);
    bench.dead.store(true, Ordering::SeqCst);
    provider.clear();
    assert!(ask(&provider).await.is_err());
    bench.dead.store(false, Ordering::SeqCst);
    assert!(ask(&provider).await.is_err(), "pausing");
    provider.clear();
    assert!(ask(&provider).await.is_ok());
}

#[tokio::test]
async fn clear_also_forgets_what_is_on_its_way() {
    let bench = Bench::gated();
    let provider = bench.provider();
    let asking = |provider: &CachingProvider| {
        let provider = provider.clone();
        tokio::spawn(async move { ask(&provider).await })
    };
    let before = asking(&provider);
    settle().await;
    provider.clear();
    let after = asking(&provider);
    settle().await;
    assert_eq!(bench.fetches(), 2);
    bench.open();
    settle().await;
    assert!(
        provider.current().is_none(),
        "the first fetch was for those who asked before"
    );
    assert_eq!(before.await.unwrap().unwrap().secret_id(), "AKID1");
    bench.open();
    let new = after.await.unwrap().unwrap();
    assert_eq!((new.secret_id(), new.generation()), ("AKID2", 1));
    assert_eq!(provider.current().unwrap().secret_id(), "AKID2");
}

#[tokio::test]
async fn a_date_set_back_does_not_prolong_a_pause() {
    let bench = Bench::new();
    let provider = bench.provider();
    bench.dead.store(true, Ordering::SeqCst);
    assert!(ask(&provider).await.is_err());
    bench.dead.store(false, Ordering::SeqCst);
    assert!(ask(&provider).await.is_err(), "pausing");
    bench.clock.set_s(NOW - 26 * 3600);
    assert!(ask(&provider).await.is_ok());
}

/// A device whose clock is wrong, and a service whose clock is right.
struct Skewed {
    service: Bench,
    device: ManualClock,
    provider: CachingProvider,
    refused: usize,
}

impl Skewed {
    fn new(offset_s: i64, seed: u64) -> Self {
        let service = Bench::new();
        let device = ManualClock::new(NOW.saturating_add_signed(offset_s));
        let provider = CachingProvider::builder(service.clone())
            .clock(device.clone())
            .seed(seed)
            .build();
        Self {
            service,
            device,
            provider,
            refused: 0,
        }
    }

    fn set_device(&self, offset_s: i64) {
        let right = self.service.clock.now_s();
        self.device.set_s(right.saturating_add_signed(offset_s));
    }

    fn pass(&self, by: Duration) {
        self.service.clock.advance(by);
        self.device.advance(by);
    }

    /// One request as a client makes it: a refused credential is reported and asked for once more.
    async fn request(&mut self) -> bool {
        for _ in 0..2 {
            let credentials = ask(&self.provider).await.unwrap();
            if credentials.is_valid_at(self.service.clock.now_s()) {
                return true;
            }
            self.refused += 1;
            self.provider.invalidate(credentials.generation());
        }
        false
    }
}

fn seed() -> u64 {
    let seed = std::env::var("COS_STS_SEED").ok();
    let seed = seed
        .and_then(|s| s.parse().ok())
        .unwrap_or_else(|| fastrand::u64(..));
    println!("again with COS_STS_SEED={seed}");
    seed
}

const DAY_AND_MORE_S: i64 = 26 * 3600;

/// A clock that is ahead by more than is trusted and less than a life cannot be told from a credential
/// that was kept on the server: it is renewed by its date, early, rather than used for too long.
fn most_fetches(offset_s: i64, span_s: u64) -> usize {
    let life_s = match u64::try_from(offset_s) {
        Ok(ahead) if (299..LIFE).contains(&ahead) => LIFE - ahead,
        _ => LIFE,
    };
    let renewed_after_s = (life_s - (life_s / 4).min(360)).max(1);
    span_s.div_ceil(renewed_after_s) as usize
}

#[tokio::test]
async fn a_wrong_clock_and_a_jump_fail_no_request() {
    let mut random = fastrand::Rng::with_seed(seed());
    let mut offsets = vec![-DAY_AND_MORE_S, -1, 0, 1, DAY_AND_MORE_S];
    offsets.extend((0..35).map(|_| random.i64(-DAY_AND_MORE_S..=DAY_AND_MORE_S)));
    for offset in offsets {
        let mut world = Skewed::new(offset, random.u64(..));
        let jump_at = random.u64(1..500);
        let jump_to = random.i64(-DAY_AND_MORE_S..=DAY_AND_MORE_S);
        let (span_s, requests) = (3 * 3600, 500);
        for i in 0..requests {
            if i == jump_at {
                world.set_device(jump_to);
            }
            let told = format!("offset {offset}, {jump_to} from request {jump_at}, request {i}");
            assert!(world.request().await, "{told}");
            settle().await;
            world.pass(Duration::from_millis(span_s * 1000 / requests));
        }
        let part_s = span_s * jump_at / requests;
        // The jump may cost a fetch, and a credential that ended unnoticed.
        let limit = most_fetches(offset, part_s) + most_fetches(jump_to, span_s - part_s) + 2;
        let fetches = world.service.fetches();
        assert!(
            fetches <= limit,
            "{fetches} fetches, not {limit}, at {offset} then {jump_to}"
        );
        assert!(
            world.refused <= 1,
            "{} refused at {offset} then {jump_to}",
            world.refused
        );
    }
}
