//! The C ABI of the COS client, for phones and for C and C++ programs.
//!
//! The manual is the generated header, `include/cos_ffi.h`; the conventions fit on one page,
//! `docs/c-api.md`. This crate adds threads, pointers and callbacks to the public API of
//! `cos-client`, `cos-sts` and `cos-sign-core` and knows nothing of their protocols.
//!
//! Most entry points take `Option<&T>` and `Option<Box<T>>`, which have the layout of nullable C
//! pointers: NULL is then an ordinary value the compiler makes us look at, and `unsafe` stays
//! where C memory is really read by hand (text, options structs, user data).
//!
//! Without the feature `full`, which is on by default, only signing is left: no threads, no network.
#![cfg_attr(
    not(feature = "full"),
    allow(dead_code, reason = "helpers that only the rest of the API needs")
)]
#![allow(
    non_camel_case_types,
    reason = "the types carry the names they have in the header"
)]
#![allow(
    clippy::missing_safety_doc,
    reason = "the header comment of each function is its contract: ownership, threads, errors"
)]
#![allow(
    rustdoc::bare_urls,
    rustdoc::broken_intra_doc_links,
    reason = "the comments on the C API are written for the header"
)]

pub mod result;
pub mod text;
pub mod version;

pub mod error;

#[cfg(feature = "full")]
pub mod callback;
mod guard;
mod options;
pub mod pair;

#[cfg(feature = "full")]
pub mod runtime;

pub mod credentials;
#[cfg(feature = "full")]
pub mod provider;
pub mod sign;

#[cfg(feature = "full")]
pub mod policy;

#[cfg(feature = "full")]
pub mod metrics;

#[cfg(feature = "full")]
pub mod client;
#[cfg(feature = "full")]
pub mod object;
#[cfg(feature = "full")]
pub mod transfer;

#[cfg(feature = "full")]
pub mod events;

#[cfg(feature = "full")]
pub mod response;

#[cfg(feature = "full")]
pub mod log;

#[cfg(all(test, feature = "full"))]
mod injected_panics;
