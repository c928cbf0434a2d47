use std::time::SystemTime;

use futures_util::stream::{BoxStream, StreamExt, TryStreamExt, iter, try_unfold};
use http::Method;

use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::operation::Operation;
use crate::request::Call;
use crate::types::{ETag, ObjectKey, PartNumber, UploadId};
use crate::xml;

/// Lists the parts that have arrived; see [`Client::list_parts`].
#[derive(Debug, Clone)]
#[must_use = "call send(), stream() or parts()"]
pub struct ListParts {
    client: Client,
    key: String,
    upload_id: UploadId,
    marker: Option<u32>,
    max_parts: Option<u32>,
}

/// One part that has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartSummary {
    /// Its number.
    pub number: PartNumber,
    /// Its tag.
    pub etag: ETag,
    /// Its size in bytes.
    pub size: u64,
    /// When it arrived.
    pub last_modified: Option<SystemTime>,
}

/// One page of parts, at most 1,000.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListPartsPage {
    /// Parts in the order of their numbers.
    pub parts: Vec<PartSummary>,
    /// Where the next page begins; `None` on the last.
    pub next_marker: Option<u32>,
}

impl Client {
    /// Lists the parts of an upload.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # use cos_client::PartNumber;
    /// # let id = client.initiate_multipart_upload("k").send().await?;
    /// # client.upload_part("k", &id, PartNumber::new(1)?, "one").send().await?;
    /// use futures_util::TryStreamExt;
    ///
    /// let mut parts = client.list_parts("k", &id).parts();
    /// while let Some(part) = parts.try_next().await? {
    ///     println!("{}: {} bytes", part.number, part.size);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list_parts(&self, key: impl Into<String>, upload_id: &UploadId) -> ListParts {
        ListParts {
            client: self.clone(),
            key: key.into(),
            upload_id: upload_id.clone(),
            marker: None,
            max_parts: None,
        }
    }
}

impl ListParts {
    /// Begins after this part number: a page's `next_marker`.
    pub fn marker(mut self, number: u32) -> Self {
        self.marker = Some(number);
        self
    }

    /// Entries per page, 1 to 1,000.
    pub fn max_parts(mut self, entries: u32) -> Self {
        self.max_parts = Some(entries);
        self
    }

    /// Asks for one page.
    ///
    /// # Errors
    /// `NotFound` when there is no such upload; see [`crate::ErrorKind`].
    pub async fn send(self) -> Result<ListPartsPage> {
        self.page().await
    }

    /// All pages from here on, each asked for when the one before it was taken.
    pub fn stream(self) -> BoxStream<'static, Result<ListPartsPage>> {
        try_unfold(Some(self), |state| async move {
            let Some(mut request) = state else {
                return Ok(None);
            };
            let page = request.page().await?;
            if page.next_marker.is_some() && page.next_marker <= request.marker {
                let why = "the listing does not advance: a page ends where it began";
                return Err(Error::new(ErrorKind::Service, why));
            }
            request.marker = page.next_marker;
            let next = page.next_marker.is_some().then_some(request);
            Ok(Some((page, next)))
        })
        .boxed()
    }

    /// All parts from here on, one by one.
    pub fn parts(self) -> BoxStream<'static, Result<PartSummary>> {
        self.stream()
            .map_ok(|page| iter(page.parts.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }

    async fn page(&self) -> Result<ListPartsPage> {
        let mut call = Call::new(Operation::ListParts, Method::GET)
            .key(ObjectKey::new(self.key.as_str())?)
            .param("uploadId", self.upload_id.as_str());
        if let Some(marker) = self.marker {
            call = call.param("part-number-marker", marker.to_string());
        }
        if let Some(max) = self.max_parts {
            if !(1..=1000).contains(&max) {
                return Err(Error::config(format!(
                    "max_parts: {max} is outside 1 to 1000"
                )));
            }
            call = call.param("max-parts", max.to_string());
        }
        let reply = self.client.execute(&call).await?;
        let result: xml::ListPartsResult = xml::parse(reply.whole())?;
        let parts: Vec<PartSummary> = result
            .parts
            .into_iter()
            .filter_map(|p| {
                Some(PartSummary {
                    number: PartNumber::new(p.part_number).ok()?,
                    etag: ETag::new(p.etag),
                    size: p.size,
                    last_modified: crate::time::parse_iso(&p.last_modified),
                })
            })
            .collect();
        let last = parts.last().map(|p| p.number.get());
        let told = result.next_part_number_marker.and_then(|m| m.parse().ok());
        Ok(ListPartsPage {
            next_marker: result.is_truncated.then(|| told.or(last)).flatten(),
            parts,
        })
    }
}
