//! GET Bucket (list objects) and GET Bucket Object Versions.

use std::borrow::Cow;
use std::ops::Bound;

use http::Response;

use crate::body::Body;
use crate::clock::iso8601_ms;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::reply;
use crate::store::{Version, Versioning};
use crate::xml::Xml;

/// How texts are written: plain, or percent-encoded on request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown {
    pub(crate) url: bool,
}

impl Shown {
    pub(crate) fn text<'t>(self, text: &'t str) -> Cow<'t, str> {
        if !self.url {
            return Cow::Borrowed(text);
        }
        // The service leaves slashes alone here.
        Cow::Owned(cos_sign_core::encode(text).to_string().replace("%2F", "/"))
    }
}

/// One page of a listing.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) common_prefixes: Vec<String>,
    pub(crate) truncated: bool,
    /// Where the next page goes on: the last key or common prefix of this one.
    pub(crate) last: String,
    /// The item `last` names, `None` when it is a common prefix.
    pub(crate) last_item: Option<T>,
}

/// Takes a page from `entries`, which are in key order and behind the marker already. Keys that share a prefix up to
/// the delimiter count as one entry.
pub(crate) fn collect_page<'k, T: Copy>(
    entries: impl Iterator<Item = (&'k str, T)>,
    prefix: &str,
    delimiter: &str,
    marker: &str,
    max: usize,
) -> Page<T> {
    let mut page = Page {
        items: Vec::new(),
        common_prefixes: Vec::new(),
        truncated: false,
        last: String::new(),
        last_item: None,
    };
    if max == 0 {
        return page;
    }
    let mut count = 0;
    for (key, item) in entries {
        let Some(rest) = key.strip_prefix(prefix) else {
            if key > prefix && !key.starts_with(prefix) {
                break;
            }
            continue;
        };
        let common = if delimiter.is_empty() {
            None
        } else {
            rest.find(delimiter)
        }
        .map(|at| &key[..prefix.len() + at + delimiter.len()]);
        if let Some(common) = common
            && (common <= marker
                || page
                    .common_prefixes
                    .last()
                    .is_some_and(|last| last == common))
        {
            continue;
        }
        if count == max {
            page.truncated = true;
            break;
        }
        count += 1;
        match common {
            Some(common) => {
                page.common_prefixes.push(common.to_owned());
                page.last = common.to_owned();
                page.last_item = None;
            }
            None => {
                page.items.push(item);
                page.last = key.to_owned();
                page.last_item = Some(item);
            }
        }
    }
    page
}

pub(crate) fn list_objects(ctx: &Ctx<'_>) -> Result<Response<Body>> {
    let shown = Shown {
        url: ctx.url_encoding()?,
    };
    let max = ctx.number("max-keys", 1000, 1000)?;
    let text = |name: &str| ctx.head.param(name).unwrap_or_default();
    let (prefix, delimiter, marker) = (text("prefix"), text("delimiter"), text("marker"));
    let objects = ctx.bucket.objects();
    let from = if marker < prefix {
        Bound::Included(prefix)
    } else {
        Bound::Excluded(marker)
    };
    let newest = objects
        .range::<str, _>((from, Bound::Unbounded))
        .filter_map(|(key, versions)| Some((key.as_str(), (key, versions.last()?))))
        .filter(|(_, (_, version))| !version.delete_marker);
    let page = collect_page(newest, prefix, delimiter, marker, max);
    let owner = ctx.owner_qcs();
    let mut xml = Xml::new();
    xml.open("ListBucketResult").text("Name", &ctx.bucket.name);
    if shown.url {
        xml.text("EncodingType", "url");
    }
    xml.text("Prefix", &shown.text(prefix))
        .text("Marker", &shown.text(marker))
        .number("MaxKeys", max);
    if !delimiter.is_empty() {
        xml.text("Delimiter", &shown.text(delimiter));
    }
    xml.number("IsTruncated", page.truncated);
    if page.truncated {
        xml.text("NextMarker", &shown.text(&page.last));
    }
    for (key, version) in &page.items {
        xml.open("Contents").text("Key", &shown.text(key));
        describe(&mut xml, version, &owner);
        xml.close("Contents");
    }
    common_prefixes(&mut xml, shown, &page.common_prefixes);
    xml.close("ListBucketResult");
    Ok(reply::xml(xml))
}

fn describe(xml: &mut Xml, version: &Version, owner: &str) {
    xml.text("LastModified", &iso8601_ms(version.modified_ms))
        .text("ETag", &format!("\"{}\"", version.etag))
        .number("Size", version.size())
        .person("Owner", owner, owner)
        .text("StorageClass", &version.meta.storage_class);
}

fn common_prefixes(xml: &mut Xml, shown: Shown, prefixes: &[String]) {
    for prefix in prefixes {
        xml.open("CommonPrefixes")
            .text("Prefix", &shown.text(prefix))
            .close("CommonPrefixes");
    }
}

