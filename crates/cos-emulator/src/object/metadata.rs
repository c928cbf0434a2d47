//! Tags, ACL and restore: what can change about an object without its bytes.

use http::{Response, StatusCode};
use serde::Deserialize;

use super::headers;
use crate::body::Body;
use crate::ctx::Ctx;
use crate::error::{Code, Result};
use crate::payload::Payload;
use crate::reply::{self, Reply};
use crate::store::{Acl, Grant, Version};
use crate::xml::{self, Xml};

pub(crate) const MAX_OBJECT_TAGS: usize = 10;
const DAY_MS: u64 = 24 * 3600 * 1000;

#[derive(Deserialize)]
struct Tagging {
    #[serde(rename = "TagSet")]
    tag_set: TagSet,
}

#[derive(Deserialize)]
struct TagSet {
    #[serde(rename = "Tag", default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    #[serde(rename = "Key")]
    key: String,
    #[serde(rename = "Value", default)]
    value: String,
}

/// # Errors
/// `InvalidTag` for too many, equal, empty or over-long ones.
pub(crate) fn check_tags(tags: Vec<(String, String)>, max: usize) -> Result<Vec<(String, String)>> {
    let mut names: Vec<&str> = tags.iter().map(|(k, _)| k.as_str()).collect();
    names.sort_unstable();
    let equal = names.windows(2).any(|pair| pair[0] == pair[1]);
    let size = |text: &str, max: usize| text.chars().count() <= max;
    let good = tags
        .iter()
        .all(|(k, v)| !k.is_empty() && size(k, 128) && size(v, 256));
    if tags.len() > max || equal || !good {
        return Err(Code::InvalidTag.into());
    }
    Ok(tags)
}

async fn change(ctx: &Ctx<'_>, change: impl FnOnce(&mut Version)) -> Result<()> {
    let _lock = ctx.bucket.lock(ctx.key).await;
    let mut version = (*ctx.bucket.version(ctx.key, ctx.head.param("versionId"))?).clone();
    change(&mut version);
    ctx.bucket.replace(ctx.backend(), ctx.key, version).await
}

pub(crate) async fn put_tagging(ctx: &Ctx<'_>, payload: &mut Payload) -> Result<Response<Body>> {
    let tagging: Tagging = xml::parse(&ctx.document(payload).await?)?;
    let tags = tagging
        .tag_set
        .tags
        .into_iter()
        .map(|t| (t.key, t.value))
        .collect();
    let tags = check_tags(tags, MAX_OBJECT_TAGS)?;
    change(ctx, |version| version.meta.tags = tags).await?;
    Ok(reply::empty(StatusCode::OK))
}

pub(crate) fn get_tagging(ctx: &Ctx<'_>) -> Result<Response<Body>> {
    let version = ctx.bucket.version(ctx.key, ctx.head.param("versionId"))?;
    let mut xml = Xml::new();
    xml.open("Tagging").open("TagSet");
    for (key, value) in &version.meta.tags {
        xml.open("Tag")
            .text("Key", key)
            .text("Value", value)
            .close("Tag");
    }
    xml.close("TagSet").close("Tagging");
    Ok(reply::xml(xml))
}

