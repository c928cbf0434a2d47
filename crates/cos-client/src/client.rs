//! The client: a cheap handle to one bucket.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use crate::body::BufferPool;
use crate::budget::Budget;
use crate::builder::ClientBuilder;
use crate::config::{Config, Settings, Timeouts};
use crate::connections::Connections;
use crate::error::Result;
use crate::limits::{Claim, Limits, Memory, Pace, Permit, RateLimit};
use crate::sign::KeyCache;
use crate::skew::Skew;
use crate::timers::Timers;
use crate::types::{BucketName, Endpoint, Region};

/// Access to one bucket. Clones share connections, signing keys and limits; use one per bucket and
/// keep it.
#[derive(Clone)]
pub struct Client {
    config: Arc<Config>,
    shared: Arc<Shared>,
}

/// What clients for several buckets have in common.
struct Shared {
    connections: Connections,
    keys: KeyCache,
    skew: Skew,
    /// For repetitions.
    budget: Budget,
    limits: Limits,
    buffers: Arc<BufferPool>,
    timers: Arc<Timers>,
    /// Clean-ups running after their transfer has completed.
    cleanups: watch::Sender<usize>,
}

impl Client {
    /// Begins a configuration.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    pub(crate) fn from_parts(config: Config, connections: Connections, limits: Limits) -> Self {
        let concurrency = config.settings.concurrency;
        let shared = Shared {
            connections,
            keys: KeyCache::default(),
            skew: Skew::default(),
            budget: Budget::new(config.settings.retry.budget),
            limits,
            // One buffer on the way to the network and one being filled, per request.
            buffers: BufferPool::new(concurrency * 2),
            timers: Arc::default(),
            cleanups: watch::Sender::new(0),
        };
        Self {
            config: Arc::new(config),
            shared: Arc::new(shared),
        }
    }

    /// A client for another bucket with everything else the same, connections included.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Config`] when a name is malformed.
    pub fn for_bucket(
        &self,
        bucket: impl Into<String>,
        region: impl Into<String>,
    ) -> Result<Client> {
        let bucket = BucketName::new(bucket)?;
        let region = Region::new(region)?;
        let config = Config {
            endpoint: self.settings().place.endpoint(&bucket, &region)?,
            bucket,
            region,
            settings: Arc::clone(&self.config.settings),
        };
        Ok(Self {
            config: Arc::new(config),
            shared: Arc::clone(&self.shared),
        })
    }

    /// The bucket.
    pub fn bucket(&self) -> &BucketName {
        &self.config.bucket
    }

    /// The bucket's region.
    pub fn region(&self) -> &Region {
        &self.config.region
    }

    /// Where requests go.
    pub fn endpoint(&self) -> &Endpoint {
        &self.config.endpoint
    }

    /// Waits until every clean-up that transfers left behind is over: aborting the uploads of
    /// cancelled transfers. Call it before a program ends; each clean-up is limited to seconds.
    pub async fn wait_for_cleanup(&self) {
        let mut running = self.shared.cleanups.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        let _ = running.wait_for(|n| *n == 0).await;
    }

    /// Runs `work` on its own, counted by [`Client::wait_for_cleanup`]. Without a runtime there is
    /// nothing to run it on and it is dropped.
    pub(crate) fn spawn_cleanup(&self, work: impl Future<Output = ()> + Send + 'static) {
        struct Counted(Arc<Shared>);
        impl Drop for Counted {
            fn drop(&mut self) {
                self.0.cleanups.send_modify(|n| *n -= 1);
            }
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        self.shared.cleanups.send_modify(|n| *n += 1);
        let counted = Counted(Arc::clone(&self.shared));
        runtime.spawn(async move {
            work.await;
            drop(counted);
        });
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.config.settings
    }

    pub(crate) fn timeouts(&self) -> &Timeouts {
        &self.config.settings.timeouts
    }

    pub(crate) fn connections(&self) -> &Connections {
        &self.shared.connections
    }

    pub(crate) fn keys(&self) -> &KeyCache {
        &self.shared.keys
    }

    /// The right to have one transfer request in flight.
    pub(crate) async fn permit(&self, claim: &Claim) -> Permit {
        self.shared.limits.permits.take(claim.priority).await
    }

    /// Room in memory for content that cannot be read again.
    pub(crate) fn memory(&self) -> &Memory {
        &self.shared.limits.memory
    }

    /// The client's own limit of speed, and `another`.
    pub(crate) fn pace(&self, another: Option<Arc<RateLimit>>) -> Pace {
        Pace::of(self.shared.limits.rate.iter().cloned().chain(another))
    }

    /// The service said that it is asked too much.
    pub(crate) fn slow_down(&self) {
        self.shared.limits.permits.slow_down();
    }

    pub(crate) fn timers(&self) -> &Arc<Timers> {
        &self.shared.timers
    }

    pub(crate) fn buffers(&self) -> &Arc<BufferPool> {
        &self.shared.buffers
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.shared.budget
    }

    /// Our clock corrected by what the bucket's host taught us, and the correction in it.
    pub(crate) fn now(&self) -> Now {
        self.now_at(self.endpoint().host())
    }

    /// The same for any host.
    pub(crate) fn now_at(&self, host: &str) -> Now {
        let offset_s = self.shared.skew.of(host);
        let now_s = self.settings().clock.now_s();
        Now {
            s: now_s.saturating_add_signed(offset_s),
            offset_s,
        }
    }

    /// What the correction of our clock for `host` is from now on.
    pub(crate) fn correct_clock(&self, host: &str, offset_s: i64) {
        self.shared.skew.learn(host, offset_s);
    }
}

/// A moment on the corrected clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    pub s: u64,
    pub offset_s: i64,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("bucket", &self.config.bucket.as_str())
            .field("region", &self.config.region.as_str())
            .field("endpoint", &self.config.endpoint.base())
            .finish_non_exhaustive()
    }
}
