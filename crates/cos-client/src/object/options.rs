use http::Method;

use crate::client::Client;
use crate::error::Result;
use crate::operation::Operation;
use crate::request::{Call, Headers};
use crate::response::Reply;
use crate::types::ObjectKey;

/// Asks what a browser would ask; see [`Client::check_cors`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct CheckCors {
    client: Client,
    key: String,
    headers: Headers,
    asked: Vec<String>,
}

/// What a web page may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CorsAllowed {
    /// Pages of this origin, or `*`.
    pub origin: String,
    /// Methods.
    pub methods: Vec<String>,
    /// Request headers.
    pub headers: Vec<String>,
    /// Answer headers that the page may read.
    pub expose_headers: Vec<String>,
    /// How long a browser may remember it, seconds.
    pub max_age_s: Option<u64>,
}

impl Client {
    /// Asks whether a web page of `origin` may use `method` on `key` (OPTIONS Object), as a browser
    /// does before it sends the request.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use cos_client::{CorsRule, Method};
    ///
    /// let mut rule = CorsRule::new(["https://example.com"], ["PUT"]);
    /// rule.allowed_headers = vec!["*".into()];
    /// client.put_bucket_cors(&[rule]).await?;
    ///
    /// let check = client.check_cors("k", "https://example.com", Method::PUT);
    /// let allowed = check.request_header("content-type").send().await?;
    /// assert_eq!(allowed.methods, ["PUT"]);
    /// let error = client.check_cors("k", "https://evil.example", Method::PUT).send().await;
    /// assert!(error.unwrap_err().hint().unwrap().contains("CORS"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn check_cors(
        &self,
        key: impl Into<String>,
        origin: impl AsRef<str>,
        method: Method,
    ) -> CheckCors {
        let mut headers = Headers::default();
        headers.set("origin", origin);
        headers.set("access-control-request-method", method.as_str());
        CheckCors {
            client: self.clone(),
            key: key.into(),
            headers,
            asked: Vec::new(),
        }
    }
}

impl CheckCors {
    /// A header that the page would send.
    pub fn request_header(mut self, name: impl Into<String>) -> Self {
        self.asked.push(name.into());
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// Code `AccessForbidden` when no rule of the bucket allows it; see [`crate::ErrorKind`].
    pub async fn send(mut self) -> Result<CorsAllowed> {
        if !self.asked.is_empty() {
            let asked = self.asked.join(",");
            self.headers.set("access-control-request-headers", asked);
        }
        let call = Call::new(Operation::OptionsObject, Method::OPTIONS)
            .key(ObjectKey::new(self.key)?)
            .headers(self.headers.checked()?);
        let reply = self.client.execute(&call).await?;
        Ok(read(&reply))
    }
}

fn read(reply: &Reply) -> CorsAllowed {
    let text = |name: &str| reply.header(name).unwrap_or_default();
    let list = |name: &str| {
        let names = text(name).split(',').map(|n| n.trim().to_owned());
        names.filter(|n| !n.is_empty()).collect()
    };
    CorsAllowed {
        origin: text("access-control-allow-origin").to_owned(),
        methods: list("access-control-allow-methods"),
        headers: list("access-control-allow-headers"),
        expose_headers: list("access-control-expose-headers"),
        max_age_s: text("access-control-max-age").parse().ok(),
    }
}
