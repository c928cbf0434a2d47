//! The handle a program holds: start, addresses, stop.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::EmulatorClock;
use crate::config::{Account, Config, ConfigError};
use crate::faults::{FaultRule, Faults};
use crate::keys::{Keys, Revoked};
use crate::log::{Log, LogRecord};
use crate::server;
use crate::server::tls::{self, Authority};
use crate::shared::Shared;
use crate::store::Store;

/// Longest wait for a client in the middle of a request, unless told otherwise.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A port or a file could not be had.
    #[error("emulator: {what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl StartError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

/// Options of an emulator. Made by [`Emulator::builder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct EmulatorBuilder {
    listen: SocketAddr,
    config: Config,
    data_dir: Option<PathBuf>,
    sink: bool,
    tls: bool,
    clock_offset_s: i64,
    max_memory: Option<u64>,
    seed: u64,
    idle_timeout: Duration,
}

impl EmulatorBuilder {
    /// Where plain HTTP listens; default `127.0.0.1:0` (a free port).
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Accounts, buckets and roles; default [`Config::default`].
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Keeps objects and uploads under this directory instead of in memory.
    pub fn data_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(dir.into());
        self
    }

    /// Keeps of each object only its length and checksum, and no MD5 (the ETag is something else): for
    /// measuring clients, with objects of any size. Objects read as zeros of their length, so a client
    /// that checks what it reads must have written zeros. Not together with a data directory.
    pub fn sink(mut self, on: bool) -> Self {
        self.sink = on;
        self
    }

    /// Also listens with TLS, under a certificate authority made at start.
    pub fn tls(mut self, on: bool) -> Self {
        self.tls = on;
        self
    }

    /// Starts the clock this many seconds ahead of the system's (behind it, if negative).
    pub fn clock_offset_s(mut self, seconds: i64) -> Self {
        self.clock_offset_s = seconds;
        self
    }

    /// Most bytes that objects may take in memory; beyond it uploads are refused. Default: no limit.
    pub fn max_memory(mut self, bytes: u64) -> Self {
        self.max_memory = Some(bytes);
        self
    }

    /// Seed of fault probabilities and request ids; the same seed gives the same faults.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Longest wait for a client in the middle of a request: for its whole head, then for each next piece of its
    /// body; default 30 s. A late head ends the connection, a late body is refused with `RequestTimeout`.
    pub fn idle_timeout(mut self, wait: Duration) -> Self {
        self.idle_timeout = wait;
        self
    }

    /// Starts the emulator. It runs on threads of its own, so a blocked caller does not stop it.
    ///
    /// # Errors
    /// An unusable configuration, a port that is taken, a directory that cannot be written.
    pub async fn start(self) -> Result<Emulator, StartError> {
        self.config.check()?;
        let (listen, tls) = (self.listen, self.tls);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("cos-emulator")
            .enable_all()
            .build()
            .map_err(StartError::io("cannot start threads"))?;
        let runtime = Threads(Some(runtime));
        let (listener, http) = bind(&runtime, listen).await?;
        let spelling = runtime
            .spawn(server::service_spelling())
            .await
            .map_err(|e| StartError::io("cannot start threads")(e.into()))?
            .map_err(StartError::io("cannot start HTTP"))?;
        let shared = Arc::new(self.shared(spelling)?);
        let configured = Arc::clone(&shared);
        runtime
            .spawn(async move {
                configured
                    .store
                    .configure(&configured.config.buckets, configured.clock.now_ms())
                    .await
            })
            .await
            .map_err(|e| StartError::io("cannot start threads")(e.into()))?
            .map_err(|e| {
                StartError::io("cannot create the configured buckets")(std::io::Error::other(
                    e.message,
                ))
            })?;
        let (stop, stopped) = watch::channel(false);
        let mut serving = vec![runtime.spawn(server::run(
            listener,
            None,
            Arc::clone(&shared),
            stopped.clone(),
        ))];
        let (mut https, mut ca) = (None, None);
        if tls {
            let what = "cannot start TLS";
            let authority =
                Authority::new().map_err(|e| StartError::io(what)(std::io::Error::other(e)))?;
            ca = Some(CaFiles::write(&authority.pem)?);
            let acceptor = tls::acceptor(Arc::new(authority))
                .map_err(|e| StartError::io(what)(std::io::Error::other(e)))?;
            let (listener, address) = bind(&runtime, SocketAddr::new(listen.ip(), 0)).await?;
            https = Some(address);
            serving.push(runtime.spawn(server::run(
                listener,
                Some(acceptor),
                Arc::clone(&shared),
                stopped,
            )));
        }
        Ok(Emulator {
            shared,
            http,
            https,
            ca,
            _runtime: runtime,
            stop,
            serving,
        })
    }

    fn shared(self, spelling: http::Extensions) -> Result<Shared, StartError> {
        let store = match &self.data_dir {
            None if self.sink => Store::of_zeros(),
            None => Store::in_memory(self.max_memory),
            Some(dir) => Store::on_disk(dir)
                .map_err(StartError::io(format!("data directory {}", dir.display())))?,
        };
        let shared = Shared {
            clock: Arc::new(EmulatorClock::new(self.clock_offset_s)),
            clock_offset_s: self.clock_offset_s,
            store,
            keys: Keys::default(),
            log: Log::default(),
            faults: Faults::default(),
            seed: self.seed,
            idle_timeout: self.idle_timeout,
            spelling,
            random: Mutex::new(fastrand::Rng::with_seed(self.seed)),
            config: self.config,
        };
        shared.keys.configure(&shared.config, self.seed)?;
        shared.faults.configure(&shared.config.faults, self.seed)?;
        Ok(shared)
    }
}

