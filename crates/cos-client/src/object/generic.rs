use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::body::Payload;
use crate::client::Client;
use crate::error::Result;
use crate::operation::Operation;
use crate::request::{Call, Data, Headers};
use crate::response::Body;
use crate::types::ObjectKey;

/// Any signed request; see [`Client::request`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct GenericRequest {
    client: Client,
    method: Method,
    key: Option<String>,
    params: Vec<(String, String)>,
    headers: Headers,
    body: Option<Data>,
    idempotent: Option<bool>,
}

/// The answer to a [`GenericRequest`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GenericResponse {
    /// HTTP status, 2xx.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The content, at most 32 MiB.
    pub body: Bytes,
}

impl Client {
    /// A request for anything this crate has no operation for: signed, repeated and judged like all
    /// others.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use cos_client::Method;
    /// # client.put_object("k", "x").send().await?;
    ///
    /// let answer = client.request(Method::GET).key("k").param("acl", "").send().await?;
    /// assert_eq!(answer.status, 200);
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method) -> GenericRequest {
        GenericRequest {
            client: self.clone(),
            method,
            key: None,
            params: Vec::new(),
            headers: Headers::default(),
            body: None,
            idempotent: None,
        }
    }
}

impl GenericRequest {
    /// The object; without one the request is about the bucket.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// A query parameter, decoded; an empty value sends the bare name. The first one selects the
    /// sub-resource, such as `tagging`.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// A header; it is signed.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.headers.set(name.as_ref(), value);
        self
    }

    /// The content.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(Data(body.into()));
        self
    }

    /// Whether a lost answer may be followed by the same request again. By default true except for
    /// POST.
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = Some(idempotent);
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn send(self) -> Result<GenericResponse> {
        let mut call = Call::new(Operation::Generic, self.method).headers(self.headers.checked()?);
        if let Some(key) = self.key {
            let key = ObjectKey::new(key)?;
            if matches!(call.method, Method::GET | Method::HEAD) {
                key.check_readable()?;
            }
            call = call.key(key);
        }
        call.params = self.params;
        call.idempotent = self.idempotent.unwrap_or(call.method != Method::POST);
        let takes_body = matches!(call.method, Method::PUT | Method::POST);
        if let Some(body) = self
            .body
            .map(|b| b.0)
            .or_else(|| takes_body.then(Bytes::new))
        {
            call = call.payload(Payload::bytes(body));
        }
        let reply = self.client.execute(&call).await?;
        let body = match reply.body {
            Body::Whole(bytes) => bytes,
            Body::Stream(_) => Bytes::new(),
        };
        Ok(GenericResponse {
            status: reply.status,
            headers: reply.headers,
            body,
        })
    }
}
