//! Operations on buckets.

mod buckets;
mod uploads;

pub use buckets::{BucketMeta, BucketSummary};
pub use uploads::{ListMultipartUploads, ListMultipartUploadsPage, MultipartUploadSummary};
