//! Credentials from the app owner's server, renewed before they end.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cos_sts::{
    BoxFuture, Clock, CredentialError, CredentialErrorKind, CredentialProvider, CredentialRequest,
    Credentials, HttpRequest, Transport,
};

/// A new one is fetched when so little is left.
const MARGIN_S: u64 = 60;

/// The server has this long for one answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Asks a server with a bearer token; callers that come while it is asked wait for the same answer.
#[derive(Debug)]
pub(crate) struct FromBroker {
    url: String,
    bearer: cos_sts::SecretKey,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    held: Mutex<Option<Credentials>>,
    /// How many were fetched; locked while one is.
    fetched: tokio::sync::Mutex<u64>,
}

impl FromBroker {
    pub(crate) fn new(
        url: impl Into<String>,
        bearer: impl Into<String>,
        transport: impl Transport,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            url: url.into(),
            bearer: cos_sts::SecretKey::new(bearer),
            transport: Arc::new(transport),
            clock,
            held: Mutex::new(None),
            fetched: tokio::sync::Mutex::new(0),
        }
    }

    fn fresh(&self) -> Option<Credentials> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let enough = self.clock.now_s().saturating_add(MARGIN_S);
        held.as_ref().filter(|c| c.is_valid_at(enough)).cloned()
    }

    async fn fetch(&self) -> Result<Credentials, CredentialError> {
        let request = HttpRequest {
            method: "POST",
            url: self.url.clone(),
            host_override: None,
            headers: vec![("Authorization", format!("Bearer {}", self.bearer.expose()))],
            body: Vec::new(),
            timeout: TIMEOUT,
        };
        let named = |e: CredentialError| e.with_operation("asking the broker").with_attempts(1);
        let answer = self.transport.send(request).await.map_err(|e| {
            named(CredentialError::new(
                CredentialErrorKind::Network,
                e.to_string(),
            ))
        })?;
        let text = String::from_utf8_lossy(&answer.body);
        Credentials::parse_sts_json(&text).map_err(|e| named(e).with_http_status(answer.status))
    }
}

impl CredentialProvider for FromBroker {
    fn cached(&self, _request: &CredentialRequest) -> Option<Credentials> {
        self.fresh()
    }

    fn credentials<'a>(
        &'a self,
        _request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(async move {
            let mut fetched = self.fetched.lock().await;
            if let Some(fresh) = self.fresh() {
                return Ok(fresh);
            }
            let new = self.fetch().await?;
            *fetched += 1;
            let new = new.with_generation(*fetched);
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            *held = Some(new.clone());
            Ok(new)
        })
    }

    fn invalidate(&self, generation: u64) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_some_and(|c| c.generation() == generation) {
            *held = None;
        }
    }
}
