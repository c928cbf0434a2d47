//! What callers may set on every transfer, in one place.

use super::plan;
use super::progress::ProgressFn;
use super::resume::{Leftovers, ResumeFolder};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::limits::{Claim, Priority, RateLimit};

/// Settings of one transfer; what is absent is the client's.
#[derive(Default, Clone)]
pub(crate) struct Options {
    pub part_size: Option<u64>,
    pub threshold: Option<u64>,
    pub concurrency: Option<usize>,
    pub priority: Priority,
    pub rate_limit: Option<u64>,
    pub on_progress: Option<ProgressFn>,
    /// Bytes of a resume record, as they were given.
    pub resume_from: Option<Vec<u8>>,
    pub store: Option<ResumeFolder>,
    pub leftovers: Option<Leftovers>,
    pub content_md5: bool,
}

impl Options {
    /// Requests of this transfer in flight at most.
    pub(crate) fn concurrency(&self, client: &Client) -> Result<usize> {
        match self.concurrency.unwrap_or(client.settings().concurrency) {
            0 => Err(Error::config("concurrency: must be at least 1")),
            n => Ok(n),
        }
    }

    /// What the transfer's requests may take of the shared limits.
    pub(crate) fn claim(&self, client: &Client) -> Result<Claim> {
        if self.rate_limit == Some(0) {
            return Err(Error::config("rate_limit: must be above zero"));
        }
        Ok(Claim {
            priority: self.priority,
            pace: client.pace(self.rate_limit.map(RateLimit::new)),
        })
    }

    /// Bytes per part that were asked for.
    pub(crate) fn part_size(&self, client: &Client) -> Result<u64> {
        let bytes = self.part_size.unwrap_or(client.settings().part_size);
        plan::check_part_size(bytes).map_err(part_size_error)?;
        Ok(bytes)
    }

    /// What becomes of the parts of a transfer that fails.
    pub(crate) fn leftovers(&self) -> Leftovers {
        match self.leftovers {
            Some(leftovers) => leftovers,
            None if self.store.is_some() || self.resume_from.is_some() => Leftovers::Keep,
            None => Leftovers::Abort,
        }
    }
}

/// The plan's refusal as the caller sees it.
pub(crate) fn part_size_error(why: String) -> Error {
    Error::config(format!("part_size: {why}"))
}

/// Setters and `start` of every transfer's builder. It needs a field `options` and a method
/// `work(self) -> impl Work`.
macro_rules! transfer_options {
    ($output:ty, part_size: $part_size:literal) => {
        #[doc = $part_size]
        pub fn part_size(mut self, bytes: u64) -> Self {
            self.options.part_size = Some(bytes);
            self
        }

        /// Requests of this transfer in flight at most; the client's own limit holds as well.
        pub fn concurrency(mut self, requests: usize) -> Self {
            self.options.concurrency = Some(requests);
            self
        }

        $crate::transfer::options::run_options!($output);
    };
}
pub(crate) use transfer_options;

/// The setters among them that make sense for one stream too, and `start`.
macro_rules! run_options {
    ($output:ty) => {
        /// Who goes first when the client's requests in flight are all taken.
        pub fn priority(mut self, priority: $crate::Priority) -> Self {
            self.options.priority = priority;
            self
        }

        /// Calls `callback` about ten times a second while bytes move, and once at the end with all
        /// bytes. It runs inside the transfer: return quickly.
        pub fn on_progress(
            mut self,
            callback: impl Fn($crate::Progress) + Send + Sync + 'static,
        ) -> Self {
            self.options.on_progress = Some(std::sync::Arc::new(callback));
            self
        }

        /// Starts on the current Tokio runtime.
        ///
        /// # Panics
        /// Outside a runtime.
        pub fn start(self) -> $crate::Transfer<$output> {
            let on_progress = self.options.on_progress.clone();
            $crate::Transfer::start(on_progress, self.work())
        }
    };
}
pub(crate) use run_options;

/// Setters of transfers whose bytes pass through here. They need fields `headers` and `options`.
macro_rules! network_options {
    () => {
        /// Moves at most so many bytes per second, all requests of this transfer together; measured
        /// here, for uploads and downloads alike. The client's own limit holds as well.
        pub fn rate_limit(mut self, bytes_per_second: u64) -> Self {
            self.options.rate_limit = Some(bytes_per_second);
            self
        }

        /// Limits the service's speed for each request, in bits per second (819,200 to
        /// 838,860,800).
        pub fn traffic_limit(mut self, bits_per_second: u64) -> Self {
            self.headers
                .set("x-cos-traffic-limit", bits_per_second.to_string());
            self
        }
    };
}
pub(crate) use network_options;

/// The setter of uploads for `Content-MD5`. It needs a field `options`.
macro_rules! md5_option {
    ($cost:literal) => {
        /// Sends `Content-MD5` with each part, or with the one request, for those whose rules ask
        /// for it: the service refuses what does not match. CRC-64 is compared anyway.
        ///
        #[doc = $cost]
        pub fn content_md5(mut self) -> Self {
            self.options.content_md5 = true;
            self
        }
    };
}
pub(crate) use md5_option;

/// Setters of transfers that can be continued. They need a field `options`.
macro_rules! resume_options {
    () => {
        /// Keeps a resume record in `store` while the transfer runs, and goes on where an earlier
        /// one of the same object and file ended, however that was. Nobody else may use the same
        /// record meanwhile. Small objects, done in one request, need no record and have none.
        pub fn resume_store(mut self, store: &$crate::ResumeFolder) -> Self {
            self.options.store = Some(store.clone());
            self
        }

        /// Goes on where this record ends: the bytes of a [`crate::ResumeRecord`]. When they do not
        /// fit any more it starts again, and the output says why. Comes before what the store has.
        pub fn resume_from(mut self, record: impl Into<Vec<u8>>) -> Self {
            self.options.resume_from = Some(record.into());
            self
        }

        /// What becomes of what was transferred when the transfer fails or is dropped.
        pub fn on_failure(mut self, leftovers: $crate::Leftovers) -> Self {
            self.options.leftovers = Some(leftovers);
            self
        }
    };
}
pub(crate) use resume_options;
