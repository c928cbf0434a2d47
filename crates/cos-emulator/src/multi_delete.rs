//! DELETE Multiple Objects.

use http::Response;
use serde::Deserialize;

use crate::body::Body;
use crate::ctx::Ctx;
use crate::error::{Code, Result};
use crate::object::check_key;
use crate::operation::Operation;
use crate::payload::Payload;
use crate::reply;
use crate::xml::{self, Xml};

const MAX_KEYS: usize = 1000;

#[derive(Deserialize)]
struct Delete {
    #[serde(rename = "Quiet", default)]
    quiet: bool,
    #[serde(rename = "Object", default)]
    objects: Vec<Object>,
}

#[derive(Deserialize)]
struct Object {
    #[serde(rename = "Key")]
    key: String,
    #[serde(rename = "VersionId")]
    version_id: Option<String>,
}

/// Each key is judged by itself: `DeleteMultipleObjects` or `DeleteObject` must allow it and neither deny it.
pub(crate) async fn delete(ctx: &Ctx<'_>, payload: &mut Payload) -> Result<Response<Body>> {
    if ctx.content_md5()?.is_none() {
        return Err(
            Code::InvalidRequest.because("Missing required header for this request: Content-MD5")
        );
    }
    let request: Delete = xml::parse(&ctx.document(payload).await?)?;
    if request.objects.is_empty() || request.objects.len() > MAX_KEYS {
        return Err(Code::MalformedXML.into());
    }
    let mut xml = Xml::new();
    xml.open("DeleteResult");
    for object in &request.objects {
        let version_id = object.version_id.as_deref().filter(|id| !id.is_empty());
        match one(ctx, &object.key, version_id).await {
            Err(error) => {
                xml.open("Error").text("Key", &object.key);
                if let Some(id) = version_id {
                    xml.text("VersionId", id);
                }
                xml.text("Code", &error.code)
                    .text("Message", &error.message)
                    .close("Error");
            }
            Ok(done) if !request.quiet => {
                xml.open("Deleted").text("Key", &object.key);
                if let Some(id) = version_id {
                    xml.text("VersionId", id);
                }
                if done.delete_marker {
                    xml.text("DeleteMarker", "true");
                    xml.text(
                        "DeleteMarkerVersionId",
                        done.version_id.as_deref().unwrap_or_default(),
                    );
                }
                xml.close("Deleted");
            }
            Ok(_) => {}
        }
    }
    xml.close("DeleteResult");
    Ok(reply::xml(xml))
}

async fn one(ctx: &Ctx<'_>, key: &str, version_id: Option<&str>) -> Result<crate::store::Deleted> {
    if key.is_empty() {
        return Err(Code::InvalidArgument.because("A key is empty."));
    }
    check_key(key)?;
    ctx.may(Operation::DeleteMultipleObjects, &ctx.bucket, key)?;
    let _lock = ctx.bucket.lock(key).await;
    ctx.bucket
        .delete(ctx.backend(), key, version_id, ctx.now_ms)
        .await
}
