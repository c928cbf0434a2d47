#![forbid(unsafe_code)]
//! Objects and transfers on Tencent Cloud COS with temporary credentials.
//!
//! ```
//! use cos_client::{Client, ErrorKind};
//! use cos_sts::{Credentials, StaticProvider};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = cos_emulator::Emulator::builder().start().await?;
//! # let (id, key) = (&emulator.accounts()[0].secret_id, &emulator.accounts()[0].secret_key);
//! // A server may use its own keys; an app passes a provider that asks its server for temporary ones.
//! let provider = StaticProvider::new(Credentials::permanent(id, key)?);
//! let client = Client::builder()
//!     .bucket("demo-1250000000")
//!     .region("ap-guangzhou")
//!     .credentials(provider)
//!     .endpoint(emulator.http_url()) // leave this out to reach the cloud
//!     .build()?;
//!
//! client.put_object("hello.txt", "hello").send().await?;
//! let object = client.get_object("hello.txt").send().await?;
//! assert_eq!(object.bytes().await?, "hello");
//!
//! let error = client.get_object("missing").send().await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::NotFound);
//! assert_eq!(error.code(), Some("NoSuchKey"));
//! println!("{error}; {}", error.hint().unwrap_or_default());
//! # Ok(())
//! # }
//! ```
//!
//! # Where to find what
//!
//! | to | call |
//! |---|---|
//! | upload | [`upload_file`](Client::upload_file), [`upload_open_file`](Client::upload_open_file), [`upload_bytes`](Client::upload_bytes), [`upload_reader`](Client::upload_reader); small and simple: [`put_object`](Client::put_object) |
//! | download | [`download_file`](Client::download_file), [`download_to`](Client::download_to) a writer; small or as a stream: [`get_object`](Client::get_object) |
//! | read and write like a file | [`object_reader`](Client::object_reader), [`object_writer`](Client::object_writer) |
//! | list | [`list_objects`](Client::list_objects), [`list_object_versions`](Client::list_object_versions), [`list_buckets`](Client::list_buckets) |
//! | whole folders | [`upload_dir`](Client::upload_dir), [`download_dir`](Client::download_dir), [`copy_dir`](Client::copy_dir); only what changed: [`sync_up`](Client::sync_up), [`sync_down`](Client::sync_down) |
//! | share with somebody who has no key | [`presign`](Client::presign) a URL, [`post_form`](Client::post_form) for web pages |
//! | ask about, copy, move, delete | [`head_object`](Client::head_object), [`copy`](Client::copy), [`move_object`](Client::move_object), [`delete_object`](Client::delete_object), [`delete_objects`](Client::delete_objects) |
//! | pause, stop, watch | the [`Transfer`] that every `start()` gives |
//! | go on after a crash | [`ResumeFolder`]; clean up what nobody goes on with: [`clean_up_stale`](Client::clean_up_stale) |
//! | anything else, signed | [`request`](Client::request) |
//! | DataFusion and whatever else works on `object_store` | the crate `cos-object-store`, around a [`Client`] |
//!
//! # Credentials
//!
//! Where they come from is a [`cos_sts::CredentialProvider`], asked before every attempt. In an app, from
//! your own server (`cos-broker`, or any that answers with STS's JSON), renewed before they end:
//!
//! ```no_run
//! use cos_client::Client;
//! use cos_sts::{BrokerSource, CachingProvider};
//!
//! # fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let server = BrokerSource::new("https://example.com/credentials", "the user's login token")?;
//! let client = Client::builder()
//!     .bucket("photos-1250000000")
//!     .region("ap-guangzhou")
//!     .credentials(CachingProvider::new(server))
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! | where | provider |
//! |---|---|
//! | an app with a token server | `CachingProvider::new(`[`cos_sts::BrokerSource`]`)` |
//! | an app with its own way to ask | `CachingProvider::new(`[`cos_sts::FnSource`]`)`, or pushed: [`cos_sts::PushProvider`] |
//! | a server that takes a role | `CachingProvider::new(`[`cos_sts::RoleSource`]`)` |
//! | a cloud server with a role of its own | `CachingProvider::new(`[`cos_sts::InstanceRoleSource`]`)` |
//! | a shell, a container | [`ClientBuilder::from_env`] |
//! | a server's permanent key | [`cos_sts::StaticProvider`] |
//!
//! # A large upload that survives anything
//!
//! Killed in the middle, the same call goes on where it was; nothing is sent twice but what was in flight.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (_emulator, client) = setup().await?;
//! # let folder = tempfile::tempdir()?;
//! # let (film, state) = (folder.path().join("film.mp4"), folder.path().join("state"));
//! # std::fs::write(&film, vec![7; 3 << 20])?;
//! use cos_client::ResumeFolder;
//!
//! let transfer = client
//!     .upload_file("films/1.mp4", &film)
//!     .resume_store(&ResumeFolder::new(&state)?)
//!     .on_progress(|p| println!("{} of {:?} bytes", p.done_bytes, p.total_bytes))
//!     .start();
//! // transfer.pause(), .resume(), .stop(), .cancel() from anywhere: see `Transfer`.
//! let uploaded = transfer.await?;
//! println!("{} bytes, CRC-64 {}", uploaded.bytes, uploaded.crc64);
//! client.download_file("films/1.mp4", folder.path().join("again.mp4")).send().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # A list, and a link to share
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (_emulator, client) = setup().await?;
//! # client.put_object("photos/1.jpg", "jpeg").send().await?;
//! use std::time::Duration;
//!
//! use cos_client::Method;
//! use futures_util::TryStreamExt;
//!
//! let mut objects = client.list_objects().prefix("photos/").objects();
//! while let Some(object) = objects.try_next().await? {
//!     let ten_minutes = Duration::from_secs(600);
//!     let link = client.presign(Method::GET, &object.key, ten_minutes).sign().await?;
//!     println!("{} ({} bytes): {}", object.key, object.size, link.url);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! More, ready to run: `examples/` beside this crate's source.
//!
//! # What it takes care of
//!
//! - **Credentials** are asked for before every attempt, from any [`cos_sts::CredentialProvider`]. A key
//!   that the service refuses as ended or unknown is invalidated and replaced, once for all requests in
//!   flight, and the request is repeated. Transfers therefore outlive keys.
//! - **Signatures** cover every header and parameter that is sent, so buckets in strict-signature mode
//!   work. Derived signing keys are kept.
//! - **Failures** are judged by one table: what may be repeated is, with growing, random pauses; what may
//!   have been carried out already is not repeated unless that does no harm. A wrong clock is learned from
//!   the service once. `<Error>` documents inside HTTP 200 are errors.
//! - **Content** is checked by CRC-64 both ways, part by part and as a whole.
//! - **Transfers** ([`Client::upload_file`], [`Client::download_file`], [`Client::copy`]) hold a few 256 KiB pieces per
//!   request in flight, whatever the size of the file, report progress that never falls, and clean up
//!   after failure and cancellation.
//! - **Trees** ([`Client::upload_dir`], [`Client::download_dir`], [`Client::sync_up`],
//!   [`Client::sync_down`], [`Client::copy_dir`]) are compared and moved in constant memory, many
//!   files at a time. No key is ever written outside the folder it is downloaded to.
//! - **Errors** ([`Error`]) keep the service's own code, message and request id and add a hint. They never
//!   hold a URL, a key, a token or a signature.
//!
//! TLS is rustls with the ring provider and bundled roots: nothing to install or initialise, on Android
//! either. More roots come from [`ClientBuilder::ca_pem`].
//!
//! Everything needs a Tokio runtime with time and I/O enabled.
//!
//! # Tracing
//!
//! Each call is a span `cos.request` of level debug, each request sent a span `cos.attempt` inside it.
//! Fields are named after OpenTelemetry's HTTP conventions, what is COS's own begins with `cos.`:
//!
//! | span | fields |
//! |---|---|
//! | `cos.request` | `cos.operation`, `cos.bucket`, `cos.key` |
//! | `cos.attempt` | `otel.kind`, `http.request.method`, `server.address`, `server.port`, `http.request.resend_count`, `http.response.status_code`, `error.type`, `cos.request_id` |
//!
//! Events inside tell what was decided after a failure. No secret is ever in a field.
//! [`ClientBuilder::on_attempt`] gives the same as numbers, with the time each phase took.

