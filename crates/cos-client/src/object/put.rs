use bytes::Bytes;
use http::Method;

use super::object_headers;
use crate::body::Payload;
use crate::client::Client;
use crate::error::Result;
use crate::operation::Operation;
use crate::request::{Call, Data, Headers};
use crate::types::{Crc64, ETag, ObjectKey};

/// A simple upload of bytes in memory, at most 5 GB; see [`Client::put_object`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct PutObject {
    client: Client,
    key: String,
    body: Data,
    headers: Headers,
    content_md5: bool,
}

/// What an upload answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PutObjectOutput {
    /// Tag of the new version.
    pub etag: Option<ETag>,
    /// CRC-64 of the content, computed here and equal to the service's where it sent one.
    pub crc64: Crc64,
    /// The new version, in buckets with versioning.
    pub version_id: Option<String>,
    /// HTTP status of the answer.
    pub status: u16,
    /// Id of the request.
    pub request_id: Option<String>,
}

impl Client {
    /// Stores `body` as one object, replacing what has the key.
    ///
    /// The content's CRC-64 is compared with what the service received.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// let stored = client
    ///     .put_object("notes/today.txt", "dear diary")
    ///     .content_type("text/plain; charset=utf-8")
    ///     .metadata("mood", "good")
    ///     .send()
    ///     .await?;
    /// assert_eq!(stored.crc64, cos_client::Crc64::of(b"dear diary"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn put_object(&self, key: impl Into<String>, body: impl Into<Bytes>) -> PutObject {
        PutObject {
            client: self.clone(),
            key: key.into(),
            body: Data(body.into()),
            headers: Headers::default(),
            content_md5: false,
        }
    }
}

impl PutObject {
    object_headers!();

    /// Sends `Content-MD5` too, for those whose rules ask for it: the service refuses what does not
    /// match. CRC-64 is compared anyway, and costs less.
    pub fn content_md5(mut self) -> Self {
        self.content_md5 = true;
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`]; `Integrity` when what arrived was not what was sent.
    pub async fn send(self) -> Result<PutObjectOutput> {
        let payload = Payload::bytes(self.body.0);
        let mut call = Call::new(Operation::PutObject, Method::PUT)
            .key(ObjectKey::new(self.key)?)
            .headers(self.headers.checked()?)
            .payload(payload);
        call.check_crc = true;
        if self.content_md5 {
            call = call.with_content_md5().await?;
        }
        put(&self.client, &call).await
    }
}

/// Sends a PUT Object call, whatever its body.
pub(crate) async fn put(client: &Client, call: &Call) -> Result<PutObjectOutput> {
    let reply = client.execute(call).await?;
    Ok(PutObjectOutput {
        etag: reply.etag(),
        crc64: Crc64::from_u64(reply.sent_crc.unwrap_or(0)),
        version_id: reply.version_id(),
        status: reply.status,
        request_id: reply.request_id(),
    })
}
