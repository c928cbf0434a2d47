//! What a client is set up with.

use std::sync::Arc;
use std::time::Duration;

use cos_sts::{Clock, CredentialProvider};

use crate::builder::named;
use crate::error::Result;
use crate::metrics::OnAttempt;
use crate::throughput::MinThroughput;
use crate::types::{BucketName, Domain, Endpoint, Region};

/// How often and how patiently a failed request is repeated.
///
/// The waiting time doubles with every attempt, from `base_delay` up to `max_delay`, of which a
/// random half is dropped. Replacing an expired key or correcting the clock does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Requests sent at most for one call; 1 means no repetition.
    pub max_attempts: u32,
    /// The longest first wait.
    pub base_delay: Duration,
    /// The longest wait.
    pub max_delay: Duration,
    /// Repetitions that all calls of a client together may have in hand. Each one takes one; a call
    /// that succeeds after repetitions puts one back, ten calls that succeed at once put two. When
    /// none is left, failures are reported without another attempt. `u32::MAX` is as good as no
    /// limit.
    pub budget: u32,
}

impl Default for RetryPolicy {
    /// 5 attempts, 100 ms, 10 s, a budget of 500.
    fn default() -> Self {
        Self {
            max_attempts: 5,
            base_delay: Duration::from_millis(100),
            max_delay: Duration::from_secs(10),
            budget: 500,
        }
    }
}

impl RetryPolicy {
    /// Never repeats.
    pub fn none() -> Self {
        Self::default().with_max_attempts(1)
    }

    /// Changes the number of attempts.
    #[must_use]
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Changes how many repetitions all calls of a client may have in hand.
    #[must_use]
    pub fn with_budget(mut self, repetitions: u32) -> Self {
        self.budget = repetitions;
        self
    }

    /// Changes the waiting times.
    #[must_use]
    pub fn with_delays(mut self, base: Duration, max: Duration) -> Self {
        self.base_delay = base;
        self.max_delay = max;
        self
    }
}

/// Time limits; none of them limits how long a large transfer may take while bytes flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeouts {
    /// For the TCP and TLS handshakes.
    pub connect: Duration,
    /// For the answer to begin once the request is sent, and between two pieces of it.
    pub read: Duration,
    /// Without the network taking a byte of the request's body.
    pub stall: Duration,
    /// For one call with all its attempts.
    pub whole: Option<Duration>,
}

/// What every request of a client needs to know.
#[derive(Debug)]
pub(crate) struct Config {
    pub bucket: BucketName,
    pub region: Region,
    pub endpoint: Endpoint,
    pub settings: Arc<Settings>,
}

/// The part of the configuration that does not depend on the bucket.
#[derive(Debug)]
pub(crate) struct Settings {
    pub provider: Arc<dyn CredentialProvider>,
    pub clock: Arc<dyn Clock>,
    pub timeouts: Timeouts,
    pub retry: RetryPolicy,
    pub concurrency: usize,
    pub part_size: u64,
    pub multipart_threshold: Option<u64>,
    pub place: Place,
    pub backup_domain: bool,
    pub min_throughput: Option<MinThroughput>,
    pub on_attempt: Option<OnAttempt>,
}

/// Where buckets are found.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub connect_to: Option<String>,
    pub custom_domain: Option<String>,
    /// The one bucket that the custom domain leads to.
    pub custom_bucket: Option<BucketName>,
    pub domain: Domain,
    pub https: bool,
}

impl Place {
    pub(crate) fn endpoint(&self, bucket: &BucketName, region: &Region) -> Result<Endpoint> {
        let leads_there = self.custom_bucket.as_ref().is_none_or(|own| own == bucket);
        let mut endpoint = match self.custom_domain.as_ref().filter(|_| leads_there) {
            Some(url) => Endpoint::custom_domain(url).map_err(|e| named("custom_domain", e))?,
            None => Endpoint::of_bucket(bucket, region, self.domain, self.https),
        };
        if let Some(url) = &self.connect_to {
            endpoint = endpoint.connect_to(url).map_err(|e| named("endpoint", e))?;
        }
        Ok(endpoint)
    }
}
