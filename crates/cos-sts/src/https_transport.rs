//! The ready-made [`Transport`]: HTTPS by `hyper` and `rustls`, with bundled root certificates.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cos_http::{Body, Http, Proxy, ProxyFailure, ProxyName};
use http::header::{ACCEPT, AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http::{Request, StatusCode, Uri};
use percent_encoding::percent_decode_str;

use crate::transport::{
    HttpRequest, HttpResponse, Transport, TransportError, TransportErrorKind, host_of,
    without_secrets,
};
use crate::{BoxFuture, CredentialError};

/// Answers of STS and token servers are a few kilobytes; more is not one of them.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// HTTPS by `hyper` and `rustls` (ring), trusting the bundled Mozilla roots and any CA added.
#[derive(Clone, Debug)]
pub struct HttpsTransport {
    http: Http,
}

/// Settings of an [`HttpsTransport`].
#[derive(Clone)]
#[must_use]
pub struct HttpsTransportBuilder {
    ca_pem: Vec<Vec<u8>>,
    proxy: Option<String>,
    exceptions: Option<String>,
    env_proxy: bool,
    connect_timeout: Duration,
}

/// The proxy's URL may hold a password.
impl fmt::Debug for HttpsTransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpsTransportBuilder")
            .field("extra_cas", &self.ca_pem.len())
            .field("proxy", &self.proxy.as_deref().map(without_secrets))
            .field("env_proxy", &self.env_proxy)
            .field("connect_timeout", &self.connect_timeout)
            .finish()
    }
}

impl HttpsTransport {
    /// With the default settings: 5 s to connect; proxies from the environment as curl reads it:
    /// `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`, each also in upper case.
    ///
    /// # Errors
    /// `Config` if TLS cannot be set up.
    pub fn new() -> Result<Self, CredentialError> {
        Self::builder().build()
    }

    /// Other settings.
    pub fn builder() -> HttpsTransportBuilder {
        HttpsTransportBuilder {
            ca_pem: Vec::new(),
            proxy: None,
            exceptions: None,
            env_proxy: true,
            connect_timeout: Duration::from_secs(5),
        }
    }
}

impl HttpsTransportBuilder {
    /// Trusts one more root certificate (or several, concatenated), in PEM.
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_pem.push(pem.into());
        self
    }

    /// Sends everything through this forward proxy, `http(s)://[user:password@]host[:port]`, instead of
    /// the environment's.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Hosts that bypass [`HttpsTransportBuilder::proxy`], separated by commas, in the form of
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
    pub fn build(self) -> Result<HttpsTransport, CredentialError> {
        let tls = cos_http::tls_config(&self.ca_pem, &[])
            .map_err(|why| CredentialError::config(format!("the extra CA: {why}")))?;
        let proxy = match &self.proxy {
            Some(url) => Proxy::through(url, self.exceptions.as_deref().unwrap_or_default())
                .map_err(|why| CredentialError::config(format!("the proxy: {why}")))?,
            None if self.env_proxy => Proxy::from_environment(),
            None => Proxy::none(),
        };
        let settings = cos_http::Settings {
            connect_timeout: self.connect_timeout,
            proxy,
            ..cos_http::Settings::new(tls)
        };
        Ok(HttpsTransport {
            http: Http::new(&settings),
        })
    }
}

impl Transport for HttpsTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let host = host_of(&request.url);
            let limit = request.timeout;
            let request = http_request(request)?;
            let proxy = self.http.proxy_for(request.uri());
            let way = Way { host, proxy };
            match tokio::time::timeout(limit, self.exchange(request, &way)).await {
                Ok(result) => result,
                Err(_) => Err(late(&way)),
            }
        })
    }
}

impl HttpsTransport {
    async fn exchange(
        &self,
        request: Request<Body>,
        way: &Way,
    ) -> Result<HttpResponse, TransportError> {
        let sent = self.http.send(request).await;
        let (head, mut content) = sent
            .map_err(|error| failed(&error, error.is_connect(), way))?
            .into_parts();
        if head.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED
            && let Some(proxy) = way.proxy.clone()
        {
            let failure = ProxyFailure::wants_login(proxy, &way.host);
            return Err(failed(&failure, true, way));
        }
        let headers = head.headers.iter().filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        });
        let headers = headers.collect();
        let mut body = Vec::new();
        loop {
            let piece = cos_http::chunk(&mut content).await;
            let Some(piece) = piece.map_err(|error| failed(&error, false, way))? else {
                break;
            };
            if body.len() + piece.len() > MAX_ANSWER_BYTES {
                let message = "the answer is larger than 1 MiB";
                return Err(TransportError::new(TransportErrorKind::Broken, message));
            }
            body.extend_from_slice(&piece);
        }
        Ok(HttpResponse {
            status: head.status.as_u16(),
            headers,
            body,
        })
    }
}

fn invalid(what: impl Into<String>) -> TransportError {
    TransportError::new(TransportErrorKind::Invalid, what)
}

