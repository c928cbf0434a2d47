//! The C ABI of the COS client, for phones and for C and C++ programs.
//!
//! The manual is the generated header, `include/cos_ffi.h`; the conventions fit on one page,
//! `docs/c-api.md`. This crate adds threads, pointers and callbacks to the public API of
//! `cos-client`, `cos-sts` and `cos-sign-core` and knows nothing of their protocols.
//!
//! Most entry points take `Option<&T>` and `Option<Box<T>>`, which have the layout of nullable C
//! pointers: NULL is then an ordinary value the compiler makes us look at, and `unsafe` stays
//! where C memory is really read by hand (text, options structs, user data).
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

pub mod callback;
mod guard;
mod options;
pub mod pair;

pub mod runtime;

pub mod credentials;
pub mod provider;
pub mod sign;

pub mod policy;

pub mod metrics;

pub mod client;
pub mod object;
pub mod transfer;

pub mod events;

pub mod response;

pub mod log;

#[cfg(test)]
mod injected_panics;
