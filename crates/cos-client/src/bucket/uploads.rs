use std::time::SystemTime;

use futures_util::stream::{BoxStream, StreamExt, TryStreamExt, iter, try_unfold};
use http::Method;

use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::operation::Operation;
use crate::request::Call;
use crate::types::UploadId;
use crate::xml;

/// Lists uploads in parts that were begun and neither completed nor aborted; see
/// [`Client::list_multipart_uploads`].
#[derive(Debug, Clone)]
#[must_use = "call send(), stream() or uploads()"]
pub struct ListMultipartUploads {
    client: Client,
    prefix: String,
    marker: Option<(String, String)>,
    max_uploads: Option<u32>,
}

/// An upload in parts that is under way, or was forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MultipartUploadSummary {
    /// The object it will be.
    pub key: String,
    /// Its id.
    pub upload_id: UploadId,
    /// When it was begun.
    pub initiated: Option<SystemTime>,
}

/// One page of uploads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListMultipartUploadsPage {
    /// The uploads.
    pub uploads: Vec<MultipartUploadSummary>,
    /// Key and id after which the next page begins; `None` on the last page.
    pub next_marker: Option<(String, String)>,
}

impl Client {
    /// Lists uploads in parts that are under way or were left behind; their parts cost storage
    /// (`name/cos:ListMultipartUploads`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # client.initiate_multipart_upload("forgotten").send().await?;
    /// use futures_util::TryStreamExt;
    ///
    /// let mut uploads = client.list_multipart_uploads().uploads();
    /// while let Some(upload) = uploads.try_next().await? {
    ///     client.abort_multipart_upload(upload.key, &upload.upload_id).send().await?;
    /// }
    /// assert!(client.list_multipart_uploads().send().await?.uploads.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn list_multipart_uploads(&self) -> ListMultipartUploads {
        ListMultipartUploads {
            client: self.clone(),
            prefix: String::new(),
            marker: None,
            max_uploads: None,
        }
    }
}

impl ListMultipartUploads {
    /// Only keys that begin with this.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Begins after this key and id: a page's `next_marker`.
    pub fn marker(mut self, key: impl Into<String>, upload_id: impl Into<String>) -> Self {
        self.marker = Some((key.into(), upload_id.into()));
        self
    }

    /// Entries per page, 1 to 1,000.
    pub fn max_uploads(mut self, entries: u32) -> Self {
        self.max_uploads = Some(entries);
        self
    }

    /// Asks for one page.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn send(self) -> Result<ListMultipartUploadsPage> {
        self.page().await
    }

    async fn page(&self) -> Result<ListMultipartUploadsPage> {
        let mut call = Call::new(Operation::ListMultipartUploads, Method::GET).param("uploads", "");
        if !self.prefix.is_empty() {
            call = call.param("prefix", self.prefix.as_str());
        }
        if let Some((key, id)) = &self.marker {
            call = call.param("key-marker", key).param("upload-id-marker", id);
        }
        if let Some(max) = self.max_uploads {
            if !(1..=1000).contains(&max) {
                return Err(Error::config(format!(
                    "max_uploads: {max} is outside 1 to 1000"
                )));
            }
            call = call.param("max-uploads", max.to_string());
        }
        call = call.param("encoding-type", "url");
        let reply = self.client.execute(&call).await?;
        let result = xml::parse::<xml::ListMultipartUploadsResult>(reply.whole())?.decoded()?;
        let next_marker = result
            .is_truncated
            .then_some((result.next_key_marker, result.next_upload_id_marker));
        let uploads = result.uploads.into_iter().filter_map(|u| {
            Some(MultipartUploadSummary {
                key: u.key,
                upload_id: UploadId::new(u.upload_id).ok()?,
                initiated: crate::time::parse_iso(&u.initiated),
            })
        });
        Ok(ListMultipartUploadsPage {
            uploads: uploads.collect(),
            next_marker,
        })
    }

    /// All pages from here on, each asked for when the one before it was taken.
    pub fn stream(self) -> BoxStream<'static, Result<ListMultipartUploadsPage>> {
        try_unfold(Some(self), |state| async move {
            let Some(mut request) = state else {
                return Ok(None);
            };
            let page = request.page().await?;
            if page.next_marker.is_some() && page.next_marker == request.marker {
                let why = "the listing does not advance: a page ends where it began";
                return Err(Error::new(ErrorKind::Service, why));
            }
            let next = page.next_marker.clone().map(|marker| {
                request.marker = Some(marker);
                request
            });
            Ok(Some((page, next)))
        })
        .boxed()
    }

    /// All uploads from here on, one by one.
    pub fn uploads(self) -> BoxStream<'static, Result<MultipartUploadSummary>> {
        self.stream()
            .map_ok(|page| iter(page.uploads.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }
}