/// The same request in hyper's types.
fn http_request(from: HttpRequest) -> Result<Request<Body>, TransportError> {
    let method = match from.method {
        "GET" => http::Method::GET,
        "POST" => http::Method::POST,
        _ => return Err(invalid("only GET and POST are sent")),
    };
    let body = match from.body.is_empty() {
        true => Body::Empty,
        false => Body::Whole(Bytes::from(from.body)),
    };
    let (uri, login) = address(&from.url)?;
    let mut headers = HeaderMap::with_capacity(from.headers.len() + 4);
    let agent = concat!("cos-sts/", env!("CARGO_PKG_VERSION"));
    headers.insert(USER_AGENT, HeaderValue::from_static(agent));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    if let Some(host) = &from.host_override {
        let host = HeaderValue::from_str(host);
        headers.insert(
            HOST,
            host.map_err(|_| invalid("the Host header is malformed"))?,
        );
    }
    headers.extend(login.map(|login| (AUTHORIZATION, login)));
    for (name, value) in from.headers {
        let unsendable = || invalid(format!("the header {name} cannot be sent"));
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unsendable())?;
        let mut value = HeaderValue::from_str(&value).map_err(|_| unsendable())?;
        value.set_sensitive(true);
        headers.insert(header, value);
    }
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(request)
}

/// A URL without its user and password, and these as a header.
fn address(url: &str) -> Result<(Uri, Option<HeaderValue>), TransportError> {
    let malformed = || invalid("the address is not a URL such as https://host/path");
    let uri: Uri = url.parse().map_err(|_| malformed())?;
    let mut parts = uri.into_parts();
    let is_web = parts.scheme.as_ref();
    if !is_web.is_some_and(|s| matches!(s.as_str(), "http" | "https")) {
        return Err(malformed());
    }
    let authority = parts.authority.clone().ok_or_else(malformed)?;
    if authority.host().is_empty() {
        return Err(malformed());
    }
    let Some((login, place)) = authority.as_str().rsplit_once('@') else {
        return Ok((Uri::from_parts(parts).map_err(|_| malformed())?, None));
    };
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let decoded = |text| percent_decode_str(text).collect::<Vec<u8>>();
    let login = [&decoded(user)[..], b":", &decoded(password)[..]].concat();
    let login = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(login)));
    let mut login = login.map_err(|_| malformed())?;
    login.set_sensitive(true);
    parts.authority = Some(place.parse().map_err(|_| malformed())?);
    Ok((
        Uri::from_parts(parts).map_err(|_| malformed())?,
        Some(login),
    ))
}

/// Whom a request is for, and the proxy before it.
struct Way {
    host: String,
    proxy: Option<ProxyName>,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        match &self.proxy {
            Some(proxy) => write!(f, " through the proxy {proxy}"),
            None => Ok(()),
        }
    }
}

fn late(way: &Way) -> TransportError {
    let message = format!("no answer from {way} within the time limit");
    TransportError::new(TransportErrorKind::Timeout, message)
        .with_hint("check the network, and the proxy if there is one")
}

fn failed(error: &(dyn Error + 'static), while_connecting: bool, way: &Way) -> TransportError {
    use TransportErrorKind as K;
    if let Some(unusable) = cos_http::unusable_proxy(error) {
        return TransportError::new(K::Invalid, unusable.to_string());
    }
    if let Some(proxy) = cos_http::proxy_failure(error) {
        let kind = if cos_http::is_timeout(proxy) {
            K::Timeout
        } else if proxy.is_final() {
            K::Proxy
        } else {
            K::Connect
        };
        return TransportError::new(kind, proxy.to_string()).with_hint(proxy.hint());
    }
    let cause = cos_http::root_cause(error);
    if cos_http::is_tls(error) {
        return TransportError::new(K::Tls, format!("TLS with {way} failed: {cause}")).with_hint(
            "a private gateway needs its CA certificate added here, an intercepting proxy too",
        );
    }
    if cos_http::is_timeout(error) {
        return late(way);
    }
    if while_connecting {
        let hint = if cos_http::is_unknown_name(error) {
            "the name cannot be resolved: check it, and the network"
        } else {
            "nothing takes connections there: check the address, and the network"
        };
        return TransportError::new(K::Connect, format!("cannot connect to {way}: {cause}"))
            .with_hint(hint);
    }
    TransportError::new(K::Broken, format!("the connection to {way} broke: {cause}"))
        .with_hint("something closed it before the whole answer came; check what stands in between")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_in_addresses_become_a_header() {
        let (uri, login) = address("https://ada:p%3Aw@h:8443/p?q=%20").unwrap();
        assert_eq!(uri.to_string(), "https://h:8443/p?q=%20");
        // ada:p:w
        let login = login.unwrap();
        assert_eq!(login, "Basic YWRhOnA6dw==");
        assert!(login.is_sensitive());
        assert_eq!(address("http://h").unwrap().1, None);
        for bad in [
            "",
            "h",
            "h:80",
            "/p",
            "ftp://h/",
            "http://",
            "http://u:PLANTED@/x",
            "http://h o/",
        ] {
            let error = address(bad).unwrap_err();
            assert!(!error.to_string().contains("PLANTED"), "{bad}: {error}");
        }
    }
}
