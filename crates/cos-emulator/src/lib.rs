#![forbid(unsafe_code)]
//! A local STS, CAM and COS that says no when the cloud would.

mod body;
mod clock;
mod config;
mod emulator;
mod server;
mod service;
mod shared;

pub use clock::EmulatorClock;
pub use config::{Account, BucketConfig, Config, ConfigError, Role, Trust, User};
pub use emulator::{Emulator, EmulatorBuilder, StartError};
