//! The STS client: its calls.

mod builder;
mod send;
#[cfg(test)]
mod testing;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub use builder::StsClientBuilder;
pub(crate) use builder::default_transport;

use super::limits::Limits;
use super::request::{
    AssumeRoleRequest, Call, FederationTokenRequest, WebIdentityRequest, caller_identity,
};
use crate::parse::parse_credentials;
use crate::transport::Transport;
use crate::{Clock, CredentialError, CredentialProvider, Credentials, StaticProvider};
use builder::NoCredentials;

/// Temporary credentials, and what came with them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Issued {
    /// The credentials; their start is this client's time of asking.
    pub credentials: Credentials,
    /// The end of their life, ISO 8601, UTC.
    pub expiration: Option<String>,
    /// The service's request id.
    pub request_id: Option<String>,
}

/// Who the service thinks is calling.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct CallerIdentity {
    /// `qcs::cam:<owner>:uin/<uin>` or `qcs::sts:<owner>:assumed-role/<role id>`.
    pub arn: String,
    /// The owner's uin.
    pub account_id: String,
    /// The caller's uin, `<role id>:<session>` or `<uin>:<name>`.
    pub user_id: String,
    /// The principal's id.
    #[serde(default)]
    pub principal_id: String,
    /// `CAMUser` or `CAMRole`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// The service's request id.
    #[serde(default)]
    pub request_id: String,
}

/// Calls STS. Cheap to clone.
#[derive(Clone, Debug)]
pub struct StsClient {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    provider: Arc<dyn CredentialProvider>,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    host: String,
    /// Where to connect; the Host header stays `host`.
    url: String,
    region: String,
    timeout: Duration,
    attempts: u32,
    limits: Limits,
    /// Service time minus ours, learned from a refused timestamp.
    offset_s: AtomicI64,
}

impl StsClient {
    /// A client that calls with fixed keys, on a server only.
    pub fn builder(credentials: Credentials) -> StsClientBuilder {
        Self::with_provider(StaticProvider::new(credentials))
    }

    /// A client for [`StsClient::assume_role_with_web_identity`], which takes no keys; other calls fail
    /// until [`StsClientBuilder::credentials`] gives some.
    pub fn without_credentials() -> StsClientBuilder {
        Self::with_provider(NoCredentials)
    }

    /// A client that takes its own credentials from a provider (an instance role, say).
    pub fn with_provider(provider: impl CredentialProvider) -> StsClientBuilder {
        StsClientBuilder::new(Arc::new(provider))
    }

    /// Temporary credentials of a role (1312/48197).
    ///
    /// # Errors
    /// `Config` before sending, the service's own error, or no answer.
    pub async fn assume_role(
        &self,
        request: &AssumeRoleRequest,
    ) -> Result<Issued, CredentialError> {
        self.issue(request.call(self.inner.limits)?).await
    }

    /// Temporary credentials of the calling user (1312/48195).
    ///
    /// # Errors
    /// As [`StsClient::assume_role`].
    pub async fn get_federation_token(
        &self,
        request: &FederationTokenRequest,
    ) -> Result<Issued, CredentialError> {
        self.issue(request.call(self.inner.limits)?).await
    }

    /// Temporary credentials of a role for the holder of a web identity token.
    ///
    /// # Errors
    /// As [`StsClient::assume_role`].
    pub async fn assume_role_with_web_identity(
        &self,
        request: &WebIdentityRequest,
    ) -> Result<Issued, CredentialError> {
        self.issue(request.call(self.inner.limits)?).await
    }

    /// Who is calling.
    ///
    /// # Errors
    /// As [`StsClient::assume_role`].
    pub async fn get_caller_identity(&self) -> Result<CallerIdentity, CredentialError> {
        #[derive(Deserialize)]
        struct Envelope {
            #[serde(rename = "Response")]
            response: CallerIdentity,
        }
        let call = caller_identity();
        let body = self.send(&call).await?;
        let parsed: Result<Envelope, _> = serde_json::from_slice(&body);
        parsed.map(|envelope| envelope.response).map_err(|e| {
            CredentialError::invalid_response(format!(
                "the identity cannot be read (line {}, column {})",
                e.line(),
                e.column()
            ))
            .with_operation(self.operation(&call))
        })
    }

