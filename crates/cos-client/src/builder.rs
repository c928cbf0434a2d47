//! Settings, checked once when the client is built; each error names its field.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use cos_http::{Lookup, Proxy, Resolver};
use cos_sts::{Clock, CredentialProvider, SystemClock};
use http::HeaderValue;

use crate::client::Client;
use crate::config::{Config, Place, RetryPolicy, Settings, Timeouts};
use crate::connections::Connections;
use crate::error::{Error, Result};
use crate::limits::{Adapt, Limits, Memory, Permits, RateLimit};
use crate::metrics::{AttemptMetrics, OnAttempt};
use crate::throughput::MinThroughput;
use crate::transfer::plan;
use crate::types::{BucketName, Domain, Endpoint, Region};

/// Collects settings for a [`Client`]. Bucket, region and credentials are required.
#[must_use = "call build()"]
pub struct ClientBuilder {
    bucket: String,
    region: String,
    provider: Option<Arc<dyn CredentialProvider>>,
    clock: Arc<dyn Clock>,
    timeouts: Timeouts,
    idle_timeout: Duration,
    idle_connections: usize,
    retry: RetryPolicy,
    concurrency: usize,
    max_concurrency: Option<usize>,
    memory_budget: u64,
    rate_limit: Option<u64>,
    part_size: u64,
    multipart_threshold: Option<u64>,
    place: Place,
    proxy: ProxyChoice,
    no_proxy: Option<String>,
    ca_pem: Vec<Vec<u8>>,
    pinned_ca_pem: Vec<Vec<u8>>,
    backup_domain: bool,
    min_throughput: Option<MinThroughput>,
    on_attempt: Option<OnAttempt>,
    user_agent: String,
    resolve: Vec<(String, SocketAddr)>,
    lookup: Option<Lookup>,
}

impl ClientBuilder {
    pub(crate) fn new() -> Self {
        Self {
            bucket: String::new(),
            region: String::new(),
            provider: None,
            clock: Arc::new(SystemClock),
            timeouts: Timeouts {
                connect: Duration::from_secs(10),
                read: Duration::from_secs(60),
                stall: Duration::from_secs(30),
                whole: None,
            },
            // Sooner than the service does.
            idle_timeout: Duration::from_secs(50),
            idle_connections: usize::MAX,
            retry: RetryPolicy::default(),
            concurrency: 8,
            max_concurrency: None,
            memory_budget: 40 << 20,
            rate_limit: None,
            part_size: plan::DEFAULT_PART_SIZE,
            multipart_threshold: None,
            place: Place {
                connect_to: None,
                custom_domain: None,
                custom_bucket: None,
                domain: Domain::Default,
                https: true,
            },
            proxy: ProxyChoice::None,
            no_proxy: None,
            ca_pem: Vec::new(),
            pinned_ca_pem: Vec::new(),
            backup_domain: true,
            min_throughput: None,
            on_attempt: None,
            user_agent: concat!("cos-client-rust/", env!("CARGO_PKG_VERSION")).into(),
            resolve: Vec::new(),
            lookup: None,
        }
    }

    /// The bucket, `<name>-<appid>`; required.
    pub fn bucket(mut self, bucket: impl Into<String>) -> Self {
        self.bucket = bucket.into();
        self
    }

