//! The client's requests, signed as the official SDK signs them.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests; clippy knows the tests themselves only"
)]

mod common;

use common::OneAnswer;
use cos_sign_core::tc3::{Authorization, Tc3Request};
use cos_sts::{AssumeRoleRequest, Credentials, HttpRequest, ManualClock, StsClient};
use serde_json::Value;

const WHO: &str = r#"{"Response":{"Arn":"qcs::cam:1:uin/2","AccountId":"1","UserId":"2","PrincipalId":"2","Type":"CAMUser","RequestId":"r"}}"#;

fn header<'a>(request: &'a HttpRequest, wanted: &str) -> Option<&'a str> {
    let mut headers = request.headers.iter();
    let found = headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    found.map(|(_, value)| value.as_str())
}

/// GetCallerIdentity has an empty body, which both sides write alike: every header is the same.
#[tokio::test]
async fn the_official_request() {
    let vectors: Vec<Value> = include_str!("data/tc3-signing.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|v: &Value| v["action"] == "GetCallerIdentity" && v["payload"] == "{}")
        .filter(|v| v["unsigned_payload"] == false)
        .collect();
    assert!(!vectors.is_empty());
    for v in vectors {
        let text = |name: &str| v[name].as_str().unwrap().to_owned();
        let keys = match v["token"].as_str() {
            Some(token) => Credentials::temporary_with_unknown_end(
                text("secret_id"),
                text("secret_key"),
                token,
            ),
            None => Credentials::permanent(text("secret_id"), text("secret_key")),
        };
        let transport = OneAnswer::json(WHO);
        let client = StsClient::builder(keys.unwrap())
            .host(text("host"))
            .region(text("region"))
            .transport(transport.clone())
            .clock(ManualClock::new(v["timestamp"].as_u64().unwrap()))
            .build()
            .unwrap();
        assert_eq!(client.get_caller_identity().await.unwrap().kind, "CAMUser");
        let sent = &transport.sent()[0];
        assert_eq!(sent.body, b"{}");
        for pair in v["headers"].as_array().unwrap() {
            let (name, value) = (pair[0].as_str().unwrap(), pair[1].as_str());
            if name == "Host" {
                assert_eq!(sent.host_override.as_deref(), value);
            } else {
                assert_eq!(header(sent, name), value, "{} {name}", v["id"]);
            }
        }
    }
}

/// A body of our own: the signature covers the bytes that are sent, and the real host.
#[tokio::test]
async fn the_signature_covers_what_is_sent() {
    let reply = r#"{"Response":{"Credentials":{"Token":"t","TmpSecretId":"i","TmpSecretKey":"k"},"ExpiredTime":1700007200,"RequestId":"r"}}"#;
    let transport = OneAnswer::json(reply);
    let client = StsClient::builder(Credentials::permanent("AKID", "secret").unwrap())
        .endpoint("http://127.0.0.1:9")
        .transport(transport.clone())
        .clock(ManualClock::new(1_700_000_000))
        .build()
        .unwrap();
    let role = "qcs::cam::uin/100000000001:roleName/uploader";
    client
        .assume_role(&AssumeRoleRequest::new(role, "app"))
        .await
        .unwrap();
    let sent = &transport.sent()[0];
    assert_eq!(sent.url, "http://127.0.0.1:9/");
    let authorization = Authorization::parse(header(sent, "Authorization").unwrap()).unwrap();
    let content_type = header(sent, "Content-Type").unwrap();
    let host = sent.host_override.as_deref().unwrap();
    let signed = |payload| Tc3Request {
        service: "sts",
        method: "POST",
        host,
        query: "",
        content_type,
        payload,
        unsigned_payload: false,
        timestamp_s: 1_700_000_000,
    };
    let headers = [("content-type", content_type), ("host", host)];
    let check = |payload| authorization.check(&signed(payload), &headers, "secret");
    assert!(check(&sent.body).unwrap());
    assert!(!check(b"{}").unwrap());
}