mod acl;
mod body;
mod bucket;
mod budget;
mod builder;
mod client;
mod config;
mod connections;
mod elements;
mod env;
mod error;
mod execute;
mod io;
mod judge;
mod limits;
mod metrics;
mod multipart;
mod object;
mod operation;
mod request;
mod response;
mod sign;
mod skew;
mod tags;
mod throughput;
mod time;
mod timers;
mod transfer;
mod tree;
mod types;
mod wire;
mod xml;

pub use acl::{Acl, Grant, PutAcl};
pub use bucket::{
    BucketMeta, BucketSummary, CorsRule, CreateBucket, ListMultipartUploads,
    ListMultipartUploadsPage, ListObjectVersions, ListObjectVersionsPage, MultipartUploadSummary,
    ObjectVersion, Versioning,
};
pub use builder::ClientBuilder;
pub use client::Client;
pub use config::RetryPolicy;
pub use error::{Error, ErrorKind, Result};
pub use http::Method;
pub use io::{ObjectReader, ObjectWriter, OpenReader, OpenWriter};
pub use limits::Priority;
pub use metrics::AttemptMetrics;
pub use multipart::{
    AbortMultipartUpload, CompleteMultipartUpload, CompleteOutput, CompletedPart,
    InitiateMultipartUpload, ListParts, ListPartsPage, PartSummary, UploadPart, UploadPartCopy,
    UploadPartOutput,
};
pub use object::{
    AppendObject, AppendObjectOutput, CheckCors, CopyObject, CopyObjectOutput, CopySource,
    CorsAllowed, DeleteFailure, DeleteObject, DeleteObjectOutput, DeleteObjectTagging,
    DeleteObjects, DeleteObjectsOutput, GenericRequest, GenericResponse, GetObject,
    GetObjectOutput, GetObjectTagging, HeadObject, ListObjects, ListObjectsPage, ObjectBody,
    ObjectMeta, ObjectSummary, PostForm, PostFormFields, Presign, PresignedUrl, PutObject,
    PutObjectOutput, PutObjectTagging, PutSymlink, RestoreObject, RestoreObjectOutput,
    RestoreState, RestoreTier,
};
pub use operation::Operation;
pub use tags::Tags;
pub use transfer::copy::{CopyTransfer, CopyTransferOutput};
pub use transfer::download::{DownloadFile, DownloadOutput};
pub use transfer::download_to::{DownloadTo, DownloadToOutput};
pub use transfer::handle::{Transfer, TransferControl, TransferState};
pub use transfer::progress::Progress;
pub use transfer::reader::UploadReader;
pub use transfer::resume::{
    CleanUpOutput, CleanUpStale, InvalidRecord, Leftovers, RestartReason, ResumeFolder,
    ResumeRecord,
};
pub use transfer::upload::{UploadFile, UploadOutput};
pub use tree::{
    Compare, CopyDir, DownloadDir, FileFailure, Symlinks, TreeAction, TreeEvent, TreeProgress,
    TreeReport, UnsafeKey, UploadDir,
};
pub use types::{
    BucketName, Crc64, Domain, ETag, Endpoint, InvalidValue, MAX_PARTS, ObjectKey, PartNumber,
    Region, StorageClass, UploadId,
};

/// The example of README.md, compiled like the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
