use std::time::SystemTime;

use futures_util::stream::{BoxStream, StreamExt, TryStreamExt, iter, try_unfold};
use http::Method;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::request::Call;
use crate::types::{ETag, StorageClass};
use crate::xml;

/// Lists a bucket's objects in key order; see [`Client::list_objects`].
#[derive(Debug, Clone)]
#[must_use = "call send(), stream() or objects()"]
pub struct ListObjects {
    client: Client,
    prefix: String,
    delimiter: String,
    marker: String,
    max_keys: Option<u32>,
}

/// One object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectSummary {
    /// Its key, decoded.
    pub key: String,
    /// Size in bytes.
    pub size: u64,
    /// Tag of its newest version.
    pub etag: ETag,
    /// When it was written.
    pub last_modified: Option<SystemTime>,
    /// How it is kept.
    pub storage_class: StorageClass,
}

/// One page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListObjectsPage {
    /// Objects, in key order.
    pub objects: Vec<ObjectSummary>,
    /// With a delimiter: the "folders" at this level.
    pub common_prefixes: Vec<String>,
    /// Where the next page begins; `None` on the last page.
    pub next_marker: Option<String>,
}

impl Client {
    /// Lists objects. A bucket of any size is read in constant memory, page by page.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use futures_util::TryStreamExt;
    /// # for key in ["photos/1", "photos/2", "songs/1"] {
    /// #     client.put_object(key, "x").send().await?;
    /// # }
    ///
    /// let mut objects = client.list_objects().prefix("photos/").objects();
    /// let mut bytes = 0;
    /// while let Some(object) = objects.try_next().await? {
    ///     bytes += object.size;
    /// }
    /// assert_eq!(bytes, 2);
    ///
    /// let page = client.list_objects().delimiter("/").send().await?;
    /// assert_eq!(page.common_prefixes, ["photos/", "songs/"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn list_objects(&self) -> ListObjects {
        ListObjects {
            client: self.clone(),
            prefix: String::new(),
            delimiter: String::new(),
            marker: String::new(),
            max_keys: None,
        }
    }
}

impl ListObjects {
    /// Only keys that begin with this.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Rolls up keys that hold this text after the prefix; `/` gives one folder level.
    pub fn delimiter(mut self, delimiter: impl Into<String>) -> Self {
        self.delimiter = delimiter.into();
        self
    }

    /// Begins after this key: a page's `next_marker`.
    pub fn marker(mut self, marker: impl Into<String>) -> Self {
        self.marker = marker.into();
        self
    }

    /// Entries per page, 1 to 1,000.
    pub fn max_keys(mut self, entries: u32) -> Self {
        self.max_keys = Some(entries);
        self
    }

    /// Asks for one page.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn send(self) -> Result<ListObjectsPage> {
        self.page().await
    }

    async fn page(&self) -> Result<ListObjectsPage> {
        // Keys may hold what XML cannot; encoded they always arrive.
        let mut call = Call::new(Operation::ListObjects, Method::GET);
        for (name, value) in [
            ("prefix", self.prefix.as_str()),
            ("delimiter", &self.delimiter),
            ("marker", &self.marker),
        ] {
            if !value.is_empty() {
                call = call.param(name, value);
            }
        }
        if let Some(max) = self.max_keys {
            if !(1..=1000).contains(&max) {
                return Err(Error::config(format!(
                    "max_keys: {max} is outside 1 to 1000"
                )));
            }
            call = call.param("max-keys", max.to_string());
        }
        call = call.param("encoding-type", "url");
        let reply = self.client.execute(&call).await?;
        let result = xml::parse::<xml::ListBucketResult>(reply.whole())?.decoded()?;
        Ok(page(result))
    }

    /// All pages from here on, each asked for when the one before it was taken.
    pub fn stream(self) -> BoxStream<'static, Result<ListObjectsPage>> {
        try_unfold(Some(self), |state| async move {
            let Some(mut request) = state else {
                return Ok(None);
            };
            let page = request.page().await?;
            let next = match &page.next_marker {
                Some(marker) if *marker == request.marker => {
                    return Err(Error::new(
                        crate::ErrorKind::Service,
                        "the listing does not advance: a page ends where it began",
                    ));
                }
                Some(marker) => {
                    request.marker.clone_from(marker);
                    Some(request)
                }
                None => None,
            };
            Ok(Some((page, next)))
        })
        .boxed()
    }

    /// All objects from here on, one by one; folders of a delimiter are left out.
    pub fn objects(self) -> BoxStream<'static, Result<ObjectSummary>> {
        self.stream()
            .map_ok(|page| iter(page.objects.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }
}

fn page(result: xml::ListBucketResult) -> ListObjectsPage {
    let common_prefixes: Vec<String> = result
        .common_prefixes
        .into_iter()
        .map(|p| p.prefix)
        .collect();
    let objects: Vec<ObjectSummary> = result
        .contents
        .into_iter()
        .map(|c| ObjectSummary {
            key: c.key,
            size: c.size,
            etag: ETag::new(c.etag),
            last_modified: crate::time::parse_iso(&c.last_modified),
            storage_class: StorageClass::new(&c.storage_class).unwrap_or_default(),
        })
        .collect();
    // Without NextMarker the last entry is the marker.
    let last_key = objects.last().map(|o| o.key.as_str());
    let last_prefix = common_prefixes.last().map(String::as_str);
    let last = last_key.max(last_prefix).map(str::to_owned);
    ListObjectsPage {
        next_marker: result
            .is_truncated
            .then(|| result.next_marker.or(last))
            .flatten(),
        objects,
        common_prefixes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_next_marker_is_the_last_entry() {
        let result = xml::ListBucketResult {
            is_truncated: true,
            contents: vec![xml::Contents {
                key: "b".into(),
                ..Default::default()
            }],
            common_prefixes: vec![xml::CommonPrefix {
                prefix: "a/".into(),
            }],
            ..Default::default()
        };
        assert_eq!(page(result).next_marker.as_deref(), Some("b"));
        assert_eq!(page(xml::ListBucketResult::default()).next_marker, None);
    }
}