    /// The bucket's region, such as `ap-guangzhou`; required.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// Connects to this `scheme://host[:port]` while requests keep, and sign, the bucket's own
    /// `Host`: for the emulator, a gateway, or a fixed address. Over TLS the certificate must be of
    /// the name in this URL; [`ClientBuilder::resolve`] goes to a fixed address and keeps the name.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.place.connect_to = Some(url.into());
        self
    }

    /// A domain of your own that leads to the bucket, such as `https://files.example.com`. Other
    /// buckets of the same client are asked at the service's own domain.
    pub fn custom_domain(mut self, url: impl Into<String>) -> Self {
        self.place.custom_domain = Some(url.into());
        self
    }

    /// Which of the service's domains to use.
    pub fn domain(mut self, domain: Domain) -> Self {
        self.place.domain = domain;
        self
    }

    /// Whether to use TLS with the service's own domains; on by default.
    pub fn https(mut self, https: bool) -> Self {
        self.place.https = https;
        self
    }

    /// Where credentials come from; required. Asked for every request.
    pub fn credentials(mut self, provider: impl CredentialProvider) -> Self {
        self.provider = Some(Arc::new(provider));
        self
    }

    /// The clock that signatures and waiting use; the system's by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Limit for making a connection, TLS included; 10 s by default.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.connect = limit;
        self
    }

    /// Limit for an answer to begin after the request is sent, and between two pieces of its
    /// content; 60 s by default.
    pub fn read_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.read = limit;
        self
    }

    /// Cuts an upload's connection when the network took no byte for this long; 30 s by default.
    pub fn stall_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.stall = limit;
        self
    }

    /// Limit for one call with all its attempts; none by default. A transfer is many calls.
    pub fn operation_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.whole = Some(limit);
        self
    }

    /// Closes a connection that waited for its next request this long; 50 s by default, sooner than
    /// the service closes it. Raise it only for gateways that keep theirs longer.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = limit;
        self
    }

    /// Connections to one host that are kept for their next request; all of them by default. With 0
    /// every request makes its own.
    pub fn max_idle_connections(mut self, connections: usize) -> Self {
        self.idle_connections = connections;
        self
    }

    /// How failures are repeated.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Requests in flight at most for all transfers of this client together; 8 by default.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests;
        self
    }

    /// Lets the number of requests in flight grow up to this many while more of them move more
    /// bytes, and shrink again when they do not. Without it `concurrency` is the most. Either way
    /// there are fewer, for a while, when the service says that it is asked too much (503).
    pub fn adaptive_concurrency(mut self, most: usize) -> Self {
        self.max_concurrency = Some(most);
        self
    }

    /// Bytes that all transfers of this client together hold because they cannot be read again:
    /// the parts of [`Client::upload_reader`] that are under way. 40 MiB by default, with
    /// which such an upload stays below 64 MiB in all; a part that is larger goes alone. Files are not
    /// held, they cost about 512 KiB for each request in flight.
    pub fn memory_budget(mut self, bytes: u64) -> Self {
        self.memory_budget = bytes;
        self
    }

    /// Moves at most so many bytes of content per second, everything this client sends and receives
    /// together; unlimited by default. A transfer may have a limit of its own besides. While a limit
    /// holds, `min_throughput` is not looked at.
    pub fn rate_limit(mut self, bytes_per_second: u64) -> Self {
        self.rate_limit = Some(bytes_per_second);
        self
    }

    /// Bytes per part of a transfer, 1 MiB to 5 GiB; 8 MiB by default. It grows by itself where a
    /// file would need more than 10,000 parts.
    pub fn part_size(mut self, bytes: u64) -> Self {
        self.part_size = bytes;
        self
    }

    /// Files of at least this many bytes go in parts; by default those larger than one part.
    pub fn multipart_threshold(mut self, bytes: u64) -> Self {
        self.multipart_threshold = Some(bytes);
        self
    }

    /// A forward proxy, `http://[user:password@]host:port`. Without it, and without
    /// [`ClientBuilder::proxy_from_env`], there is none.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = ProxyChoice::Url(url.into());
        self
    }

    /// The proxy that the environment names now, as curl reads it: `https_proxy` (`http_proxy` for an
    /// endpoint without TLS), else `all_proxy`, and the exceptions in `no_proxy`; each also in upper case.
    pub fn proxy_from_env(mut self) -> Self {
        self.proxy = ProxyChoice::Read(Proxy::from_environment());
        self
    }

    /// The proxy that these variables name.
    pub(crate) fn proxy_from(mut self, variable: &dyn Fn(&str) -> Option<String>) -> Self {
        self.proxy = ProxyChoice::Read(Proxy::from_variables(variable));
        self
    }

    /// Hosts that bypass the proxy, separated by commas, in the form of `NO_PROXY`; instead of those
    /// that the environment names.
    pub fn no_proxy(mut self, hosts: impl Into<String>) -> Self {
        self.no_proxy = Some(hosts.into());
        self
    }

    /// Trusts these certificates (PEM, one or more) besides the built-in roots.
    pub fn ca_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.ca_pem.push(pem.as_ref().to_vec());
        self
    }

    /// Trusts these certificates (PEM, one or more) and no others: for a private gateway, or to
    /// pin the service's own root.
    pub fn pinned_ca_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.pinned_ca_pem.push(pem.as_ref().to_vec());
        self
    }

    /// Whether a bucket whose own domain, `….myqcloud.com`, does not answer is asked at the
    /// service's second one, `….tencentcos.cn`; on by default. Requests are signed anew for it.
    /// Other domains and answers of the service itself never lead there.
    pub fn backup_domain(mut self, on: bool) -> Self {
        self.backup_domain = on;
        self
    }

    /// Cuts connections that carry less than `bytes_per_second` over `window` while content goes
    /// either way; none by default. What is cut is repeated like any broken connection. The
    /// time a reader takes for what has arrived does not count.
    pub fn min_throughput(mut self, bytes_per_second: u64, window: Duration) -> Self {
        self.min_throughput = Some(MinThroughput {
            bytes_per_s: bytes_per_second,
            window,
        });
        self
    }

    /// Calls `hook` after every request sent, repetitions included, with what it took. It runs
    /// inside the request: return quickly.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = cos_emulator::Emulator::builder().start().await?;
    /// # let account = &emulator.accounts()[0];
    /// # let credentials = cos_sts::Credentials::permanent(&account.secret_id, &account.secret_key)?;
    /// let client = cos_client::Client::builder()
    ///     .on_attempt(|m| println!("{} {:?} {:?}", m.operation, m.status, m.first_byte))
    /// #    .bucket("demo-1250000000")
    /// #    .region("ap-guangzhou")
    /// #    .credentials(cos_sts::StaticProvider::new(credentials))
    /// #    .endpoint(emulator.http_url())
    ///     .build()?;
    /// # client.put_object("k", "x").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_attempt(mut self, hook: impl Fn(&AttemptMetrics) + Send + Sync + 'static) -> Self {
        self.on_attempt = Some(OnAttempt(Arc::new(hook)));
        self
    }

    /// The `User-Agent` header.
    pub fn user_agent(mut self, text: impl Into<String>) -> Self {
        self.user_agent = text.into();
        self
    }

    /// Connects to `address` for `host` instead of asking DNS.
    pub fn resolve(mut self, host: impl Into<String>, address: SocketAddr) -> Self {
        self.resolve.push((host.into(), address));
        self
    }

    /// Asks `lookup` for the addresses of a host instead of the system: for DNS over HTTPS, or a
    /// resolver of the app's own. It is asked for every new connection, so it should remember.
    /// With a proxy it is asked for the proxy only.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = cos_emulator::Emulator::builder().start().await?;
    /// # let account = &emulator.accounts()[0];
    /// # let credentials = cos_sts::Credentials::permanent(&account.secret_id, &account.secret_key)?;
    /// # let at = emulator.http_url().replace("127.0.0.1", "cos.invalid");
    /// let client = cos_client::Client::builder()
    ///     .lookup(|host| async move {
    ///         println!("where is {host}?");
    ///         Ok(vec!["127.0.0.1".parse().unwrap()])
    ///     })
    /// #    .bucket("demo-1250000000")
    /// #    .region("ap-guangzhou")
    /// #    .credentials(cos_sts::StaticProvider::new(credentials))
    /// #    .endpoint(at)
    ///     .build()?;
    /// # client.put_object("k", "x").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn lookup<R>(mut self, lookup: impl Fn(String) -> R + Send + Sync + 'static) -> Self
    where
        R: Future<Output = std::io::Result<Vec<IpAddr>>> + Send + 'static,
    {
        self.lookup = Some(Lookup::new(lookup));
        self
    }

    /// Checks everything and makes the client. Opens no connection.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Config`], naming the field.
    pub fn build(mut self) -> Result<Client> {
        let bucket = BucketName::new(self.bucket.as_str()).map_err(|e| named("bucket", e))?;
        let region = Region::new(self.region.as_str()).map_err(|e| named("region", e))?;
        let provider = self
            .provider
            .clone()
            .ok_or_else(|| named("credentials", "no provider was given"))?;
        self.check_numbers()?;
        self.place.custom_bucket = Some(bucket.clone());
        let endpoint = self.place.endpoint(&bucket, &region)?;
        let most = self.max_concurrency.unwrap_or(self.concurrency);
        let limits = Limits {
            permits: Permits::new(Adapt::new(self.concurrency, most)),
            memory: Memory::new(self.memory_budget),
            rate: self.rate_limit.map(RateLimit::new),
        };
        let user_agent = HeaderValue::from_str(&self.user_agent)
            .map_err(|_| named("user_agent", "it cannot be sent as a header"))?;
        let proxy = self.usable_proxy(&endpoint)?;
        let tls = self.tls()?;
        let http = cos_http::Settings {
            connect_timeout: self.timeouts.connect,
            idle_timeout: self.idle_timeout,
            idle_connections: self.idle_connections,
            proxy,
            resolver: Resolver::new(self.resolve, self.lookup),
            ..cos_http::Settings::new(tls)
        };
        let settings = Settings {
            provider,
            clock: self.clock,
            timeouts: self.timeouts,
            retry: self.retry,
            concurrency: self.concurrency,
            part_size: self.part_size,
            multipart_threshold: self.multipart_threshold,
            place: self.place,
            backup_domain: self.backup_domain,
            min_throughput: self.min_throughput,
            on_attempt: self.on_attempt,
        };
        let config = Config {
            bucket,
            region,
            endpoint,
            settings: Arc::new(settings),
        };
        let connections = Connections::new(http, user_agent);
        Ok(Client::from_parts(config, connections, limits))
    }

    fn usable_proxy(&self, endpoint: &Endpoint) -> Result<Proxy> {
        let exceptions = self.no_proxy.as_deref();
        let proxy = match &self.proxy {
            ProxyChoice::None => Proxy::none(),
            ProxyChoice::Url(url) => Proxy::through(url, exceptions.unwrap_or_default())
                .map_err(|why| named("proxy", why))?,
            ProxyChoice::Read(proxy) => {
                exceptions.map_or_else(|| proxy.clone(), |hosts| proxy.with_exceptions(hosts))
            }
        };
        // Said now rather than by every request.
        if let Ok(url) = endpoint.base().parse() {
            let name = proxy.name_for(&url);
            name.map_err(|why| Error::config(why.to_string()))?;
        }
        Ok(proxy)
    }

    fn check_numbers(&self) -> Result<()> {
        if self.concurrency == 0 || self.concurrency > 1024 {
            return Err(named("concurrency", "must be 1 to 1024"));
        }
        if (self.max_concurrency).is_some_and(|most| most < self.concurrency || most > 1024) {
            return Err(named(
                "adaptive_concurrency",
                "must be `concurrency` to 1024",
            ));
        }
        if self.memory_budget == 0 {
            return Err(named("memory_budget", "must be above zero"));
        }
        if self.rate_limit == Some(0) {
            return Err(named("rate_limit", "must be above zero"));
        }
        if self.retry.max_attempts == 0 {
            return Err(named("retry", "max_attempts must be at least 1"));
        }
        plan::check_part_size(self.part_size).map_err(|e| named("part_size", e))?;
        if self
            .multipart_threshold
            .is_some_and(|t| t > plan::MAX_SINGLE_PUT)
        {
            return Err(named(
                "multipart_threshold",
                "a simple upload takes at most 5 GiB",
            ));
        }
        if self.min_throughput.is_some_and(|m| m.bytes_per_s == 0) {
            return Err(named("min_throughput", "must be above zero"));
        }
        if !self.ca_pem.is_empty() && !self.pinned_ca_pem.is_empty() {
            return Err(named(
                "pinned_ca_pem",
                "only pinned certificates are trusted; leave ca_pem out",
            ));
        }
        for (field, limit) in [
            ("min_throughput", self.min_throughput.map(|m| m.window)),
            ("connect_timeout", Some(self.timeouts.connect)),
            ("read_timeout", Some(self.timeouts.read)),
            ("stall_timeout", Some(self.timeouts.stall)),
            ("idle_timeout", Some(self.idle_timeout)),
            ("operation_timeout", self.timeouts.whole),
        ] {
            if limit.is_some_and(|l| l.is_zero()) {
                return Err(named(field, "must be longer than zero"));
            }
        }
        Ok(())
    }

    fn tls(&self) -> Result<cos_http::TlsConfig> {
        let field = match self.pinned_ca_pem.is_empty() {
            true => "ca_pem",
            false => "pinned_ca_pem",
        };
        cos_http::tls_config(&self.ca_pem, &self.pinned_ca_pem).map_err(|e| named(field, e))
    }
}

