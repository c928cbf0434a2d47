use std::time::SystemTime;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Method;

use crate::body::Payload;
use crate::client::Client;
use crate::error::Result;
use crate::operation::Operation;
use crate::request::{Call, Headers};
use crate::tags::{self, Tags};
use crate::types::Endpoint;
use crate::xml;

/// What is known about a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BucketMeta {
    /// Where it is.
    pub region: Option<String>,
    /// Whether its objects are kept in several zones.
    pub is_multi_az: bool,
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

/// Creates a bucket; see [`Client::create_bucket`]. Awaiting it sends it.
#[derive(Debug)]
#[must_use = "call send() or await it"]
pub struct CreateBucket {
    client: Client,
    headers: Headers,
    tags: Tags,
    is_multi_az: bool,
}

impl CreateBucket {
    /// Who may read and write: `private`, `public-read`, `public-read-write` or `authenticated-read`.
    pub fn acl(mut self, rule: impl AsRef<str>) -> Self {
        self.headers.set("x-cos-acl", rule);
        self
    }

    /// A tag of the bucket; at most 50.
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(name.into(), value.into());
        self
    }

    /// Keeps its objects in several zones of the region, where the region has them. It cannot be
    /// changed afterwards.
    pub fn multi_az(mut self) -> Self {
        self.is_multi_az = true;
        self
    }

    /// Any further header; it is signed.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.headers.set(name.as_ref(), value);
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// Code `BucketAlreadyOwnedByYou` or `BucketAlreadyExists`; see [`crate::ErrorKind`].
    pub async fn send(mut self) -> Result<()> {
        if !self.tags.is_empty() {
            self.headers.set("x-cos-tagging", tags::query(&self.tags));
        }
        let mut call =
            Call::new(Operation::PutBucket, Method::PUT).headers(self.headers.checked()?);
        call = match self.is_multi_az {
            false => call.payload(Payload::bytes(Bytes::new())),
            true => call.xml(MULTI_AZ.to_owned()),
        };
        self.client.execute(&call).await?;
        Ok(())
    }
}

const MULTI_AZ: &str = "<CreateBucketConfiguration><BucketAZConfig>MAZ</BucketAZConfig>\
                        </CreateBucketConfiguration>";

impl IntoFuture for CreateBucket {
    type Output = Result<()>;
    type IntoFuture = BoxFuture<'static, Result<()>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
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
            is_multi_az: reply.header("x-cos-bucket-az-type") == Some("MAZ"),
            request_id: reply.request_id(),
        })
    }

    /// Creates this client's bucket in its region, private unless told otherwise
    /// (`name/cos:PutBucket`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// let new = client.for_bucket("fresh-1250000000", "ap-beijing")?;
    /// new.create_bucket().tag("cost-centre", "7").send().await?;
    /// new.put_object("k", "x").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_bucket(&self) -> CreateBucket {
        CreateBucket {
            client: self.clone(),
            headers: Headers::default(),
            tags: Tags::new(),
            is_multi_az: false,
        }
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
