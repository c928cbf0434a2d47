//! Renewal ahead of need, for programs that are idle for longer than a credential lives.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::state::Due;
use super::{CachingProvider, Shared};
use crate::CredentialRequest;

/// A date may be set, and a machine may sleep: the clock is looked at this often.
const LOOK: Duration = Duration::from_secs(60);

/// Keeps a [`CachingProvider`]'s credential fresh until it is dropped.
#[derive(Debug)]
#[must_use = "renewal ends when this is dropped"]
pub struct BackgroundRenewal {
    task: JoinHandle<()>,
}

impl Drop for BackgroundRenewal {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl CachingProvider {
    /// Fetches now, and renews before each end, also while nobody asks: the next caller then never waits
    /// for the source. Without it, renewal begins with the first call in the margin.
    ///
    /// It makes the same fetches under the same rules, so failures are followed by the same pauses. Must
    /// be called inside a Tokio runtime; ends when what it returns is dropped.
    pub fn renew_in_background(&self, request: CredentialRequest) -> BackgroundRenewal {
        let shared = Arc::clone(&self.shared);
        let task = tokio::spawn(async move { shared.keep_fresh(&request).await });
        BackgroundRenewal { task }
    }
}

impl Shared {
    async fn keep_fresh(self: &Arc<Self>, request: &CredentialRequest) {
        let clock = &self.settings.clock;
        loop {
            self.plan(request);
            match self.cell.due(clock.now_ms()) {
                Due::Landing(flight) => drop(flight.wait().await),
                Due::In(time) => clock.sleep(time.min(LOOK)).await,
            }
        }
    }
}
