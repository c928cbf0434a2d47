use std::ops::RangeInclusive;
use std::time::Duration;

use http::Method;

use crate::body::Payload;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::multipart::CompletedPart;
use crate::object::{CopySource, customer_key, customer_key_header};
use crate::operation::Operation;
use crate::request::{Call, Headers};
use crate::types::{ETag, ObjectKey, PartNumber, UploadId};
use crate::xml;

/// The service answers when the bytes are copied.
const PATIENCE: Duration = Duration::from_secs(600);

/// Makes a part of another object's bytes; see [`Client::upload_part_copy`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct UploadPartCopy {
    client: Client,
    key: String,
    upload_id: UploadId,
    number: PartNumber,
    source: CopySource,
    headers: Headers,
}

impl Client {
    /// Makes a part of at most 5 GB of an object that is in the service already.
    /// [`Client::copy`] does whole objects of any size.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use cos_client::{CopySource, PartNumber};
    /// # client.put_object("old", "0123456789").send().await?;
    ///
    /// let source = CopySource::new("demo-1250000000", "ap-guangzhou", "old")?;
    /// let id = client.initiate_multipart_upload("middle").send().await?;
    /// let number = PartNumber::new(1)?;
    /// let part = client.upload_part_copy("middle", &id, number, source).range(3..=6).send().await?;
    /// client.complete_multipart_upload("middle", &id, [part]).send().await?;
    /// assert_eq!(client.get_object("middle").send().await?.bytes().await?, "3456");
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_part_copy(
        &self,
        key: impl Into<String>,
        upload_id: &UploadId,
        number: PartNumber,
        source: CopySource,
    ) -> UploadPartCopy {
        UploadPartCopy {
            client: self.clone(),
            key: key.into(),
            upload_id: upload_id.clone(),
            number,
            source,
            headers: Headers::default(),
        }
    }
}

impl UploadPartCopy {
    /// Only these bytes of the source, the last one included.
    pub fn range(mut self, bytes: RangeInclusive<u64>) -> Self {
        let text = format!("bytes={}-{}", bytes.start(), bytes.end());
        self.headers.set("x-cos-copy-source-range", text);
        self
    }

    customer_key_header!();

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

    /// Any further header; it is signed.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.headers.set(name.as_ref(), value);
        self
    }

    /// Sends it and waits until the bytes are copied.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn send(mut self) -> Result<CompletedPart> {
        self.headers
            .set("x-cos-copy-source", self.source.header_value());
        let mut call = Call::new(Operation::UploadPartCopy, Method::PUT)
            .key(ObjectKey::new(self.key)?)
            .param("partNumber", self.number.to_string())
            .param("uploadId", self.upload_id.as_str())
            .headers(self.headers.checked()?)
            .payload(Payload::bytes(bytes::Bytes::new()));
        call.read_timeout = Some(self.client.timeouts().read.max(PATIENCE));
        let sent = self.client.execute(&call).await;
        let reply = sent.map_err(|e| e.with_part(self.number))?;
        let result: xml::WrittenResult = xml::parse(reply.whole())?;
        match result.etag.filter(|t| !t.is_empty()) {
            Some(etag) => Ok(CompletedPart {
                number: self.number,
                etag: ETag::new(etag),
            }),
            None => Err(Error::integrity("the part was answered without an ETag")
                .with_operation(Operation::UploadPartCopy)
                .with_part(self.number)),
        }
    }
}
