//! stand-in
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use cos_sts::{
    BoxFuture, Clock, CredentialError, CredentialErrorKind, CredentialProvider, CredentialRequest,
    Credentials, HttpRequest, Transport,
};

#[derive(Debug)]
pub(crate) struct Broker {
    url: String,
    bearer: String,
    transport: Arc<dyn Transport>,
}
impl Broker {
    pub(crate) fn new(url: &str, bearer: String, t: impl Transport) -> Self {
        Self {
            url: url.into(),
            bearer,
            transport: Arc::new(t),
        }
    }
    async fn fetch(&self) -> Result<Credentials, CredentialError> {
        let r = HttpRequest {
            method: "POST",
            url: self.url.clone(),
            host_override: None,
            headers: vec![("authorization", format!("Bearer {}", self.bearer))],
            body: vec![],
            timeout: Duration::from_secs(30),
        };
        let a = self
            .transport
            .send(r)
            .await
            .map_err(|e| CredentialError::new(CredentialErrorKind::Network, e.to_string()))?;
        Credentials::parse_sts_json(&String::from_utf8_lossy(&a.body))
            .map_err(|e| e.with_http_status(a.status))
    }
}
#[derive(Debug)]
pub(crate) struct Cached {
    source: Broker,
    clock: Arc<dyn Clock>,
    held: StdMutex<Option<Credentials>>,
    fetching: tokio::sync::Mutex<u64>,
}
impl Cached {
    pub(crate) fn new(source: Broker, clock: Arc<dyn Clock>) -> Self {
        Self {
            source,
            clock,
            held: StdMutex::new(None),
            fetching: tokio::sync::Mutex::new(0),
        }
    }
    fn good(&self) -> Option<Credentials> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.clone()
            .filter(|c| c.is_valid_at(self.clock.now_s() + 60))
    }
}
impl CredentialProvider for Cached {
    fn cached(&self, _: &CredentialRequest) -> Option<Credentials> {
        self.good()
    }
    fn credentials<'a>(
        &'a self,
        _: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(async move {
            let mut n = self.fetching.lock().await;
            if let Some(c) = self.good() {
                return Ok(c);
            }
            let c = self.source.fetch().await?;
            *n += 1;
            let c = c.with_generation(*n);
            *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(c.clone());
            Ok(c)
        })
    }
    fn invalidate(&self, generation: u64) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_some_and(|c| c.generation() == generation) {
            *held = None;
        }
    }
}
