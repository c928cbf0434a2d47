//! The broker before the emulated STS: what comes out is what was granted, and works so.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cos_broker::{Broker, BrokerConfig, Grant, TokenHash, UserName};
use cos_emulator::Emulator;
use cos_sts::policy::Operation;
use cos_sts::{Credentials, HttpRequest, HttpsTransport, StsClient, Transport};
use serde_json::Value;

const ROLE: &str = "qcs::cam::uin/100000000001:roleName/uploader";

struct Flow {
    emulator: Emulator,
    broker: Broker,
    http: HttpsTransport,
}

fn transport() -> HttpsTransport {
    HttpsTransport::builder().no_proxy().build().unwrap()
}

impl Flow {
    async fn start(change: impl FnOnce(BrokerConfig) -> BrokerConfig) -> Self {
        let emulator = Emulator::builder().start().await.unwrap();
        let account = &emulator.accounts()[0];
        let keys = Credentials::permanent(&*account.secret_id, &*account.secret_key).unwrap();
        let operations = [Operation::Upload, Operation::Download];
        let grant = Grant::new(
            "demo-1250000000",
            "ap-guangzhou",
            "users/{user}/",
            operations,
        );
        let config = BrokerConfig::new(keys, grant.unwrap())
            .sts_endpoint(emulator.http_url())
            .transport(Arc::new(transport()))
            .role_arn(ROLE)
            .user(
                UserName::new("alice").unwrap(),
                TokenHash::of(b"alice-token"),
            );
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let broker = Broker::start(change(config), anywhere).await.unwrap();
        Self {
            emulator,
            broker,
            http: transport(),
        }
    }

    async fn ask(&self, token: &str, body: &str) -> (u16, Value) {
        let request = HttpRequest {
            method: "POST",
            url: self.broker.credentials_url(),
            host_override: None,
            headers: vec![("authorization", format!("Bearer {token}"))],
            body: body.as_bytes().to_vec(),
            timeout: Duration::from_secs(30),
        };
        let response = self.http.send(request).await.unwrap();
        assert_eq!(response.header("cache-control"), Some("no-store"));
        (
            response.status,
            serde_json::from_slice(&response.body).unwrap(),
        )
    }
}

#[tokio::test]
async fn a_user_gets_temporary_keys_of_the_role() {
    let flow = Flow::start(|config| config).await;
    let (status, json) = flow.ask("alice-token", r#"{"allow":["download"]}"#).await;
    assert_eq!(status, 200, "{json}");
    let credentials = Credentials::parse_sts_json(&json.to_string()).unwrap();
    let permanent = &flow.emulator.accounts()[0];
    assert_ne!(credentials.secret_id(), permanent.secret_id);
    assert!(!json.to_string().contains(&permanent.secret_key));
    let life = credentials.expired_time_s().unwrap() - credentials.start_time_s().unwrap();
    assert_eq!(life, 1800);
    assert_eq!(json["prefix"], "users/alice/");
    assert_eq!(json["allow"], serde_json::json!(["download"]));

    // STS itself says whose they are: the role's, in a session named after the user.
    let sts = StsClient::builder(credentials)
        .endpoint(flow.emulator.http_url())
        .transport(transport())
        .build()
        .unwrap();
    let identity = sts.get_caller_identity().await.unwrap();
    assert_eq!(identity.kind, "CAMRole");
    assert!(identity.user_id.ends_with(":cos-alice"), "{identity:?}");
    flow.broker.shutdown().await;
}

#[tokio::test]
async fn without_a_role_the_call_is_get_federation_token() {
    let keys = |e: &Emulator| {
        let a = &e.accounts()[0];
        Credentials::permanent(&*a.secret_id, &*a.secret_key).unwrap()
    };
    let emulator = Emulator::builder().start().await.unwrap();
    let grant = Grant::new(
        "demo-1250000000",
        "ap-guangzhou",
        "u/{user}/",
        [Operation::Upload],
    );
    let config = BrokerConfig::new(keys(&emulator), grant.unwrap())
        .sts_endpoint(emulator.http_url())
        .transport(Arc::new(transport()))
        .user(UserName::new("bob").unwrap(), TokenHash::of(b"t"));
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let broker = Broker::start(config, anywhere).await.unwrap();
    let flow = Flow {
        emulator,
        broker,
        http: transport(),
    };
    let (status, json) = flow.ask("t", "").await;
    assert_eq!(status, 200, "{json}");
    let log = flow.emulator.log_since(0);
    assert_eq!(log.last().unwrap().operation, "GetFederationToken");
}

#[tokio::test]
async fn strangers_and_greedy_users_cause_no_call_to_sts() {
    let flow = Flow::start(|config| config).await;
    for (token, body, status) in [
        ("stranger", "", 401),
        ("alice-token", r#"{"allow":["delete"]}"#, 403),
        ("alice-token", r#"{"prefix":"users/"}"#, 403),
        ("alice-token", "nonsense", 400),
    ] {
        let (got, json) = flow.ask(token, body).await;
        assert_eq!(got, status, "{body}");
        assert!(json["error"]["requestId"].is_string());
    }
    assert!(flow.emulator.log_since(0).is_empty());
}

#[tokio::test]
async fn what_sts_refuses_is_502_and_no_answer_is_503() {
    let unknown_role = "qcs::cam::uin/100000000001:roleName/PLANTED";
    let flow = Flow::start(|config| config.role_arn(unknown_role)).await;
    let (status, json) = flow.ask("alice-token", "").await;
    assert_eq!(status, 502, "{json}");
    let text = json.to_string();
    assert!(
        text.contains("RoleNotFound") && !text.contains("PLANTED"),
        "{text}"
    );

    // A port that nobody is given by chance.
    let flow = Flow::start(|config| config.sts_endpoint("http://127.0.0.1:1")).await;
    let (status, json) = flow.ask("alice-token", "").await;
    assert_eq!(status, 503, "{json}");
    assert_eq!(json["error"]["code"], "StsUnavailable");
}

#[tokio::test]
async fn a_taken_port_and_nobody_to_serve_are_errors() {
    let flow = Flow::start(|config| config).await;
    let address: SocketAddr = flow.broker.url()["http://".len()..].parse().unwrap();
    let grant = Grant::new("d-1", "r", "{user}/", [Operation::Upload]).unwrap();
    let config = BrokerConfig::new(Credentials::permanent("a", "b").unwrap(), grant);
    let nobody = Broker::start(config.clone(), address).await.unwrap_err();
    assert!(
        nobody.to_string().contains("no user can get in"),
        "{nobody}"
    );
    let config = config.user(UserName::new("a").unwrap(), TokenHash::of(b"t"));
    let taken = Broker::start(config, address).await.unwrap_err();
    assert!(taken.to_string().contains("cannot listen on"), "{taken}");
}
