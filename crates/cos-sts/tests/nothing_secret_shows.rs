//! Secrets are planted everywhere; none may come out of Debug, Display or the traces.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests; clippy knows the tests themselves only"
)]

mod common;

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use common::OneAnswer;
use cos_sts::policy::Policy;
use cos_sts::{
    AssumeRoleRequest, BrokerSource, CachingProvider, ChainSource, CredentialProvider,
    CredentialRequest, CredentialSource, Credentials, FederationTokenRequest,
    FederationTokenSource, FnSource, ManualClock, PushProvider, RoleSource, SecretKey,
    StaticProvider, StsClient, TransportError, TransportErrorKind, WebIdentityRequest,
};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const NOW: u64 = 1_700_000_000;
const ROLE: &str = "qcs::cam::uin/100000000001:roleName/uploader";

/// Everything that was shown.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<String>>);

impl Shown {
    fn add(&self, what: &dyn Debug) {
        writeln!(self.0.lock().unwrap(), "{what:?} {what:#?}").unwrap();
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

impl Visit for &Shown {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0.lock().unwrap(), "{}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Shown {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut &*self);
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut &*self);
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        // Our own events only: the runtime's are not ours to judge.
        if event.metadata().target().starts_with("cos_sts") {
            event.record(&mut &*self);
        }
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn keys() -> Credentials {
    Credentials::temporary("AKIDshown", "PLANTEDkey", "PLANTEDtoken", None, NOW + 1800).unwrap()
}

fn sts(transport: &OneAnswer) -> StsClient {
    StsClient::builder(keys())
        .transport(transport.clone())
        .clock(ManualClock::skipping_sleep(NOW))
        .build()
        .unwrap()
}

#[tokio::test]
async fn nothing_secret_shows() {
    let shown = Shown::default();
    let _traces = tracing::subscriber::set_default(shown.clone());

    shown.add(&keys());
    shown.add(&SecretKey::new("PLANTED"));
    shown.add(&StaticProvider::new(keys()));
    let push = PushProvider::new();
    push.set(keys());
    shown.add(&push);

    let policy =
        r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"*"}]}"#;
    let policy = Policy::parse(policy).unwrap();
    let role = AssumeRoleRequest::new(ROLE, "app")
        .external_id("PLANTEDexternal")
        .mfa("qcs::cam:uin/1::mfa/softToken", "PLANTED");
    let web = WebIdentityRequest::new("oidc", "PLANTEDjwt", ROLE, "app");
    let federation = FederationTokenRequest::new("app", policy);
    shown.add(&role);
    let refused_here = AssumeRoleRequest::new(ROLE, "app").external_id("PLANTED external");
    shown.add(&sts(&OneAnswer::json("{}")).assume_role(&refused_here).await);
    shown.add(&web);
    shown.add(&federation);

    let good = r#"{"Response":{"Credentials":{"Token":"PLANTED1","TmpSecretId":"AKIDtmp","TmpSecretKey":"PLANTED2"},"ExpiredTime":1700001800,"RequestId":"r"}}"#;
    let refused = r#"{"Response":{"Error":{"Code":"AuthFailure.TokenFailure","Message":"no"},"RequestId":"r"}}"#;
    let half = r#"{"Response":{"Credentials":{"Token":"PLANTED3","TmpSecretKey":"PLANTED4"},"ExpiredTime":1}}"#;
    let broken = r#"{"Token":"PLANTED5" "TmpSecretKey":"PLANTED6"}"#;
    let wrong_type = r#"{"credentials":"PLANTED7","expiredTime":"PLANTED8"}"#;
    let unreachable = TransportError::new(TransportErrorKind::Connect, "refused");
    let mut answers: Vec<_> = [good, refused, half, broken, wrong_type]
        .map(OneAnswer::json)
        .into();
    answers.push(OneAnswer::new(Err(unreachable)));
    for transport in answers {
        let client = sts(&transport);
        shown.add(&client);
        shown.add(&client.assume_role(&role).await);
        shown.add(&client.assume_role_with_web_identity(&web).await);
        shown.add(&client.get_federation_token(&federation).await);
        shown.add(&client.get_caller_identity().await);
        let broker = BrokerSource::builder("https://user:PLANTEDurl@app.example.com/v1?t=PLANTEDq")
            .bearer("PLANTEDbearer")
            .transport(transport.clone())
            .build()
            .unwrap();
        shown.add(&broker);
        let chain = ChainSource::new()
            .link("role", RoleSource::new(client.clone(), role.clone()))
            .link(
                "federation",
                FederationTokenSource::new(client, federation.clone()),
            )
            .link("broker", broker.clone());
        shown.add(&chain);
        for source in [
            Arc::new(chain) as Arc<dyn CredentialSource>,
            Arc::new(broker),
        ] {
            let provider = CachingProvider::builder(source)
                .clock(ManualClock::new(NOW))
                .build();
            let result = provider.credentials(&CredentialRequest::new()).await;
            if let Err(error) = &result {
                writeln!(shown.0.lock().unwrap(), "{error}").unwrap();
            }
            shown.add(&result);
            shown.add(&provider);
        }
        for request in transport.sent() {
            shown.add(&request);
        }
    }
    shown.add(&FnSource::new(|_| async { Ok(keys()) }));
    #[cfg(feature = "https")]
    shown.add(&cos_sts::HttpsTransport::builder().proxy("http://u:PLANTEDproxy@proxy:8080"));

    for bad in ["PLANTED\n", "PLANTED \u{e4}", "PLANTED\u{0}"] {
        shown.add(&Credentials::permanent("AKID", bad));
        shown.add(&Credentials::temporary("AKID", "k", bad, None, NOW));
        shown.add(&BrokerSource::new("https://a", bad).err());
    }

    let text = shown.text();
    assert!(text.contains("AKIDshow"), "the test shows what it planted");
    assert!(
        text.contains("reason=") || text.contains("code="),
        "traces are seen"
    );
    if let Some(at) = text.find("PLANTED") {
        let from = text[..at]
            .char_indices()
            .rev()
            .nth(200)
            .map_or(0, |(i, _)| i);
        panic!("{}", &text[from..at + 20]);
    }
}
