use std::time::{Duration, SystemTime};

use http::Method;

use super::{customer_key, object_headers};
use crate::body::Payload;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::request::{Call, Headers};
use crate::types::{BucketName, Crc64, ETag, ObjectKey, Region};
use crate::xml;

/// The object that a copy reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySource {
    bucket: BucketName,
    region: Region,
    key: ObjectKey,
    version_id: Option<String>,
}

impl CopySource {
    /// Names an object in any bucket the credentials may read.
    ///
    /// # Errors
    /// `Config` when a name is malformed.
    pub fn new(
        bucket: impl Into<String>,
        region: impl Into<String>,
        key: impl Into<String>,
    ) -> Result<Self> {
        Ok(Self {
            bucket: BucketName::new(bucket)?,
            region: Region::new(region)?,
            key: ObjectKey::new(key)?,
            version_id: None,
        })
    }

    /// A certain version.
    #[must_use]
    pub fn with_version_id(mut self, version: impl Into<String>) -> Self {
        self.version_id = Some(version.into());
        self
    }

    /// The object's key.
    pub fn key(&self) -> &str {
        self.key.as_str()
    }

    pub(crate) fn version_id(&self) -> Option<&str> {
        self.version_id.as_deref()
    }

    /// A client for the bucket this is in.
    pub(crate) fn client(&self, near: &Client) -> Result<Client> {
        if self.bucket == *near.bucket() && self.region == *near.region() {
            return Ok(near.clone());
        }
        near.for_bucket(self.bucket.as_str(), self.region.as_str())
    }

    /// `<bucket>.cos.<region>.myqcloud.com/<encoded key>[?versionId=…]`.
    pub(crate) fn header_value(&self) -> String {
        let Self {
            bucket,
            region,
            key,
            version_id,
        } = self;
        let path = key.encoded_path();
        let version = version_id.as_ref().map_or(String::new(), |v| {
            format!("?versionId={}", cos_sign_core::encode(v))
        });
        format!("{bucket}.cos.{region}.myqcloud.com{path}{version}")
    }
}

/// Copies inside the service; see [`Client::copy_object`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct CopyObject {
    client: Client,
    source: CopySource,
    key: String,
    headers: Headers,
}

/// What a copy answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CopyObjectOutput {
    /// Tag of the copy.
    pub etag: Option<ETag>,
    /// CRC-64 of the copy.
    pub crc64: Option<Crc64>,
    /// When it was written.
    pub last_modified: Option<SystemTime>,
    /// The copy's version, in buckets with versioning.
    pub version_id: Option<String>,
    /// Id of the request.
    pub request_id: Option<String>,
}

impl Client {
    /// Copies an object of at most 5 GB into this bucket without moving its bytes through here, in
    /// one request. [`Client::copy`] takes any size.
    ///
    /// Needs `name/cos:GetObject` on the source and `name/cos:PutObject` on the target. Metadata is
    /// copied unless [`CopyObject::replace_metadata`] is called; storage class and access rule are
    /// not.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use cos_client::CopySource;
    /// # client.put_object("old", "x").send().await?;
    ///
    /// let source = CopySource::new("demo-1250000000", "ap-guangzhou", "old")?;
    /// client.copy_object(source, "new").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn copy_object(&self, source: CopySource, key: impl Into<String>) -> CopyObject {
        CopyObject {
            client: self.clone(),
            source,
            key: key.into(),
            headers: Headers::default(),
        }
    }
}

impl CopyObject {
    object_headers!();

    pub(crate) fn all_headers(mut self, headers: Headers) -> Self {
        self.headers = headers;
        self
    }

    /// Gives the copy the metadata of this call instead of the source's. Needed to copy an object
    /// onto itself.
    pub fn replace_metadata(mut self) -> Self {
        self.headers.set("x-cos-metadata-directive", "Replaced");
        self
    }

    /// The key of yours with which the source was encrypted (SSE-C); use TLS.
    pub fn source_customer_key(mut self, key: &[u8; 32]) -> Self {
        customer_key::set_source(&mut self.headers, key);
        self
    }

    /// Only this version of the source.
    pub fn source_if_match(mut self, etag: &ETag) -> Self {
        self.headers
            .set("x-cos-copy-source-if-match", etag.as_str());
        self
    }

    /// Sends it and waits until the copy is complete.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn send(mut self) -> Result<CopyObjectOutput> {
        let source = self.source.header_value();
        self.headers.set("x-cos-copy-source", source);
        let mut call = Call::new(Operation::CopyObject, Method::PUT)
            .key(ObjectKey::new(self.key)?)
            .headers(self.headers.checked()?)
            .payload(Payload::bytes(bytes::Bytes::new()));
        // The service answers when gigabytes are copied.
        call.read_timeout = Some(self.client.timeouts().read.max(Duration::from_secs(600)));
        let reply = self.client.execute(&call).await?;
        let result: xml::WrittenResult = xml::parse(reply.whole())?;
        let etag = result.etag.filter(|t| !t.is_empty()).map(ETag::new);
        if etag.is_none() {
            return Err(Error::integrity("the copy was answered without an ETag")
                .with_operation(Operation::CopyObject));
        }
        Ok(CopyObjectOutput {
            etag,
            crc64: result
                .crc64
                .and_then(|c| Crc64::parse(&c).ok())
                .or_else(|| reply.crc64()),
            last_modified: result
                .last_modified
                .and_then(|t| crate::time::parse_iso(&t)),
            version_id: reply.version_id().or(result.version_id),
            request_id: reply.request_id(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::CopySource;

    #[test]
    fn the_source_is_one_encoded_path() {
        let source = CopySource::new("src-1", "ap-beijing", "a b/文+").unwrap();
        assert_eq!(
            source.with_version_id("v=1").header_value(),
            "src-1.cos.ap-beijing.myqcloud.com/a%20b/%E6%96%87%2B?versionId=v%3D1"
        );
    }
}
