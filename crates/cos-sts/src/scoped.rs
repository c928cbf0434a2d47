//! Narrow credentials for each part of the work, each reused wherever it is enough.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::policy::wildcard_match;
use crate::{
    BoxFuture, CachingProvider, CachingProviderBuilder, CredentialError, CredentialProvider,
    CredentialRequest, CredentialSource, Credentials,
};

/// What a credential is good for. `*` in a part stands for any run of characters; a part that is `None`
/// covers only calls that say nothing about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialScope {
    /// The actions, such as `name/cos:PutObject`; empty covers only calls that name none.
    pub actions: Vec<String>,
    /// The bucket with its appid.
    pub bucket: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The key, or keys: `users/42/*`.
    pub key: Option<String>,
}

impl CredentialScope {
    /// Exactly what a request says.
    pub fn of(request: &CredentialRequest) -> Self {
        Self {
            actions: request.action.iter().cloned().collect(),
            bucket: request.bucket.clone(),
            region: request.region.clone(),
            key: request.key.clone(),
        }
    }

    /// These actions instead.
    #[must_use]
    pub fn with_actions(mut self, actions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.actions = actions.into_iter().map(Into::into).collect();
        self
    }

    /// These keys instead, such as `users/42/*`.
    #[must_use]
    pub fn with_key(mut self, pattern: impl Into<String>) -> Self {
        self.key = Some(pattern.into());
        self
    }

    /// Whether a credential of this scope is enough for a request.
    pub fn covers(&self, request: &CredentialRequest) -> bool {
        let part = |mine: &Option<String>, theirs: &Option<String>| match (mine, theirs) {
            (Some(mine), Some(theirs)) => wildcard_match(mine, theirs),
            (None, None) => true,
            (Some(mine), None) => mine == "*",
            (None, Some(_)) => false,
        };
        let action = match &request.action {
            None => self.actions.is_empty() || self.actions.iter().any(|a| a == "*"),
            Some(action) => self.actions.iter().any(|a| wildcard_match(a, action)),
        };
        action
            && part(&self.bucket, &request.bucket)
            && part(&self.region, &request.region)
            && part(&self.key, &request.key)
    }

    /// The hint a source gets: `key` may hold a pattern, and one action stays as it was asked.
    fn hint(&self, request: &CredentialRequest) -> CredentialRequest {
        CredentialRequest {
            bucket: self.bucket.clone(),
            region: self.region.clone(),
            key: self.key.clone(),
            ..request.clone()
        }
    }
}

type Widen = dyn Fn(&CredentialRequest) -> CredentialScope + Send + Sync;
type Configure = dyn Fn(CachingProviderBuilder) -> CachingProviderBuilder + Send + Sync;

/// Holds several credentials, one for each scope, and uses any whose scope covers the call. A call that
/// none covers makes a fetch with its scope as the hint. Each credential is renewed on its own, as
/// [`CachingProvider`] does. Cheap to clone.
///
/// ```
/// use cos_sts::{CredentialProvider, CredentialRequest, CredentialScope, Credentials, FnSource};
/// use cos_sts::ScopedProvider;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), cos_sts::CredentialError> {
/// // The app's server gives keys for one folder.
/// let source = FnSource::new(|request: CredentialRequest| async move {
///     let folder = request.key.unwrap_or_default();
///     Credentials::temporary(format!("for-{folder}"), "key", "token", None, 4_102_444_800)
/// });
/// let provider = ScopedProvider::builder(source)
///     .scope(|request| {
///         let key = request.key.as_deref().unwrap_or_default();
///         let folder = key.rsplit_once('/').map_or("", |(folder, _)| folder);
///         CredentialScope::of(request).with_key(format!("{folder}/*"))
///     })
///     .build();
/// let get = |key: &str| CredentialRequest::new().with_bucket("demo-1250000000").with_key(key);
/// let first = provider.credentials(&get("a/1")).await?;
/// let second = provider.credentials(&get("a/2")).await?;
/// assert_eq!(first.secret_id(), "for-a/*");
/// assert_eq!(first.generation(), second.generation());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ScopedProvider {
    shared: Arc<Shared>,
}

struct Shared {
    source: Arc<dyn CredentialSource>,
    widen: Box<Widen>,
    configure: Box<Configure>,
    max_entries: usize,
    state: Mutex<State>,
}

struct State {
    entries: Vec<Entry>,
    next_id: u64,
    /// Counts uses, to tell the least recently used.
    uses: u64,
}

struct Entry {
    id: u64,
    scope: CredentialScope,
    provider: CachingProvider,
    last_use: u64,
}

/// Settings of a [`ScopedProvider`].
#[must_use]
pub struct ScopedProviderBuilder {
    source: Arc<dyn CredentialSource>,
    widen: Box<Widen>,
    configure: Box<Configure>,
    max_entries: usize,
}

/// Low bits of a generation: the entry's own count. High bits: the entry.
const OWN_BITS: u32 = 32;

