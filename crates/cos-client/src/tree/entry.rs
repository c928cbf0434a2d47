//! What the two sides of a tree consist of, as streams in one order.

use std::cmp::Ordering;
use std::time::SystemTime;

use futures_util::stream::{BoxStream, StreamExt, unfold};

use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::object::ObjectSummary;

/// A file or folder of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Relative to the tree's root, with `/` between names and at the end of a folder's.
    pub name: String,
    pub size: u64,
    pub modified: Option<SystemTime>,
    /// Of a local folder: there is nothing in it.
    pub is_empty_folder: bool,
}

impl Entry {
    pub(crate) fn is_folder(&self) -> bool {
        self.name.ends_with('/')
    }
}

/// Something that takes no part, and why.
#[derive(Debug)]
pub(crate) struct Problem {
    /// Its name as far as it has one. What has this name, or is below it, on the other side is
    /// left alone.
    pub name: String,
    pub why: Why,
}

#[derive(Debug)]
pub(crate) enum Why {
    /// As the caller wanted, or because it is nothing that could be transferred.
    Skipped(&'static str),
    /// It should have been transferred.
    Failed(Error),
}

#[derive(Debug)]
pub(crate) enum Item {
    Entry(Entry),
    Problem(Problem),
}

impl Item {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Entry(entry) => &entry.name,
            Self::Problem(problem) => &problem.name,
        }
    }
}

/// One side, in ascending byte order of the names. An error ends everything.
pub(crate) type Side = BoxStream<'static, Result<Item>>;

/// The objects below `prefix`, which is empty or ends with `/`.
pub(crate) fn objects(client: &Client, prefix: &str) -> Side {
    let list = client.list_objects().prefix(prefix).objects();
    let state = (list, prefix.to_owned(), String::new());
    unfold(state, |(mut list, prefix, mut last)| async move {
        loop {
            let object = match list.next().await? {
                Ok(object) => object,
                Err(error) => return Some((Err(error), (list, prefix, last))),
            };
            match below(object, &prefix, &last) {
                Ok(None) => {}
                Ok(Some(entry)) => {
                    last.clone_from(&entry.name);
                    return Some((Ok(Item::Entry(entry)), (list, prefix, last)));
                }
                Err(error) => return Some((Err(error), (list, prefix, last))),
            }
        }
    })
    .boxed()
}

/// The object's place in the tree; none if it is the root's own marker. Everything that follows
/// rests on the order, deletions too, so it is not taken on trust.
fn below(object: ObjectSummary, prefix: &str, last: &str) -> Result<Option<Entry>> {
    let odd = |what: &str| {
        Err(Error::new(
            ErrorKind::Service,
            format!("the listing {what} at {:?}", object.key),
        ))
    };
    let Some(name) = object.key.strip_prefix(prefix) else {
        return odd("leaves its prefix");
    };
    if name.is_empty() {
        return Ok(None);
    }
    if !last.is_empty() && name.as_bytes().cmp(last.as_bytes()) != Ordering::Greater {
        return odd("is not in order");
    }
    Ok(Some(Entry {
        name: name.to_owned(),
        size: object.size,
        modified: object.last_modified,
        is_empty_folder: false,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{ETag, StorageClass};

    fn name(key: &str, last: &str) -> Result<Option<String>> {
        let object = ObjectSummary {
            key: key.into(),
            size: 1,
            etag: ETag::new("\"e\""),
            last_modified: None,
            storage_class: StorageClass::default(),
        };
        below(object, "p/", last).map(|e| e.map(|e| e.name))
    }

    #[test]
    fn a_listing_is_checked() {
        assert_eq!(name("p/a", "").unwrap().as_deref(), Some("a"));
        assert_eq!(name("p//a", "").unwrap().as_deref(), Some("/a"));
        assert_eq!(name("p/", "").unwrap(), None);
        assert!(name("q/a", "").is_err());
        assert!(name("p/a", "a").is_err() && name("p/a", "b").is_err());
    }
}
