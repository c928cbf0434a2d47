//! Settings whose documents are large: passed through as text.

use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::operation::Operation;

const XML: &str = "application/xml";
const JSON: &str = "application/json";

fn text(body: Vec<u8>, operation: Operation) -> Result<String> {
    String::from_utf8(body).map_err(|_| {
        Error::new(ErrorKind::Service, "the answer is not UTF-8").with_operation(operation)
    })
}

impl Client {
    /// Reads the lifecycle rules, the XML document `LifecycleConfiguration` of 436/8278
    /// (`name/cos:GetBucketLifecycle`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// let rules = "<LifecycleConfiguration><Rule><ID>tidy</ID><Status>Enabled</Status>\
    ///     <Filter><Prefix>tmp/</Prefix></Filter><Expiration><Days>7</Days></Expiration></Rule>\
    ///     </LifecycleConfiguration>";
    /// client.put_bucket_lifecycle(rules).await?;
    /// assert!(client.get_bucket_lifecycle().await?.contains("<Days>7</Days>"));
    /// client.delete_bucket_lifecycle().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Code `NoSuchLifecycleConfiguration` when there are none; see [`crate::ErrorKind`].
    pub async fn get_bucket_lifecycle(&self) -> Result<String> {
        let operation = Operation::GetBucketLifecycle;
        let body = self.read_setting(operation, "lifecycle").await?;
        text(body, operation)
    }

    /// Replaces the lifecycle rules (`name/cos:PutBucketLifecycle`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// let rules = "<LifecycleConfiguration><Rule><ID>parts</ID><Status>Enabled</Status>\
    ///     <Filter><Prefix></Prefix></Filter><AbortIncompleteMultipartUpload>\
    ///     <DaysAfterInitiation>3</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>\
    ///     </LifecycleConfiguration>";
    /// client.put_bucket_lifecycle(rules).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Code `MalformedXML`; see [`crate::ErrorKind`].
    pub async fn put_bucket_lifecycle(&self, xml: impl Into<String>) -> Result<()> {
        self.write_setting(Operation::PutBucketLifecycle, "lifecycle", XML, xml.into())
            .await
    }

    /// Removes the lifecycle rules (`name/cos:DeleteBucketLifecycle`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// client.delete_bucket_lifecycle().await?;
    /// let error = client.get_bucket_lifecycle().await.unwrap_err();
    /// assert_eq!(error.code(), Some("NoSuchLifecycleConfiguration"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn delete_bucket_lifecycle(&self) -> Result<()> {
        self.remove_setting(Operation::DeleteBucketLifecycle, "lifecycle")
            .await
    }

    /// Reads the bucket's own policy, JSON text (`name/cos:GetBucketPolicy`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// client.put_bucket_policy(r#"{"version":"2.0","Statement":[]}"#).await?;
    /// assert!(client.get_bucket_policy().await?.contains("2.0"));
    /// client.delete_bucket_policy().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `NotFound` when there is none; see [`crate::ErrorKind`].
    pub async fn get_bucket_policy(&self) -> Result<String> {
        let operation = Operation::GetBucketPolicy;
        let body = self.read_setting(operation, "policy").await?;
        text(body, operation)
    }

    /// Replaces the bucket's own policy (`name/cos:PutBucketPolicy`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// let policy = r#"{"version":"2.0","Statement":[{"Effect":"Allow",
    ///     "Principal":{"qcs":["qcs::cam::anyone:anyone"]},"Action":["name/cos:GetObject"],
    ///     "Resource":["qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/public/*"]}]}"#;
    /// client.put_bucket_policy(policy).await?;
    /// assert!(client.get_bucket_policy().await?.contains("public/*"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Code `MalformedPolicy`; see [`crate::ErrorKind`].
    pub async fn put_bucket_policy(&self, json: impl Into<String>) -> Result<()> {
        self.write_setting(Operation::PutBucketPolicy, "policy", JSON, json.into())
            .await
    }

    /// Removes the bucket's own policy (`name/cos:DeleteBucketPolicy`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # client.put_bucket_policy(r#"{"version":"2.0","Statement":[]}"#).await?;
    /// client.delete_bucket_policy().await?;
    /// assert!(client.get_bucket_policy().await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn delete_bucket_policy(&self) -> Result<()> {
        self.remove_setting(Operation::DeleteBucketPolicy, "policy")
            .await
    }
}
