//! Listings.

use async_trait::async_trait;
use cos_client::{Client, ObjectSummary};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::list::{PaginatedListOptions, PaginatedListResult, PaginatedListStore};
use object_store::path::{DELIMITER, Path};
use object_store::{ListResult, ObjectMeta, Result};

use crate::CosStore;
use crate::error::{Problem, mapped};

/// The most entries the service gives at once.
const MAX_PAGE: usize = 1_000;

/// All objects below `prefix` whose path comes after `offset`.
pub(crate) fn objects(
    client: &Client,
    prefix: Option<&Path>,
    offset: &str,
) -> BoxStream<'static, Result<ObjectMeta>> {
    let prefix = folder_key(prefix);
    let list = client.list_objects().prefix(&prefix).marker(offset);
    list.objects()
        .map_err(move |e| mapped(e, &prefix))
        .try_filter_map(|object| std::future::ready(meta(object)))
        .boxed()
}

/// What is in `prefix` itself, and the folders in it.
pub(crate) async fn folder(client: &Client, prefix: Option<&Path>) -> Result<ListResult> {
    let prefix = folder_key(prefix);
    let mut pages = client
        .list_objects()
        .prefix(&prefix)
        .delimiter(DELIMITER)
        .stream();
    let mut whole = none();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|e| mapped(e, &prefix))?;
        add(&mut whole, page)?;
    }
    Ok(whole)
}

/// A folder's keys begin with its path and a slash.
fn folder_key(prefix: Option<&Path>) -> String {
    match prefix.map(AsRef::as_ref) {
        None | Some("") => String::new(),
        Some(path) => format!("{path}{DELIMITER}"),
    }
}

fn none() -> ListResult {
    ListResult {
        common_prefixes: Vec::new(),
        objects: Vec::new(),
        extensions: Default::default(),
    }
}

fn add(whole: &mut ListResult, page: cos_client::ListObjectsPage) -> Result<()> {
    for object in page.objects {
        whole.objects.extend(meta(object)?);
    }
    for prefix in page.common_prefixes {
        whole.common_prefixes.push(Path::parse(prefix)?);
    }
    Ok(())
}

/// `None` for the folders that consoles make.
fn meta(object: ObjectSummary) -> Result<Option<ObjectMeta>> {
    if object.key.ends_with(DELIMITER) {
        return Ok(None);
    }
    let when = object.last_modified.ok_or_else(|| {
        Problem::new(format!("{}: the listing tells no time", object.key)).generic()
    })?;
    Ok(Some(ObjectMeta {
        location: Path::parse(object.key)?,
        last_modified: when.into(),
        size: object.size,
        e_tag: Some(object.etag.to_string()),
        version: None,
    }))
}

#[async_trait]
impl PaginatedListStore for CosStore {
    async fn list_paginated(
        &self,
        prefix: Option<&str>,
        opts: PaginatedListOptions,
    ) -> Result<PaginatedListResult> {
        let prefix = prefix.unwrap_or_default();
        // A page's token is past the offset.
        let marker = opts.page_token.or(opts.offset).unwrap_or_default();
        let mut list = self.client().list_objects().prefix(prefix).marker(marker);
        if let Some(delimiter) = opts.delimiter {
            list = list.delimiter(delimiter);
        }
        if let Some(max) = opts.max_keys {
            let max = u32::try_from(max.clamp(1, MAX_PAGE)).unwrap_or(1);
            list = list.max_keys(max);
        }
        let mut page = list.send().await.map_err(|e| mapped(e, prefix))?;
        let page_token = page.next_marker.take();
        let mut result = none();
        add(&mut result, page)?;
        Ok(PaginatedListResult { result, page_token })
    }
}
