//! The two traits: what a signer asks, and where credentials come from.

use std::fmt;
use std::sync::Arc;

use crate::{BoxFuture, CredentialError, Credentials};

/// Why credentials are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// There are none yet.
    #[default]
    First,
    /// Those at hand end soon or have ended.
    Expiring,
    /// The service refused those at hand.
    Rejected,
}

impl Reason {
    /// `first`, `expiring` or `rejected`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Expiring => "expiring",
            Self::Rejected => "rejected",
        }
    }
}

/// What the credentials are for: a hint with which an app's server can issue a narrow policy. All parts
/// are optional, and a source may ignore them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialRequest {
    /// The action about to be made, for example `name/cos:PutObject`.
    pub action: Option<String>,
    /// The bucket with its appid, for example `photos-1250000000`.
    pub bucket: Option<String>,
    /// The region, for example `ap-guangzhou`.
    pub region: Option<String>,
    /// The object key or key prefix.
    pub key: Option<String>,
    /// Why they are asked for. A cache sets this itself.
    pub reason: Reason,
}

impl CredentialRequest {
    /// A request without any hint.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the action.
    #[must_use]
    pub fn with_action(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }

    /// Sets the bucket.
    #[must_use]
    pub fn with_bucket(mut self, bucket: impl Into<String>) -> Self {
        self.bucket = Some(bucket.into());
        self
    }

    /// Sets the region.
    #[must_use]
    pub fn with_region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Sets the object key.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Sets the reason.
    #[must_use]
    pub fn with_reason(mut self, reason: Reason) -> Self {
        self.reason = reason;
        self
    }
}

/// What a signer asks before every request.
pub trait CredentialProvider: Send + Sync + fmt::Debug + 'static {
    /// A fresh credential at hand, or `None` if getting one needs waiting. Waits for no fetch,
    /// at most a moment for a lock, so a signer tries this first.
    fn cached(&self, request: &CredentialRequest) -> Option<Credentials> {
        let _ = request;
        None
    }

    /// A credential that is valid now, fetched if need be.
    fn credentials<'a>(
        &'a self,
        request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>>;

    /// The service refused the credential of this generation: do not hand it out again. However many
    /// callers say so, one new fetch follows; a generation that was already replaced is ignored. A cache
    /// may pause when the service refuses one new credential after the other.
    fn invalidate(&self, generation: u64);
}

/// Where credentials come from: STS, an app's server, a file, a closure. Every call is a real fetch;
/// [`crate::CachingProvider`] decides when to make one.
pub trait CredentialSource: Send + Sync + fmt::Debug + 'static {
    /// Gets a new credential.
    fn fetch<'a>(
        &'a self,
        request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>>;
}

impl<T: CredentialProvider + ?Sized> CredentialProvider for Arc<T> {
    fn cached(&self, request: &CredentialRequest) -> Option<Credentials> {
        (**self).cached(request)
    }

    fn credentials<'a>(
        &'a self,
        request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        (**self).credentials(request)
    }

    fn invalidate(&self, generation: u64) {
        (**self).invalidate(generation);
    }
}

impl<T: CredentialSource + ?Sized> CredentialSource for Arc<T> {
    fn fetch<'a>(
        &'a self,
        request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        (**self).fetch(request)
    }
}

/// Always the same credentials: permanent keys on a server, or keys handed over for one job.
///
/// It does not look at the clock: an ended credential is handed out too, and the service says so.
#[derive(Clone, Debug)]
pub struct StaticProvider {
    credentials: Credentials,
}

impl StaticProvider {
    /// Wraps one credential.
    pub fn new(credentials: Credentials) -> Self {
        Self { credentials }
    }
}

impl CredentialProvider for StaticProvider {
    fn cached(&self, _request: &CredentialRequest) -> Option<Credentials> {
        Some(self.credentials.clone())
    }

    fn credentials<'a>(
        &'a self,
        _request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(std::future::ready(Ok(self.credentials.clone())))
    }

    fn invalidate(&self, _generation: u64) {
        // There is no other credential to offer; the next request shows the service's refusal again.
    }
}

impl CredentialSource for StaticProvider {
    fn fetch<'a>(
        &'a self,
        _request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(std::future::ready(Ok(self.credentials.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn static_provider_always_has_its_keys() {
        let provider: Arc<dyn CredentialProvider> = Arc::new(StaticProvider::new(
            Credentials::permanent("AKID", "key").unwrap(),
        ));
        let request = CredentialRequest::new().with_action("name/cos:PutObject");
        provider.invalidate(0);
        assert_eq!(provider.cached(&request).unwrap().secret_id(), "AKID");
        let got = provider.credentials(&request).await.unwrap();
        assert_eq!(got.secret_id(), "AKID");
    }
}
