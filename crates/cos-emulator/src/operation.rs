//! Method and parameters → the operation meant, with its name in CAM.

mod sub_resource;

use http::Method;

pub(crate) use sub_resource::{Absent, SubResource};

use crate::error::{Code, Result};
use crate::head::Head;

/// What a bucket or object request asks for. Variants are named as the API documents name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    GetService,
    PutBucket,
    HeadBucket,
    DeleteBucket,
    GetBucket,
    GetBucketObjectVersions,
    GetBucketLocation,
    ListMultipartUploads,
    DeleteMultipleObjects,
    PostObject,
    OptionsObject,
    GetBucketAcl,
    PutBucketAcl,
    GetSubResource(&'static SubResource),
    PutSubResource(&'static SubResource),
    DeleteSubResource(&'static SubResource),
    PutObject,
    PutObjectCopy,
    AppendObject,
    GetObject,
    HeadObject,
    DeleteObject,
    InitiateMultipartUpload,
    UploadPart,
    UploadPartCopy,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    ListParts,
    GetObjectAcl,
    PutObjectAcl,
    GetObjectTagging,
    PutObjectTagging,
    DeleteObjectTagging,
    PostObjectRestore,
}

/// Empty-valued parameters that select nothing: ordinary arguments.
const ARGUMENTS: &[&str] = &[
    "prefix",
    "delimiter",
    "marker",
    "max-keys",
    "encoding-type",
    "key-marker",
    "version-id-marker",
    "upload-id-marker",
    "max-uploads",
    "versionid",
    "position",
    "sign",
    "token",
    "tagkey",
    "tagvalue",
    "region",
    "range",
    "create-time",
];

impl Operation {
    /// # Errors
    /// `NotImplemented` for anything the emulator does not know, `MethodNotAllowed` for a known resource with a
    /// method it never has.
    pub(crate) fn of(head: &Head, key: &str) -> Result<Self> {
        if head.method == Method::OPTIONS {
            return Ok(Self::OptionsObject);
        }
        if key.is_empty() {
            Self::of_bucket(head)
        } else {
            Self::of_object(head)
        }
    }

    fn of_bucket(head: &Head) -> Result<Self> {
        let has = |name: &str| head.param(name).is_some();
        let method = &head.method;
        let by_method = |get, put, delete| match *method {
            Method::GET | Method::HEAD => Ok(get),
            Method::PUT => Ok(put),
            Method::DELETE => delete,
            _ => Err(Code::MethodNotAllowed.into()),
        };
        let never = Err(Code::MethodNotAllowed.into());
        if has("acl") {
            return by_method(Self::GetBucketAcl, Self::PutBucketAcl, never);
        }
        if let Some(sub) = SubResource::ALL.iter().find(|s| has(s.query)) {
            let delete = if sub.deletable {
                Ok(Self::DeleteSubResource(sub))
            } else {
                never
            };
            return by_method(Self::GetSubResource(sub), Self::PutSubResource(sub), delete);
        }
        let operation = match *method {
            Method::GET if has("uploads") => Self::ListMultipartUploads,
            Method::GET if has("versions") => Self::GetBucketObjectVersions,
            Method::GET if has("location") => Self::GetBucketLocation,
            Method::POST if has("delete") => return Ok(Self::DeleteMultipleObjects),
            Method::POST if is_form(head) => return Ok(Self::PostObject),
            Method::GET => Self::GetBucket,
            Method::HEAD => Self::HeadBucket,
            Method::PUT => Self::PutBucket,
            Method::DELETE => Self::DeleteBucket,
            _ => return Err(Code::NotImplemented.into()),
        };
        refuse_unknown(head, &["uploads", "versions", "location"])?;
        Ok(operation)
    }

    fn of_object(head: &Head) -> Result<Self> {
        let has = |name: &str| head.param(name).is_some();
        let copy = head.headers.contains_key("x-cos-copy-source");
        let operation = match head.method {
            Method::GET | Method::HEAD if has("acl") => Self::GetObjectAcl,
            Method::PUT if has("acl") => Self::PutObjectAcl,
            Method::GET if has("tagging") => Self::GetObjectTagging,
            Method::PUT if has("tagging") => Self::PutObjectTagging,
            Method::DELETE if has("tagging") => Self::DeleteObjectTagging,
            Method::GET if has("uploadId") => Self::ListParts,
            Method::PUT if has("uploadId") && copy => Self::UploadPartCopy,
            Method::PUT if has("uploadId") || has("partNumber") => Self::UploadPart,
            Method::POST if has("uploadId") => Self::CompleteMultipartUpload,
            Method::DELETE if has("uploadId") => Self::AbortMultipartUpload,
            Method::POST if has("uploads") => Self::InitiateMultipartUpload,
            Method::POST if has("append") => Self::AppendObject,
            Method::POST if has("restore") => Self::PostObjectRestore,
            Method::PUT if copy => Self::PutObjectCopy,
            Method::PUT => Self::PutObject,
            Method::GET => Self::GetObject,
            Method::HEAD => Self::HeadObject,
            Method::DELETE => Self::DeleteObject,
            _ => return Err(Code::NotImplemented.into()),
        };
        refuse_unknown(
            head,
            &[
                "acl",
                "tagging",
                "uploads",
                "append",
                "restore",
                "uploadId",
                "partNumber",
            ],
        )?;
        Ok(operation)
    }

    /// The operation's name in the documents, in fault rules and in the log.
    pub(crate) fn name(self) -> String {
        match self {
            Self::GetSubResource(sub) => format!("GetBucket{}", sub.noun),
            Self::PutSubResource(sub) => format!("PutBucket{}", sub.noun),
            Self::DeleteSubResource(sub) => format!("DeleteBucket{}", sub.noun),
            other => format!("{other:?}").replace("Acl", "ACL"),
        }
    }

    /// The CAM actions that permit it, without `name/cos:`. One that is allowed is enough; none may be denied.
    pub(crate) fn actions(self) -> Vec<String> {
        let several = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        match self {
            // A copy is a write at its target (436/31923); the read of its source is judged apart.
            Self::PutObjectCopy => several(&["PutObject", "PutObjectCopy"]),
            Self::UploadPartCopy => several(&["UploadPartCopy", "UploadPart", "PutObject"]),
            // 436/14048 names the first, 436/31923 grants the second on each key.
            Self::DeleteMultipleObjects => several(&["DeleteMultipleObjects", "DeleteObject"]),
            Self::PostObjectRestore => several(&["PostObjectRestore", "RestoreObject"]),
            other => vec![other.name()],
        }
    }

    /// Whether an ACL that lets the public read (or write) permits it to anybody.
    pub(crate) fn public_access(self) -> Public {
        match self {
            Self::GetObject | Self::HeadObject | Self::GetBucket | Self::HeadBucket => Public::Read,
            Self::PutObject
            | Self::PostObject
            | Self::AppendObject
            | Self::DeleteObject
            | Self::InitiateMultipartUpload
            | Self::UploadPart
            | Self::CompleteMultipartUpload
            | Self::AbortMultipartUpload
            | Self::ListParts
            | Self::ListMultipartUploads
            | Self::DeleteMultipleObjects => Public::Write,
            _ => Public::Never,
        }
    }
}

/// What an ACL must grant for a call without a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Public {
    Read,
    Write,
    Never,
}

fn is_form(head: &Head) -> bool {
    head.header("content-type").is_some_and(|t| {
        t.trim_start()
            .to_ascii_lowercase()
            .starts_with("multipart/form-data")
    })
}

/// A bare `?name` selects a sub-resource. One that is unknown must not pass as the plain operation.
fn refuse_unknown(head: &Head, known: &[&str]) -> Result<()> {
    let unknown = head.params.iter().find(|(name, value)| {
        let lower = name.to_ascii_lowercase();
        value.is_empty()
            && !known.contains(&name.as_str())
            && !ARGUMENTS.contains(&lower.as_str())
            && !lower.starts_with("response-")
            && !lower.starts_with("q-")
            && !lower.starts_with("x-cos-")
    });
    match unknown {
        Some((name, _)) => {
            Err(Code::NotImplemented.because(format!("The emulator does not know ?{name}.")))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    fn of(method: Method, target: &str) -> std::result::Result<String, String> {
        let head = Head::new(
            method,
            &target.parse().unwrap(),
            HeaderMap::new(),
            [127, 0, 0, 1].into(),
            false,
        )
        .unwrap();
        let key = head.path[1..].to_owned();
        Operation::of(&head, &key)
            .map(Operation::name)
            .map_err(|e| e.code.into_owned())
    }

    #[test]
    fn by_method_and_query() {
        for (method, target, name) in [
            (Method::GET, "/?prefix=&delimiter=", "GetBucket"),
            (Method::GET, "/?uploads=", "ListMultipartUploads"),
            (Method::GET, "/?acl", "GetBucketACL"),
            (Method::DELETE, "/?lifecycle", "DeleteBucketLifecycle"),
            (Method::PUT, "/?versioning", "PutBucketVersioning"),
            (Method::POST, "/?delete", "DeleteMultipleObjects"),
            (Method::PUT, "/k?partNumber=1&uploadId=x", "UploadPart"),
            (Method::POST, "/k?uploads", "InitiateMultipartUpload"),
            (Method::GET, "/k?response-expires=&versionId=", "GetObject"),
        ] {
            assert_eq!(of(method, target).as_deref(), Ok(name));
        }
        assert_eq!(
            of(Method::GET, "/k?imageMogr2/x").unwrap_err(),
            "NotImplemented"
        );
        assert_eq!(of(Method::PATCH, "/k").unwrap_err(), "NotImplemented");
        assert_eq!(
            of(Method::DELETE, "/?versioning").unwrap_err(),
            "MethodNotAllowed"
        );
    }
}
