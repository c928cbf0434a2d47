use std::fmt;
use std::time::Duration;

use cos_sign_core::{KeyTime, Request, SignKey, Signer};
use cos_sts::CredentialRequest;
use http::Method;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::request::Headers;
use crate::types::ObjectKey;

/// Makes a URL that carries its own signature; see [`Client::presign`].
#[derive(Debug)]
#[must_use = "call sign()"]
pub struct Presign {
    client: Client,
    method: Method,
    key: String,
    expires: Duration,
    params: Vec<(String, String)>,
    headers: Headers,
}

/// A URL that anyone may use until it ends. Debug hides it: it is a secret.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PresignedUrl {
    /// The URL.
    pub url: String,
    /// The only method it is good for.
    pub method: Method,
    /// The holder must send exactly these headers too; `host` comes from the URL.
    pub headers: Vec<(String, String)>,
    /// When it ends, Unix seconds: as asked, or with the temporary credentials if they end before.
    pub expired_time_s: u64,
}

impl fmt::Debug for PresignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresignedUrl")
            .field("url", &"…")
            .field("method", &self.method)
            .field("expired_time_s", &self.expired_time_s)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a URL for `method` on `key`, good for `expires`. Temporary credentials put their token
    /// into it.
    ///
    /// The URL names the bucket's own host, also when the client connects elsewhere.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use std::time::Duration;
    ///
    /// let shared = client
    ///     .presign(cos_client::Method::GET, "report.pdf", Duration::from_secs(600))
    ///     .param("response-content-disposition", "attachment")
    ///     .sign()
    ///     .await?;
    /// assert!(shared.url.contains("q-signature="));
    /// # Ok(())
    /// # }
    /// ```
    pub fn presign(&self, method: Method, key: impl Into<String>, expires: Duration) -> Presign {
        Presign {
            client: self.clone(),
            method,
            key: key.into(),
            expires,
            params: Vec::new(),
            headers: Headers::default(),
        }
    }
}

impl Presign {
    /// A query parameter of the URL, such as `response-content-disposition`.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// A header that the holder must send with exactly this value, such as `content-type`.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.headers.set(name.as_ref(), value);
        self
    }

    /// Signs it. Sends nothing but what the credential provider sends.
    ///
    /// # Errors
    /// `Config` for a malformed key or header, `Credential` when there are no credentials.
    pub async fn sign(self) -> Result<PresignedUrl> {
        let client = &self.client;
        let key = ObjectKey::new(self.key)?;
        if matches!(self.method, Method::GET | Method::HEAD) {
            key.check_readable()?;
        }
        let headers = self.headers.checked()?.into_pairs();
        let wanted = CredentialRequest::new()
            .with_bucket(client.bucket().as_str())
            .with_region(client.region().as_str())
            .with_key(key.as_str());
        let credentials = client.credentials(&wanted).await?;
        let mut params = self.params;
        if let Some(token) = credentials.session_token() {
            params.push(("x-cos-security-token".into(), token.into()));
        }
        let mut signed = vec![("host", client.endpoint().host())];
        signed.extend(headers.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        let params: Vec<_> = params
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        let request = Request {
            method: self.method.as_str(),
            path: &format!("/{key}"),
            params: &params,
            headers: &signed,
        };
        let now_s = client.now().s;
        let end = now_s.saturating_add(self.expires.as_secs());
        let bad = |e| Error::config(format!("the URL cannot be signed: {e}"));
        // A minute back, for holders' clocks.
        let window = KeyTime::new(now_s.saturating_sub(60), end).map_err(bad)?;
        let sign_key = SignKey::derive(credentials.secret_key().expose(), window).map_err(bad)?;
        let query = Signer::new(credentials.secret_id(), &sign_key)
            .presigned_query(&request)
            .map_err(bad)?;
        let base = client.endpoint().public_base();
        Ok(PresignedUrl {
            url: format!("{base}{}?{query}", key.encoded_path()),
            method: self.method,
            expired_time_s: credentials.expired_time_s().map_or(end, |e| e.min(end)),
            headers,
        })
    }
}
