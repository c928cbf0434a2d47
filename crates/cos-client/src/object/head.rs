use http::Method;

use super::{ObjectMeta, read_conditions};
use crate::client::Client;
use crate::error::Result;
use crate::operation::Operation;
use crate::request::{Call, Headers};
use crate::types::ObjectKey;

/// Asks for an object's properties; see [`Client::head_object`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct HeadObject {
    client: Client,
    key: String,
    headers: Headers,
    params: Vec<(String, String)>,
}

impl Client {
    /// An object's properties without its content.
    ///
    /// A refused HEAD carries no reason. After HTTP 403 the client therefore asks for the object's
    /// first byte, whose refusal has one; an ended key is told from a missing permission that way.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # client.put_object("k", "0123456789").send().await?;
    /// assert_eq!(client.head_object("k").send().await?.size, 10);
    /// let error = client.head_object("missing").send().await.unwrap_err();
    /// assert_eq!(error.kind(), cos_client::ErrorKind::NotFound);
    /// # Ok(())
    /// # }
    /// ```
    pub fn head_object(&self, key: impl Into<String>) -> HeadObject {
        HeadObject {
            client: self.clone(),
            key: key.into(),
            headers: Headers::default(),
            params: Vec::new(),
        }
    }
}

impl HeadObject {
    read_conditions!();

    /// Sends it.
    ///
    /// # Errors
    /// `NotFound` when there is no such object; see [`crate::ErrorKind`].
    pub async fn send(self) -> Result<ObjectMeta> {
        let key = ObjectKey::new(self.key)?;
        key.check_readable()?;
        let mut call = Call::new(Operation::HeadObject, Method::HEAD)
            .key(key)
            .headers(self.headers.checked()?);
        call.params = self.params;
        let reply = self.client.execute(&call).await?;
        Ok(ObjectMeta::read(&reply))
    }
}