pub(crate) fn list_versions(ctx: &Ctx<'_>) -> Result<Response<Body>> {
    let shown = Shown {
        url: ctx.url_encoding()?,
    };
    let max = ctx.number("max-keys", 1000, 1000)?;
    let text = |name: &str| ctx.head.param(name).unwrap_or_default();
    let (prefix, delimiter) = (text("prefix"), text("delimiter"));
    let (key_marker, id_marker) = (text("key-marker"), text("version-id-marker"));
    let objects = ctx.bucket.objects();
    let from = if key_marker < prefix {
        Bound::Included(prefix)
    } else if id_marker.is_empty() {
        Bound::Excluded(key_marker)
    } else {
        Bound::Included(key_marker)
    };
    // Newest version of each key first.
    let entries = objects
        .range::<str, _>((from, Bound::Unbounded))
        .flat_map(|(key, versions)| {
            let resume = (key == key_marker && !id_marker.is_empty()).then(|| {
                versions
                    .iter()
                    .rev()
                    .position(|v| v.id == id_marker)
                    .map_or(usize::MAX, |at| at + 1)
            });
            let newest_first = versions.iter().rev().enumerate().skip(resume.unwrap_or(0));
            newest_first.map(move |(at, version)| (key.as_str(), (key, version, at == 0)))
        });
    let page = collect_page(entries, prefix, delimiter, key_marker, max);
    let owner = ctx.owner_qcs();
    let versioned = ctx.bucket.settings().versioning != Versioning::Off;
    let mut xml = Xml::new();
    xml.open("ListVersionsResult")
        .text("Name", &ctx.bucket.name);
    if shown.url {
        xml.text("EncodingType", "url");
    }
    xml.text("Prefix", &shown.text(prefix))
        .text("KeyMarker", &shown.text(key_marker));
    xml.text("VersionIdMarker", id_marker)
        .number("MaxKeys", max)
        .number("IsTruncated", page.truncated);
    if page.truncated {
        let id = page
            .last_item
            .map_or("", |(_, version, _)| version.id.as_str());
        xml.text("NextKeyMarker", &shown.text(&page.last))
            .text("NextVersionIdMarker", id);
    }
    if !delimiter.is_empty() {
        xml.text("Delimiter", &shown.text(delimiter));
    }
    for (key, version, latest) in &page.items {
        let element = if version.delete_marker {
            "DeleteMarker"
        } else {
            "Version"
        };
        xml.open(element).text("Key", &shown.text(key));
        xml.text("VersionId", if versioned { &version.id } else { "" })
            .number("IsLatest", latest);
        if version.delete_marker {
            xml.text("LastModified", &iso8601_ms(version.modified_ms))
                .person("Owner", &owner, &owner);
        } else {
            describe(&mut xml, version, &owner);
        }
        xml.close(element);
    }
    common_prefixes(&mut xml, shown, &page.common_prefixes);
    xml.close("ListVersionsResult");
    Ok(reply::xml(xml))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(
        keys: &[&'static str],
        prefix: &str,
        delimiter: &str,
        marker: &str,
        max: usize,
    ) -> Page<&'static str> {
        let behind = keys.iter().filter(|k| **k > marker).map(|k| (*k, *k));
        collect_page(behind, prefix, delimiter, marker, max)
    }

    const KEYS: &[&str] = &["a", "b/1", "b/2", "b/c/3", "c", "d/1", "e"];

    #[test]
    fn delimiter_groups() {
        let all = page(KEYS, "", "/", "", 10);
        assert_eq!(all.items, ["a", "c", "e"]);
        assert_eq!(all.common_prefixes, ["b/", "d/"]);
        assert!(!all.truncated);
        let inside = page(KEYS, "b/", "/", "", 10);
        assert_eq!(
            (inside.items, inside.common_prefixes),
            (vec!["b/1", "b/2"], vec!["b/c/".to_owned()])
        );
    }

    #[test]
    fn pages_join_to_the_whole() {
        for max in 1..=6 {
            let (mut items, mut prefixes, mut marker) = (Vec::new(), Vec::new(), String::new());
            loop {
                let one = page(KEYS, "", "/", &marker, max);
                assert!(one.items.len() + one.common_prefixes.len() <= max);
                items.extend(one.items);
                prefixes.extend(one.common_prefixes);
                if !one.truncated {
                    break;
                }
                marker = one.last;
            }
            assert_eq!(
                (items, prefixes),
                (vec!["a", "c", "e"], vec!["b/".to_owned(), "d/".to_owned()]),
                "{max}"
            );
        }
    }

    #[test]
    fn nothing_asked_nothing_given() {
        let none = page(KEYS, "", "", "", 0);
        assert!(none.items.is_empty() && !none.truncated);
    }
}
