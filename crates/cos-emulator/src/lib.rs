#![forbid(unsafe_code)]
//! A local STS, CAM and COS that says no when the cloud would.

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
