//! Settings of the client: keys, host, limits.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use super::{Inner, StsClient};
use crate::sts::endpoint::{StsEndpoint, is_the_service};
use crate::sts::limits::{AccountKind, Limits};
use crate::transport::Transport;
use crate::{
    Clock, CredentialError, CredentialProvider, CredentialRequest, Credentials, StaticProvider,
    SystemClock,
};

/// Settings of an [`StsClient`].
#[derive(Clone, Debug)]
#[must_use]
pub struct StsClientBuilder {
    provider: Arc<dyn CredentialProvider>,
    transport: Option<Arc<dyn Transport>>,
    clock: Arc<dyn Clock>,
    host: Option<String>,
    endpoint: Option<String>,
    region: String,
    timeout: Duration,
    attempts: u32,
    limits: Limits,
}

impl StsClientBuilder {
    pub(super) fn new(provider: Arc<dyn CredentialProvider>) -> Self {
        Self {
            provider,
            transport: None,
            clock: Arc::new(SystemClock),
            host: None,
            endpoint: None,
            region: "ap-guangzhou".into(),
            timeout: Duration::from_secs(10),
            attempts: 3,
            limits: Limits::default(),
        }
    }

    /// Calls with these keys.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.provider = Arc::new(StaticProvider::new(credentials));
        self
    }

    /// Another host: an [`StsEndpoint`], or a name. Unless set, the one that [`StsEndpoint::for_region`]
    /// knows for the region.
    ///
    /// ```no_run
    /// use cos_sts::{Credentials, StsClient, StsEndpoint};
    ///
    /// let keys = Credentials::permanent("AKID…", "key")?;
    /// let abroad = StsClient::builder(keys).host(StsEndpoint::International).build()?;
    /// # Ok::<(), cos_sts::CredentialError>(())
    /// ```
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// Connects to this `scheme://host:port` and keeps the real `Host` header: for the emulator and
    /// private gateways. One of the service's own hosts here is itself the real one.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// The region named in the request; `ap-guangzhou` unless set. Credentials are good everywhere.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// Another way to send requests; [`crate::HttpsTransport`] unless set.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Another clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The time limit of one request; 10 s unless set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// How often a call is sent at most; 3 unless set.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// What kind of account calls, if known: durations are checked more sharply.
    pub fn account_kind(mut self, kind: AccountKind) -> Self {
        self.limits.account = kind;
        self
    }

    /// The longest life that may be asked for, in seconds, where that is known better than in
    /// [`crate::DURATION_LIMITS`]: the session limit of a role, or a rule that the service has changed.
    pub fn max_duration_s(mut self, seconds: u64) -> Self {
        self.limits.longest_s = Some(seconds);
        self
    }

    /// The client.
    ///
    /// # Errors
    /// `Config` for a malformed host, endpoint or region, or without any transport.
    pub fn build(self) -> Result<StsClient, CredentialError> {
        let plain = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'))
        };
        if !plain(&self.region) {
            return Err(CredentialError::config(format!(
                "`{}` is not a region such as ap-guangzhou",
                self.region
            )));
        }
        let connect_to = match &self.endpoint {
            None => None,
            Some(endpoint) => {
                let authority = endpoint
                    .strip_prefix("https://")
                    .or_else(|| endpoint.strip_prefix("http://"))
                    .map(|rest| rest.trim_end_matches('/'));
                let authority = authority.filter(|text| plain(text)).ok_or_else(|| {
                    CredentialError::config(
                        "the STS endpoint is not scheme://host:port with http or https",
                    )
                })?;
                Some((authority, endpoint.trim_end_matches('/')))
            }
        };
        let host = self.host.unwrap_or_else(|| match connect_to {
            Some((authority, _)) if is_the_service(authority) => authority.to_owned(),
            _ => StsEndpoint::for_region(&self.region).host(),
        });
        if !plain(&host) {
            return Err(CredentialError::config(format!(
                "`{host}` is not a host name"
            )));
        }
        let url = match connect_to {
            None => format!("https://{host}/"),
            Some((_, url)) => format!("{url}/"),
        };
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport()?,
        };
        Ok(StsClient {
            inner: Arc::new(Inner {
                provider: self.provider,
                transport,
                clock: self.clock,
                host,
                url,
                region: self.region,
                timeout: self.timeout,
                attempts: self.attempts,
                limits: self.limits,
                offset_s: AtomicI64::new(0),
            }),
        })
    }
}

/// Has nothing to sign with.
#[derive(Debug)]
pub(super) struct NoCredentials;

impl CredentialProvider for NoCredentials {
    fn credentials<'a>(
        &'a self,
        _request: &'a CredentialRequest,
    ) -> crate::BoxFuture<'a, Result<Credentials, CredentialError>> {
        let error = CredentialError::config("this client of STS has no credentials to sign with");
        Box::pin(std::future::ready(Err(error)))
    }

    fn invalidate(&self, _generation: u64) {}
}

#[cfg(feature = "https")]
pub(crate) fn default_transport() -> Result<Arc<dyn Transport>, CredentialError> {
    Ok(Arc::new(crate::HttpsTransport::new()?))
}

#[cfg(not(feature = "https"))]
pub(crate) fn default_transport() -> Result<Arc<dyn Transport>, CredentialError> {
    Err(CredentialError::config(
        "no transport: give one, or turn the feature `https` on",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::testing::Script;
    use super::*;
    use crate::CredentialErrorKind;

    #[test]
    fn the_host_follows_region_and_endpoint() {
        let nobody = || StsClient::without_credentials().transport(Script::default());
        let of = |builder: StsClientBuilder| {
            let inner = builder.build().unwrap().inner;
            (inner.host.clone(), inner.url.clone())
        };
        let plain = "sts.tencentcloudapi.com";
        let finance = "sts.ap-shanghai-fsi.tencentcloudapi.com";
        let abroad = "sts.intl.tencentcloudapi.com";
        for (builder, host, url) in [
            (
                nobody(),
                plain,
                "https://sts.tencentcloudapi.com/".to_owned(),
            ),
            (
                nobody().region("ap-shanghai-fsi"),
                finance,
                format!("https://{finance}/"),
            ),
            (
                nobody().host(StsEndpoint::International),
                abroad,
                format!("https://{abroad}/"),
            ),
            (
                nobody().endpoint("http://127.0.0.1:9/"),
                plain,
                "http://127.0.0.1:9/".to_owned(),
            ),
            (
                nobody().endpoint(format!("https://{abroad}")),
                abroad,
                format!("https://{abroad}/"),
            ),
            (
                nobody()
                    .endpoint("http://127.0.0.1:9")
                    .host(StsEndpoint::Internal),
                "sts.internal.tencentcloudapi.com",
                "http://127.0.0.1:9/".to_owned(),
            ),
        ] {
            assert_eq!(of(builder), (host.to_owned(), url));
        }
    }

    #[test]
    fn wrong_settings_are_named() {
        let builder = || StsClient::builder(Credentials::permanent("a", "b").unwrap());
        for bad in [
            builder().host("a/b"),
            builder().endpoint("127.0.0.1:80"),
            builder().endpoint("http://h/path"),
            builder().region(""),
        ] {
            assert_eq!(bad.build().unwrap_err().kind(), CredentialErrorKind::Config);
        }
    }
}
