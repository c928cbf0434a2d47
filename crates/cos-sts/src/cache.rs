//! The refresh engine: one credential for all, renewed before its end.
//!
//! - One fetch is in flight at a time, however many callers wait; it runs on its own task, so a waiter
//!   that gives up takes nothing from the others.
//! - Renewal begins a margin before the end. Until the end the old credential serves, also when the
//!   renewal fails.
//! - After a failure the source is left alone for a while, longer each time.
//! - A credential that the service refused is replaced by exactly one fetch, whoever reports it. When it
//!   refuses new ones, too, again and again, the source is left alone as after a failure.

mod background;
mod cell;
mod flight;
mod life;
mod memory;
mod settings;
mod state;
mod sync;

use std::fmt;
use std::sync::Arc;

use futures_util::future::{Either, select};

pub use background::BackgroundRenewal;
pub use settings::CachingProviderBuilder;

use crate::{
    BoxFuture, CredentialError, CredentialErrorKind, CredentialProvider, CredentialRequest,
    CredentialSource, Credentials,
};
use cell::Cell;
use settings::Settings;
use state::{Plan, Start};

/// What a fetch ends with.
type Outcome = Result<Credentials, CredentialError>;

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
    cell: Cell,
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
                settings,
                cell: Cell::new(),
            }),
        }
    }

    /// The credential at hand, if it is still valid; nothing is fetched.
    pub fn current(&self) -> Option<Credentials> {
        self.shared.cell.valid(self.shared.settings.clock.now_ms())
    }

    /// Forgets whatever is at hand: after a user logs out, or a policy was changed on the server. The
    /// next request fetches anew, also during a pause after failures. A fetch under way still answers
    /// those who wait for it, and is then forgotten, too.
    pub fn clear(&self) {
        self.shared.cell.clear();
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
        self.shared.cell.fresh(self.shared.settings.clock.now_ms())
    }

    fn credentials<'a>(
        &'a self,
        request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(async move {
            loop {
                match self.shared.plan(request) {
                    Plan::Use(credentials) => return Ok(credentials),
                    Plan::Fail(error) => return Err(error),
                    Plan::Wait(flight) => {
                        if let Some(outcome) = flight.wait().await {
                            return outcome;
                        }
                        // The runtime of whoever asked first went down with the fetch. Ours has not.
                    }
                }
            }
        })
    }

    fn invalidate(&self, generation: u64) {
        let Shared { cell, settings, .. } = &*self.shared;
        cell.reject(generation, settings.clock.now_ms(), settings);
    }
}

impl Shared {
    /// What a caller should do now; starts a fetch where one is due.
    fn plan(self: &Arc<Self>, request: &CredentialRequest) -> Plan {
        let (plan, start) = self.cell.plan(self.settings.clock.now_ms());
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
        let mut under_way = UnderWay {
            shared: &self,
            start: Some(start),
        };
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
        under_way.land(result);
    }
}

/// A fetch that ends in one way or another.
struct UnderWay<'a> {
    shared: &'a Shared,
    start: Option<Start>,
}

impl UnderWay<'_> {
    fn land(&mut self, result: Outcome) {
        let Some(start) = self.start.take() else {
            return;
        };
        let Shared { cell, settings, .. } = self.shared;
        let now_ms = settings.clock.now_ms();
        if let Some(error) = cell.land(start, result, now_ms, settings) {
            tracing::warn!(
                kind = error.kind().as_str(),
                code = error.service_code(),
                "no new credentials"
            );
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        // A source that panics is a source that fails, and gets its pause. One whose runtime goes down
        // did nothing wrong: the next caller, on another runtime, may ask it at once.
        if std::thread::panicking() {
            self.land(Err(CredentialError::new(
                CredentialErrorKind::Unavailable,
                "the source of credentials panicked",
            )));
        }
    }
}

#[cfg(test)]
#[cfg(not(cos_loom))]
mod tests;
