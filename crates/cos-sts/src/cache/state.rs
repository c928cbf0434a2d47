//! The cache's state machine: pure, the time is an argument.

use std::cell::Cell;
use std::ops::Range;
use std::time::Duration;

use super::Outcome;
use super::flight::{Flight, Pilot, flight};
use super::life::Life;
use super::settings::Settings;
use crate::{CredentialError, CredentialErrorKind, Credentials, Reason};

/// What a caller does next.
pub(super) enum Plan {
    Use(Credentials),
    Wait(Flight<Outcome>),
    Fail(CredentialError),
}

/// A fetch to start.
pub(super) struct Start {
    /// Where its outcome goes.
    pub(super) pilot: Pilot<Outcome>,
    /// Why it is made.
    pub(super) reason: Reason,
    /// To be given back when it lands.
    pub(super) epoch: u64,
}

/// A credential and its moments.
#[derive(Debug)]
pub(super) struct Held {
    /// The same one several times, each with its own count of clones: threads on several cores that
    /// count in one place wait for each other there.
    copies: [Credentials; 16],
    /// How many were lent so far.
    lent: Cell<usize>,
    pub(super) life: Life,
    /// When it came.
    since_ms: u64,
}

impl Held {
    fn new(credentials: &Credentials, life: Life, since_ms: u64) -> Self {
        Self {
            copies: std::array::from_fn(|_| credentials.counted_apart()),
            lent: Cell::new(0),
            life,
            since_ms,
        }
    }

    fn credentials(&self) -> &Credentials {
        &self.copies[0]
    }

    /// One for a thread to clone again and again: each gets another as long as there are enough.
    pub(super) fn lend(&self) -> &Credentials {
        let lent = self.lent.get();
        self.lent.set(lent.wrapping_add(1));
        &self.copies[lent % self.copies.len()]
    }
}

/// A credential refused within this time of its coming was no good from the start.
const SOON_MS: u64 = 60_000;
/// So many of those in a row are replaced at once; whoever revokes tokens revokes them one after another.
/// More mean that whoever they are issued to is locked out.
const BEARABLE: u32 = 3;

/// What a renewal in the background waits for.
pub(super) enum Due {
    Landing(Flight<Outcome>),
    In(Duration),
}

