//! Drives the emulator over HTTP with requests signed here.

#![allow(
    clippy::unwrap_used,
    reason = "these are tests, their helpers included"
)]

mod admin;
mod client;
mod durability;
mod error_table;
mod faults;
mod killed;
mod lifecycle;
mod limits;
mod listing;
mod multipart;
mod objects;
mod policies;
mod post_form;
mod refusals;
mod sink;
mod sts;
