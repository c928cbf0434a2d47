//! The client against a scripted server, for exact faults, and against the emulator, for whole flows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

mod cloud;
mod content_md5;
mod copy;
mod corruption;
mod credentials;
mod customer_key;
mod docs;
mod domains;
mod download;
mod download_to;
mod errors;
mod flows;
mod memory;
mod network;
mod observability;
mod operations;
mod permissions;
mod proxies;
mod requests;
mod resume_download;
mod resume_janitor;
mod resume_killed;
mod resume_laws;
mod resume_upload;
mod retry;
mod secrets;
mod server;
mod setup;
mod situations;
mod streams;
mod trees;
mod upload;
