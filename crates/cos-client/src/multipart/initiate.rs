use bytes::Bytes;
use http::Method;

use crate::body::Payload;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::object::object_headers;
use crate::operation::Operation;
use crate::request::{Call, Headers};
use crate::types::{ObjectKey, UploadId};
use crate::xml;

/// Begins an upload in parts; see [`Client::initiate_multipart_upload`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct InitiateMultipartUpload {
    client: Client,
    key: String,
    headers: Headers,
}

impl Client {
    /// Begins an upload in parts. Parts cost storage until the upload is completed or aborted.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use cos_client::PartNumber;
    ///
    /// let id = client.initiate_multipart_upload("k").send().await?;
    /// let mut parts = Vec::new();
    /// for (index, piece) in [vec![1; 1 << 20], vec![2; 10]].into_iter().enumerate() {
    ///     let number = PartNumber::new(index as u32 + 1)?;
    ///     parts.push(client.upload_part("k", &id, number, piece).send().await?.part);
    /// }
    /// client.complete_multipart_upload("k", &id, parts).send().await?;
    /// assert_eq!(client.head_object("k").send().await?.size, (1 << 20) + 10);
    /// # Ok(())
    /// # }
    /// ```
    pub fn initiate_multipart_upload(&self, key: impl Into<String>) -> InitiateMultipartUpload {
        InitiateMultipartUpload {
            client: self.clone(),
            key: key.into(),
            headers: Headers::default(),
        }
    }
}

impl InitiateMultipartUpload {
    object_headers!();

    pub(crate) fn all_headers(mut self, headers: Headers) -> Self {
        self.headers = headers;
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn send(self) -> Result<UploadId> {
        let call = Call::new(Operation::InitiateMultipartUpload, Method::POST)
            .key(ObjectKey::new(self.key)?)
            .param("uploads", "")
            .headers(self.headers.checked()?)
            .payload(Payload::bytes(Bytes::new()));
        let reply = self.client.execute(&call).await?;
        let result: xml::InitiateResult = xml::parse(reply.whole())?;
        UploadId::new(result.upload_id).map_err(|_| {
            Error::new(ErrorKind::Service, "the answer names no upload id")
                .with_operation(Operation::InitiateMultipartUpload)
        })
    }
}