impl ScopedProvider {
    /// Settings for a cache over `source`.
    pub fn builder(source: impl CredentialSource) -> ScopedProviderBuilder {
        ScopedProviderBuilder {
            source: Arc::new(source),
            widen: Box::new(CredentialScope::of),
            configure: Box::new(|builder| builder),
            max_entries: 16,
        }
    }

    /// The scopes at hand.
    pub fn scopes(&self) -> Vec<CredentialScope> {
        let state = self.lock();
        state.entries.iter().map(|e| e.scope.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is made whole before the lock is let go, so a poisoned state is still good.
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }

    /// The entry that covers the request, made if there is none.
    fn entry(&self, request: &CredentialRequest) -> (u64, CachingProvider) {
        if let Some(found) = self.lock().find(request) {
            return (found.id, found.provider.clone());
        }
        // The app's code runs outside the lock.
        let mut scope = (self.shared.widen)(request);
        if !scope.covers(request) {
            // Kept under such a scope it would never be found again.
            scope = CredentialScope::of(request);
        }
        let source = HintedSource {
            source: Arc::clone(&self.shared.source),
            hint: scope.hint(request),
        };
        let provider = (self.shared.configure)(CachingProvider::builder(source)).build();
        let mut state = self.lock();
        // Another caller may have been faster.
        if let Some(found) = state.find(request) {
            return (found.id, found.provider.clone());
        }
        let id = state.next_id;
        state.next_id += 1;
        if state.entries.len() >= self.shared.max_entries {
            let oldest = state
                .entries
                .iter()
                .enumerate()
                .min_by_key(|(_, e)| e.last_use);
            if let Some((at, _)) = oldest {
                state.entries.swap_remove(at);
            }
        }
        let last_use = state.uses;
        state.entries.push(Entry {
            id,
            scope,
            provider: provider.clone(),
            last_use,
        });
        (id, provider)
    }
}

impl State {
    fn find(&mut self, request: &CredentialRequest) -> Option<&Entry> {
        self.uses += 1;
        let uses = self.uses;
        let found = self.entries.iter_mut().find(|e| e.scope.covers(request))?;
        found.last_use = uses;
        Some(found)
    }
}

fn number(id: u64, credentials: Credentials) -> Credentials {
    let own = credentials.generation();
    credentials.with_generation(id << OWN_BITS | own)
}

impl CredentialProvider for ScopedProvider {
    fn cached(&self, request: &CredentialRequest) -> Option<Credentials> {
        let mut state = self.lock();
        let entry = state.find(request)?;
        Some(number(entry.id, entry.provider.cached(request)?))
    }

    fn credentials<'a>(
        &'a self,
        request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(async move {
            let (id, provider) = self.entry(request);
            Ok(number(id, provider.credentials(request).await?))
        })
    }

    fn invalidate(&self, generation: u64) {
        let state = self.lock();
        let id = generation >> OWN_BITS;
        if let Some(entry) = state.entries.iter().find(|e| e.id == id) {
            let own = generation & ((1 << OWN_BITS) - 1);
            entry.provider.invalidate(own);
        }
    }
}

impl fmt::Debug for ScopedProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedProvider")
            .field("source", &self.shared.source)
            .field("scopes", &self.scopes())
            .finish_non_exhaustive()
    }
}

/// Asks for the whole scope, whichever call of it made the fetch necessary.
#[derive(Debug)]
struct HintedSource {
    source: Arc<dyn CredentialSource>,
    hint: CredentialRequest,
}

impl CredentialSource for HintedSource {
    fn fetch<'a>(
        &'a self,
        request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(async move {
            let hint = self.hint.clone().with_reason(request.reason);
            self.source.fetch(&hint).await
        })
    }
}

impl ScopedProviderBuilder {
    /// What scope to ask for when a call is not covered: the call's folder, say. The source must give no
    /// less. A scope that does not cover the call is not used. Unless set, exactly what the call says.
    pub fn scope(
        mut self,
        widen: impl Fn(&CredentialRequest) -> CredentialScope + Send + Sync + 'static,
    ) -> Self {
        self.widen = Box::new(widen);
        self
    }

    /// How many scopes are held at most; 16 unless set. The least recently used goes first.
    pub fn max_entries(mut self, entries: usize) -> Self {
        self.max_entries = entries.max(1);
        self
    }

    /// Settings of the cache of each scope: clock, margin, time limit.
    pub fn cache(
        mut self,
        configure: impl Fn(CachingProviderBuilder) -> CachingProviderBuilder + Send + Sync + 'static,
    ) -> Self {
        self.configure = Box::new(configure);
        self
    }

    /// The provider.
    pub fn build(self) -> ScopedProvider {
        ScopedProvider {
            shared: Arc::new(Shared {
                source: self.source,
                widen: self.widen,
                configure: self.configure,
                max_entries: self.max_entries,
                state: Mutex::new(State {
                    entries: Vec::new(),
                    next_id: 0,
                    uses: 0,
                }),
            }),
        }
    }
}

