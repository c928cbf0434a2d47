//! The object an upload makes: in one request, or begun, filled with parts and completed.

use std::sync::Arc;

use http::Method;

use super::progress::Meter;
use crate::body::Payload;
use crate::client::Client;
use crate::error::Result;
use crate::limits::Claim;
use crate::multipart::{CompleteOutput, CompletedPart, UploadPartOutput, part_call};
use crate::object::{PutObjectOutput, customer_key};
use crate::operation::Operation;
use crate::request::{Call, Headers};
use crate::types::{Crc64, ObjectKey, PartNumber, UploadId};

/// Refused by initiate, so it goes with the request that makes the object.
const FORBID_OVERWRITE: &str = "x-cos-forbid-overwrite";
const TRAFFIC_LIMIT: &str = "x-cos-traffic-limit";

/// Where an upload goes, and what the object is to be like.
pub(super) struct Destination {
    pub client: Client,
    pub key: ObjectKey,
    /// Checked.
    pub headers: Headers,
    pub meter: Arc<Meter>,
    pub claim: Claim,
    pub content_md5: bool,
}

impl Destination {
    /// The whole object in one request.
    pub(super) async fn put(&self, payload: Payload) -> Result<PutObjectOutput> {
        let mut call = Call::new(Operation::PutObject, Method::PUT)
            .key(self.key.clone())
            .headers(self.headers.clone())
            .payload(payload);
        call.check_crc = true;
        call.share = Some(self.meter.share());
        call.pace = self.claim.pace.clone();
        if self.content_md5 {
            call = call.with_content_md5().await?;
        }
        let permit = self.client.permit(&self.claim).await;
        let bytes = call.payload.content_length();
        let output = crate::object::put(&self.client, &call).await?;
        permit.moved(bytes.unwrap_or(0));
        Ok(output)
    }

    /// Begins an upload in parts.
    pub(super) async fn initiate(&self) -> Result<UploadId> {
        self.client
            .initiate_multipart_upload(self.key.as_str())
            .all_headers(self.headers.clone().without(FORBID_OVERWRITE))
            .send()
            .await
    }

    /// Sends the part with this index, counted from 0.
    pub(super) async fn send_part(
        &self,
        upload_id: &UploadId,
        index: u32,
        payload: Payload,
    ) -> Result<UploadPartOutput> {
        let number = PartNumber::new(index + 1)?;
        let mut call = part_call(self.key.clone(), upload_id, number, payload);
        // What holds for one request each.
        let limit = self.headers.get(TRAFFIC_LIMIT);
        let limit = limit.map(|limit| (TRAFFIC_LIMIT, limit));
        for (name, value) in limit
            .into_iter()
            .chain(customer_key::of_object(&self.headers))
        {
            call.headers.push((name.into(), value.into()));
        }
        call.share = Some(self.meter.share());
        call.pace = self.claim.pace.clone();
        if self.content_md5 {
            call = call.with_content_md5().await?;
        }
        let permit = self.client.permit(&self.claim).await;
        let bytes = call.payload.content_length();
        let part = self.client.send_part(&call, number).await?;
        permit.moved(bytes.unwrap_or(0));
        Ok(part)
    }

    /// Puts the parts together; `crc64` is what the whole must have. `earlier`: an earlier run may
    /// have done it and never heard the answer.
    pub(super) async fn complete(
        &self,
        upload_id: &UploadId,
        parts: impl IntoIterator<Item = CompletedPart>,
        crc64: Crc64,
        earlier: bool,
    ) -> Result<CompleteOutput> {
        let key = self.key.as_str();
        let mut complete = self.client.complete_multipart_upload(key, upload_id, parts);
        complete = complete
            .expected_crc64(crc64)
            .may_be_done(earlier)
            .reading(customer_key::of_object(&self.headers));
        if let Some(value) = self.headers.get(FORBID_OVERWRITE) {
            complete = complete.header(FORBID_OVERWRITE, value);
        }
        complete.send().await
    }
}
