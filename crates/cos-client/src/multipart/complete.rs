use std::time::Duration;

use bytes::Bytes;
use http::Method;

use crate::body::Payload;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::object::ObjectMeta;
use crate::operation::Operation;
use crate::request::{Call, Headers};
use crate::response::Reply;
use crate::types::{Crc64, ETag, ObjectKey, PartNumber, UploadId};
use crate::xml;

/// The service may work this long; it sends blanks meanwhile.
const PATIENCE: Duration = Duration::from_secs(300);

/// A part that has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletedPart {
    /// Its number.
    pub number: PartNumber,
    /// Its tag, as the service answered.
    pub etag: ETag,
}

/// Puts the parts together; see [`Client::complete_multipart_upload`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct CompleteMultipartUpload {
    client: Client,
    key: String,
    upload_id: UploadId,
    parts: Vec<CompletedPart>,
    expected_crc64: Option<Crc64>,
    may_be_done: bool,
    headers: Headers,
    /// What reading the object takes: a customer's key.
    reading: Headers,
}

/// What completing answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompleteOutput {
    /// Tag of the new object.
    pub etag: Option<ETag>,
    /// CRC-64 of the whole object, when the service told it.
    pub crc64: Option<Crc64>,
    /// The new version, in buckets with versioning.
    pub version_id: Option<String>,
    /// Id of the request.
    pub request_id: Option<String>,
}

impl Client {
    /// Puts the parts together; numbers must run from 1 without gaps.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use cos_client::{Crc64, PartNumber};
    ///
    /// let id = client.initiate_multipart_upload("k").send().await?;
    /// let part = client.upload_part("k", &id, PartNumber::new(1)?, "all").send().await?;
    /// let complete = client.complete_multipart_upload("k", &id, [part.part]);
    /// let made = complete.expected_crc64(Crc64::of(b"all")).send().await?;
    /// assert!(made.etag.is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn complete_multipart_upload(
        &self,
        key: impl Into<String>,
        upload_id: &UploadId,
        parts: impl IntoIterator<Item = CompletedPart>,
    ) -> CompleteMultipartUpload {
        CompleteMultipartUpload {
            client: self.clone(),
            key: key.into(),
            upload_id: upload_id.clone(),
            parts: parts.into_iter().collect(),
            expected_crc64: None,
            may_be_done: false,
            headers: Headers::default(),
            reading: Headers::default(),
        }
    }
}

impl CompleteMultipartUpload {
    /// The CRC-64 the whole object must have. It is compared with the answer's, or with what HEAD
    /// tells when the answer has none. Where HEAD is not permitted there is nothing to compare.
    pub fn expected_crc64(mut self, crc: Crc64) -> Self {
        self.expected_crc64 = Some(crc);
        self
    }

    /// Whether an earlier process may have sent the same and never heard the answer.
    pub(crate) fn may_be_done(mut self, may: bool) -> Self {
        self.may_be_done = may;
        self
    }

    /// Headers without which nobody is told anything about the object.
    pub(crate) fn reading<'a>(
        mut self,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        for (name, value) in headers {
            self.reading.set(name, value);
        }
        self
    }

    /// Any further header, such as `x-cos-forbid-overwrite`; it is signed.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.headers.set(name.as_ref(), value);
        self
    }

    /// Sends it and waits until the object exists.
    ///
    /// # Errors
    /// `Integrity` when the object's CRC-64 is not the expected one; see [`crate::ErrorKind`].
    pub async fn send(mut self) -> Result<CompleteOutput> {
        self.parts.sort_by_key(|p| p.number);
        let parts = self.parts.iter().map(|p| (p.number.get(), p.etag.as_str()));
        let body = xml::complete_request(parts);
        self.headers.set("content-type", "application/xml");
        let mut call = Call::new(Operation::CompleteMultipartUpload, Method::POST)
            .key(ObjectKey::new(self.key.as_str())?)
            .param("uploadId", self.upload_id.as_str())
            .headers(std::mem::take(&mut self.headers).checked()?)
            .payload(Payload::bytes(Bytes::from(body)));
        call.read_timeout = Some(self.client.timeouts().read.max(PATIENCE));
        match self.client.execute(&call).await {
            Ok(reply) => self.accepted(&reply).await,
            // The first attempt may have done the work and its answer was lost: the upload is gone
            // then, and the object tells whether it is ours.
            Err(error)
                if error.code() == Some("NoSuchUpload")
                    && (error.attempts() > 1 || self.may_be_done) =>
            {
                self.recovered(error).await
            }
            Err(error) => Err(error),
        }
    }

    async fn accepted(&self, reply: &Reply) -> Result<CompleteOutput> {
        let result: xml::WrittenResult = xml::parse(reply.whole())?;
        let etag = result.etag.filter(|t| !t.is_empty()).map(ETag::new);
        if etag.is_none() {
            return Err(Error::integrity("completing was answered without an ETag")
                .with_operation(Operation::CompleteMultipartUpload));
        }
        let told = result.crc64.and_then(|c| Crc64::parse(&c).ok());
        let mut output = CompleteOutput {
            etag,
            crc64: reply.crc64().or(told),
            version_id: reply.version_id().or(result.version_id),
            request_id: reply.request_id(),
        };
        if let Some(expected) = self.expected_crc64 {
            if output.crc64.is_none() {
                output.crc64 = self.ask_crc64().await;
            }
            if let Some(actual) = output.crc64.filter(|actual| *actual != expected) {
                return Err(Error::integrity(format!(
                    "the object arrived damaged: its CRC-64 is {actual} there and {expected} here"
                ))
                .with_operation(Operation::CompleteMultipartUpload));
            }
        }
        Ok(output)
    }

    /// Best effort: the object is complete, and a policy may not permit HEAD.
    async fn ask_crc64(&self) -> Option<Crc64> {
        match self.head().await {
            Ok(meta) => meta.crc64,
            Err(error) => {
                tracing::debug!(%error, "the whole object's CRC-64 is not available");
                None
            }
        }
    }

    async fn head(&self) -> Result<ObjectMeta> {
        let mut head = self.client.head_object(self.key.as_str());
        for (name, value) in self.reading.pairs() {
            head = head.header(name, value);
        }
        head.send().await
    }

    async fn recovered(&self, error: Error) -> Result<CompleteOutput> {
        let Some(expected) = self.expected_crc64 else {
            return Err(error.with_hint_text(
                "an earlier attempt may have completed the object; with expected_crc64 this call \
                 could have told",
            ));
        };
        match self.head().await {
            Ok(meta) if meta.crc64 == Some(expected) => Ok(CompleteOutput {
                etag: meta.etag,
                crc64: meta.crc64,
                version_id: meta.version_id,
                request_id: meta.request_id,
            }),
            Err(head) if head.kind() == ErrorKind::AccessDenied => Err(error.with_hint_text(
                "an earlier attempt may have completed the object; HEAD, which would tell, is not \
                 permitted",
            )),
            _ => Err(error),
        }
    }
}
