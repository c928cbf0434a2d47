use http::Method;

use crate::client::Client;
use crate::error::Result;
use crate::operation::Operation;
use crate::request::Call;
use crate::types::{ObjectKey, UploadId};

/// Gives an upload up; see [`Client::abort_multipart_upload`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct AbortMultipartUpload {
    client: Client,
    key: String,
    upload_id: UploadId,
    max_attempts: Option<u32>,
}

impl Client {
    /// Gives an upload up and frees its parts.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// let id = client.initiate_multipart_upload("k").send().await?;
    /// client.abort_multipart_upload("k", &id).send().await?;
    /// assert!(client.list_parts("k", &id).send().await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn abort_multipart_upload(
        &self,
        key: impl Into<String>,
        upload_id: &UploadId,
    ) -> AbortMultipartUpload {
        AbortMultipartUpload {
            client: self.clone(),
            key: key.into(),
            upload_id: upload_id.clone(),
            max_attempts: None,
        }
    }
}

impl AbortMultipartUpload {
    pub(crate) fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = Some(attempts);
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// `NotFound` when there is no such upload any more; see [`crate::ErrorKind`].
    pub async fn send(self) -> Result<()> {
        let mut call = Call::new(Operation::AbortMultipartUpload, Method::DELETE)
            .key(ObjectKey::new(self.key)?)
            .param("uploadId", self.upload_id.as_str());
        call.max_attempts = self.max_attempts;
        self.client.execute(&call).await?;
        Ok(())
    }
}
