//! What the transfers of a client share: requests in flight, bytes per second, bytes in memory.

mod adapt;
mod memory;
mod permits;
mod rate;

use std::sync::Arc;

pub(crate) use adapt::Adapt;
pub(crate) use memory::{Memory, Room};
pub(crate) use permits::{Permit, Permits};
pub(crate) use rate::{Pace, Paced, RateLimit};

/// Who goes first when the requests in flight are all taken. A waiting request of a higher priority
/// always goes before one of a lower, which may thus wait as long as there is more important work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum Priority {
    /// Behind everything else: backups, prefetching.
    Low,
    /// Unless told otherwise.
    #[default]
    Normal,
    /// Before everything else: what somebody is waiting for.
    High,
}

/// What one transfer may take of the shared limits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claim {
    pub priority: Priority,
    pub pace: Pace,
}

/// The limits of a client.
#[derive(Debug)]
pub(crate) struct Limits {
    pub permits: Arc<Permits>,
    pub memory: Memory,
    pub rate: Option<Arc<RateLimit>>,
}
