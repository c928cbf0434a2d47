//! Whole files, in parts and in parallel.

mod abort;
pub(crate) mod copy;
mod copy_run;
mod destination;
pub(crate) mod download;
mod download_record;
mod download_run;
pub(crate) mod download_to;
mod download_to_run;
pub(crate) mod drive;
mod fetch;
pub(crate) mod handle;
mod lent;
pub(crate) mod options;
mod piece;
pub(crate) mod plan;
pub(crate) mod progress;
mod queue;
pub(crate) mod reader;
mod reserve;
pub(crate) mod resume;
pub(crate) mod target;
pub(crate) mod upload;
mod upload_parts;
mod upload_run;
pub(crate) mod whole;
mod write_back;
mod writer;

use crate::error::{Error, ErrorKind, Result};

/// Runs file work where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime shuts down.
        Err(_) => Err(Error::new(
            ErrorKind::Cancelled,
            "the runtime is shutting down",
        )),
    }
}
