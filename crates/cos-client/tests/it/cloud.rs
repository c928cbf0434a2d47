//! The emulator, its clock, and temporary credentials from its STS.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cos_client::{Client, ClientBuilder};
use cos_emulator::{BucketConfig, Config, Emulator, EmulatorClock, FaultRule};
use cos_sign_core::tc3::Tc3Request;
use cos_sts::{
    BoxFuture, Clock, CredentialError, CredentialErrorKind, CredentialProvider, CredentialRequest,
    Credentials, StaticProvider,
};
use serde_json::json;

use crate::setup::{BUCKET, REGION};

pub(crate) const PLAIN: &str = "plain-1250000000";
const STS: &str = "sts.tencentcloudapi.com";

/// An emulator. The bucket of nearly every test is in strict-signature mode, where all that is sent must
/// be signed; `PLAIN` is an ordinary one.
pub(crate) struct Cloud {
    pub(crate) emulator: Emulator,
}

impl Cloud {
    pub(crate) async fn start() -> Self {
        Self::build(false).await
    }

    pub(crate) async fn with_tls() -> Self {
        Self::build(true).await
    }

    async fn build(tls: bool) -> Self {
        let mut config = Config::default();
        let plain = BucketConfig::new(PLAIN, REGION);
        config.buckets[0].strict_signature = true;
        config.buckets.push(plain);
        let builder = Emulator::builder().config(config).tls(tls);
        Self {
            emulator: builder.start().await.unwrap(),
        }
    }

    /// Everything but credentials.
    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder()
            .bucket(BUCKET)
            .region(REGION)
            .endpoint(self.emulator.http_url())
            .clock(CloudClock(self.emulator.clock()))
            .part_size(1 << 20)
    }

    /// With the account's own key.
    pub(crate) fn root(&self) -> Client {
        let builder = self.builder().credentials(self.root_credentials());
        builder.build().unwrap()
    }

    pub(crate) fn root_credentials(&self) -> StaticProvider {
        let account = &self.emulator.accounts()[0];
        StaticProvider::new(
            Credentials::permanent(&account.secret_id, &account.secret_key).unwrap(),
        )
    }

    /// With temporary keys of this session policy (COS actions on the whole bucket).
    pub(crate) async fn allowed(&self, actions: &[&str]) -> Client {
        let provider = self.sts(Some(actions));
        self.builder().credentials(provider).build().unwrap()
    }

    /// A provider that fetches from STS, again after each refusal.
    pub(crate) fn sts(&self, actions: Option<&[&str]>) -> Arc<StsProvider> {
        let account = &self.emulator.accounts()[0];
        let policy = actions.map(|actions| {
            json!({"version": "2.0", "statement": [{
                "effect": "allow",
                "action": actions,
                "resource": [format!("qcs::cos:{REGION}:uid/1250000000:{BUCKET}/*")],
            }]})
            .to_string()
        });
        Arc::new(StsProvider {
            url: self.emulator.http_url(),
            secret_id: account.secret_id.clone(),
            secret_key: account.secret_key.clone(),
            policy,
            clock: self.emulator.clock(),
            current: tokio::sync::Mutex::new(None),
            refused: AtomicU64::new(0),
        })
    }

    pub(crate) fn fault(&self, rule: &serde_json::Value) {
        self.emulator.add_fault(FaultRule::from_json(rule).unwrap());
    }

    /// How often the emulator refused this operation.
    pub(crate) fn refused(&self, operation: &str) -> usize {
        let log = self.emulator.log_since(0);
        log.iter()
            .filter(|r| r.operation == operation && (400..500).contains(&r.status))
            .count()
    }

    /// How often the emulator saw this operation.
    pub(crate) fn count(&self, operation: &str) -> usize {
        let log = self.emulator.log_since(0);
        log.iter().filter(|r| r.operation == operation).count()
    }
}

/// The emulator's clock for the client; waiting takes no time.
#[derive(Debug)]
pub(crate) struct CloudClock(pub(crate) Arc<EmulatorClock>);

impl Clock for CloudClock {
    fn now_ms(&self) -> u64 {
        self.0.now_ms()
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::task::yield_now())
    }
}

/// AssumeRole, remembered until it ends or is refused.
#[derive(Debug)]
pub(crate) struct StsProvider {
    url: String,
    secret_id: String,
    secret_key: String,
    policy: Option<String>,
    clock: Arc<EmulatorClock>,
    current: tokio::sync::Mutex<Option<Credentials>>,
    /// The newest generation that was refused.
    refused: AtomicU64,
}

impl StsProvider {
    async fn assume_role(&self) -> Credentials {
        let policy = self
            .policy
            .as_ref()
            .map(|p| cos_sign_core::encode(p).to_string());
        let mut body = json!({
            "RoleArn": "qcs::cam::uin/100000000001:roleName/uploader",
            "RoleSessionName": "test",
            "DurationSeconds": 1800,
        });
        if let Some(policy) = policy {
            body["Policy"] = policy.into();
        }
        let body = body.to_string();
        let timestamp_s = self.clock.now_s();
        let request = Tc3Request {
            service: "sts",
            method: "POST",
            host: STS,
            query: "",
            content_type: "application/json",
            payload: body.as_bytes(),
            unsigned_payload: false,
            timestamp_s,
        };
        let authorization = request
            .authorization(&self.secret_id, &self.secret_key)
            .unwrap();
        let response = plain_http()
            .post(&self.url)
            .header("host", STS)
            .header("authorization", authorization)
            .header("content-type", "application/json")
            .header("x-tc-action", "AssumeRole")
            .header("x-tc-version", "2018-08-13")
            .header("x-tc-region", REGION)
            .header("x-tc-timestamp", timestamp_s)
            .body(body)
            .send()
            .await
            .unwrap();
        let json = response.text().await.unwrap();
        Credentials::parse_sts_json(&json).unwrap_or_else(|e| panic!("{e}: {json}"))
    }
}

/// reqwest, another HTTP client than ours. It must be told about TLS even where it speaks plain HTTP.
pub(crate) fn plain_http() -> reqwest::Client {
    reqwest::Client::builder()
        .tls_backend_preconfigured(cos_http::tls_config(&[], &[]).unwrap())
        .build()
        .unwrap()
}

impl CredentialProvider for StsProvider {
    fn credentials<'a>(
        &'a self,
        _: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(async {
            let mut current = self.current.lock().await;
            let refused = self.refused.load(Ordering::SeqCst);
            if let Some(credentials) = &*current
                && credentials.generation() > refused
            {
                return Ok(credentials.clone());
            }
            if refused > 20 {
                let why = "too many keys were refused";
                return Err(CredentialError::new(CredentialErrorKind::Unavailable, why));
            }
            let next = self.assume_role().await.with_generation(refused + 1);
            *current = Some(next.clone());
            Ok(next)
        })
    }

    fn invalidate(&self, generation: u64) {
        self.refused.fetch_max(generation, Ordering::SeqCst);
    }
}
