//! Clients, providers and data that tests share.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use cos_client::{Client, ClientBuilder};
use cos_sts::{
    BoxFuture, CredentialError, CredentialProvider, CredentialRequest, Credentials, ManualClock,
    StaticProvider,
};

pub(crate) const BUCKET: &str = "demo-1250000000";
pub(crate) const REGION: &str = "ap-guangzhou";
pub(crate) const HOST: &str = "demo-1250000000.cos.ap-guangzhou.myqcloud.com";
pub(crate) const NOW: u64 = 1_700_000_000;

pub(crate) fn permanent() -> StaticProvider {
    StaticProvider::new(Credentials::permanent("AKIDtest", "test-secret").unwrap())
}

pub(crate) fn temporary() -> StaticProvider {
    let end = NOW + 1_800;
    StaticProvider::new(
        Credentials::temporary("AKIDtmp", "tmp-secret", "tmp-token", Some(NOW), end).unwrap(),
    )
}

/// A builder for a scripted server: waiting takes no time.
pub(crate) fn builder(url: &str) -> ClientBuilder {
    Client::builder()
        .bucket(BUCKET)
        .region(REGION)
        .endpoint(url)
        .credentials(permanent())
        .clock(ManualClock::skipping_sleep(NOW))
}

pub(crate) fn client(url: &str) -> Client {
    builder(url).build().unwrap()
}

/// Hands out `key-1`, `key-2`, … : a new one after each generation that was refused.
#[derive(Debug)]
pub(crate) struct Renewing {
    generation: AtomicU64,
    pub(crate) requests: Mutex<Vec<CredentialRequest>>,
}

impl Renewing {
    pub(crate) fn new() -> Self {
        Self {
            generation: AtomicU64::new(1),
            requests: Mutex::new(Vec::new()),
        }
    }

    /// How many generations there were.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    fn current(&self) -> Credentials {
        let generation = self.generation();
        let (id, token) = (format!("key-{generation}"), format!("token-{generation}"));
        Credentials::temporary(id, "secret", token, None, NOW + 1_800)
            .unwrap()
            .with_generation(generation)
    }
}

impl CredentialProvider for Renewing {
    fn credentials<'a>(
        &'a self,
        request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        self.requests.lock().unwrap().push(request.clone());
        Box::pin(std::future::ready(Ok(self.current())))
    }

    fn invalidate(&self, generation: u64) {
        let _ = self.generation.compare_exchange(
            generation,
            generation + 1,
            Ordering::SeqCst,
            Ordering::SeqCst,
        );
    }
}

/// Bytes that differ from place to place.
pub(crate) fn data(len: usize) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(len as u64);
    let mut bytes = vec![0; len];
    rng.fill(&mut bytes);
    bytes
}

/// Everything in a folder, hidden files too.
pub(crate) fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<_> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
