//! `cos emulator` as its users rely on it: the ready line, the options, routing by Host, the proxy form, the admin API,
//! the configuration file.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use common::Emulator;
use cos_sign_core::{KeyTime, Request, SignKey, Signer};
use serde_json::{Value, json};

const BUCKET: &str = "demo-1250000000";
const HOST: &str = "demo-1250000000.cos.ap-guangzhou.myqcloud.com";

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
}

/// One request, with the request target and the Host exactly as given.
fn ask(emulator: &Emulator, method: &str, target: &str, lines: &str, body: &str) -> Answer {
    let address = emulator.url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\n{lines}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    Answer {
        status: head[9..12].parse().unwrap(),
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}

fn admin(emulator: &Emulator, method: &str, path: &str, body: Option<Value>) -> Answer {
    let host = emulator.url().trim_start_matches("http://");
    let body = body.map_or_else(String::new, |b| b.to_string());
    ask(
        emulator,
        method,
        &format!("/_emulator/{path}"),
        &format!("Host: {host}\r\n"),
        &body,
    )
}

/// The query of a presigned request by the account's owner, at the emulator's time.
fn signed(emulator: &Emulator, method: &str, path: &str) -> String {
    let now = admin(emulator, "GET", "clock", None).json()["now"]
        .as_u64()
        .unwrap();
    let account = &emulator.ready["accounts"][0];
    let text = |name: &str| account[name].as_str().unwrap();
    let window = KeyTime::new(now - 60, now + 600).unwrap();
    let key = SignKey::derive(text("secret_key"), window).unwrap();
    let request = Request {
        method,
        path,
        params: &[],
        headers: &[],
    };
    Signer::new(text("secret_id"), &key)
        .presigned_query(&request)
        .unwrap()
}

/// A signed request to that host.
fn call(emulator: &Emulator, method: &str, host: &str, path: &str, body: &str) -> Answer {
    let query = signed(emulator, method, path);
    ask(
        emulator,
        method,
        &format!("{path}?{query}"),
        &format!("Host: {host}\r\n"),
        body,
    )
}

/// The log's newest record.
fn newest(emulator: &Emulator) -> Value {
    let log = admin(emulator, "GET", "log?since=0", None).json();
    log.as_array().unwrap().last().unwrap().clone()
}

#[test]
fn the_ready_line() {
    let plain = Emulator::start(&[]);
    let names: BTreeSet<&str> = plain
        .ready
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        names,
        BTreeSet::from(["http", "https", "ca_file", "accounts", "buckets"])
    );
    assert!(plain.url().starts_with("http://127.0.0.1:"));
    assert!(plain.ready["https"].is_null() && plain.ready["ca_file"].is_null());
    let account = plain.ready["accounts"][0].as_object().unwrap();
    let names: BTreeSet<&str> = account.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        BTreeSet::from(["app_id", "uin", "secret_id", "secret_key"])
    );
    assert_eq!(account["app_id"], "1250000000");
    assert_eq!(plain.ready["accounts"].as_array().unwrap().len(), 1);
    assert_eq!(
        plain.ready["buckets"],
        json!([{"name": BUCKET, "region": "ap-guangzhou"}])
    );

    let tls = Emulator::start(&["--tls"]);
    assert!(
        tls.ready["https"]
            .as_str()
            .unwrap()
            .starts_with("https://127.0.0.1:")
    );
    let ca = fs::read_to_string(tls.ready["ca_file"].as_str().unwrap()).unwrap();
    assert!(ca.starts_with("-----BEGIN CERTIFICATE-----"));
}

#[test]
#[cfg(unix)]
fn both_signals_end_it() {
    for signal in ["-TERM", "-INT"] {
        let mut emulator = Emulator::start(&[]);
        let ended = emulator.signal(signal);
        assert!(ended.success(), "{signal}: {ended}");
    }
}

