//! The role of a virtual machine, from its metadata service.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use crate::parse::parse_credentials;
use crate::transport::{HttpRequest, HttpResponse, Transport, TransportErrorKind};
use crate::{
    BoxFuture, CredentialError, CredentialErrorKind, CredentialRequest, CredentialSource,
    Credentials,
};

const BASE: &str = "http://metadata.tencentyun.com";
const PATH: &str = "/latest/meta-data/cam/security-credentials/";

/// The role bound to the machine this runs on. Off the cloud there is no metadata service; then the
/// source says `Unavailable` within its time limit.
#[derive(Clone)]
pub struct InstanceRoleSource {
    base: String,
    role: Option<String>,
    timeout: Duration,
    transport: Arc<dyn Transport>,
}

/// Settings of an [`InstanceRoleSource`].
#[derive(Clone, Debug)]
#[must_use]
pub struct InstanceRoleSourceBuilder {
    base: String,
    role: Option<String>,
    timeout: Duration,
    transport: Option<Arc<dyn Transport>>,
}

impl InstanceRoleSource {
    /// The default settings.
    ///
    /// # Errors
    /// `Config` without any transport.
    pub fn new() -> Result<Self, CredentialError> {
        Self::builder().build()
    }

    /// Other settings.
    pub fn builder() -> InstanceRoleSourceBuilder {
        InstanceRoleSourceBuilder {
            base: BASE.to_owned(),
            role: None,
            timeout: Duration::from_secs(1),
            transport: None,
        }
    }

    async fn get(&self) -> Result<Credentials, CredentialError> {
        let role = match &self.role {
            Some(role) => role.clone(),
            None => self.first_role().await?,
        };
        let answer = self.ask(&role).await?;
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Status {
            code: String,
        }
        // Errors of the service first: they come in the same shape.
        let reply = parse_credentials(&answer.body)?;
        match serde_json::from_slice(&answer.body) {
            Ok(Status { code }) if code == "Success" => Ok(reply.credentials),
            _ => Err(CredentialError::invalid_response(
                "the metadata service did not say `Code: Success`",
            )),
        }
    }

    async fn first_role(&self) -> Result<String, CredentialError> {
        let answer = self.ask("").await?;
        let text = String::from_utf8_lossy(&answer.body);
        let role = text.lines().map(str::trim).find(|line| !line.is_empty());
        match role {
            None => Err(CredentialError::new(
                CredentialErrorKind::Unavailable,
                "no role is bound to this machine",
            )),
            Some(role) if is_name(role) => Ok(role.to_owned()),
            Some(_) => Err(CredentialError::new(
                CredentialErrorKind::Unavailable,
                "what answers is no metadata service",
            )),
        }
    }

    async fn ask(&self, role: &str) -> Result<HttpResponse, CredentialError> {
        let request = HttpRequest {
            method: "GET",
            url: format!("{}{PATH}{role}", self.base),
            host_override: None,
            headers: Vec::new(),
            body: Vec::new(),
            timeout: self.timeout,
        };
        let answer = self.transport.send(request).await.map_err(|e| {
            let kind = match e.kind() {
                TransportErrorKind::Invalid => CredentialErrorKind::Config,
                _ => CredentialErrorKind::Unavailable,
            };
            CredentialError::new(kind, format!("there is no metadata service: {e}"))
                .with_retryable(kind == CredentialErrorKind::Unavailable)
        })?;
        match answer.status {
            200 => Ok(answer),
            404 if role.is_empty() => Err(CredentialError::new(
                CredentialErrorKind::Unavailable,
                "no role is bound to this machine",
            )),
            404 => Err(CredentialError::new(
                CredentialErrorKind::Unavailable,
                format!("the role `{role}` is not bound to this machine"),
            )),
            status => Err(CredentialError::new(
                CredentialErrorKind::Service,
                format!("the metadata service answered with status {status}"),
            )
            .with_http_status(status)
            .with_retryable(status == 429 || status >= 500)),
        }
    }
}

/// Role names go into a path unescaped.
fn is_name(role: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b);
    !role.is_empty() && role.len() <= 128 && role.bytes().all(plain)
}

impl CredentialSource for InstanceRoleSource {
    fn fetch<'a>(
        &'a self,
        _request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(async move {
            let found = self.get().await;
            found.map_err(|e| e.with_operation("instance metadata"))
        })
    }
}

