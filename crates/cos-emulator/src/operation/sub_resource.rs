//! Bucket sub-resources: configurations that are stored and returned as given.

use crate::error::Code;

/// A configuration of a bucket, such as `?lifecycle`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SubResource {
    /// The parameter that selects it.
    pub(crate) query: &'static str,
    /// How actions name it: `GetBucket<noun>`.
    pub(crate) noun: &'static str,
    pub(crate) deletable: bool,
    /// What reading gives when nothing was stored.
    pub(crate) absent: Absent,
}

/// The answer to reading a configuration that was never set.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    Error(Code),
    /// The empty element of that name.
    Empty(&'static str),
}

const fn sub(
    query: &'static str,
    noun: &'static str,
    deletable: bool,
    absent: Absent,
) -> SubResource {
    SubResource {
        query,
        noun,
        deletable,
        absent,
    }
}

impl SubResource {
    pub(crate) const ALL: &'static [Self] = &[
        sub(
            "cors",
            "CORS",
            true,
            Absent::Error(Code::NoSuchCORSConfiguration),
        ),
        sub(
            "versioning",
            "Versioning",
            false,
            Absent::Empty("VersioningConfiguration"),
        ),
        sub(
            "tagging",
            "Tagging",
            true,
            Absent::Error(Code::NoSuchTagSet),
        ),
        sub(
            "lifecycle",
            "Lifecycle",
            true,
            Absent::Error(Code::NoSuchLifecycleConfiguration),
        ),
        sub(
            "website",
            "Website",
            true,
            Absent::Error(Code::NoSuchWebsiteConfiguration),
        ),
        sub(
            "policy",
            "Policy",
            true,
            Absent::Error(Code::NoSuchBucketPolicy),
        ),
        sub(
            "replication",
            "Replication",
            true,
            Absent::Error(Code::ReplicationConfigurationNotFoundError),
        ),
        sub(
            "encryption",
            "Encryption",
            true,
            Absent::Error(Code::NoSuchEncryptionConfiguration),
        ),
        sub(
            "referer",
            "Referer",
            true,
            Absent::Empty("RefererConfiguration"),
        ),
        sub(
            "origin",
            "Origin",
            true,
            Absent::Error(Code::NoSuchConfiguration),
        ),
        sub(
            "domain",
            "Domain",
            true,
            Absent::Error(Code::NoSuchConfiguration),
        ),
        sub(
            "inventory",
            "Inventory",
            true,
            Absent::Error(Code::NoSuchConfiguration),
        ),
        sub(
            "logging",
            "Logging",
            true,
            Absent::Empty("BucketLoggingStatus"),
        ),
        sub(
            "accelerate",
            "Accelerate",
            true,
            Absent::Empty("AccelerateConfiguration"),
        ),
        sub(
            "notification",
            "Notification",
            true,
            Absent::Empty("NotificationConfiguration"),
        ),
        sub(
            "intelligenttiering",
            "IntelligentTiering",
            true,
            Absent::Empty("IntelligentTieringConfiguration"),
        ),
        sub(
            "object-lock",
            "ObjectLockConfiguration",
            false,
            Absent::Error(Code::NoSuchConfiguration),
        ),
    ];
}
