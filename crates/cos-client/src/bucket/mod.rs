//! Operations on buckets.

mod buckets;
mod cors;
mod documents;
mod settings;
mod uploads;
mod versions;

pub use buckets::{BucketMeta, BucketSummary, CreateBucket};
pub use cors::CorsRule;
pub use settings::Versioning;
pub use uploads::{ListMultipartUploads, ListMultipartUploadsPage, MultipartUploadSummary};
pub use versions::{ListObjectVersions, ListObjectVersionsPage, ObjectVersion};
