//! Several sources, the first that has anything wins.

use std::sync::Arc;

use crate::{
    BoxFuture, CredentialError, CredentialErrorKind, CredentialRequest, CredentialSource,
    Credentials,
};

/// Asks its sources in order. One that has nothing to offer (`Unavailable`) is passed over; any other
/// failure ends the search, because going on would run as somebody else than was meant.
#[derive(Clone, Debug, Default)]
pub struct ChainSource {
    links: Vec<(String, Arc<dyn CredentialSource>)>,
}

impl ChainSource {
    /// A chain without links.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a source at the end; `name` stands in the report of a search that found nothing.
    #[must_use]
    pub fn link(mut self, name: impl Into<String>, source: impl CredentialSource) -> Self {
        self.links.push((name.into(), Arc::new(source)));
        self
    }
}

impl CredentialSource for ChainSource {
    fn fetch<'a>(
        &'a self,
        request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(async move {
            let mut skipped = Vec::new();
            for (name, source) in &self.links {
                match source.fetch(request).await {
                    Ok(credentials) => return Ok(credentials),
                    Err(error) if error.kind() == CredentialErrorKind::Unavailable => {
                        skipped.push(format!("{name}: {}", error.message()));
                    }
                    Err(error) => return Err(error),
                }
            }
            Err(CredentialError::new(
                CredentialErrorKind::Unavailable,
                format!("no source has credentials ({})", skipped.join("; ")),
            ))
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
        let keys = StaticProvider::new(Credentials::permanent("a", "k").unwrap());
        let found = empty
            .clone()
            .link("static", keys.clone())
            .fetch(&request)
            .await;
        assert_eq!(found.unwrap().secret_id(), "a");
        let stops = ChainSource::new()
            .link("broken", failing(CredentialErrorKind::Config))
            .link("static", keys);
        assert_eq!(
            stops.fetch(&request).await.unwrap_err().kind(),
            CredentialErrorKind::Config
        );
    }
}
