//! What people do with objects, and the actions each of these needs.

use std::fmt;
use std::str::FromStr;

use super::PolicyError;

/// A job a token may be allowed to do. The builder turns it into the service's actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Upload objects, in one piece or in parts, and resume or abandon an upload in parts.
    Upload,
    /// Upload from a browser form.
    FormUpload,
    /// Append to appendable objects.
    Append,
    /// Download objects and read their metadata.
    Download,
    /// List objects (and their versions) below the prefix.
    List,
    /// List unfinished uploads below the prefix.
    ListUploads,
    /// Delete objects, one by one or many at once.
    Delete,
    /// Copy objects inside the scope. To copy in from elsewhere, allow [`Operation::Upload`] and
    /// [`Operation::Copy`] on the target and [`Operation::Download`] on the source.
    Copy,
    /// Read and write object tags.
    Tag,
    /// Read and write object ACLs.
    Acl,
    /// Restore archived objects.
    Restore,
    /// Ask whether the bucket is there.
    HeadBucket,
}

/// Where the service looks up the permission for an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Level {
    /// On the object: `<bucket>/<key>`.
    Object,
    /// On the bucket (`<bucket>/`), narrowed by the condition key `cos:prefix`.
    BucketByPrefix,
    /// On the bucket; nothing narrows it.
    Bucket,
}

impl Operation {
    /// All operations, in the order of their declaration.
    pub const ALL: &'static [Self] = &[
        Self::Upload,
        Self::FormUpload,
        Self::Append,
        Self::Download,
        Self::List,
        Self::ListUploads,
        Self::Delete,
        Self::Copy,
        Self::Tag,
        Self::Acl,
        Self::Restore,
        Self::HeadBucket,
    ];

    /// The name used on command lines and in requests to a broker.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::FormUpload => "form-upload",
            Self::Append => "append",
            Self::Download => "download",
            Self::List => "list",
            Self::ListUploads => "list-uploads",
            Self::Delete => "delete",
            Self::Copy => "copy",
            Self::Tag => "tag",
            Self::Acl => "acl",
            Self::Restore => "restore",
            Self::HeadBucket => "head-bucket",
        }
    }

    /// The actions it needs (436/31923 and the action tables of the STS helper libraries).
    pub const fn actions(self) -> &'static [&'static str] {
        match self {
            Self::Upload => &[
                "name/cos:PutObject",
                "name/cos:InitiateMultipartUpload",
                "name/cos:UploadPart",
                "name/cos:ListParts",
                "name/cos:CompleteMultipartUpload",
                "name/cos:AbortMultipartUpload",
            ],
            Self::FormUpload => &["name/cos:PostObject"],
            Self::Append => &["name/cos:AppendObject"],
            Self::Download => &[
                "name/cos:GetObject",
                "name/cos:HeadObject",
                "name/cos:OptionsObject",
            ],
            Self::List => &["name/cos:GetBucket", "name/cos:GetBucketObjectVersions"],
            Self::ListUploads => &["name/cos:ListMultipartUploads"],
            // Two pages of the service's manual disagree on which one a batch delete needs.
            Self::Delete => &["name/cos:DeleteObject", "name/cos:DeleteMultipleObjects"],
            Self::Copy => &[
                "name/cos:GetObject",
                "name/cos:HeadObject",
                "name/cos:PutObject",
                "name/cos:InitiateMultipartUpload",
                "name/cos:UploadPart",
                "name/cos:UploadPartCopy",
                "name/cos:ListParts",
                "name/cos:CompleteMultipartUpload",
                "name/cos:AbortMultipartUpload",
            ],
            Self::Tag => &[
                "name/cos:GetObjectTagging",
                "name/cos:PutObjectTagging",
                "name/cos:DeleteObjectTagging",
            ],
            Self::Acl => &["name/cos:GetObjectACL", "name/cos:PutObjectACL"],
            Self::Restore => &["name/cos:PostObjectRestore"],
            Self::HeadBucket => &["name/cos:HeadBucket"],
        }
    }

    pub(crate) const fn level(self) -> Level {
        match self {
            Self::List | Self::ListUploads => Level::BucketByPrefix,
            Self::HeadBucket => Level::Bucket,
            _ => Level::Object,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Operation {
    type Err = PolicyError;

    fn from_str(name: &str) -> Result<Self, PolicyError> {
        let found = Self::ALL.iter().find(|o| o.as_str() == name);
        found.copied().ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|o| o.as_str()).collect();
            PolicyError::new(format!("`{name}` is not an operation"))
                .with_hint(format!("one of: {}", names.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for operation in Operation::ALL {
            assert_eq!(operation.as_str().parse::<Operation>().unwrap(), *operation);
        }
        let e = "write".parse::<Operation>().unwrap_err().to_string();
        assert!(e.contains("upload, form-upload"), "{e}");
    }

    #[test]
    fn every_action_is_named_in_full() {
        for action in Operation::ALL.iter().flat_map(|o| o.actions()) {
            assert!(action.starts_with("name/cos:"), "{action}");
            assert!(!action.contains('*'), "{action}");
        }
    }
}