impl fmt::Debug for InstanceRoleSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstanceRoleSource")
            .field("base", &self.base)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl InstanceRoleSourceBuilder {
    /// Another `http://host:port`, also with a path before `/latest`: for tests and other machines.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base = url.into();
        self
    }

    /// The role; asked for unless set.
    pub fn role(mut self, name: impl Into<String>) -> Self {
        self.role = Some(name.into());
        self
    }

    /// The time limit of each of the two requests; 1 s unless set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Another way to send requests. The default one uses no proxy.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// The source.
    ///
    /// # Errors
    /// `Config` for a malformed URL or role, or without any transport.
    pub fn build(self) -> Result<InstanceRoleSource, CredentialError> {
        let base = self.base.trim_end_matches('/');
        let rest = base
            .strip_prefix("http://")
            .or_else(|| base.strip_prefix("https://"));
        let printable = |rest: &str| {
            let mut bytes = rest.bytes();
            !rest.is_empty() && bytes.all(|b| b.is_ascii_graphic() && !b"?#@".contains(&b))
        };
        if !rest.is_some_and(printable) {
            return Err(CredentialError::config(
                "the metadata service's address is not http://host:port",
            ));
        }
        if let Some(role) = self.role.as_ref().filter(|role| !is_name(role)) {
            return Err(CredentialError::config(format!(
                "`{role}` is not a role's name"
            )));
        }
        Ok(InstanceRoleSource {
            base: base.to_owned(),
            role: self.role,
            timeout: self.timeout,
            transport: match self.transport {
                Some(transport) => transport,
                None => direct_transport(self.timeout)?,
            },
        })
    }
}

/// A proxy would ask its own machine's metadata, or leak the keys.
#[cfg(feature = "https")]
fn direct_transport(timeout: Duration) -> Result<Arc<dyn Transport>, CredentialError> {
    let builder = crate::HttpsTransport::builder().no_proxy();
    Ok(Arc::new(builder.connect_timeout(timeout).build()?))
}

#[cfg(not(feature = "https"))]
fn direct_transport(_timeout: Duration) -> Result<Arc<dyn Transport>, CredentialError> {
    crate::sts::default_transport()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::Answers;

    const KEYS: &str = r#"{"TmpSecretId":"i","TmpSecretKey":"k","Token":"t","ExpiredTime":4102444800,"Expiration":"2100-01-01T00:00:00Z","Code":"Success"}"#;

    async fn fetch(answers: &Answers) -> Result<Credentials, CredentialError> {
        let source = InstanceRoleSource::builder()
            .base_url("http://127.0.0.1:9/base/")
            .transport(answers.clone());
        let source = source.build().unwrap();
        source.fetch(&CredentialRequest::new()).await
    }

    #[tokio::test]
    async fn asks_for_the_role_and_then_for_its_keys() {
        let answers = Answers::of(&[(200, "\nuploader\nother\n"), (200, KEYS)]);
        let found = fetch(&answers).await.unwrap();
        assert_eq!(
            (found.secret_id(), found.expired_time_s()),
            ("i", Some(4_102_444_800))
        );
        let sent = answers.sent();
        let list = "http://127.0.0.1:9/base/latest/meta-data/cam/security-credentials/";
        assert_eq!(sent[0].url, list);
        assert_eq!(sent[1].url, format!("{list}uploader"));
        assert_eq!(
            (sent[0].method, sent[0].timeout),
            ("GET", Duration::from_secs(1))
        );
    }

    #[tokio::test]
    async fn says_why_there_are_none() {
        use CredentialErrorKind::{InvalidResponse, Service, Unavailable};
        let failed = KEYS.replace("Success", "Failed");
        let unsure = KEYS.replace(",\"Code\":\"Success\"", "");
        for (answers, kind) in [
            (vec![], Unavailable),
            (vec![(404, "")], Unavailable),
            (vec![(200, " \n")], Unavailable),
            (vec![(200, "<html>not here</html>")], Unavailable),
            (vec![(503, "")], Service),
            (vec![(200, "r"), (404, "")], Unavailable),
            (vec![(200, "r"), (200, failed.as_str())], Service),
            (vec![(200, "r"), (200, unsure.as_str())], InvalidResponse),
        ] {
            let error = fetch(&Answers::of(&answers)).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{answers:?}: {error}");
            assert_eq!(error.operation(), Some("instance metadata"));
        }
    }

    #[test]
    fn addresses_and_roles_are_checked() {
        for (base, role) in [
            ("ftp://x", "r"),
            ("http://", "r"),
            ("http://x", "a/../b"),
            ("http://x?y", "r"),
        ] {
            let builder = InstanceRoleSource::builder().base_url(base).role(role);
            assert!(
                builder.transport(Answers::of(&[])).build().is_err(),
                "{base} {role}"
            );
        }
    }
}