#[test]
fn routing_by_host() {
    let emulator = Emulator::start(&[]);
    for host in [
        HOST,
        "demo-1250000000.cos.ap-guangzhou.tencentcos.cn",
        "demo-1250000000.cos-internal.ap-guangzhou.tencentcos.cn",
        "demo-1250000000.cos.ap-guangzhou.example.test:8080",
    ] {
        assert_eq!(
            call(&emulator, "PUT", host, "/k", "1").status,
            200,
            "{host}"
        );
        assert_eq!(call(&emulator, "GET", host, "/k", "").body, "1", "{host}");
    }
    let fast = call(
        &emulator,
        "GET",
        "demo-1250000000.cos.accelerate.myqcloud.com",
        "/k",
        "",
    );
    assert!(
        fast.body
            .contains("<Code>BucketAccelerateNotEnabled</Code>")
    );
    let elsewhere = call(
        &emulator,
        "GET",
        "demo-1250000000.cos.ap-beijing.myqcloud.com",
        "/k",
        "",
    );
    assert!(elsewhere.body.contains("<Code>NoSuchBucket</Code>"));
    for host in ["service.cos.myqcloud.com", "cos.ap-guangzhou.myqcloud.com"] {
        let list = call(&emulator, "GET", host, "/", "");
        assert!(
            list.body.contains("<ListAllMyBucketsResult>"),
            "{host}: {}",
            list.body
        );
        assert_eq!(newest(&emulator)["operation"], "GetService");
    }
    for host in [
        "sts.tencentcloudapi.com",
        "sts.ap-guangzhou.tencentcloudapi.com",
        "sts.example.test",
    ] {
        let answer = ask(&emulator, "POST", "/", &format!("Host: {host}\r\n"), "");
        assert!(
            answer.json()["Response"]["Error"]["Code"].is_string(),
            "{host}: {}",
            answer.body
        );
    }
    let port = emulator.url().rsplit(':').next().unwrap();
    for name in ["127.0.0.1", "localhost", "[::1]"] {
        let host = format!("{name}:{port}");
        // Clients sign the path they send or the key alone; this one sends what it signs.
        let got = call(&emulator, "GET", &host, &format!("/{BUCKET}/k"), "");
        assert_eq!((got.status, got.body.as_str()), (200, "1"), "{host}");
        let list = ask(
            &emulator,
            "GET",
            "/_emulator/metadata/latest/meta-data/cam/security-credentials/",
            &format!("Host: {host}\r\n"),
            "",
        );
        assert_eq!(list.body, "uploader");
    }
    let role = admin(
        &emulator,
        "GET",
        "metadata/latest/meta-data/cam/security-credentials/uploader",
        None,
    )
    .json();
    assert_eq!(role["Code"], "Success");
    assert!(
        role["TmpSecretId"].is_string()
            && role["Token"].is_string()
            && role["ExpiredTime"].is_u64()
    );
    // The admin API is not a bucket's.
    assert_eq!(
        call(&emulator, "GET", HOST, "/_emulator/health", "").status,
        404
    );
}

#[test]
fn the_proxy_form() {
    let emulator = Emulator::start(&[]);
    let target = |method: &str| format!("http://{HOST}/k?{}", signed(&emulator, method, "/k"));
    // The target names the host; what the Host header says does not count.
    for lines in [
        format!("Host: {HOST}\r\n"),
        "Host: 127.0.0.1\r\n".to_owned(),
    ] {
        let put = ask(&emulator, "PUT", &target("PUT"), &lines, "by proxy");
        assert_eq!(put.status, 200, "{}", put.body);
        assert_eq!(
            ask(&emulator, "GET", &target("GET"), &lines, "").body,
            "by proxy"
        );
        assert_eq!(newest(&emulator)["host"], HOST);
    }
}

