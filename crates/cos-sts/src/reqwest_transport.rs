//! The ready-made [`Transport`]: HTTPS by `reqwest` and `rustls`, with bundled root certificates.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HOST, HeaderValue};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::transport::{
    HttpRequest, HttpResponse, Transport, TransportError, TransportErrorKind, host_of,
    without_secrets,
};
use crate::{BoxFuture, CredentialError};

/// Answers of STS and token servers are a few kilobytes; more is not one of them.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// HTTPS by `reqwest` and `rustls` (ring), trusting the bundled Mozilla roots and any CA added.
#[derive(Clone, Debug)]
pub struct ReqwestTransport {
    client: reqwest::Client,
}

/// Settings of a [`ReqwestTransport`].
#[derive(Clone)]
#[must_use]
pub struct ReqwestTransportBuilder {
    ca_pem: Vec<Vec<u8>>,
    proxy: Option<String>,
    exceptions: Option<String>,
    env_proxy: bool,
    connect_timeout: Duration,
}

/// The proxy's URL may hold a password.
impl fmt::Debug for ReqwestTransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransportBuilder")
            .field("extra_cas", &self.ca_pem.len())
            .field("proxy", &self.proxy.as_deref().map(without_secrets))
            .field("env_proxy", &self.env_proxy)
            .field("connect_timeout", &self.connect_timeout)
            .finish()
    }
}

impl ReqwestTransport {
    /// With the default settings: 5 s to connect, proxies from the environment.
    ///
    /// # Errors
    /// `Config` if TLS cannot be set up.
    pub fn new() -> Result<Self, CredentialError> {
        Self::builder().build()
    }

    /// Other settings.
    pub fn builder() -> ReqwestTransportBuilder {
        ReqwestTransportBuilder {
            ca_pem: Vec::new(),
            proxy: None,
            exceptions: None,
            env_proxy: true,
            connect_timeout: Duration::from_secs(5),
        }
    }
}

impl ReqwestTransportBuilder {
    /// Trusts one more root certificate (or several, concatenated), in PEM.
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_pem.push(pem.into());
        self
    }

    /// Sends everything through this forward proxy instead of the environment's.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Hosts that bypass [`ReqwestTransportBuilder::proxy`], separated by commas, in the form of
    /// `NO_PROXY`.
    pub fn proxy_exceptions(mut self, hosts: impl Into<String>) -> Self {
        self.exceptions = Some(hosts.into());
        self
    }

    /// Uses no proxy, whatever `HTTPS_PROXY` and its kind say.
    pub fn no_proxy(mut self) -> Self {
        self.env_proxy = false;
        self.proxy = None;
        self
    }

    /// The time limit for one connection attempt; 5 s unless set.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// The transport.
    ///
    /// # Errors
    /// `Config` if a certificate or the proxy's URL is malformed.
    pub fn build(self) -> Result<ReqwestTransport, CredentialError> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls_config(&self.ca_pem)?)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(self.connect_timeout)
            .user_agent(concat!("cos-sts/", env!("CARGO_PKG_VERSION")));
        if let Some(url) = &self.proxy {
            // The URL may hold a password, so the error does not repeat it.
            let proxy = reqwest::Proxy::all(url)
                .map_err(|_| CredentialError::config("the proxy is not a URL"))?;
            let exceptions = self.exceptions.as_deref();
            let exceptions = exceptions.and_then(reqwest::NoProxy::from_string);
            builder = builder.proxy(proxy.no_proxy(exceptions));
        } else if !self.env_proxy {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|e| {
            CredentialError::config(format!("cannot set up HTTPS: {}", describe(&e)))
        })?;
        Ok(ReqwestTransport { client })
    }
}

/// Roots are bundled rather than the platform's: on Android the platform's need a set-up call.
fn tls_config(extra: &[Vec<u8>]) -> Result<rustls::ClientConfig, CredentialError> {
    let mut roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    for pem in extra {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let added = certificate
                .map_err(|e| e.to_string())
                .and_then(|c| roots.add(c).map_err(|e| e.to_string()));
            added.map_err(|e| {
                CredentialError::config(format!("the extra CA is not a PEM certificate: {e}"))
            })?;
        }
        if roots.len() == before {
            return Err(CredentialError::config(
                "the extra CA holds no PEM certificate",
            ));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| CredentialError::config(format!("cannot set up TLS: {e}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

impl Transport for ReqwestTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let invalid = |what: &str| TransportError::new(TransportErrorKind::Invalid, what);
            let method = match request.method {
                "GET" => reqwest::Method::GET,
                "POST" => reqwest::Method::POST,
                _ => return Err(invalid("only GET and POST are sent")),
            };
            let host = host_of(&request.url);
            let failed = |error: reqwest::Error| from_reqwest(error.without_url(), &host);
            let mut builder = self
                .client
                .request(method, &request.url)
                .timeout(request.timeout)
                .body(request.body);
            if let Some(host) = &request.host_override {
                let host = HeaderValue::from_str(host)
                    .map_err(|_| invalid("the Host header is malformed"))?;
                builder = builder.header(HOST, host);
            }
            for (name, value) in request.headers {
                let mut value = HeaderValue::from_str(&value)
                    .map_err(|_| invalid(&format!("the header {name} cannot be sent")))?;
                value.set_sensitive(true);
                builder = builder.header(name, value);
            }
            let mut answer = builder.send().await.map_err(failed)?;
            let headers = answer.headers().iter().filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            });
            let (status, headers) = (answer.status().as_u16(), headers.collect());
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await.map_err(failed)? {
                if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                    let message = "the answer is larger than 1 MiB";
                    return Err(TransportError::new(TransportErrorKind::Broken, message));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(HttpResponse {
                status,
                headers,
                body,
            })
        })
    }
}

fn from_reqwest(error: reqwest::Error, host: &str) -> TransportError {
    use TransportErrorKind as K;
    let cause = causes(&error)
        .last()
        .map_or_else(String::new, ToString::to_string);
    if error.is_builder() {
        return TransportError::new(K::Invalid, describe(&error));
    }
    if causes(&error).any(|at| at.is::<rustls::Error>()) {
        return TransportError::new(K::Tls, format!("TLS with {host} failed: {cause}")).with_hint(
            "a private gateway needs its CA certificate added here, an intercepting proxy too",
        );
    }
    if error.is_timeout() {
        let message = format!("no answer from {host} within the time limit");
        return TransportError::new(K::Timeout, message)
            .with_hint("check the network, and the proxy if there is one");
    }
    if error.is_connect() {
        let unknown = causes(&error).any(|at| {
            let text = at.to_string();
            text.contains("dns error") || text.contains("lookup address")
        });
        let hint = if unknown {
            "the name cannot be resolved: check it, and the network"
        } else {
            "nothing takes connections there, or the proxy in between does not: check both addresses"
        };
        return TransportError::new(K::Connect, format!("cannot connect to {host}: {cause}"))
            .with_hint(hint);
    }
    TransportError::new(
        K::Broken,
        format!("the connection to {host} broke: {cause}"),
    )
    .with_hint("something closed it before the whole answer came; check what stands in between")
}

/// An error and what is behind it. An `io::Error` names as its source what is behind the error inside
/// it, and so passes over that one, which is TLS's.
fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |at| {
        let io = at.downcast_ref::<std::io::Error>();
        match io.and_then(std::io::Error::get_ref) {
            Some(inside) => Some(inside as &(dyn std::error::Error + 'static)),
            None => at.source(),
        }
    })
}

/// The chain of causes; reqwest's own text stops at "error sending request".
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = cause.source();
    }
    text
}