async fn bind(
    runtime: &Threads,
    address: SocketAddr,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let listener = runtime
        .spawn(async move { TcpListener::bind(address).await })
        .await
        .map_err(|e| StartError::io("cannot start threads")(e.into()))?
        .map_err(StartError::io(format!("cannot listen on {address}")))?;
    let local = listener
        .local_addr()
        .map_err(StartError::io("no local address"))?;
    Ok((listener, local))
}

/// The emulator's threads. They must be let go of in the background: a runtime dropped inside another one panics.
#[derive(Debug)]
struct Threads(Option<Runtime>);

impl Threads {
    fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        match &self.0 {
            Some(runtime) => runtime.spawn(task),
            // Only after drop, which takes &mut self: nobody can call then.
            None => unreachable!("threads live as long as the value"),
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[derive(Debug)]
struct CaFiles {
    pem: String,
    file: PathBuf,
    // Removes the file when the emulator ends.
    _dir: tempfile::TempDir,
}

impl CaFiles {
    fn write(pem: &str) -> Result<Self, StartError> {
        let dir = tempfile::Builder::new()
            .prefix("cos-emulator-")
            .tempdir()
            .map_err(StartError::io(
                "cannot make a directory for the CA certificate",
            ))?;
        let file = dir.path().join("ca.pem");
        std::fs::write(&file, pem).map_err(StartError::io("cannot write the CA certificate"))?;
        Ok(Self {
            pem: pem.to_owned(),
            file,
            _dir: dir,
        })
    }
}

/// A running emulator. Dropping it stops it.
#[derive(Debug)]
pub struct Emulator {
    shared: Arc<Shared>,
    http: SocketAddr,
    https: Option<SocketAddr>,
    ca: Option<CaFiles>,
    stop: watch::Sender<bool>,
    serving: Vec<JoinHandle<()>>,
    _runtime: Threads,
}

impl Emulator {
    /// Options with their defaults: a free port of 127.0.0.1, plain HTTP, objects in memory.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            config: Config::default(),
            data_dir: None,
            sink: false,
            tls: false,
            clock_offset_s: 0,
            max_memory: None,
            seed: 0,
            idle_timeout: IDLE_TIMEOUT,
        }
    }

    /// `http://127.0.0.1:PORT`
    #[must_use]
    pub fn http_url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// `https://127.0.0.1:PORT`, if started with TLS.
    #[must_use]
    pub fn https_url(&self) -> Option<String> {
        self.https.map(|address| format!("https://{address}"))
    }

    /// The file with the certificate authority's certificate, if started with TLS. It goes when the emulator ends.
    #[must_use]
    pub fn ca_file(&self) -> Option<&Path> {
        self.ca.as_ref().map(|ca| ca.file.as_path())
    }

    /// The certificate authority's certificate, if started with TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca.as_ref().map(|ca| ca.pem.as_str())
    }

    /// The clock that decides what is expired.
    #[must_use]
    pub fn clock(&self) -> Arc<EmulatorClock> {
        Arc::clone(&self.shared.clock)
    }

    /// The configured accounts, keys included.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.shared.config.accounts
    }

    /// The configuration it started with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// The log's records with a number above `seq`.
    #[must_use]
    pub fn log_since(&self, seq: u64) -> Vec<LogRecord> {
        self.shared.log.since(seq)
    }

    /// Adds a fault rule, see [`FaultRule::from_json`].
    pub fn add_fault(&self, rule: FaultRule) {
        self.shared.faults.add(rule);
    }

    /// Removes all fault rules, configured ones too.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Makes a credential expired (or, with `expired` false, unknown). Returns whether it was known.
    pub fn revoke(&self, secret_id: &str, expired: bool) -> bool {
        let how = if expired {
            Revoked::Expired
        } else {
            Revoked::Unknown
        };
        self.shared.keys.revoke(secret_id, how)
    }

    /// One line of JSON: addresses, accounts with their keys, buckets.
    #[must_use]
    pub fn ready_line(&self) -> String {
        let accounts = self.accounts().iter().map(|a| {
            json!({"app_id": a.app_id, "uin": a.uin, "secret_id": a.secret_id, "secret_key": a.secret_key})
        });
        let buckets = self
            .config()
            .buckets
            .iter()
            .map(|b| json!({"name": b.name, "region": b.region}));
        json!({
            "http": self.http_url(),
            "https": self.https_url(),
            "ca_file": self.ca_file(),
            "accounts": accounts.collect::<Vec<_>>(),
            "buckets": buckets.collect::<Vec<_>>(),
        })
        .to_string()
    }

    /// Stops accepting, lets open requests end for a short while, and frees the port.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        for task in self.serving.drain(..) {
            let _ = task.await;
        }
    }
}