#[test]
fn the_admin_api() {
    let emulator = Emulator::start(&["--clock-offset=-1000", "--seed=7"]);
    assert_eq!(
        admin(&emulator, "GET", "health", None).json(),
        json!({"ok": true})
    );
    let clock = |body: Value| admin(&emulator, "POST", "clock", Some(body)).json();
    assert_eq!(clock(json!({"advance_seconds": 400}))["offset"], -600);
    assert_eq!(clock(json!({"offset": 5}))["offset"], 5);
    let set = clock(json!({"set": 2_000_000_000_u64}))["now"]
        .as_u64()
        .unwrap();
    assert!((2_000_000_000..2_000_000_100).contains(&set));

    let rule = json!([{"match": {"method": "GET", "key_prefix": "k", "operation": "GetObject", "nth": 1},
        "action": {"status": 503, "code": "SlowDown"}, "times": 1, "probability": 1.0}]);
    assert_eq!(
        admin(&emulator, "POST", "faults", Some(rule.clone())).status,
        200
    );
    let struck = call(&emulator, "GET", HOST, "/k", "");
    assert!(struck.status == 503 && struck.body.contains("<Code>SlowDown</Code>"));
    assert_eq!(call(&emulator, "GET", HOST, "/k", "").status, 404);
    admin(&emulator, "POST", "faults", Some(rule));
    assert_eq!(admin(&emulator, "DELETE", "faults", None).status, 200);
    assert_eq!(call(&emulator, "GET", HOST, "/k", "").status, 404);

    assert_eq!(call(&emulator, "PUT", HOST, "/k", "12345").status, 200);
    let record = newest(&emulator);
    let seq = record["seq"].as_u64().unwrap();
    let id = &emulator.ready["accounts"][0]["secret_id"];
    for (name, value) in [
        ("operation", json!("PutObject")),
        ("host", json!(HOST)),
        ("path", json!("/k")),
        ("status", json!(200)),
        ("code", Value::Null),
        ("secret_id", id.clone()),
        ("bytes_in", json!(5)),
        ("bytes_out", json!(0)),
    ] {
        assert_eq!(record[name], value, "{name}");
    }
    assert!(record["time"].as_u64() >= Some(2_000_000_000) && record["decision"].is_string());
    assert_eq!(
        admin(&emulator, "GET", &format!("log?since={seq}"), None).json(),
        json!([])
    );
    let state = admin(&emulator, "GET", "state", None).json();
    assert_eq!(state["buckets"][0]["objects"][0]["size"], 5);
    assert_eq!(state["buckets"][0]["uploads"], json!([]));

    let revoke = |more: Value| {
        let mut body = json!({"secret_id": id});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        assert_eq!(admin(&emulator, "POST", "revoke", Some(body)).status, 200);
        call(&emulator, "GET", HOST, "/k", "").body
    };
    assert!(revoke(json!({"as": "expired"})).contains("<Code>ExpiredToken</Code>"));
    assert!(revoke(json!({})).contains("<Code>InvalidAccessKeyId</Code>"));

    assert_eq!(admin(&emulator, "POST", "reset", None).status, 200);
    // Back to the start: the clock as the option says, no log, no objects, the key good again.
    assert_eq!(
        admin(&emulator, "GET", "clock", None).json()["offset"],
        -1000
    );
    assert_eq!(
        admin(&emulator, "GET", "log?since=0", None).json(),
        json!([])
    );
    assert_eq!(call(&emulator, "GET", HOST, "/k", "").status, 404);
}

#[test]
fn memory_has_an_end() {
    let emulator = Emulator::start(&["--max-memory=1000"]);
    assert_eq!(
        call(&emulator, "PUT", HOST, "/a", &"x".repeat(900)).status,
        200
    );
    assert_eq!(
        call(&emulator, "PUT", HOST, "/b", &"x".repeat(200)).status,
        507
    );
    assert_eq!(call(&emulator, "GET", HOST, "/a", "").status, 200);
}

#[test]
fn the_configuration_file() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    let all = r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"*"}]}"#;
    let none = r#"{"version":"2.0","statement":[{"effect":"deny","action":"*","resource":"*"}]}"#;
    write("root.json", all);
    write("user.json", none);
    write("role.json", all);
    write("keys.json", r#"{"keys":[]}"#);
    write(
        "emulator.toml",
        r#"
[[account]]
app_id = "1250000000"; uin = "100000000001"; secret_id = "AKIDroot"; secret_key = "rootkey"
policy_file = "root.json"
[[account.user]]
uin = "100000000002"; secret_id = "AKIDuser"; secret_key = "userkey"; policy_file = "user.json"
[[account.role]]
name = "uploader"; policy_file = "role.json"; max_duration_s = 43200
trust = { oidc_provider = "login", jwks_file = "keys.json" }
[[bucket]]
name = "demo-1250000000"; region = "ap-guangzhou"; acl = "private"
strict_signature = false
versioning = "off"; accelerate = true
"#
        .replace("; ", "\n")
        .as_str(),
    );
    let file = dir.path().join("emulator.toml");
    let mut emulator = Emulator::start(&["--config", file.to_str().unwrap()]);
    assert_eq!(call(&emulator, "PUT", HOST, "/k", "1").status, 200);
    let fast = call(
        &emulator,
        "GET",
        "demo-1250000000.cos.accelerate.myqcloud.com",
        "/k",
        "",
    );
    assert_eq!(fast.body, "1");
    // The same requests by the user, whom a policy denies all.
    emulator.ready["accounts"][0]["secret_id"] = json!("AKIDuser");
    emulator.ready["accounts"][0]["secret_key"] = json!("userkey");
    let refused = call(&emulator, "GET", HOST, "/k", "");
    assert_eq!(refused.status, 403);
    let explained = refused
        .head
        .lines()
        .find(|l| l.starts_with("x-cos-emulator-explain:"))
        .unwrap();
    assert!(
        explained.contains("name/cos:getobject") && explained.contains("demo-1250000000/k"),
        "{explained}"
    );
}
