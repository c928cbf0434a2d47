//! Attributes and tags as headers, and back.

use std::borrow::Cow;

use cos_client::StorageClass;
use object_store::{Attribute, AttributeValue, Attributes, Error, Result, TagSet};

use crate::STORE;
use crate::error::Problem;

type Header = (String, String);

/// What an object is created with.
pub(crate) fn headers(attributes: &Attributes, tags: &TagSet) -> Result<Vec<Header>> {
    let mut headers = Vec::with_capacity(attributes.len() + 1);
    for (attribute, value) in attributes {
        let name: Cow<'static, str> = match attribute {
            Attribute::ContentDisposition => "content-disposition".into(),
            Attribute::ContentEncoding => "content-encoding".into(),
            Attribute::ContentLanguage => "content-language".into(),
            Attribute::ContentType => "content-type".into(),
            Attribute::CacheControl => "cache-control".into(),
            Attribute::StorageClass => "x-cos-storage-class".into(),
            Attribute::Metadata(name) => format!("x-cos-meta-{}", written(name)?).into(),
            other => {
                return Err(Error::NotImplemented {
                    operation: format!("attribute {other:?}"),
                    implementer: STORE.into(),
                });
            }
        };
        headers.push((name.into_owned(), value.to_string()));
    }
    if !tags.is_empty() {
        // A form's + would be a plus sign there.
        headers.push(("x-cos-tagging".into(), tags.encoded().replace('+', "%20")));
    }
    Ok(headers)
}

/// What is known about an object besides its content.
pub(crate) fn attributes(meta: &cos_client::ObjectMeta) -> Attributes {
    let mut attributes = Attributes::new();
    for (attribute, value) in [
        (Attribute::ContentType, &meta.content_type),
        (Attribute::CacheControl, &meta.cache_control),
        (Attribute::ContentDisposition, &meta.content_disposition),
        (Attribute::ContentEncoding, &meta.content_encoding),
        (Attribute::ContentLanguage, &meta.content_language),
    ] {
        if let Some(value) = value {
            attributes.insert(attribute, AttributeValue::from(value.clone()));
        }
    }
    // The service does not tell the ordinary class.
    if meta.storage_class != StorageClass::default() {
        let class = meta.storage_class.as_str().to_owned();
        attributes.insert(Attribute::StorageClass, class.into());
    }
    for (name, value) in &meta.metadata {
        let name = Attribute::Metadata(read(name).into());
        attributes.insert(name, value.clone().into());
    }
    attributes
}

/// A name as the service takes it.
fn written(name: &str) -> Result<String> {
    let mixed_up = ["--", "-_", "_-"].iter().any(|bad| name.contains(bad));
    if mixed_up {
        let why = format!("metadata {name:?}: `-` must not stand beside `-` or `_`");
        return Err(Error::NotSupported {
            source: Problem::new(why).into(),
        });
    }
    Ok(name.replace('_', "--"))
}

fn read(name: &str) -> String {
    name.replace("--", "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for name in ["a", "a-b", "a_b", "__a_", "a_b-c_d", "content-type"] {
            let there = written(name).unwrap();
            assert!(!there.contains('_'), "{there}");
            assert_eq!(read(&there), name);
        }
        for name in ["a--b", "a-_b", "a_-b"] {
            assert!(
                matches!(written(name), Err(Error::NotSupported { .. })),
                "{name}"
            );
        }
    }

    #[test]
    fn tags_are_a_query() {
        let mut tags = TagSet::default();
        tags.push("a b", "1+1");
        let headers = headers(&Attributes::new(), &tags).unwrap();
        assert_eq!(
            headers,
            [("x-cos-tagging".to_owned(), "a%20b=1%2B1".to_owned())]
        );
    }
}
