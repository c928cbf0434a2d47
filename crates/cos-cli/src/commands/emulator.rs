//! `cos emulator`

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use cos_emulator::{Config, Emulator, StartError};

use super::Context;
use crate::exit::{Failure, Result};
use crate::input::size;

/// Options of `cos emulator`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cos emulator --listen 127.0.0.1:9000\n\n\
It prints one line of JSON when ready (addresses, keys, buckets) and serves until it is interrupted.")]
pub(crate) struct EmulatorCommand {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Accounts, users, roles and buckets (TOML); without it one of each
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Keep objects here; otherwise in memory
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Keep only the length and checksum of objects, which read as zeros: for measuring clients
    #[arg(long, conflicts_with = "data_dir")]
    sink: bool,
    /// Also listen with TLS, under a certificate authority made at start
    #[arg(long)]
    tls: bool,
    /// Set the clock ahead, or behind with a negative number
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    clock_offset: i64,
    /// Most bytes that objects may take in memory
    #[arg(long, value_name = "BYTES", value_parser = size::parse)]
    max_memory: Option<u64>,
    /// Seed for faults that happen by chance
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

impl EmulatorCommand {
    pub(super) async fn run(self, cx: &Context) -> Result {
        let mut builder = Emulator::builder()
            .listen(self.listen)
            .tls(self.tls)
            .sink(self.sink)
            .clock_offset_s(self.clock_offset)
            .seed(self.seed);
        if let Some(file) = &self.config {
            builder = builder.config(read(file)?);
        }
        if let Some(dir) = self.data_dir {
            builder = builder.data_dir(dir);
        }
        if let Some(bytes) = self.max_memory {
            builder = builder.max_memory(bytes);
        }
        let emulator = builder.start().await.map_err(failure)?;
        cx.output.line(emulator.ready_line())?;
        cx.interrupt.clone().wait().await;
        emulator.shutdown().await;
        Ok(())
    }
}

fn read(file: &Path) -> Result<Config> {
    let text = std::fs::read_to_string(file)
        .map_err(|e| Failure::local("read the configuration", file, &e))?;
    let base_dir = file.parent().unwrap_or(Path::new("."));
    Config::from_toml(&text, base_dir).map_err(|e| failure(StartError::from(e)))
}

/// An address that cannot be had is the network's, a wrong configuration the user's.
pub(super) fn failure(error: StartError) -> Failure {
    match error {
        StartError::Config(e) => Failure::usage(e.to_string()),
        other => Failure::start(other.to_string()),
    }
}
