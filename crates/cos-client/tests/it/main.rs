//! The client against a scripted server, for exact faults, and against the emulator, for whole flows.

mod credentials;
mod download;
mod requests;
mod retry;
mod server;
mod setup;
mod upload;
