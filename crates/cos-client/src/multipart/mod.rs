//! Uploads in parts, step by step. [`crate::Client::upload_file`] does all of it by itself.

mod abort;
mod complete;
mod initiate;
mod list;
mod part;
mod part_copy;

pub use abort::AbortMultipartUpload;
pub use complete::{CompleteMultipartUpload, CompleteOutput, CompletedPart};
pub use initiate::InitiateMultipartUpload;
pub use list::{ListParts, ListPartsPage, PartSummary};
pub(crate) use part::part_call;
pub use part::{UploadPart, UploadPartOutput};
pub use part_copy::UploadPartCopy;