    async fn issue(&self, call: Call) -> Result<Issued, CredentialError> {
        let asked_at_s = self.now_s();
        let body = self.send(&call).await?;
        let reply =
            parse_credentials(&body).map_err(|e| e.with_operation(self.operation(&call)))?;
        let credentials = reply.credentials;
        let expiration = credentials.expired_time_s().and_then(iso8601);
        // STS does not say when a life begins. The end less the life asked for is its own clock, never
        // later than the truth, and what the official helpers say (436/14048).
        let begins_s = |end: u64| match call.duration_s {
            Some(life_s) => end.saturating_sub(life_s),
            None => asked_at_s,
        };
        let credentials = match (credentials.start_time_s(), credentials.expired_time_s()) {
            (None, Some(end)) if begins_s(end) < end => Credentials::temporary(
                credentials.secret_id(),
                credentials.secret_key().expose(),
                credentials.session_token().unwrap_or_default(),
                Some(begins_s(end)),
                end,
            )?,
            _ => credentials,
        };
        Ok(Issued {
            credentials,
            expiration,
            request_id: reply.request_id,
        })
    }

    fn now_s(&self) -> u64 {
        let offset = self.inner.offset_s.load(Ordering::Relaxed);
        self.inner.clock.now_s().saturating_add_signed(offset)
    }

    fn operation(&self, call: &Call) -> String {
        format!("{} at {}", call.action, self.inner.host)
    }
}

fn iso8601(unix_s: u64) -> Option<String> {
    let time = OffsetDateTime::from_unix_timestamp(i64::try_from(unix_s).ok()?).ok()?;
    time.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::testing::{NOW, ROLE, Script, assume, client, issued};
    use super::*;
    use crate::CredentialErrorKind;

    #[tokio::test]
    async fn an_answer_becomes_credentials() {
        let script = Script::of([issued()]);
        let issued = assume(&client(&script)).await.unwrap();
        assert_eq!(issued.credentials.session_token(), Some("t"));
        assert_eq!(issued.credentials.start_time_s(), Some(NOW));
        assert_eq!(issued.expiration.as_deref(), Some("2023-11-14T22:43:20Z"));
        assert_eq!(issued.request_id.as_deref(), Some("r-1"));
        let sent = script.sent.lock().unwrap();
        assert_eq!(
            sent[0].host_override.as_deref(),
            Some("sts.tencentcloudapi.com")
        );
    }

    #[tokio::test]
    async fn a_life_that_was_asked_for_is_counted_back_from_its_end() {
        let script = Script::of([issued()]);
        let keys = Credentials::permanent("AKIDowner", "key").unwrap();
        // The second may have changed, and this device's clock may be wrong, when the answer comes.
        let asked = StsClient::builder(keys).transport(script.clone());
        let asked = asked.build().unwrap();
        let request = AssumeRoleRequest::new(ROLE, "app").duration_s(1_799);
        let issued = asked.assume_role(&request).await.unwrap();
        let end = issued.credentials.expired_time_s().unwrap();
        assert_eq!(issued.credentials.start_time_s(), Some(end - 1_799));
    }

    #[tokio::test]
    async fn a_longer_life_than_allowed_is_not_asked_for() {
        let script = Script::of([issued()]);
        let keys = Credentials::permanent("AKIDowner", "key").unwrap();
        let client = StsClient::builder(keys).transport(script.clone());
        let client = client.max_duration_s(3600).build().unwrap();
        let request = |s| AssumeRoleRequest::new(ROLE, "app").duration_s(s);
        let error = client.assume_role(&request(7200)).await.unwrap_err();
        assert_eq!(error.kind(), CredentialErrorKind::Config);
        assert!(script.sent.lock().unwrap().is_empty());
        assert!(client.assume_role(&request(3600)).await.is_ok());
    }
}