impl fmt::Debug for ScopedProviderBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedProviderBuilder")
            .field("source", &self.source)
            .field("max_entries", &self.max_entries)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FnSource, ManualClock, Reason};

    const NOW: u64 = 1_700_000_000;

    type Asked = Arc<Mutex<Vec<CredentialRequest>>>;

    fn folder_provider(max: usize) -> (ScopedProvider, Asked, ManualClock) {
        let asked = Asked::default();
        let clock = ManualClock::new(NOW);
        let source = {
            let (asked, clock) = (asked.clone(), clock.clone());
            FnSource::new(move |request| {
                asked.lock().unwrap().push(request);
                let end = crate::Clock::now_s(&clock) + 1800;
                std::future::ready(Credentials::temporary("i", "k", "t", None, end))
            })
        };
        let cache_clock = clock.clone();
        let provider = ScopedProvider::builder(source)
            .max_entries(max)
            .cache(move |c| c.clock(cache_clock.clone()).seed(1))
            .scope(|request| {
                let key = request.key.as_deref().unwrap_or_default();
                let folder = key.split_once('/').map_or("", |(folder, _)| folder);
                CredentialScope::of(request)
                    .with_key(format!("{folder}/*"))
                    .with_actions(["name/cos:Get*", "name/cos:Head*"])
            })
            .build();
        (provider, asked, clock)
    }

    fn call(action: &str, key: &str) -> CredentialRequest {
        CredentialRequest::new()
            .with_action(action)
            .with_bucket("demo-1250000000")
            .with_key(key)
    }

    const GET: &str = "name/cos:GetObject";

    #[tokio::test]
    async fn a_credential_serves_every_call_its_scope_covers() {
        let (provider, asked, clock) = folder_provider(4);
        let a = provider.credentials(&call(GET, "a/1")).await.unwrap();
        assert!(
            provider
                .cached(&call("name/cos:HeadObject", "a/2"))
                .is_some()
        );
        assert!(
            provider
                .cached(&call("name/cos:PutObject", "a/2"))
                .is_none()
        );
        assert!(provider.cached(&call(GET, "b/1")).is_none());
        let b = provider.credentials(&call(GET, "b/1")).await.unwrap();
        assert_ne!(a.generation(), b.generation());
        assert_eq!(asked.lock().unwrap().len(), 2);
        assert_eq!(asked.lock().unwrap()[1].key.as_deref(), Some("b/*"));
        // A refusal concerns that credential alone.
        provider.invalidate(a.generation());
        assert!(provider.cached(&call(GET, "a/1")).is_none());
        assert!(provider.cached(&call(GET, "b/1")).is_some());
        let again = provider.credentials(&call(GET, "a/3")).await.unwrap();
        assert_ne!(again.generation(), a.generation());
        assert_eq!(asked.lock().unwrap()[2].reason, Reason::Rejected);
        assert_eq!(asked.lock().unwrap()[2].key.as_deref(), Some("a/*"));
        // Each is renewed on its own.
        clock.advance_s(1801);
        provider.credentials(&call(GET, "b/9")).await.unwrap();
        assert_eq!(asked.lock().unwrap().len(), 4);
        assert_eq!(provider.scopes().len(), 2);
    }

    #[tokio::test]
    async fn the_least_recently_used_goes() {
        let (provider, asked, _clock) = folder_provider(2);
        for key in ["a/1", "b/1", "a/2", "c/1"] {
            provider.credentials(&call(GET, key)).await.unwrap();
        }
        assert_eq!(provider.scopes().len(), 2);
        assert!(provider.cached(&call(GET, "a/1")).is_some());
        assert!(provider.cached(&call(GET, "b/1")).is_none());
        assert_eq!(asked.lock().unwrap().len(), 3);
        provider.invalidate(1 << OWN_BITS | 1);
        assert!(provider.cached(&call(GET, "c/1")).is_some());
    }

    #[tokio::test]
    async fn callers_of_one_scope_share_a_fetch() {
        let (provider, asked, _clock) = folder_provider(4);
        let callers: Vec<_> = (0..100)
            .map(|i| {
                let provider = provider.clone();
                tokio::spawn(
                    async move { provider.credentials(&call(GET, &format!("a/{i}"))).await },
                )
            })
            .collect();
        for caller in callers {
            caller.await.unwrap().unwrap();
        }
        assert_eq!(asked.lock().unwrap().len(), 1);
    }

    #[test]
    fn what_is_not_said_is_not_covered() {
        let said = CredentialScope::of(&call(GET, "a"));
        assert!(said.covers(&call(GET, "a")));
        assert!(!said.covers(&call(GET, "a").with_region("ap-guangzhou")));
        assert!(!said.covers(&CredentialRequest::new()));
        let nothing = CredentialScope::of(&CredentialRequest::new());
        assert!(nothing.covers(&CredentialRequest::new()));
        assert!(!nothing.covers(&call(GET, "a")));
        let any = said.with_actions(["*"]).with_key("*");
        assert!(any.covers(&CredentialRequest::new().with_bucket("demo-1250000000")));
    }
}
