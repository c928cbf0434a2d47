use std::time::SystemTime;

use bytes::Bytes;
use http::Method;

use crate::body::Payload;
use crate::client::Client;
use crate::error::Result;
use crate::operation::Operation;
use crate::request::Call;
use crate::types::Endpoint;
use crate::xml;

/// What is known about a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BucketMeta {
    /// Where it is.
    pub region: Option<String>,
    /// Id of the request.
    pub request_id: Option<String>,
}

/// One of the account's buckets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BucketSummary {
    /// `<name>-<appid>`.
    pub name: String,
    /// Where it is.
    pub region: String,
    /// When it was created.
    pub created: Option<SystemTime>,
}

impl Client {
    /// Asks whether this client's bucket exists and may be accessed (`name/cos:HeadBucket`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// client.head_bucket().await?;
    /// let other = client.for_bucket("missing-1250000000", "ap-guangzhou")?;
    /// let error = other.head_bucket().await.unwrap_err();
    /// assert_eq!(error.kind(), cos_client::ErrorKind::NotFound);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `NotFound`, `AccessDenied`, … see [`crate::ErrorKind`].
    pub async fn head_bucket(&self) -> Result<BucketMeta> {
        let call = Call::new(Operation::HeadBucket, Method::HEAD);
        let reply = self.execute(&call).await?;
        Ok(BucketMeta {
            region: reply.text_header("x-cos-bucket-region"),
            request_id: reply.request_id(),
        })
    }

    /// Creates this client's bucket in its region, private (`name/cos:PutBucket`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// let new = client.for_bucket("fresh-1250000000", "ap-beijing")?;
    /// new.create_bucket().await?;
    /// new.put_object("k", "x").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Code `BucketAlreadyOwnedByYou` or `BucketAlreadyExists`; see [`crate::ErrorKind`].
    pub async fn create_bucket(&self) -> Result<()> {
        let call =
            Call::new(Operation::PutBucket, Method::PUT).payload(Payload::bytes(Bytes::new()));
        self.execute(&call).await?;
        Ok(())
    }

    /// Deletes this client's bucket, which must be empty (`name/cos:DeleteBucket`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # client.put_object("k", "x").send().await?;
    /// let error = client.delete_bucket().await.unwrap_err();
    /// assert_eq!(error.code(), Some("BucketNotEmpty"));
    /// client.delete_object("k").send().await?;
    /// client.delete_bucket().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Code `BucketNotEmpty`; see [`crate::ErrorKind`].
    pub async fn delete_bucket(&self) -> Result<()> {
        let call = Call::new(Operation::DeleteBucket, Method::DELETE);
        self.execute(&call).await?;
        Ok(())
    }

    /// Lists the account's buckets in all regions (`name/cos:GetService`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// for bucket in client.list_buckets().await? {
    ///     println!("{} in {}", bucket.name, bucket.region);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn list_buckets(&self) -> Result<Vec<BucketSummary>> {
        let mut call = Call::new(Operation::GetService, Method::GET);
        call.endpoint = Some(self.settings().place.service()?);
        let mut buckets = Vec::new();
        let mut marker: Option<String> = None;
        loop {
            call.params.clear();
            if let Some(marker) = &marker {
                call.params.push(("marker".into(), marker.clone()));
            }
            let reply = self.execute(&call).await?;
            let page: xml::ListAllMyBucketsResult = xml::parse(reply.whole())?;
            buckets.extend(page.buckets.bucket.into_iter().map(|b| BucketSummary {
                name: b.name,
                region: b.location,
                created: crate::time::parse_iso(&b.creation_date),
            }));
            let next = page.next_marker.filter(|m| !m.is_empty());
            if !page.is_truncated || next.is_none() || next == marker {
                return Ok(buckets);
            }
            marker = next;
        }
    }
}

impl crate::config::Place {
    /// The address that answers for all buckets.
    pub(crate) fn service(&self) -> Result<Endpoint> {
        let scheme = if self.https { "https" } else { "http" };
        let domain = self.domain.root();
        let endpoint = Endpoint::custom_domain(&format!("{scheme}://service.cos.{domain}"))?;
        Ok(match &self.connect_to {
            Some(url) => endpoint.connect_to(url)?,
            None => endpoint,
        })
    }
}
