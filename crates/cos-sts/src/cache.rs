//! The refresh engine: one credential for all, renewed before its end.
//!
//! - One fetch is in flight at a time, however many callers wait; it runs on its own task, so a waiter
//!   that gives up takes nothing from the others.
//! - Renewal begins a margin before the end. Until the end the old credential serves, also when the
//!   renewal fails.
//! - After a failure the source is left alone for a while, longer each time.
//! - A credential that the service refused is replaced by exactly one fetch, whoever reports it.

mod life;
mod settings;
mod state;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use futures_util::future::{Either, select};
use tokio::sync::watch;

pub use settings::CachingProviderBuilder;

use crate::{
    BoxFuture, CredentialError, CredentialErrorKind, CredentialProvider, CredentialRequest,
    CredentialSource, Credentials,
};
use settings::Settings;
use state::{Held, Plan, Start, State};

/// What a fetch ends with; `None` while it runs.
type Outcome = Option<Result<Credentials, CredentialError>>;

/// Holds the credentials of a [`CredentialSource`] and renews them. Cheap to clone; clones share one
/// credential. Must be used inside a Tokio runtime.
///
/// ```
/// use cos_sts::{CachingProvider, CredentialProvider, CredentialRequest, Credentials, FnSource};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), cos_sts::CredentialError> {
/// let source = FnSource::new(|_request| async {
///     // Ask the app's own server here.
///     Credentials::temporary("AKIDtmp", "key", "token", None, 4_102_444_800)
/// });
/// let provider = CachingProvider::builder(source).build();
/// let credentials = provider.credentials(&CredentialRequest::new()).await?;
/// assert_eq!(credentials.generation(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CachingProvider {
    shared: Arc<Shared>,
}

struct Shared {
    source: Arc<dyn CredentialSource>,
    settings: Settings,
    state: Mutex<State>,
    /// What `state` holds and may be handed out, for readers that take no lock.
    shown: ArcSwapOption<Held>,
}

impl CachingProvider {
    /// Settings for a cache over `source`.
    pub fn builder(source: impl CredentialSource) -> CachingProviderBuilder {
        CachingProviderBuilder::new(Arc::new(source))
    }

    /// A cache with the default settings.
    pub fn new(source: impl CredentialSource) -> Self {
        Self::builder(source).build()
    }

    pub(crate) fn with_settings(source: Arc<dyn CredentialSource>, settings: Settings) -> Self {
        Self {
            shared: Arc::new(Shared {
                source,
                state: Mutex::new(State::new()),
                shown: ArcSwapOption::empty(),
                settings,
            }),
        }
    }

    /// The credential at hand, if it is still valid; nothing is fetched.
    pub fn current(&self) -> Option<Credentials> {
        let now_ms = self.shared.settings.clock.now_ms();
        self.shared.lock().valid(now_ms).cloned()
    }

    /// Forgets whatever is at hand: after a user logs out, or a policy was changed on the server. The
    /// next request fetches anew, also during a pause after failures. A fetch under way still answers
    /// those who wait for it, and is then forgotten, too.
    pub fn clear(&self) {
        self.shared.change(State::clear);
    }
}

impl fmt::Debug for CachingProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachingProvider")
            .field("source", &self.shared.source)
            .field("current", &self.current())
            .finish_non_exhaustive()
    }
}

impl CredentialProvider for CachingProvider {
    fn cached(&self, _request: &CredentialRequest) -> Option<Credentials> {
        let shown = self.shared.shown.load();
        let held = shown.as_ref()?;
        let now_ms = self.shared.settings.clock.now_ms();
        held.life.is_fresh(now_ms).then(|| held.credentials.clone())
    }

    fn credentials<'a>(
        &'a self,
        request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(async move {
            match self.shared.plan(request) {
                Plan::Use(credentials) => Ok(credentials),
                Plan::Fail(error) => Err(error),
                Plan::Wait(mut flight) => landed(&mut flight).await,
            }
        })
    }

    fn invalidate(&self, generation: u64) {
        self.shared.change(|state| state.reject(generation));
    }
}

async fn landed(flight: &mut watch::Receiver<Outcome>) -> Result<Credentials, CredentialError> {
    // An error here means that the fetching task died without an outcome: the source panicked, or the
    // runtime is going down.
    let outcome = match flight.wait_for(Option::is_some).await {
        Ok(outcome) => outcome.clone(),
        Err(_) => None,
    };
    outcome.unwrap_or_else(|| {
        Err(CredentialError::new(
            CredentialErrorKind::Unavailable,
            "the fetch of credentials was broken off",
        ))
    })
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is made whole before the lock is let go, so a poisoned state is still good.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and shows readers what it holds then.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state);
        self.shown.store(state.shown());
        result
    }

    /// What a caller should do now; starts a fetch where one is due.
    fn plan(self: &Arc<Self>, request: &CredentialRequest) -> Plan {
        let now_ms = self.settings.clock.now_ms();
        let (plan, start) = self.lock().plan(now_ms);
        if let Some(start) = start {
            let request = request.clone().with_reason(start.reason);
            tokio::spawn(Arc::clone(self).fetch(request, start));
        }
        plan
    }

    async fn fetch(self: Arc<Self>, request: CredentialRequest, start: Start) {
        let clock = &self.settings.clock;
        let limit = self.settings.fetch_timeout;
        tracing::debug!(reason = request.reason.as_str(), "fetching credentials");
        let fetching = self.source.fetch(&request);
        let result = match select(fetching, clock.sleep(limit)).await {
            Either::Left((result, _)) => result,
            Either::Right(((), _)) => Err(CredentialError::new(
                CredentialErrorKind::Timeout,
                format!(
                    "the source of credentials did not answer within {} ms",
                    limit.as_millis()
                ),
            )),
        };
        let now_ms = clock.now_ms();
        let result = self.change(|state| state.land(start.epoch, result, now_ms, &self.settings));
        if let Err(error) = &result {
            tracing::warn!(
                kind = error.kind().as_str(),
                code = error.service_code(),
                "no new credentials"
            );
        }
        // Nobody waiting is fine.
        let _ = start.outcome.send(Some(result));
    }
}

#[cfg(test)]
mod tests;
