//! Whole files, in parts and in parallel.

pub(crate) mod handle;
pub(crate) mod plan;
pub(crate) mod progress;
