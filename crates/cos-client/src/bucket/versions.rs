use std::cmp::Reverse;
use std::time::SystemTime;

use futures_util::stream::{BoxStream, StreamExt, TryStreamExt, iter, try_unfold};
use http::Method;
use serde::Deserialize;

use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::operation::Operation;
use crate::request::Call;
use crate::types::{ETag, StorageClass};
use crate::xml::{self, CommonPrefix, decode_url};

/// Lists all versions of a bucket's objects; see [`Client::list_object_versions`].
#[derive(Debug, Clone)]
#[must_use = "call send(), stream() or versions()"]
pub struct ListObjectVersions {
    client: Client,
    prefix: String,
    delimiter: String,
    marker: Option<(String, String)>,
    max_keys: Option<u32>,
}

/// One version of an object, or the mark that it was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectVersion {
    /// The object's key, decoded.
    pub key: String,
    /// The version; `null` or empty for what was written while versioning was off.
    pub version_id: String,
    /// Whether it is the newest.
    pub is_latest: bool,
    /// Whether it says that the object was deleted; it has no content then.
    pub is_delete_marker: bool,
    /// Size in bytes.
    pub size: u64,
    /// Its tag; `None` for a delete marker.
    pub etag: Option<ETag>,
    /// When it was written.
    pub last_modified: Option<SystemTime>,
    /// How it is kept.
    pub storage_class: StorageClass,
}

