//! [`Transport`] for programs that have a `reqwest` client already, with its own settings.

use std::error::Error;

use reqwest::header::{HOST, HeaderValue};

use crate::BoxFuture;
use crate::transport::{
    HttpRequest, HttpResponse, Transport, TransportError, TransportErrorKind, host_of,
};

/// Answers of STS and token servers are a few kilobytes; more is not one of them.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// Sends with a client of the program's own: its pool, proxies, certificates and middle layers.
///
/// The client should follow no redirects: a token that is sent elsewhere is lost.
#[derive(Clone, Debug)]
pub struct ReqwestTransport(reqwest::Client);

impl ReqwestTransport {
    /// Sends with this client.
    pub fn new(client: reqwest::Client) -> Self {
        Self(client)
    }
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
            let failed = |error: reqwest::Error| failure(&error.without_url(), &host);
            let mut builder = self
                .0
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

/// reqwest's own words and what is behind them; which TLS library is behind them is the program's
/// choice, so TLS is not told apart.
fn failure(error: &reqwest::Error, host: &str) -> TransportError {
    use TransportErrorKind as K;
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    let (kind, what) = if error.is_builder() {
        return TransportError::new(K::Invalid, text);
    } else if error.is_timeout() {
        (K::Timeout, "no answer in time from")
    } else if error.is_connect() {
        (K::Connect, "cannot connect to")
    } else {
        (K::Broken, "the connection broke to")
    };
    TransportError::new(kind, format!("{what} {host}: {text}"))
}
