use http::Method;

use crate::client::Client;
use crate::error::Result;
use crate::operation::Operation;
use crate::request::Call;
use crate::types::ObjectKey;

/// Deletes one object; see [`Client::delete_object`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct DeleteObject {
    client: Client,
    key: String,
    version_id: Option<String>,
}

/// What a deletion answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteObjectOutput {
    /// Whether a delete marker was made instead, in buckets with versioning.
    pub delete_marker: bool,
    /// The version deleted or the marker's.
    pub version_id: Option<String>,
    /// HTTP status of the answer.
    pub status: u16,
    /// Id of the request.
    pub request_id: Option<String>,
}

impl Client {
    /// Deletes an object. Deleting what does not exist succeeds.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # client.put_object("k", "x").send().await?;
    /// client.delete_object("k").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete_object(&self, key: impl Into<String>) -> DeleteObject {
        DeleteObject {
            client: self.clone(),
            key: key.into(),
            version_id: None,
        }
    }
}

impl DeleteObject {
    /// Deletes this version for good.
    pub fn version_id(mut self, version: impl Into<String>) -> Self {
        self.version_id = Some(version.into());
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn send(self) -> Result<DeleteObjectOutput> {
        let call = Call::new(Operation::DeleteObject, Method::DELETE)
            .key(ObjectKey::new(self.key)?)
            .version(self.version_id);
        let reply = self.client.execute(&call).await?;
        Ok(DeleteObjectOutput {
            delete_marker: reply.header("x-cos-delete-marker") == Some("true"),
            version_id: reply.version_id(),
            status: reply.status,
            request_id: reply.request_id(),
        })
    }
}