pub(crate) async fn delete_tagging(ctx: &Ctx<'_>) -> Result<Response<Body>> {
    change(ctx, |version| version.meta.tags.clear()).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

#[derive(Deserialize)]
struct AccessControlPolicy {
    #[serde(rename = "AccessControlList")]
    list: AccessControlList,
}

#[derive(Deserialize)]
struct AccessControlList {
    #[serde(rename = "Grant", default)]
    grants: Vec<GrantElement>,
}

#[derive(Deserialize)]
struct GrantElement {
    #[serde(rename = "Grantee")]
    grantee: Grantee,
    #[serde(rename = "Permission")]
    permission: String,
}

#[derive(Deserialize)]
struct Grantee {
    #[serde(rename = "ID")]
    id: Option<String>,
    #[serde(rename = "URI")]
    uri: Option<String>,
}

const ALL_USERS: &str = "http://cam.qcloud.com/groups/global/AllUsers";

/// An ACL from headers or, without them, from the body.
pub(crate) async fn read_acl(ctx: &Ctx<'_>, payload: &mut Payload) -> Result<Acl> {
    if let Some(acl) = headers::acl(&ctx.head.headers)? {
        return Ok(acl);
    }
    let policy: AccessControlPolicy = xml::parse(&ctx.document(payload).await?)?;
    let everyone = |permission: &str| {
        policy.list.grants.iter().any(|g| {
            let all = |text: &str| {
                text == ALL_USERS || text.ends_with("/anyone:uin/anyone") || text.contains("anyone")
            };
            let grantee = g.grantee.uri.as_deref().or(g.grantee.id.as_deref());
            grantee.is_some_and(all)
                && (g.permission == permission || g.permission == "FULL_CONTROL")
        })
    };
    let canned = match (everyone("READ"), everyone("WRITE")) {
        (true, true) => "public-read-write",
        (true, false) => "public-read",
        _ => "private",
    };
    let grants = policy.list.grants.iter().filter_map(|g| {
        let grantee = g.grantee.id.clone()?;
        Some(Grant {
            grantee,
            permission: g.permission.clone(),
        })
    });
    Ok(Acl {
        canned: canned.to_owned(),
        grants: grants.collect(),
    })
}

pub(crate) async fn put_acl(ctx: &Ctx<'_>, payload: &mut Payload) -> Result<Response<Body>> {
    let acl = read_acl(ctx, payload).await?;
    change(ctx, |version| version.meta.acl = Some(acl)).await?;
    Ok(reply::empty(StatusCode::OK))
}

pub(crate) fn get_acl(ctx: &Ctx<'_>) -> Result<Response<Body>> {
    let version = ctx.bucket.version(ctx.key, ctx.head.param("versionId"))?;
    let default = Acl {
        canned: "default".to_owned(),
        grants: Vec::new(),
    };
    Ok(acl_reply(
        ctx,
        version.meta.acl.as_ref().unwrap_or(&default),
    ))
}

/// AccessControlPolicy with the owner's full control and what was granted.
pub(crate) fn acl_reply(ctx: &Ctx<'_>, acl: &Acl) -> Response<Body> {
    const XSI: &str = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
    let owner = ctx.owner_qcs();
    let mut xml = Xml::new();
    xml.open("AccessControlPolicy")
        .person("Owner", &owner, &owner)
        .open("AccessControlList");
    let mut grant = |grantee: &str, permission: &str| {
        let group = grantee == ALL_USERS;
        let kind = if group { "Group" } else { "CanonicalUser" };
        xml.open("Grant")
            .open_with("Grantee", &format!("{XSI} xsi:type=\"{kind}\""));
        if group {
            xml.text("URI", grantee);
        } else {
            xml.text("ID", grantee).text("DisplayName", grantee);
        }
        xml.close("Grantee")
            .text("Permission", permission)
            .close("Grant");
    };
    if acl.canned.starts_with("public-read") {
        grant(ALL_USERS, "READ");
    }
    if acl.canned == "public-read-write" {
        grant(ALL_USERS, "WRITE");
    }
    grant(&owner, "FULL_CONTROL");
    for one in acl.grants.iter().filter(|g| g.grantee != owner) {
        grant(&one.grantee, &one.permission);
    }
    xml.close("AccessControlList").close("AccessControlPolicy");
    reply::xml(xml).with("x-cos-acl", &acl.canned)
}

#[derive(Deserialize)]
struct RestoreRequest {
    #[serde(rename = "Days")]
    days: Option<u64>,
}

/// Restored at once: the emulator has no tape to fetch.
pub(crate) async fn restore(ctx: &Ctx<'_>, payload: &mut Payload) -> Result<Response<Body>> {
    let request: RestoreRequest = xml::parse(&ctx.document(payload).await?)?;
    let version = ctx.bucket.version(ctx.key, ctx.head.param("versionId"))?;
    if !version.is_archived() {
        return Err(Code::RestoreNonArchiveObject.into());
    }
    let days = request
        .days
        .filter(|days| (1..=365).contains(days))
        .ok_or(Code::InvalidArgument)?;
    let again = version
        .restored_until_ms
        .is_some_and(|until| until > ctx.now_ms);
    let until_ms = ctx.now_ms + days * DAY_MS;
    change(ctx, |version| version.restored_until_ms = Some(until_ms)).await?;
    Ok(reply::empty(if again {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    }))
}
