//! Operations on buckets and on the service.

use std::sync::Arc;

use http::{Response, StatusCode};
use serde::Deserialize;

use crate::authorization::{self, denied};
use crate::body::Body;
use crate::clock::iso8601_s;
use crate::ctx::Ctx;
use crate::error::{Code, Result};
use crate::head::Head;
use crate::keys::Key;
use crate::object::{headers, metadata};
use crate::operation::{Operation, SubResource};
use crate::payload::Payload;
use crate::reply::{self, Reply};
use crate::routing::BucketRoute;
use crate::shared::Shared;
use crate::store::{Settings, Versioning};
use crate::xml::{self, Xml};

/// GET Service: the caller's buckets.
pub(crate) fn list(
    shared: &Shared,
    head: &Head,
    caller: Option<&Key>,
    region: Option<&str>,
) -> Result<(Response<Body>, String)> {
    let Some(caller) = caller else {
        return Err(denied("anonymous"));
    };
    let context = authorization::context(shared, head);
    let verdict = authorization::judge(
        caller,
        "cos",
        &Operation::GetService.actions(),
        "*",
        &context,
    );
    if !verdict.allowed {
        return Err(denied(&verdict.text));
    }
    let owner = format!("qcs::cam::uin/{0}:uin/{0}", caller.principal.owner_uin);
    let region = region
        .or_else(|| head.param("region"))
        .filter(|r| !r.is_empty());
    let mut xml = Xml::new();
    xml.open("ListAllMyBucketsResult")
        .person("Owner", &owner, &caller.principal.owner_uin)
        .open("Buckets");
    for bucket in shared.store.buckets() {
        if bucket.app_id() == caller.principal.app_id && region.is_none_or(|r| r == bucket.region) {
            xml.open("Bucket")
                .text("Name", &bucket.name)
                .text("Location", &bucket.region)
                .text("CreationDate", &iso8601_s(bucket.created_ms / 1000))
                .text("BucketType", "cos")
                .close("Bucket");
        }
    }
    xml.close("Buckets")
        .text("IsTruncated", "false")
        .close("ListAllMyBucketsResult");
    Ok((reply::xml(xml), verdict.text))
}

/// PUT Bucket.
pub(crate) async fn create(
    shared: &Shared,
    head: &Head,
    caller: Option<&Key>,
    route: &BucketRoute,
    now_ms: u64,
) -> Result<(Response<Body>, String)> {
    let Some(caller) = caller else {
        return Err(denied("anonymous"));
    };
    let name = &route.bucket;
    let region = route.region.as_deref().unwrap_or("ap-guangzhou");
    check_name(name)?;
    let resource = authorization::resource(region, name, "");
    let context = authorization::context(shared, head);
    let verdict = authorization::judge(
        caller,
        "cos",
        &Operation::PutBucket.actions(),
        &resource,
        &context,
    );
    if !verdict.allowed {
        return Err(denied(&verdict.text));
    }
    if name.rsplit_once('-').map(|(_, app_id)| app_id) != Some(&caller.principal.app_id) {
        return Err(denied(&format!(
            "the bucket's name must end in -{}",
            caller.principal.app_id
        )));
    }
    if shared.store.bucket(name).is_some() {
        return Err(Code::BucketAlreadyOwnedByYou.into());
    }
    let acl = headers::acl(&head.headers)?.unwrap_or_default();
    let settings = Settings {
        acl,
        ..Settings::default()
    };
    shared
        .store
        .create_bucket(name, region, settings, now_ms)
        .await?;
    Ok((reply::empty(StatusCode::OK), verdict.text))
}

/// Lower-case letters, digits and inner hyphens, then `-<appid>`.
fn check_name(name: &str) -> Result<()> {
    let good = name.rsplit_once('-').is_some_and(|(short, app_id)| {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        !short.is_empty()
            && short.bytes().all(inner)
            && !short.starts_with('-')
            && !short.ends_with('-')
            && !app_id.is_empty()
            && app_id.bytes().all(|b| b.is_ascii_digit())
    });
    if good && name.len() <= 60 {
        Ok(())
    } else {
        Err(Code::InvalidBucketName.into())
    }
}

