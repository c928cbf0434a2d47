//! Drives the emulator over HTTP with requests signed here.

mod admin;
mod client;
mod durability;
mod faults;
mod lifecycle;
mod listing;
mod multipart;
mod objects;
mod policies;
mod refusals;
mod sts;