/// Where the way goes through.
enum ProxyChoice {
    None,
    Url(String),
    Read(Proxy),
}

/// Proxy addresses may hold a password; nothing but the place is shown.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("bucket", &self.bucket)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

pub(crate) fn named(field: &str, why: impl fmt::Display) -> Error {
    Error::config(format!("{field}: {why}"))
}

#[cfg(test)]
mod tests {
    use cos_sts::{Credentials, StaticProvider};

    use super::*;
    use crate::error::ErrorKind;

    fn provider() -> StaticProvider {
        StaticProvider::new(Credentials::permanent("AKIDtest", "secret").unwrap())
    }

    fn good() -> ClientBuilder {
        ClientBuilder::new()
            .bucket("demo-1250000000")
            .region("ap-guangzhou")
            .credentials(provider())
    }

    #[test]
    fn builds_without_a_process_wide_tls_provider() {
        let client = good().build().unwrap();
        assert_eq!(client.bucket().as_str(), "demo-1250000000");
        assert_eq!(
            client.endpoint().base(),
            "https://demo-1250000000.cos.ap-guangzhou.myqcloud.com"
        );
    }

    #[test]
    fn a_custom_domain_is_one_buckets() {
        let client = good().custom_domain("https://files.example.com");
        let client = client.build().unwrap();
        assert_eq!(client.endpoint().host(), "files.example.com");
        let same = client.for_bucket("demo-1250000000", "ap-guangzhou");
        assert_eq!(same.unwrap().endpoint().host(), "files.example.com");
        let other = client.for_bucket("other-1250000000", "ap-beijing").unwrap();
        let host = "other-1250000000.cos.ap-beijing.myqcloud.com";
        assert_eq!(other.endpoint().host(), host);
        let back = other.for_bucket("demo-1250000000", "ap-guangzhou");
        assert_eq!(back.unwrap().endpoint().host(), "files.example.com");
    }

