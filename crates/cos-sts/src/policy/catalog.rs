//! The actions of COS by name, and where the service looks up the permission for each.

use super::operation::{Level, Operation};

/// Which resource the permission for an action is looked up on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActionLevel {
    /// The object: `<bucket>/<key>`.
    Object,
    /// The bucket (`<bucket>/`); the condition key `cos:prefix` narrows it to some keys.
    BucketByPrefix,
    /// The bucket (`<bucket>/`).
    Bucket,
    /// No bucket: the resource must be `*`.
    Service,
}

use ActionLevel::{Bucket, BucketByPrefix, Object, Service};

/// Every COS action this crate knows, without `name/cos:` (436/31923, 436/65935). The service adds new
/// ones now and then, so an unknown action is suspicious but not surely wrong.
pub const ACTIONS: &[(&str, ActionLevel)] = &[
    ("AbortMultipartUpload", Object),
    ("AppendObject", Object),
    ("CompleteMultipartUpload", Object),
    ("DeleteBucket", Bucket),
    ("DeleteBucketCORS", Bucket),
    ("DeleteBucketDomain", Bucket),
    ("DeleteBucketEncryption", Bucket),
    ("DeleteBucketInventory", Bucket),
    ("DeleteBucketLifecycle", Bucket),
    ("DeleteBucketOrigin", Bucket),
    ("DeleteBucketPolicy", Bucket),
    ("DeleteBucketReplication", Bucket),
    ("DeleteBucketTagging", Bucket),
    ("DeleteBucketWebsite", Bucket),
    ("DeleteMultipleObjects", Object),
    ("DeleteObject", Object),
    ("DeleteObjectTagging", Object),
    ("GetBucket", BucketByPrefix),
    ("GetBucketACL", Bucket),
    ("GetBucketAccelerate", Bucket),
    ("GetBucketCORS", Bucket),
    ("GetBucketDomain", Bucket),
    ("GetBucketEncryption", Bucket),
    ("GetBucketIntelligentTiering", Bucket),
    ("GetBucketInventory", Bucket),
    ("GetBucketLifecycle", Bucket),
    ("GetBucketLocation", Bucket),
    ("GetBucketLogging", Bucket),
    ("GetBucketNotification", Bucket),
    ("GetBucketObjectLockConfiguration", Bucket),
    ("GetBucketObjectVersions", BucketByPrefix),
    ("GetBucketOrigin", Bucket),
    ("GetBucketPolicy", Bucket),
    ("GetBucketReferer", Bucket),
    ("GetBucketReplication", Bucket),
    ("GetBucketTagging", Bucket),
    ("GetBucketVersioning", Bucket),
    ("GetBucketWebsite", Bucket),
    ("GetObject", Object),
    ("GetObjectACL", Object),
    ("GetObjectTagging", Object),
    ("GetService", Service),
    ("GetSymlink", Object),
    ("HeadBucket", Bucket),
    ("HeadObject", Object),
    ("InitiateMultipartUpload", Object),
    ("ListBucketInventoryConfigurations", Bucket),
    ("ListMultipartUploads", BucketByPrefix),
    ("ListParts", Object),
    ("OptionsObject", Object),
    ("PostObject", Object),
    ("PostObjectRestore", Object),
    ("PutBucket", Bucket),
    ("PutBucketACL", Bucket),
    ("PutBucketAccelerate", Bucket),
    ("PutBucketCORS", Bucket),
    ("PutBucketDomain", Bucket),
    ("PutBucketEncryption", Bucket),
    ("PutBucketIntelligentTiering", Bucket),
    ("PutBucketInventory", Bucket),
    ("PutBucketLifecycle", Bucket),
    ("PutBucketLogging", Bucket),
    ("PutBucketNotification", Bucket),
    ("PutBucketObjectLockConfiguration", Bucket),
    ("PutBucketOrigin", Bucket),
    ("PutBucketPolicy", Bucket),
    ("PutBucketReferer", Bucket),
    ("PutBucketReplication", Bucket),
    ("PutBucketTagging", Bucket),
    ("PutBucketVersioning", Bucket),
    ("PutBucketWebsite", Bucket),
    ("PutObject", Object),
    ("PutObjectACL", Object),
    ("PutObjectCopy", Object),
    ("PutObjectTagging", Object),
    ("PutSymlink", Object),
    ("RestoreObject", Object),
    ("SelectObjectContent", Object),
    ("UploadPart", Object),
    ("UploadPartCopy", Object),
];

/// Where the permission for an action is looked up; `None` if the action is not in [`ACTIONS`]. Takes
/// `name/cos:GetObject`, `cos:GetObject` and `GetObject`.
pub fn action_level(action: &str) -> Option<ActionLevel> {
    let bare = bare_action(action);
    let at = ACTIONS.iter().find(|(name, _)| *name == bare)?;
    Some(at.1)
}

/// The action without `name/` and `cos:`.
pub(crate) fn bare_action(action: &str) -> &str {
    let action = action.strip_prefix("name/").unwrap_or(action);
    action.strip_prefix("cos:").unwrap_or(action)
}

impl Operation {
    /// Where the service looks up the permissions of this operation's actions.
    pub const fn action_level(self) -> ActionLevel {
        match self.level() {
            Level::Object => Object,
            Level::BucketByPrefix => BucketByPrefix,
            Level::Bucket => Bucket,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_in_the_table_at_its_own_level() {
        for operation in Operation::ALL {
            for action in operation.actions() {
                assert_eq!(
                    action_level(action),
                    Some(operation.action_level()),
                    "{operation}: {action}"
                );
            }
        }
        assert_eq!(action_level("name/cos:PutObjekt"), None);
        assert!(ACTIONS.is_sorted(), "kept in order, so that none is twice");
        assert!(ACTIONS.windows(2).all(|w| w[0].0 != w[1].0));
    }
}
