use bytes::Bytes;
use http::Method;

use crate::body::Payload;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::multipart::CompletedPart;
use crate::object::customer_key_header;
use crate::operation::Operation;
use crate::request::{Call, Data, Headers};
use crate::types::{Crc64, ETag, ObjectKey, PartNumber, UploadId};

/// Sends one part; see [`Client::upload_part`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct UploadPart {
    client: Client,
    key: String,
    upload_id: UploadId,
    number: PartNumber,
    body: Data,
    headers: Headers,
}

/// What a part answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadPartOutput {
    /// The part as completing wants it.
    pub part: CompletedPart,
    /// CRC-64 of the part, computed here and equal to the service's where it sent one.
    pub crc64: Crc64,
    /// Id of the request.
    pub request_id: Option<String>,
}

impl Client {
    /// Sends one part of 1 MB to 5 GB (the last may be smaller). Sending a number again replaces
    /// the part.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use cos_client::{Crc64, PartNumber};
    ///
    /// let id = client.initiate_multipart_upload("k").send().await?;
    /// let sent = client.upload_part("k", &id, PartNumber::new(1)?, "one").send().await?;
    /// assert_eq!(sent.crc64, Crc64::of(b"one"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_part(
        &self,
        key: impl Into<String>,
        upload_id: &UploadId,
        number: PartNumber,
        body: impl Into<Bytes>,
    ) -> UploadPart {
        UploadPart {
            client: self.clone(),
            key: key.into(),
            upload_id: upload_id.clone(),
            number,
            body: Data(body.into()),
            headers: Headers::default(),
        }
    }
}

impl UploadPart {
    customer_key_header!();

    /// Any further header; it is signed.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.headers.set(name.as_ref(), value);
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn send(self) -> Result<UploadPartOutput> {
        let key = ObjectKey::new(self.key)?;
        let call = part_call(
            key,
            &self.upload_id,
            self.number,
            Payload::bytes(self.body.0),
        )
        .headers(self.headers.checked()?);
        self.client.send_part(&call, self.number).await
    }
}

/// The request of one part, whatever its body.
pub(crate) fn part_call(
    key: ObjectKey,
    upload_id: &UploadId,
    number: PartNumber,
    payload: Payload,
) -> Call {
    let mut call = Call::new(Operation::UploadPart, Method::PUT)
        .key(key)
        .param("partNumber", number.to_string())
        .param("uploadId", upload_id.as_str())
        .payload(payload);
    call.check_crc = true;
    call
}

impl Client {
    /// Sends a call made by [`part_call`].
    pub(crate) async fn send_part(
        &self,
        call: &Call,
        number: PartNumber,
    ) -> Result<UploadPartOutput> {
        let reply = self.execute(call).await.map_err(|e| e.with_part(number))?;
        let Some(etag) = reply.etag() else {
            return Err(Error::integrity("the part was answered without an ETag")
                .with_operation(Operation::UploadPart)
                .with_part(number));
        };
        Ok(UploadPartOutput {
            part: CompletedPart { number, etag },
            crc64: Crc64::from_u64(reply.sent_crc.unwrap_or(0)),
            request_id: reply.request_id(),
        })
    }
}

impl UploadPartOutput {
    /// The part's tag.
    pub fn etag(&self) -> &ETag {
        &self.part.etag
    }
}
