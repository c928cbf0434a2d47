use std::time::SystemTime;

use http::Method;

use crate::client::Client;
use crate::error::Result;
use crate::operation::Operation;
use crate::request::Call;
use crate::types::{ETag, ObjectKey, PartNumber, UploadId};
use crate::xml;

/// Lists the parts that have arrived; see [`Client::list_parts`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct ListParts {
    client: Client,
    key: String,
    upload_id: UploadId,
    marker: Option<u32>,
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
    /// let mut list = client.list_parts("k", &id);
    /// loop {
    ///     let page = list.send().await?;
    ///     for part in &page.parts {
    ///         println!("{}: {} bytes", part.number, part.size);
    ///     }
    ///     let Some(next) = page.next_marker else { break };
    ///     list = client.list_parts("k", &id).marker(next);
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
        }
    }
}

impl ListParts {
    /// Begins after this part number: a page's `next_marker`.
    pub fn marker(mut self, number: u32) -> Self {
        self.marker = Some(number);
        self
    }

    /// Asks for one page.
    ///
    /// # Errors
    /// `NotFound` when there is no such upload; see [`crate::ErrorKind`].
    pub async fn send(self) -> Result<ListPartsPage> {
        let mut call = Call::new(Operation::ListParts, Method::GET)
            .key(ObjectKey::new(self.key)?)
            .param("uploadId", self.upload_id.as_str());
        if let Some(marker) = self.marker {
            call = call.param("part-number-marker", marker.to_string());
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
