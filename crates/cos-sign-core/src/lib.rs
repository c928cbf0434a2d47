//! Request signatures for Tencent Cloud COS and STS: `no_std`, no allocation, no clock.
//!
//! This crate turns *(credentials, time, request)* into signature bytes, and checks signatures that
//! somebody else made. It opens no socket, reads no clock and, unless the `alloc` feature is on,
//! never touches a heap; a server, an enclave, a microcontroller or a browser module can use it alone.
//!
//! | form | where | module |
//! |---|---|---|
//! | COS `Authorization` header | every object request | [`Signer::write_authorization`] |
//! | COS presigned URL | links handed to others | [`Signer::write_presigned_query`] |
//! | COS POST form policy | browser uploads | [`post_policy`] |
//! | `TC3-HMAC-SHA256` | STS and the other cloud APIs | [`tc3`] |
//! | query signature v1 (HmacSHA1, HmacSHA256) | older STS helpers | [`v1`] |
//! | checking any COS form | servers, tests | [`verify`] |
//! | saying why one does not match | support | `explain` (feature `alloc`) |
//!
//! # Example
//!
//! The published `GET` example of the COS documentation (436/7778):
//!
//! ```
//! use cos_sign_core::{KeyTime, Request, SignKey, Signer};
//!
//! let key_time = KeyTime::new(1_700_000_000, 1_700_003_600)?;
//! // Derive once per credential and window; sign as often as you like.
//! let sign_key = SignKey::derive("vectorSecretKeyPermanent0123456", key_time)?;
//! let request = Request {
//!     method: "GET",
//!     path: "/exampleobject",
//!     params: &[],
//!     headers: &[("Host", "vec-1250000000.cos.ap-guangzhou.myqcloud.com")],
//! };
//! let mut buffer = [0; 512];
//! let authorization = Signer::new("AKIDvectorPermanent0123456789abcdef", &sign_key)
//!     .authorization_into(&request, &mut buffer)?;
//! assert!(authorization.ends_with("&q-signature=a2125ec5d9fbc0f4fe08bc8bb71002f7ac958567"));
//! # Ok::<(), cos_sign_core::SignError>(())
//! ```
//!
//! # What is signed
//!
//! Exactly the headers and parameters in [`Request`]. COS accepts any subset on ordinary buckets and
//! wants all of them on buckets in strict-signature mode; [`should_sign_header`] is the safe rule.
//! The path is the *decoded* object path; use [`encode_path`] for the request line.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(any(feature = "alloc", test))]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod block;
mod digest;
mod encode;
mod error;
#[cfg(feature = "alloc")]
pub mod explain;
mod headers;
mod key_time;
mod order;
mod plain;
pub mod post_policy;
mod request;
mod sign_key;
mod signer;
mod slice_writer;
pub mod tc3;
pub mod v1;
pub mod verify;

pub use digest::{Digest, Signature, write_string_to_sign};
pub use encode::{Encoded, EncodedPath, encode, encode_path};
pub use error::SignError;
pub use headers::should_sign_header;
pub use key_time::{Capped, KeyTime};
pub use request::Request;
pub use sign_key::SignKey;
pub use signer::Signer;
pub use slice_writer::SliceWriter;

#[cfg(feature = "alloc")]
pub use digest::string_to_sign;

/// The example of README.md, compiled like the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
