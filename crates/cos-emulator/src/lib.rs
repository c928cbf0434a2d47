#![forbid(unsafe_code)]
//! A local STS, CAM and COS that says no when the cloud would.
//!
//! An app that uses temporary credentials can be tested without an account: point it here. Every signature, token,
//! time window and policy is checked, and refused with the service's own status and code; what a policy refused is
//! explained in the header `x-cos-emulator-explain`. The clock can be moved, credentials revoked, and faults
//! injected, from the program ([`Emulator`]) or over HTTP (`/_emulator/…`).
//!
//! Requests are routed by their `Host`, as in the cloud; a client keeps its real host names and only connects
//! elsewhere (or takes the emulator as its HTTP proxy). Requests to an address are path style:
//! `/<bucket>/<key>`.
//!
//! # Example
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//!
//! use cos_emulator::Emulator;
//! use cos_sign_core::{KeyTime, Request, SignKey, Signer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::builder().start().await?;
//!
//! // A presigned URL is dead once its time is over: no need to wait for that.
//! let account = &emulator.accounts()[0];
//! let now = emulator.clock().now_s();
//! let key = SignKey::derive(&account.secret_key, KeyTime::new(now, now + 600)?)?;
//! let request = Request { method: "GET", path: "/hello.txt", params: &[], headers: &[] };
//! let query = Signer::new(&account.secret_id, &key).presigned_query(&request)?;
//! let get = || -> std::io::Result<String> {
//!     let address = emulator.http_url().replace("http://", "");
//!     let mut stream = TcpStream::connect(address)?;
//!     let host = "demo-1250000000.cos.ap-guangzhou.myqcloud.com";
//!     write!(stream, "GET /hello.txt?{query} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
//!     let mut answer = String::new();
//!     stream.read_to_string(&mut answer)?;
//!     Ok(answer)
//! };
//! assert!(get()?.contains("<Code>NoSuchKey</Code>"));
//! emulator.clock().advance_s(601);
//! assert!(get()?.contains("<Message>Request has expired</Message>"));
//! emulator.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Where it is lenient or differs
//!
//! - A user or role without `policy_file` has full access, as the account's owner has.
//! - `GetFederationToken` needs no permission (a token never does more than its caller); an explicit deny still
//!   refuses it. `AssumeRole` must be allowed by the caller's policy.
//! - Bucket policies, lifecycle rules and the like are stored and returned, not acted on.
//! - Server-side encryption is echoed, not done. Restoring an archived object is immediate.
//! - Issued tokens live in memory: after a restart with a data directory clients fetch new ones.

mod admin;
mod authentication;
mod authorization;
mod body;
mod bucket;
mod clock;
mod config;
mod cors;
mod ctx;
mod emulator;
mod error;
mod faults;
mod head;
mod keys;
mod listing;
mod log;
mod metadata;
mod multi_delete;
mod multipart;
mod object;
mod operation;
mod payload;
mod post_object;
mod reply;
mod routing;
mod server;
mod service;
mod shared;
mod store;
mod sts;
mod xml;

pub use clock::EmulatorClock;
pub use config::{Account, BucketConfig, Config, ConfigError, Role, Trust, User};
pub use emulator::{Emulator, EmulatorBuilder, StartError};
pub use faults::{FaultAction, FaultMatch, FaultRule, ResetWhen};
pub use log::LogRecord;
