//! Every operation's name, permission and temper, in one table.

/// One row per operation: its name, and the CAM action that permits it (436/31923) without
/// `name/cos:`.
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident $action:literal)*) => {
        /// An operation of the service; the name is the one its documents use.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Operation {
            $($(#[$doc])* $name,)*
            /// A request the caller described; see `Client::request`.
            Generic,
        }

        impl Operation {
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$name,)* Self::Generic];

            /// The operation's name, such as `PutObject`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                    Self::Generic => "Request",
                }
            }

            /// The permission it needs, such as `name/cos:PutObject`; `None` for a generic request.
            pub fn action(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some(concat!("name/cos:", $action)),)*
                    Self::Generic => None,
                }
            }

            /// Whether sending it twice does what sending it once does.
            pub(crate) fn idempotent(self) -> bool {
                // Generic requests say it themselves.
                self != Self::Generic
            }
        }
    };
}

// All of them may be repeated when a reply was lost. Initiate: the worst it leaves is one upload
// without parts. Complete: its NoSuchUpload is looked into (see `multipart::complete`). Append: its
// position refuses a second time (see `object::append`). Restore: 409 says that it runs.
operations! {
    /// Simple upload.
    PutObject "PutObject"
    /// Upload from a browser's form.
    PostObject "PostObject"
    /// Add to the end of an object.
    AppendObject "AppendObject"
    /// Read, whole or in part.
    GetObject "GetObject"
    /// Properties without content.
    HeadObject "HeadObject"
    /// Delete one object.
    DeleteObject "DeleteObject"
    /// Delete up to 1,000 objects.
    DeleteMultipleObjects "DeleteMultipleObjects"
    /// Server-side copy.
    CopyObject "PutObject"
    /// Make an archived object readable for some days.
    RestoreObject "PostObjectRestore"
    /// Read an object's tags.
    GetObjectTagging "GetObjectTagging"
    /// Replace an object's tags.
    PutObjectTagging "PutObjectTagging"
    /// Remove an object's tags.
    DeleteObjectTagging "DeleteObjectTagging"
    /// Read who may do what with an object.
    GetObjectAcl "GetObjectACL"
    /// Say who may do what with an object.
    PutObjectAcl "PutObjectACL"
    /// Read where a link leads.
    GetSymlink "GetSymlink"
    /// Make a link to an object.
    PutSymlink "PutSymlink"
    /// Ask whether a web page may do something.
    OptionsObject "OptionsObject"
    /// Begin an upload in parts.
    InitiateMultipartUpload "InitiateMultipartUpload"
    /// Send one part.
    UploadPart "UploadPart"
    /// Make a part of another object's bytes.
    UploadPartCopy "UploadPartCopy"
    /// Put the parts together.
    CompleteMultipartUpload "CompleteMultipartUpload"
    /// Give an upload up.
    AbortMultipartUpload "AbortMultipartUpload"
    /// List the parts of an upload.
    ListParts "ListParts"
    /// List uploads in parts that are under way.
    ListMultipartUploads "ListMultipartUploads"
    /// One page of a bucket's listing.
    ListObjects "GetBucket"
    /// One page of a bucket's versions.
    ListObjectVersions "GetBucketObjectVersions"
    /// List the account's buckets.
    GetService "GetService"
    /// Ask for a bucket.
    HeadBucket "HeadBucket"
    /// Create a bucket.
    PutBucket "PutBucket"
    /// Delete a bucket.
    DeleteBucket "DeleteBucket"
    /// Ask where a bucket is.
    GetBucketLocation "GetBucketLocation"
    /// Read who may do what with a bucket.
    GetBucketAcl "GetBucketACL"
    /// Say who may do what with a bucket.
    PutBucketAcl "PutBucketACL"
    /// Read whether versions are kept.
    GetBucketVersioning "GetBucketVersioning"
    /// Say whether versions are kept.
    PutBucketVersioning "PutBucketVersioning"
    /// Read the rules for web pages.
    GetBucketCors "GetBucketCORS"
    /// Replace the rules for web pages.
    PutBucketCors "PutBucketCORS"
    /// Remove the rules for web pages.
    DeleteBucketCors "DeleteBucketCORS"
    /// Read when objects are moved or deleted.
    GetBucketLifecycle "GetBucketLifecycle"
    /// Say when objects are moved or deleted.
    PutBucketLifecycle "PutBucketLifecycle"
    /// Remove the lifecycle rules.
    DeleteBucketLifecycle "DeleteBucketLifecycle"
    /// Read the bucket's own policy.
    GetBucketPolicy "GetBucketPolicy"
    /// Replace the bucket's own policy.
    PutBucketPolicy "PutBucketPolicy"
    /// Remove the bucket's own policy.
    DeleteBucketPolicy "DeleteBucketPolicy"
    /// Read a bucket's tags.
    GetBucketTagging "GetBucketTagging"
    /// Replace a bucket's tags.
    PutBucketTagging "PutBucketTagging"
    /// Remove a bucket's tags.
    DeleteBucketTagging "DeleteBucketTagging"
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Operation;

    #[test]
    fn names_are_unique_and_actions_are_cam_names() {
        let mut names: Vec<_> = Operation::ALL.iter().map(|o| o.as_str()).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
        for operation in Operation::ALL {
            let action = operation.action().unwrap_or("name/cos:X");
            let name = action.strip_prefix("name/cos:").unwrap();
            assert!(name.bytes().all(|b| b.is_ascii_alphabetic()) && !name.is_empty());
        }
        assert_eq!(Operation::ListObjects.action(), Some("name/cos:GetBucket"));
        assert_eq!(Operation::Generic.action(), None);
        assert!(!Operation::Generic.idempotent());
    }
}
