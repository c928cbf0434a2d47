use http::Method;

use crate::client::Client;
use crate::error::Result;
use crate::operation::Operation;
use crate::request::Call;
use crate::tags::{self, Tags};
use crate::types::ObjectKey;

/// Reads an object's tags; see [`Client::get_object_tagging`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct GetObjectTagging(Target);

/// Replaces an object's tags; see [`Client::put_object_tagging`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct PutObjectTagging(Target, Tags);

/// Removes an object's tags; see [`Client::delete_object_tagging`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct DeleteObjectTagging(Target);

/// Whose tags.
#[derive(Debug)]
struct Target {
    client: Client,
    key: String,
    version_id: Option<String>,
}

impl Target {
    fn new(client: &Client, key: impl Into<String>) -> Self {
        Self {
            client: client.clone(),
            key: key.into(),
            version_id: None,
        }
    }

    fn call(self, operation: Operation, method: Method) -> Result<(Client, Call)> {
        let call = Call::new(operation, method)
            .key(ObjectKey::new(self.key)?)
            .param("tagging", "")
            .version(self.version_id);
        Ok((self.client, call))
    }
}

impl Client {
    /// Reads an object's tags (`name/cos:GetObjectTagging`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # client.put_object("k", "x").send().await?;
    /// client.put_object_tagging("k", [("team", "red"), ("year", "2024")]).send().await?;
    /// assert_eq!(client.get_object_tagging("k").send().await?["team"], "red");
    /// client.delete_object_tagging("k").send().await?;
    /// assert!(client.get_object_tagging("k").send().await?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_object_tagging(&self, key: impl Into<String>) -> GetObjectTagging {
        GetObjectTagging(Target::new(self, key))
    }

    /// Replaces all tags of an object, at most 10 (`name/cos:PutObjectTagging`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # client.put_object("k", "x").send().await?;
    /// client.put_object_tagging("k", [("team", "a"), ("keep", "7 years")]).send().await?;
    /// assert_eq!(client.head_object("k").send().await?.tag_count, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn put_object_tagging<K: Into<String>, V: Into<String>>(
        &self,
        key: impl Into<String>,
        tags: impl IntoIterator<Item = (K, V)>,
    ) -> PutObjectTagging {
        PutObjectTagging(Target::new(self, key), tags::collect(tags))
    }

    /// Removes all tags of an object (`name/cos:DeleteObjectTagging`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # client.put_object("k", "x").send().await?;
    /// # client.put_object_tagging("k", [("team", "a")]).send().await?;
    /// client.delete_object_tagging("k").send().await?;
    /// assert_eq!(client.head_object("k").send().await?.tag_count, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete_object_tagging(&self, key: impl Into<String>) -> DeleteObjectTagging {
        DeleteObjectTagging(Target::new(self, key))
    }
}

impl GetObjectTagging {
    /// A certain version of the object.
    pub fn version_id(mut self, version: impl Into<String>) -> Self {
        self.0.version_id = Some(version.into());
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn send(self) -> Result<Tags> {
        let (client, call) = self.0.call(Operation::GetObjectTagging, Method::GET)?;
        tags::read(client.execute(&call).await?.whole())
    }
}

impl PutObjectTagging {
    /// A certain version of the object.
    pub fn version_id(mut self, version: impl Into<String>) -> Self {
        self.0.version_id = Some(version.into());
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// Code `InvalidTag`; see [`crate::ErrorKind`].
    pub async fn send(self) -> Result<()> {
        let (client, call) = self.0.call(Operation::PutObjectTagging, Method::PUT)?;
        client.execute(&call.xml(tags::write(&self.1))).await?;
        Ok(())
    }
}

impl DeleteObjectTagging {
    /// A certain version of the object.
    pub fn version_id(mut self, version: impl Into<String>) -> Self {
        self.0.version_id = Some(version.into());
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn send(self) -> Result<()> {
        let (client, call) = self
            .0
            .call(Operation::DeleteObjectTagging, Method::DELETE)?;
        client.execute(&call).await?;
        Ok(())
    }
}