pub(super) struct State {
    current: Option<Held>,
    /// Generations up to this one were refused by the service.
    refused: u64,
    /// Generation of the newest credential ever held.
    newest: u64,
    flight: Option<Flight<Outcome>>,
    /// Grows when everything is forgotten; a fetch from before that lands for its waiters only.
    epoch: u64,
    failures: u32,
    /// Credentials refused in a row, each soon after it came.
    refusals: u32,
    /// Meanwhile the source is left alone. A date set back to before it ends it, too: otherwise a
    /// pause could last as long as the clock was wrong.
    pause_ms: Range<u64>,
    last_error: Option<CredentialError>,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            current: None,
            refused: 0,
            newest: 0,
            flight: None,
            epoch: 0,
            failures: 0,
            refusals: 0,
            pause_ms: 0..0,
            last_error: None,
        }
    }

    /// The credential at hand, if it has not ended and was not refused.
    fn held(&self, now_ms: u64) -> Option<&Held> {
        let held = self.current.as_ref()?;
        (now_ms < held.life.end_ms && held.credentials().generation() > self.refused)
            .then_some(held)
    }

    /// The same, its keys alone.
    pub(super) fn valid(&self, now_ms: u64) -> Option<&Credentials> {
        self.held(now_ms).map(Held::credentials)
    }

    /// The credential at hand, if it need not be renewed yet.
    pub(super) fn fresh(&self, now_ms: u64) -> Option<&Held> {
        self.held(now_ms).filter(|held| held.life.is_fresh(now_ms))
    }

    pub(super) fn plan(&mut self, now_ms: u64) -> (Plan, Option<Start>) {
        if let Some(fresh) = self.fresh(now_ms) {
            return (Plan::Use(fresh.credentials().clone()), None);
        }
        let pausing = self.pause_ms.contains(&now_ms);
        if let Some(valid) = self.valid(now_ms).cloned() {
            // Renewal goes on behind the caller's back; the old credential is good until its end.
            let start =
                (!pausing && self.open_flight().is_none()).then(|| self.start(Reason::Expiring).1);
            return (Plan::Use(valid), start);
        }
        if let Some(flight) = self.open_flight() {
            return (Plan::Wait(flight), None);
        }
        if let (true, Some(error)) = (pausing, &self.last_error) {
            return (Plan::Fail(paused(error, self.pause_ms.end - now_ms)), None);
        }
        let reason = match &self.current {
            None => Reason::First,
            Some(old) if old.credentials().generation() <= self.refused => Reason::Rejected,
            Some(_) => Reason::Expiring,
        };
        let (flight, start) = self.start(reason);
        (Plan::Wait(flight), Some(start))
    }

    /// The fetch under way. One whose task died without an outcome is forgotten.
    fn open_flight(&mut self) -> Option<Flight<Outcome>> {
        self.flight.take_if(|flight| !flight.is_open());
        self.flight.clone()
    }

    fn start(&mut self, reason: Reason) -> (Flight<Outcome>, Start) {
        let (pilot, flight) = flight();
        self.flight = Some(flight.clone());
        let start = Start {
            pilot,
            reason,
            epoch: self.epoch,
        };
        (flight, start)
    }

    /// A fetch has ended.
    pub(super) fn land(
        &mut self,
        epoch: u64,
        result: Result<Credentials, CredentialError>,
        now_ms: u64,
        settings: &Settings,
    ) -> Result<Credentials, CredentialError> {
        if epoch != self.epoch {
            // Asked for before everything was forgotten: perhaps for a user who has left since.
            return result;
        }
        self.flight = None;
        let margin_ms = millis(settings.margin);
        let result = result.and_then(|credentials| {
            let life = Life::new(
                &credentials,
                now_ms,
                margin_ms,
                jitter(settings, self.newest),
            )?;
            Ok((credentials, life))
        });
        match result {
            Ok((credentials, life)) => {
                self.newest += 1;
                let credentials = credentials.with_generation(self.newest);
                self.current = Some(Held::new(&credentials, life, now_ms));
                self.failures = 0;
                self.pause_ms = 0..0;
                self.last_error = None;
                Ok(credentials)
            }
            Err(error) => {
                self.pause(now_ms, self.failures, settings);
                self.failures = self.failures.saturating_add(1);
                self.last_error = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Leaves the source alone for a while: twice as long each time, up to a limit.
    fn pause(&mut self, now_ms: u64, times_before: u32, settings: &Settings) {
        let doubled = settings
            .first_pause
            .saturating_mul(1 << times_before.min(16));
        let pause_ms = millis(doubled.min(settings.longest_pause));
        let share = 0.75 + 0.25 * jitter(settings, u64::from(times_before) + 1);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a pause is far below 2^52 ms"
        )]
        let jittered = (pause_ms as f64 * share) as u64;
        self.pause_ms = now_ms..now_ms.saturating_add(jittered);
    }

    /// The service refused this generation. An older one was replaced already and is ignored. Where one
    /// new credential after the other is refused, the next would be as well: the source gets its pause.
    pub(super) fn reject(&mut self, generation: u64, now_ms: u64, settings: &Settings) {
        if generation != self.newest || generation <= self.refused {
            return;
        }
        self.refused = generation;
        let came_ms = self.current.as_ref().map_or(now_ms, |held| held.since_ms);
        self.refusals = match now_ms.saturating_sub(came_ms) < SOON_MS {
            true => self.refusals.saturating_add(1),
            false => 1,
        };
        if self.refusals > BEARABLE {
            let message = format!(
                "the service refused {} new credentials in a row",
                self.refusals
            );
            let error = CredentialError::new(CredentialErrorKind::Denied, message).with_hint(
                "whoever they are issued to may have been deleted or locked out, or they are for another site",
            );
            self.pause(now_ms, self.refusals - BEARABLE - 1, settings);
            self.last_error = Some(error);
        }
    }

    /// How long nothing has to be done, right after [`State::plan`].
    pub(super) fn due(&mut self, now_ms: u64) -> Due {
        if let Some(flight) = self.open_flight() {
            return Due::Landing(flight);
        }
        let at_ms = match &self.current {
            Some(held) if self.fresh(now_ms).is_some() => held.life.renew_ms,
            _ if self.pause_ms.contains(&now_ms) => self.pause_ms.end,
            _ => now_ms,
        };
        Due::In(Duration::from_millis(at_ms - now_ms))
    }

    pub(super) fn clear(&mut self) {
        self.refused = self.newest;
        self.epoch += 1;
        self.flight = None;
        self.refusals = 0;
        self.pause_ms = 0..0;
    }
}

/// In 0.0..1.0; `salt` makes the numbers of one seed differ.
fn jitter(settings: &Settings, salt: u64) -> f64 {
    match settings.seed {
        Some(seed) => fastrand::Rng::with_seed(seed.wrapping_add(salt)).f64(),
        None => fastrand::f64(),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The last failure, said again without asking the source.
fn paused(error: &CredentialError, left_ms: u64) -> CredentialError {
    let kind = match error.kind() {
        // Whoever judges by kind should see the cause, not the pause.
        kind @ (CredentialErrorKind::Denied | CredentialErrorKind::Config) => kind,
        _ => CredentialErrorKind::Unavailable,
    };
    let mut again = CredentialError::new(
        kind,
        format!(
            "{} (not asked again for another {} ms)",
            error.message(),
            left_ms.max(1)
        ),
    )
    .with_retryable(error.is_retryable());
    if let Some(operation) = error.operation() {
        again = again.with_operation(operation);
    }
    if let Some(code) = error.service_code() {
        again = again.with_service_code(code);
    }
    if let Some(id) = error.request_id() {
        again = again.with_request_id(id);
    }
    if let Some(status) = error.http_status() {
        again = again.with_http_status(status);
    }
    match error.hint() {
        Some(hint) => again.with_hint(hint),
        None => again,
    }
}
