//! Headers that belong to an object: taken with it, kept, given back.

use http::HeaderMap;

use crate::error::{Code, Result};
use crate::head::Head;
use crate::store::{Acl, Meta};

/// Standard headers that are kept with an object.
const KEPT: &[&str] = &[
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
    "x-cos-server-side-encryption",
    "x-cos-server-side-encryption-cos-kms-key-id",
    "x-cos-server-side-encryption-customer-algorithm",
    "x-cos-server-side-encryption-customer-key-md5",
];

const STORAGE_CLASSES: &[&str] = &[
    "STANDARD",
    "STANDARD_IA",
    "INTELLIGENT_TIERING",
    "ARCHIVE",
    "DEEP_ARCHIVE",
    "MAZ_STANDARD",
    "MAZ_STANDARD_IA",
    "MAZ_INTELLIGENT_TIERING",
    "COLD",
];

const CANNED_ACLS: &[&str] = &[
    "default",
    "private",
    "public-read",
    "public-read-write",
    "authenticated-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
];

/// Names and values of user metadata together, in bytes.
const MAX_META_BYTES: usize = 2048;

/// What the request says about the object it writes.
///
/// # Errors
/// `InvalidArgument` for metadata beyond 2 KB, an unknown storage class or ACL; `InvalidTag`.
pub(crate) fn meta(head: &Head) -> Result<Meta> {
    meta_of(&head.headers)
}

pub(crate) fn meta_of(headers: &HeaderMap) -> Result<Meta> {
    let text = |name: &str| {
        headers
            .get(name)
            .map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned())
    };
    let mut kept = Vec::new();
    let mut user_bytes = 0;
    for (name, value) in headers {
        let name = name.as_str();
        let user = name.starts_with("x-cos-meta-");
        if user {
            user_bytes += name.len() - "x-cos-meta-".len() + value.len();
        }
        if user || KEPT.contains(&name) {
            kept.push((
                name.to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            ));
        }
    }
    if user_bytes > MAX_META_BYTES {
        return Err(Code::InvalidArgument.because("The user metadata is larger than 2 KB."));
    }
    let storage_class = text("x-cos-storage-class").unwrap_or_else(|| "STANDARD".to_owned());
    if !STORAGE_CLASSES.contains(&storage_class.as_str()) {
        return Err(Code::InvalidArgument.because("The storage class is not known."));
    }
    let tags = match text("x-cos-tagging") {
        Some(query) => super::metadata::check_tags(
            crate::head::parse_form(&query).ok_or(Code::InvalidTag)?,
            super::metadata::MAX_OBJECT_TAGS,
        )?,
        None => Vec::new(),
    };
    Ok(Meta {
        headers: kept,
        storage_class,
        tags,
        acl: acl(headers)?,
    })
}

/// `x-cos-acl` and `x-cos-grant-*`.
pub(crate) fn acl(headers: &HeaderMap) -> Result<Option<Acl>> {
    let text = |name: &str| {
        headers
            .get(name)
            .map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned())
    };
    let canned = text("x-cos-acl");
    if let Some(canned) = &canned
        && !CANNED_ACLS.contains(&canned.as_str())
    {
        return Err(Code::InvalidArgument.because("x-cos-acl is not a known ACL."));
    }
    let mut grants = Vec::new();
    for (header, permission) in [
        ("x-cos-grant-read", "READ"),
        ("x-cos-grant-write", "WRITE"),
        ("x-cos-grant-read-acp", "READ_ACP"),
        ("x-cos-grant-write-acp", "WRITE_ACP"),
        ("x-cos-grant-full-control", "FULL_CONTROL"),
    ] {
        let Some(list) = text(header) else { continue };
        for one in list.split(',') {
            let id = one
                .split_once('=')
                .map(|(_, id)| id.trim().trim_matches('"'))
                .filter(|id| !id.is_empty());
            let grantee = id.ok_or_else(|| {
                Code::InvalidArgument.because(format!("{header} is not id=\"…\"."))
            })?;
            grants.push(crate::store::Grant {
                grantee: grantee.to_owned(),
                permission: permission.to_owned(),
            });
        }
    }
    if canned.is_none() && grants.is_empty() {
        return Ok(None);
    }
    Ok(Some(Acl {
        canned: canned.unwrap_or_else(|| "default".to_owned()),
        grants,
    }))
}
