//! How a cache behaves.

use std::sync::Arc;
use std::time::Duration;

use super::CachingProvider;
use crate::{Clock, CredentialSource, SystemClock};

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) margin: Duration,
    pub(crate) fetch_timeout: Duration,
    pub(crate) first_pause: Duration,
    pub(crate) longest_pause: Duration,
    /// Seed of the jitter; `None` takes the thread's own randomness.
    pub(crate) seed: Option<u64>,
}

/// Settings of a [`CachingProvider`].
#[derive(Clone, Debug)]
#[must_use]
pub struct CachingProviderBuilder {
    source: Arc<dyn CredentialSource>,
    pub(super) settings: Settings,
}

impl CachingProviderBuilder {
    pub(crate) fn new(source: Arc<dyn CredentialSource>) -> Self {
        Self {
            source,
            settings: Settings {
                clock: Arc::new(SystemClock),
                margin: Duration::from_secs(300),
                fetch_timeout: Duration::from_secs(30),
                first_pause: Duration::from_secs(1),
                longest_pause: Duration::from_secs(60),
                seed: None,
            },
        }
    }

    /// Another clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }

    /// How long before the end renewal begins; 5 minutes unless set, never more than a quarter of the
    /// life, and up to a fifth of it earlier or later so that a fleet does not ask all at once.
    pub fn refresh_margin(mut self, margin: Duration) -> Self {
        self.settings.margin = margin;
        self
    }

    /// The time limit of one fetch; 30 s unless set.
    pub fn fetch_timeout(mut self, limit: Duration) -> Self {
        self.settings.fetch_timeout = limit;
        self
    }

    /// How long the source is left alone after a first failure and at most; 1 s and 60 s unless set.
    /// The pause doubles with each failure in a row.
    pub fn failure_pause(mut self, first: Duration, longest: Duration) -> Self {
        self.settings.first_pause = first;
        self.settings.longest_pause = longest.max(first);
        self
    }

    /// Makes the jitter repeatable, for simulations.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = Some(seed);
        self
    }

    /// The provider.
    pub fn build(self) -> CachingProvider {
        CachingProvider::with_settings(self.source, self.settings)
    }
}
