//! Tags of objects and buckets: one document for both.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::Result;
use crate::xml::{self, element};

/// Tags by name.
pub type Tags = BTreeMap<String, String>;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Tagging {
    tag_set: TagSet,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct TagSet {
    tag: Vec<Tag>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: String,
}

pub(crate) fn read(body: &[u8]) -> Result<Tags> {
    let tagging: Tagging = xml::parse(body)?;
    let tags = tagging.tag_set.tag.into_iter();
    Ok(tags.map(|t| (t.key, t.value)).collect())
}

pub(crate) fn write(tags: &Tags) -> String {
    let tags = tags.iter().map(|(key, value)| {
        let (key, value) = (element("Key", key), element("Value", value));
        format!("<Tag>{key}{value}</Tag>")
    });
    let tags: String = tags.collect();
    format!("<Tagging><TagSet>{tags}</TagSet></Tagging>")
}

/// As the header of a new object has them: `a=1&b=2`.
pub(crate) fn query(tags: &Tags) -> String {
    let encoded = tags.iter().map(|(key, value)| {
        let (key, value) = (cos_sign_core::encode(key), cos_sign_core::encode(value));
        format!("{key}={value}")
    });
    encoded.collect::<Vec<_>>().join("&")
}

/// Collects what a caller gives; the last value of a name counts.
pub(crate) fn collect<K: Into<String>, V: Into<String>>(
    tags: impl IntoIterator<Item = (K, V)>,
) -> Tags {
    let tags = tags.into_iter();
    tags.map(|(k, v)| (k.into(), v.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for tags in [
            collect::<&str, &str>([]),
            collect([("a", "<&>\""), ("ü b", ""), ("c", " x ")]),
        ] {
            assert_eq!(read(write(&tags).as_bytes()).unwrap(), tags);
        }
        assert!(
            read(b"<Tagging><TagSet/></Tagging>").unwrap().is_empty(),
            "none"
        );
    }
}