    #[test]
    fn every_error_names_its_field() {
        let cases: Vec<(&str, ClientBuilder)> = vec![
            ("bucket", good().bucket("x")),
            ("region", good().region("")),
            (
                "credentials",
                ClientBuilder::new().bucket("d-1").region("r1"),
            ),
            ("endpoint", good().endpoint("localhost:1")),
            ("custom_domain", good().custom_domain("ftp://x")),
            ("concurrency", good().concurrency(0)),
            ("adaptive_concurrency", good().adaptive_concurrency(7)),
            ("memory_budget", good().memory_budget(0)),
            ("rate_limit", good().rate_limit(0)),
            ("part_size", good().part_size(1)),
            (
                "retry",
                good().retry(RetryPolicy::none().with_max_attempts(0)),
            ),
            ("multipart_threshold", good().multipart_threshold(6 << 30)),
            ("connect_timeout", good().connect_timeout(Duration::ZERO)),
            ("read_timeout", good().read_timeout(Duration::ZERO)),
            ("stall_timeout", good().stall_timeout(Duration::ZERO)),
            ("idle_timeout", good().idle_timeout(Duration::ZERO)),
            (
                "operation_timeout",
                good().operation_timeout(Duration::ZERO),
            ),
            ("proxy", good().proxy("http://u:hunter2@")),
            ("proxy", good().proxy("socks5://u:hunter2@localhost:1080")),
            ("ca_pem", good().ca_pem("no certificate")),
            ("pinned_ca_pem", good().pinned_ca_pem("no certificate")),
            ("pinned_ca_pem", good().pinned_ca_pem("a").ca_pem("b")),
            (
                "min_throughput",
                good().min_throughput(0, Duration::from_secs(1)),
            ),
            ("min_throughput", good().min_throughput(1, Duration::ZERO)),
            ("user_agent", good().user_agent("a\nb")),
        ];
        for (field, builder) in cases {
            let error = builder.build().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.message().starts_with(field), "{field}: {error}");
            assert!(!error.message().contains("hunter2"));
        }
    }
}
