//! Credentials that the app hands over when it has them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::{
    BoxFuture, CredentialError, CredentialErrorKind, CredentialProvider, CredentialRequest,
    Credentials,
};

/// A provider without a source: the app calls [`PushProvider::set`]. Requests wait until there are
/// credentials that the service has not refused; whoever may not wait for ever puts a time limit
/// around the operation. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PushProvider {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    slot: watch::Sender<Option<Credentials>>,
    newest: Mutex<u64>,
}

impl Default for PushProvider {
    fn default() -> Self {
        Self::new()
    }
}

impl PushProvider {
    /// A provider that has nothing yet.
    pub fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                slot: watch::Sender::new(None),
                newest: Mutex::new(0),
            }),
        }
    }

    /// Replaces the credentials. Requests on their way keep the old ones.
    pub fn set(&self, credentials: Credentials) {
        let mut newest = self.lock();
        *newest += 1;
        self.shared
            .slot
            .send_replace(Some(credentials.with_generation(*newest)));
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        self.shared
            .newest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl CredentialProvider for PushProvider {
    fn cached(&self, _request: &CredentialRequest) -> Option<Credentials> {
        self.shared.slot.borrow().clone()
    }

    fn credentials<'a>(
        &'a self,
        _request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(async move {
            let mut slot = self.shared.slot.subscribe();
            let found = slot.wait_for(Option::is_some).await;
            let found = found.ok().and_then(|slot| slot.clone());
            // The sender lives in `self`, so the wait cannot end without credentials.
            found.ok_or_else(|| {
                CredentialError::new(CredentialErrorKind::Unavailable, "no credentials were set")
            })
        })
    }

    fn invalidate(&self, generation: u64) {
        self.shared.slot.send_if_modified(|slot| {
            let refused = slot.as_ref().is_some_and(|c| c.generation() == generation);
            if refused {
                *slot = None;
            }
            refused
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_wait_for_credentials_that_are_not_refused() {
        let provider = PushProvider::new();
        let request = CredentialRequest::new();
        assert!(provider.cached(&request).is_none());
        let waiting = {
            let provider = provider.clone();
            tokio::spawn(async move { provider.credentials(&CredentialRequest::new()).await })
        };
        provider.set(Credentials::permanent("a", "k").unwrap());
        assert_eq!(waiting.await.unwrap().unwrap().secret_id(), "a");
        provider.invalidate(1);
        assert!(provider.cached(&request).is_none());
        provider.set(Credentials::permanent("b", "k").unwrap());
        provider.invalidate(1);
        assert_eq!(provider.cached(&request).unwrap().secret_id(), "b");
    }
}
