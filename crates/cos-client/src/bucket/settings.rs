//! What is configured for a bucket as a whole.

use http::Method;
use serde::Deserialize;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::request::Call;
use crate::tags::{self, Tags};
use crate::xml::{self, element};

/// Whether a bucket keeps the versions of its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Versioning {
    /// It never did.
    #[default]
    Off,
    /// It keeps every version.
    Enabled,
    /// It keeps those it has and makes no more.
    Suspended,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Status {
    status: String,
}

/// The answer to `?location`: a region inside one element.
#[derive(Debug, Default, Deserialize)]
struct Location {
    #[serde(rename = "$text", default)]
    region: String,
}

impl Client {
    pub(super) async fn read_setting(&self, operation: Operation, name: &str) -> Result<Vec<u8>> {
        let call = Call::new(operation, Method::GET).param(name, "");
        Ok(self.execute(&call).await?.whole().to_vec())
    }

    pub(super) async fn write_setting(
        &self,
        operation: Operation,
        name: &str,
        content_type: &str,
        text: String,
    ) -> Result<()> {
        let call = Call::new(operation, Method::PUT)
            .param(name, "")
            .document(content_type, text);
        self.execute(&call).await?;
        Ok(())
    }

    pub(super) async fn remove_setting(&self, operation: Operation, name: &str) -> Result<()> {
        let call = Call::new(operation, Method::DELETE).param(name, "");
        self.execute(&call).await?;
        Ok(())
    }

    /// Asks which region the bucket is in (`name/cos:GetBucketLocation`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// assert_eq!(client.get_bucket_location().await?, "ap-guangzhou");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn get_bucket_location(&self) -> Result<String> {
        let operation = Operation::GetBucketLocation;
        let body = self.read_setting(operation, "location").await?;
        Ok(xml::parse::<Location>(&body)?.region)
    }

    /// Reads whether versions are kept (`name/cos:GetBucketVersioning`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use cos_client::Versioning;
    ///
    /// assert_eq!(client.get_bucket_versioning().await?, Versioning::Off);
    /// client.put_bucket_versioning(Versioning::Enabled).await?;
    /// assert_eq!(client.get_bucket_versioning().await?, Versioning::Enabled);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn get_bucket_versioning(&self) -> Result<Versioning> {
        let operation = Operation::GetBucketVersioning;
        let body = self.read_setting(operation, "versioning").await?;
        Ok(match xml::parse::<Status>(&body)?.status.as_str() {
            "Enabled" => Versioning::Enabled,
            "Suspended" => Versioning::Suspended,
            _ => Versioning::Off,
        })
    }

    /// Says whether versions are kept (`name/cos:PutBucketVersioning`). Once on, it can only be
    /// suspended.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use cos_client::Versioning;
    ///
    /// client.put_bucket_versioning(Versioning::Enabled).await?;
    /// let first = client.put_object("k", "1").send().await?;
    /// client.put_object("k", "2").send().await?;
    /// let version = first.version_id.ok_or("no version")?;
    /// let old = client.get_object("k").version_id(version).send().await?;
    /// assert_eq!(old.bytes().await?, "1");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Config` for `Off`; see [`crate::ErrorKind`].
    pub async fn put_bucket_versioning(&self, versioning: Versioning) -> Result<()> {
        let status = match versioning {
            Versioning::Off => {
                return Err(Error::config("versioning: it cannot be switched off again")
                    .with_hint_text("suspend it instead"));
            }
            Versioning::Enabled => "Enabled",
            Versioning::Suspended => "Suspended",
        };
        let status = element("Status", status);
        let text = format!("<VersioningConfiguration>{status}</VersioningConfiguration>");
        let operation = Operation::PutBucketVersioning;
        self.write_setting(operation, "versioning", "application/xml", text)
            .await
    }

    /// Reads the bucket's tags (`name/cos:GetBucketTagging`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// client.put_bucket_tagging([("cost-centre", "7")]).await?;
    /// assert_eq!(client.get_bucket_tagging().await?["cost-centre"], "7");
    /// client.delete_bucket_tagging().await?;
    /// assert_eq!(client.get_bucket_tagging().await.unwrap_err().code(), Some("NoSuchTagSet"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Code `NoSuchTagSet` when there are none; see [`crate::ErrorKind`].
    pub async fn get_bucket_tagging(&self) -> Result<Tags> {
        let operation = Operation::GetBucketTagging;
        tags::read(&self.read_setting(operation, "tagging").await?)
    }

    /// Replaces the bucket's tags, at most 50 (`name/cos:PutBucketTagging`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// client.put_bucket_tagging([("cost-centre", "7")]).await?;
    /// assert_eq!(client.get_bucket_tagging().await?.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn put_bucket_tagging<K: Into<String>, V: Into<String>>(
        &self,
        tags: impl IntoIterator<Item = (K, V)>,
    ) -> Result<()> {
        let text = tags::write(&tags::collect(tags));
        let operation = Operation::PutBucketTagging;
        self.write_setting(operation, "tagging", "application/xml", text)
            .await
    }

    /// Removes the bucket's tags (`name/cos:DeleteBucketTagging`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # client.put_bucket_tagging([("cost-centre", "7")]).await?;
    /// client.delete_bucket_tagging().await?;
    /// assert_eq!(client.get_bucket_tagging().await.unwrap_err().code(), Some("NoSuchTagSet"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn delete_bucket_tagging(&self) -> Result<()> {
        self.remove_setting(Operation::DeleteBucketTagging, "tagging")
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations() {
        for (body, region) in [
            ("<LocationConstraint>ap-x</LocationConstraint>", "ap-x"),
            ("<?xml version='1.0'?>\n<LocationConstraint/>", ""),
        ] {
            let read: Location = xml::parse(body.as_bytes()).unwrap();
            assert_eq!(read.region, region);
        }
    }
}
