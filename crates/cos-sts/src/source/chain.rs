//! Several sources, the first that has anything wins.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    BoxFuture, CredentialError, CredentialErrorKind, CredentialRequest, CredentialSource,
    Credentials, EnvRoleSource, EnvSource, InstanceRoleSource, ProfileSource, TccliSource,
    WebIdentitySource,
};

/// Asks its sources in order. One that has nothing to offer (`Unavailable`) is passed over; any other
/// failure ends the search, because going on would run as somebody else than was meant.
#[derive(Clone, Debug, Default)]
pub struct ChainSource {
    links: Vec<(String, Arc<dyn CredentialSource>)>,
    report: Arc<Mutex<ChainReport>>,
}

/// How a search went.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ChainReport {
    /// The link the credentials came from; `None` if there were none.
    pub chosen: Option<String>,
    /// The links before it, each with the reason it gave.
    pub skipped: Vec<(String, CredentialError)>,
}

impl fmt::Display for ChainReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, error)) in self.skipped.iter().enumerate() {
            let comma = if i == 0 { "" } else { "; " };
            write!(f, "{comma}{name}: {}", error.message())?;
        }
        Ok(())
    }
}

impl ChainSource {
    /// A chain without links.
    pub fn new() -> Self {
        Self::default()
    }

    /// The usual places: environment variables (a role named there first), web identity of a pod, profile
    /// file, the files of `tccli`, instance role.
    /// For other settings build the chain from its links.
    ///
    /// ```no_run
    /// use cos_sts::{CachingProvider, ChainSource};
    ///
    /// let chain = ChainSource::usual()?;
    /// let provider = CachingProvider::new(chain.clone());
    /// // After a request, `chain.report()` says which link was chosen and why others were not.
    /// # Ok::<(), cos_sts::CredentialError>(())
    /// ```
    ///
    /// # Errors
    /// `Config` if HTTP cannot be set up.
    pub fn usual() -> Result<Self, CredentialError> {
        Ok(Self::new()
            .link("environment role", EnvRoleSource::new())
            .link("environment", EnvSource)
            .link("web identity", WebIdentitySource::from_env())
            .link("profile file", ProfileSource::new())
            .link("tccli", TccliSource::new())
            .link("instance role", InstanceRoleSource::new()?))
    }

    /// Adds a source at the end; `name` stands in the report of a search.
    #[must_use]
    pub fn link(mut self, name: impl Into<String>, source: impl CredentialSource) -> Self {
        self.links.push((name.into(), Arc::new(source)));
        // A longer chain is another one, with a report of its own.
        self.report = Arc::default();
        self
    }

    /// How the latest search of this chain and its clones went.
    pub fn report(&self) -> ChainReport {
        self.latest().clone()
    }

    fn latest(&self) -> MutexGuard<'_, ChainReport> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CredentialSource for ChainSource {
    fn fetch<'a>(
        &'a self,
        request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(async move {
            let mut report = ChainReport::default();
            for (name, source) in &self.links {
                match source.fetch(request).await {
                    Ok(credentials) => {
                        tracing::debug!(source = name.as_str(), skipped = %report, "credentials found");
                        report.chosen = Some(name.clone());
                        *self.latest() = report;
                        return Ok(credentials);
                    }
                    Err(error) if error.kind() == CredentialErrorKind::Unavailable => {
                        report.skipped.push((name.clone(), error));
                    }
                    Err(error) => {
                        report.skipped.push((name.clone(), error.clone()));
                        *self.latest() = report;
                        return Err(error);
                    }
                }
            }
            let error = CredentialError::new(
                CredentialErrorKind::Unavailable,
                format!("no source has credentials ({report})"),
            );
            *self.latest() = report;
            Err(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FnSource, StaticProvider};

    fn failing(kind: CredentialErrorKind) -> impl CredentialSource {
        FnSource::new(move |_| std::future::ready(Err(CredentialError::new(kind, "said no"))))
    }

    #[tokio::test]
    async fn the_report_names_every_link() {
        let request = CredentialRequest::new();
        let empty = ChainSource::new()
            .link("environment", failing(CredentialErrorKind::Unavailable))
            .link("instance role", failing(CredentialErrorKind::Unavailable));
        let error = empty.fetch(&request).await.unwrap_err().to_string();
        assert!(
            error.contains("environment: said no; instance role: said no"),
            "{error}"
        );
        assert!(empty.report().chosen.is_none());
        let keys = StaticProvider::new(Credentials::permanent("a", "k").unwrap());
        let chain = empty.link("static", keys.clone());
        assert_eq!(chain.fetch(&request).await.unwrap().secret_id(), "a");
        let report = chain.clone().report();
        assert_eq!(report.chosen.as_deref(), Some("static"));
        assert_eq!(report.skipped.len(), 2);
        let stops = ChainSource::new()
            .link("broken", failing(CredentialErrorKind::Config))
            .link("static", keys);
        assert_eq!(
            stops.fetch(&request).await.unwrap_err().kind(),
            CredentialErrorKind::Config
        );
        assert_eq!(stops.report().skipped[0].0, "broken");
    }

    #[test]
    #[cfg(feature = "https")]
    fn the_usual_places_in_order() {
        let names: Vec<_> = ChainSource::usual()
            .unwrap()
            .links
            .into_iter()
            .map(|l| l.0)
            .collect();
        assert_eq!(
            names,
            [
                "environment role",
                "environment",
                "web identity",
                "profile file",
                "tccli",
                "instance role"
            ]
        );
    }
}
