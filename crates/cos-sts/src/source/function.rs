//! A closure as a source.

use std::fmt;
use std::future::Future;

use crate::{BoxFuture, CredentialError, CredentialRequest, CredentialSource, Credentials};

/// Credentials from a closure: the app's own way to its server.
pub struct FnSource<F> {
    fetch: F,
}

impl<F, Fut> FnSource<F>
where
    F: Fn(CredentialRequest) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Credentials, CredentialError>> + Send + 'static,
{
    /// Wraps `fetch`. Every call must be a real fetch; [`crate::CachingProvider`] decides when.
    pub fn new(fetch: F) -> Self {
        Self { fetch }
    }
}

impl<F> fmt::Debug for FnSource<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FnSource")
    }
}

impl<F, Fut> CredentialSource for FnSource<F>
where
    F: Fn(CredentialRequest) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Credentials, CredentialError>> + Send + 'static,
{
    fn fetch<'a>(
        &'a self,
        request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin((self.fetch)(request.clone()))
    }
}