/// One page of versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListObjectVersionsPage {
    /// In key order, the newest of each key first.
    pub versions: Vec<ObjectVersion>,
    /// With a delimiter: the "folders" at this level.
    pub common_prefixes: Vec<String>,
    /// Key and version after which the next page begins; `None` on the last page.
    pub next_marker: Option<(String, String)>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Document {
    encoding_type: Option<String>,
    is_truncated: bool,
    next_key_marker: String,
    next_version_id_marker: String,
    version: Vec<Entry>,
    delete_marker: Vec<Entry>,
    common_prefixes: Vec<CommonPrefix>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Entry {
    key: String,
    version_id: String,
    is_latest: bool,
    last_modified: String,
    #[serde(rename = "ETag")]
    etag: String,
    size: u64,
    storage_class: String,
}

impl Client {
    /// Lists every version of every object (`name/cos:GetBucketObjectVersions`), in constant
    /// memory, page by page.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use cos_client::Versioning;
    /// use futures_util::TryStreamExt;
    ///
    /// client.put_bucket_versioning(Versioning::Enabled).await?;
    /// client.put_object("k", "old").send().await?;
    /// client.put_object("k", "new").send().await?;
    /// client.delete_object("k").send().await?;
    ///
    /// let versions: Vec<_> = client.list_object_versions().versions().try_collect().await?;
    /// assert!(versions[0].is_delete_marker && versions[0].is_latest);
    /// let old = client.get_object("k").version_id(&versions[2].version_id).send().await?;
    /// assert_eq!(old.bytes().await?, "old");
    /// # Ok(())
    /// # }
    /// ```
    pub fn list_object_versions(&self) -> ListObjectVersions {
        ListObjectVersions {
            client: self.clone(),
            prefix: String::new(),
            delimiter: String::new(),
            marker: None,
            max_keys: None,
        }
    }
}

impl ListObjectVersions {
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

    /// Begins after this key and version: a page's `next_marker`.
    pub fn marker(mut self, key: impl Into<String>, version: impl Into<String>) -> Self {
        self.marker = Some((key.into(), version.into()));
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
    pub async fn send(self) -> Result<ListObjectVersionsPage> {
        self.page().await
    }

    async fn page(&self) -> Result<ListObjectVersionsPage> {
        let mut call = Call::new(Operation::ListObjectVersions, Method::GET).param("versions", "");
        let (key, version) = self
            .marker
            .as_ref()
            .map_or(("", ""), |(k, v)| (k.as_str(), v.as_str()));
        for (name, value) in [
            ("prefix", self.prefix.as_str()),
            ("delimiter", &self.delimiter),
            ("key-marker", key),
            ("version-id-marker", version),
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
        // Keys may hold what XML cannot; encoded they always arrive.
        call = call.param("encoding-type", "url");
        let reply = self.client.execute(&call).await?;
        xml::parse::<Document>(reply.whole())?.page()
    }

    /// All pages from here on, each asked for when the one before it was taken.
    pub fn stream(self) -> BoxStream<'static, Result<ListObjectVersionsPage>> {
        try_unfold(Some(self), |state| async move {
            let Some(mut request) = state else {
                return Ok(None);
            };
            let page = request.page().await?;
            if page.next_marker.is_some() && page.next_marker == request.marker {
                return Err(Error::new(
                    ErrorKind::Service,
                    "the listing does not advance: a page ends where it began",
                ));
            }
            request.marker.clone_from(&page.next_marker);
            let next = page.next_marker.is_some().then_some(request);
            Ok(Some((page, next)))
        })
        .boxed()
    }

    /// All versions from here on, one by one; folders of a delimiter are left out.
    pub fn versions(self) -> BoxStream<'static, Result<ObjectVersion>> {
        self.stream()
            .map_ok(|page| iter(page.versions.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }
}

impl Document {
    fn page(self) -> Result<ListObjectVersionsPage> {
        let encoded = self.encoding_type.as_deref() == Some("url");
        let decode = |text: String| {
            if encoded { decode_url(&text) } else { Ok(text) }
        };
        let marked = |entries: Vec<Entry>, mark| entries.into_iter().map(move |e| (e, mark));
        let mut versions = marked(self.version, false)
            .chain(marked(self.delete_marker, true))
            .map(|(e, is_delete_marker)| {
                Ok(ObjectVersion {
                    key: decode(e.key)?,
                    version_id: e.version_id,
                    is_latest: e.is_latest,
                    is_delete_marker,
                    size: e.size,
                    etag: (!e.etag.is_empty()).then(|| ETag::new(e.etag)),
                    last_modified: crate::time::parse_iso(&e.last_modified),
                    storage_class: StorageClass::new(&e.storage_class).unwrap_or_default(),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        // The two kinds come mixed; reading them by name took them apart.
        versions.sort_by(|a, b| {
            let age = |v: &ObjectVersion| Reverse((v.is_latest, v.last_modified));
            a.key.cmp(&b.key).then_with(|| age(a).cmp(&age(b)))
        });
        let prefixes = self.common_prefixes.into_iter();
        Ok(ListObjectVersionsPage {
            versions,
            common_prefixes: prefixes.map(|p| decode(p.prefix)).collect::<Result<_>>()?,
            next_marker: match self.is_truncated && !self.next_key_marker.is_empty() {
                true => Some((decode(self.next_key_marker)?, self.next_version_id_marker)),
                false => None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_delete_markers_are_put_in_order() {
        let body = b"<ListVersionsResult><EncodingType>url</EncodingType>\
            <IsTruncated>true</IsTruncated><NextKeyMarker>b%2F</NextKeyMarker>\
            <NextVersionIdMarker>v9</NextVersionIdMarker>\
            <Version><Key>a%2B</Key><VersionId>v1</VersionId><IsLatest>false</IsLatest>\
            <LastModified>2019-05-24T10:56:40.000Z</LastModified><Size>1</Size><ETag>&quot;x&quot;</ETag></Version>\
            <DeleteMarker><Key>a%2B</Key><VersionId>v2</VersionId><IsLatest>false</IsLatest>\
            <LastModified>2019-05-24T10:56:41.000Z</LastModified></DeleteMarker>\
            <Version><Key>a%2B</Key><VersionId>v3</VersionId><IsLatest>true</IsLatest>\
            <LastModified>2019-05-24T10:56:41.000Z</LastModified></Version>\
            </ListVersionsResult>";
        let page = xml::parse::<Document>(body).unwrap().page().unwrap();
        let shown: Vec<_> = page
            .versions
            .iter()
            .map(|v| v.version_id.as_str())
            .collect();
        assert_eq!(shown, ["v3", "v2", "v1"]);
        assert_eq!(page.versions[0].key, "a+");
        assert!(page.versions[1].is_delete_marker);
        assert_eq!(page.next_marker, Some(("b/".into(), "v9".into())));
    }
}
