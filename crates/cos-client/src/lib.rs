#![forbid(unsafe_code)]
//! Objects and transfers on Tencent Cloud COS with temporary credentials.

mod body;
mod client;
mod config;
mod crc;
mod error;
mod execute;
mod judge;
mod multipart;
mod object;
mod operation;
mod request;
mod response;
mod sign;
mod time;
mod tls;
mod transfer;
mod types;
mod xml;

pub use client::Client;
pub use config::{ClientBuilder, RetryPolicy};
pub use error::{Error, ErrorKind, Result};
pub use http::Method;
pub use multipart::{
    AbortMultipartUpload, CompleteMultipartUpload, CompleteOutput, CompletedPart,
    InitiateMultipartUpload, ListParts, ListPartsPage, PartSummary, UploadPart, UploadPartOutput,
};
pub use object::{
    CopyObject, CopyObjectOutput, CopySource, DeleteFailure, DeleteObject, DeleteObjectOutput,
    DeleteObjects, DeleteObjectsOutput, GenericRequest, GenericResponse, GetObject,
    GetObjectOutput, HeadObject, ListObjects, ListObjectsPage, ObjectBody, ObjectMeta,
    ObjectSummary, Presign, PresignedUrl, PutObject, PutObjectOutput,
};
pub use operation::Operation;
pub use transfer::download::{DownloadFile, DownloadOutput};
pub use transfer::handle::{Transfer, TransferControl};
pub use transfer::progress::Progress;
pub use transfer::upload::{UploadFile, UploadOutput};
pub use types::{
    BucketName, Crc64, Domain, ETag, Endpoint, InvalidValue, MAX_PARTS, ObjectKey, PartNumber,
    Region, StorageClass, UploadId,
};