pub(crate) fn head(ctx: &Ctx<'_>) -> Response<Body> {
    reply::empty(StatusCode::OK).with("x-cos-bucket-region", &ctx.bucket.region)
}

pub(crate) fn location(ctx: &Ctx<'_>) -> Response<Body> {
    let mut xml = Xml::new();
    xml.text("LocationConstraint", &ctx.bucket.region);
    reply::xml(xml)
}

pub(crate) async fn delete(ctx: &Ctx<'_>) -> Result<Response<Body>> {
    ctx.shared.store.delete_bucket(&ctx.bucket).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

pub(crate) fn get_acl(ctx: &Ctx<'_>) -> Response<Body> {
    metadata::acl_reply(ctx, &ctx.bucket.settings().acl)
}

pub(crate) async fn put_acl(ctx: &Ctx<'_>, payload: &mut Payload) -> Result<Response<Body>> {
    let acl = metadata::read_acl(ctx, payload).await?;
    change(ctx, |settings| settings.acl = acl).await
}

async fn change(ctx: &Ctx<'_>, change: impl FnOnce(&mut Settings)) -> Result<Response<Body>> {
    let mut settings = Arc::unwrap_or_clone(ctx.bucket.settings());
    change(&mut settings);
    ctx.bucket.set_settings(ctx.backend(), settings).await?;
    Ok(reply::empty(StatusCode::OK))
}

#[derive(Deserialize)]
struct Status {
    #[serde(rename = "Status")]
    status: String,
}

/// Stores a configuration as given. Those that the emulator acts on are read as well.
pub(crate) async fn put_document(
    ctx: &Ctx<'_>,
    sub: &SubResource,
    payload: &mut Payload,
) -> Result<Response<Body>> {
    let body = ctx.document(payload).await?;
    let text = String::from_utf8(body.to_vec()).map_err(|_| Code::MalformedXML)?;
    let mut versioning = None;
    match sub.query {
        "versioning" => {
            versioning = Some(match xml::parse::<Status>(&body)?.status.as_str() {
                "Enabled" => Versioning::Enabled,
                "Suspended" => Versioning::Suspended,
                _ => return Err(Code::MalformedXML.into()),
            });
        }
        "cors" => {
            crate::cors::parse(&text)?;
        }
        "accelerate" => {
            xml::parse::<Status>(&body)?;
        }
        _ if text.trim().is_empty() => return Err(Code::MissingRequestBodyError.into()),
        _ => {}
    }
    change(ctx, |settings| {
        if let Some(versioning) = versioning {
            settings.versioning = versioning;
        }
        if sub.query == "accelerate" {
            settings.accelerate = text.contains("Enabled");
        }
        settings.documents.insert(sub.query.to_owned(), text);
    })
    .await
}

pub(crate) fn get_document(ctx: &Ctx<'_>, sub: &SubResource) -> Result<Response<Body>> {
    use crate::operation::Absent;
    let settings = ctx.bucket.settings();
    if let Some(text) = settings.documents.get(sub.query) {
        let json = text.trim_start().starts_with('{');
        let kind = if json {
            "application/json"
        } else {
            "application/xml"
        };
        let mut reply = reply::empty(StatusCode::OK).with("content-type", kind);
        *reply.body_mut() = Body::from(text.clone());
        return Ok(reply);
    }
    match sub.absent {
        Absent::Error(code) => Err(code.into()),
        Absent::Empty(element) => {
            let mut xml = Xml::new();
            xml.open(element);
            match (sub.query, settings.versioning) {
                ("versioning", Versioning::Enabled) => drop(xml.text("Status", "Enabled")),
                ("versioning", Versioning::Suspended) => drop(xml.text("Status", "Suspended")),
                _ => {}
            }
            xml.close(element);
            Ok(reply::xml(xml))
        }
    }
}

pub(crate) async fn delete_document(ctx: &Ctx<'_>, sub: &SubResource) -> Result<Response<Body>> {
    change(ctx, |settings| {
        settings.documents.remove(sub.query);
    })
    .await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}
