//! When a signature is good: `--key-time START;END` or `--expires SECONDS`.

use clap::Args;
use cos_sign_core::KeyTime;
use cos_sts::{Clock, Credentials, SystemClock};

use crate::exit::{Failure, Result};

/// Options for the life of a signature.
#[derive(Args, Clone, Debug)]
#[group(multiple = false)]
pub(crate) struct WindowArgs {
    /// Exact window, Unix seconds
    #[arg(long, value_name = "START;END", value_parser = parse)]
    key_time: Option<KeyTime>,
    /// From a minute ago until so many seconds from now
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    expires: Option<u64>,
}

fn parse(text: &str) -> std::result::Result<KeyTime, String> {
    KeyTime::parse(text).map_err(|e| e.to_string())
}

/// A minute back, for clocks behind ours.
const BACK_S: u64 = 60;

/// If nothing is said.
const DEFAULT_S: u64 = 900;

/// A window and how much was cut off because the credentials end before.
pub(crate) struct Window {
    pub(crate) key_time: KeyTime,
    pub(crate) shortened_by_s: u64,
}

impl WindowArgs {
    /// The window asked for. One counted from now ends with the credentials; an exact one is taken as given.
    pub(crate) fn resolve(&self, credentials: &Credentials) -> Result<Window> {
        if let Some(key_time) = self.key_time {
            return Ok(Window {
                key_time,
                shortened_by_s: 0,
            });
        }
        let now_s = SystemClock.now_s();
        let end_s = now_s.saturating_add(self.expires.unwrap_or(DEFAULT_S));
        let wanted = KeyTime::new(now_s.saturating_sub(BACK_S), end_s)?;
        let Some(expired_time_s) = credentials.expired_time_s() else {
            return Ok(Window {
                key_time: wanted,
                shortened_by_s: 0,
            });
        };
        let capped = wanted
            .capped_at(expired_time_s)
            .map_err(|_| Failure::refused("the temporary credentials have expired"))?;
        Ok(Window {
            key_time: capped.key_time,
            shortened_by_s: capped.shortened_by_s,
        })
    }
}
