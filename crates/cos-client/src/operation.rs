//! Every operation's name, permission and temper, in one table.

/// An operation of the service; the name is the one CAM policies use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Simple upload.
    PutObject,
    /// Read, whole or in part.
    GetObject,
    /// Properties without content.
    HeadObject,
    /// Delete one object.
    DeleteObject,
    /// Delete up to 1,000 objects.
    DeleteMultipleObjects,
    /// One page of a bucket's listing.
    ListObjects,
    /// Server-side copy.
    CopyObject,
    /// Begin an upload in parts.
    InitiateMultipartUpload,
    /// Send one part.
    UploadPart,
    /// Put the parts together.
    CompleteMultipartUpload,
    /// Give an upload up.
    AbortMultipartUpload,
    /// List the parts of an upload.
    ListParts,
    /// List uploads in parts that are under way.
    ListMultipartUploads,
    /// Ask for a bucket.
    HeadBucket,
    /// Create a bucket.
    PutBucket,
    /// Delete a bucket.
    DeleteBucket,
    /// List the account's buckets.
    GetService,
    /// A request the caller described; see `Client::request`.
    Generic,
}

/// One row: name, CAM action, may it be repeated when the reply was lost?
type Row = (Operation, &'static str, &'static str, bool);

// Initiate is repeatable: the worst a lost reply leaves is one upload without parts. Complete is
// repeatable because its NoSuchUpload is looked into (see `multipart::complete`).
const TABLE: [Row; 18] = [
    (
        Operation::PutObject,
        "PutObject",
        "name/cos:PutObject",
        true,
    ),
    (
        Operation::GetObject,
        "GetObject",
        "name/cos:GetObject",
        true,
    ),
    (
        Operation::HeadObject,
        "HeadObject",
        "name/cos:HeadObject",
        true,
    ),
    (
        Operation::DeleteObject,
        "DeleteObject",
        "name/cos:DeleteObject",
        true,
    ),
    (
        Operation::DeleteMultipleObjects,
        "DeleteMultipleObjects",
        "name/cos:DeleteMultipleObjects",
        true,
    ),
    (
        Operation::ListObjects,
        "ListObjects",
        "name/cos:GetBucket",
        true,
    ),
    (
        Operation::CopyObject,
        "CopyObject",
        "name/cos:PutObject",
        true,
    ),
    (
        Operation::InitiateMultipartUpload,
        "InitiateMultipartUpload",
        "name/cos:InitiateMultipartUpload",
        true,
    ),
    (
        Operation::UploadPart,
        "UploadPart",
        "name/cos:UploadPart",
        true,
    ),
    (
        Operation::CompleteMultipartUpload,
        "CompleteMultipartUpload",
        "name/cos:CompleteMultipartUpload",
        true,
    ),
    (
        Operation::AbortMultipartUpload,
        "AbortMultipartUpload",
        "name/cos:AbortMultipartUpload",
        true,
    ),
    (
        Operation::ListParts,
        "ListParts",
        "name/cos:ListParts",
        true,
    ),
    (
        Operation::ListMultipartUploads,
        "ListMultipartUploads",
        "name/cos:ListMultipartUploads",
        true,
    ),
    (
        Operation::HeadBucket,
        "HeadBucket",
        "name/cos:HeadBucket",
        true,
    ),
    (
        Operation::PutBucket,
        "PutBucket",
        "name/cos:PutBucket",
        true,
    ),
    (
        Operation::DeleteBucket,
        "DeleteBucket",
        "name/cos:DeleteBucket",
        true,
    ),
    (
        Operation::GetService,
        "GetService",
        "name/cos:GetService",
        true,
    ),
    (Operation::Generic, "Request", "", false),
];

impl Operation {
    fn row(self) -> &'static Row {
        // The enum's order is the table's order; a test compares them.
        &TABLE[self as usize]
    }

    /// The operation's name, such as `PutObject`.
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    /// The permission it needs, such as `name/cos:PutObject`; `None` for a generic request.
    pub fn action(self) -> Option<&'static str> {
        Some(self.row().2).filter(|a| !a.is_empty())
    }

    /// Whether sending it twice does what sending it once does.
    pub(crate) fn idempotent(self) -> bool {
        self.row().3
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::TABLE;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.0 as usize, index);
        }
    }
}
