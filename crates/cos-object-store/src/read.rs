//! Reading: whole, in part, on conditions, or the properties alone.

use std::time::SystemTime;

use cos_client::{Client, ETag};
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, GetResult, GetResultPayload, ObjectMeta, Result};

use crate::attributes::attributes;
use crate::error::{Problem, mapped};

/// The conditions of a read, for both kinds of request.
macro_rules! conditions {
    ($request:ident, $options:ident) => {
        if let Some(tag) = &$options.if_match {
            $request = $request.if_match(&ETag::new(tag));
        }
        if let Some(tag) = &$options.if_none_match {
            $request = $request.if_none_match(&ETag::new(tag));
        }
        if let Some(time) = $options.if_modified_since {
            $request = $request.if_modified_since(SystemTime::from(time));
        }
        if let Some(time) = $options.if_unmodified_since {
            $request = $request.if_unmodified_since(SystemTime::from(time));
        }
        if let Some(version) = &$options.version {
            $request = $request.version_id(version);
        }
    };
}

pub(crate) async fn get(
    client: &Client,
    location: &Path,
    options: GetOptions,
) -> Result<GetResult> {
    if let Some(range) = &options.range {
        range
            .is_valid()
            .map_err(|e| Problem::new(e.to_string()).generic())?;
    }
    if options.head {
        return head(client, location, &options).await;
    }
    let mut request = client.get_object(location.as_ref());
    conditions!(request, options);
    request = match &options.range {
        None => request,
        Some(GetRange::Bounded(range)) => request.range(range.clone()),
        Some(GetRange::Offset(first)) => request.range(*first..),
        Some(GetRange::Suffix(bytes)) => request.range_last(*bytes),
    };
    let path = location.to_string();
    let object = request.send().await.map_err(|e| mapped(e, &path))?;
    let range = match (object.content_range, &options.range) {
        (Some((first, last)), _) => first..last.saturating_add(1),
        (None, None) => 0..object.meta.size,
        (None, Some(_)) => {
            return Err(Problem::new("all of the object came instead of a range").generic());
        }
    };
    let (meta, attributes) = (meta(location, &object.meta)?, attributes(&object.meta));
    let content = object.body.into_stream();
    let content = content.map_err(move |e| mapped(e, &path)).boxed();
    Ok(GetResult {
        payload: GetResultPayload::Stream(content),
        meta,
        range,
        attributes,
        extensions: Default::default(),
    })
}

async fn head(client: &Client, location: &Path, options: &GetOptions) -> Result<GetResult> {
    let mut request = client.head_object(location.as_ref());
    conditions!(request, options);
    let told = request
        .send()
        .await
        .map_err(|e| mapped(e, location.as_ref()))?;
    let range = match &options.range {
        None => 0..told.size,
        Some(range) => range
            .as_range(told.size)
            .map_err(|e| Problem::new(e.to_string()).generic())?,
    };
    Ok(GetResult {
        payload: GetResultPayload::Stream(stream::empty().boxed()),
        meta: meta(location, &told)?,
        range,
        attributes: attributes(&told),
        extensions: Default::default(),
    })
}

fn meta(location: &Path, told: &cos_client::ObjectMeta) -> Result<ObjectMeta> {
    let when = told.last_modified;
    let when = when.ok_or_else(|| Problem::new("the answer has no Last-Modified").generic())?;
    Ok(ObjectMeta {
        location: location.clone(),
        last_modified: when.into(),
        size: told.size,
        e_tag: told.etag.as_ref().map(ToString::to_string),
        version: told.version_id.clone(),
    })
}
