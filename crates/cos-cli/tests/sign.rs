//! `cos sign` and `cos presign` reproduce the shared vectors.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeSet;

use common::{cos, json, run, stderr, stdout};
use serde_json::Value;

fn vectors(text: &str) -> Vec<Value> {
    let lines = text.lines().filter(|l| !l.is_empty());
    lines.map(|l| serde_json::from_str(l).unwrap()).collect()
}

fn pairs(value: &Value) -> Vec<(&str, &str)> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p[0].as_str().unwrap(), p[1].as_str().unwrap()))
        .collect()
}

fn param(name: &str, value: &str) -> String {
    let name = name.replace('%', "%25").replace('=', "%3D");
    format!("--param={name}={value}")
}

#[test]
fn every_signing_vector() {
    let all = vectors(include_str!("data/cos-signing.jsonl"));
    assert!(all.len() >= 40);
    for v in &all {
        let text = |name: &str| v[name].as_str().unwrap();
        let id = text("id");
        let signed = v["signed_headers"].as_array().unwrap();
        let mut args = vec![
            "sign".to_owned(),
            "--json".to_owned(),
            format!("--method={}", text("method")),
            format!("--path={}", text("path")),
            format!("--key-time={}", text("key_time")),
        ];
        args.extend(pairs(&v["params"]).iter().map(|(k, v)| param(k, v)));
        for (name, value) in pairs(&v["headers"]) {
            if signed.contains(&Value::from(name.to_ascii_lowercase())) {
                args.push(format!("--header={name}: {value}"));
            }
        }
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let with_keys = |args: &[&str]| {
            let mut command = cos(args);
            command
                .env("COS_SECRET_ID", text("secret_id"))
                .env("COS_SECRET_KEY", text("secret_key"));
            run(&mut command)
        };
        let output = with_keys(&args);
        assert!(output.status.success(), "{id}: {}", stderr(&output));
        let got = json(&output);
        // Stage by stage, so that a failure names its stage.
        for stage in ["http_string", "string_to_sign", "authorization", "key_time"] {
            assert_eq!(got[stage], v[stage], "{id}: {stage}");
        }
        let listed = |name: &str| {
            format!(
                "{name}={}&",
                got[&name[2..].replace('-', "_")].as_str().unwrap()
            )
        };
        for list in ["q-header-list", "q-url-param-list"] {
            assert!(
                text("authorization").contains(&listed(list)),
                "{id}: {list}"
            );
        }
        let plain: Vec<_> = args.into_iter().filter(|a| *a != "--json").collect();
        let output = with_keys(&plain);
        assert_eq!(stdout(&output).trim_end(), text("authorization"), "{id}");
        assert!(!stderr(&output).contains(text("secret_key")));
    }
}

/// Parameters of a URL as a set: their order and the form of a blank are free.
fn parts(url: &str) -> (String, BTreeSet<String>) {
    let (base, query) = url.split_once('?').unwrap();
    let all = query.replace('+', "%20");
    (base.to_owned(), all.split('&').map(str::to_owned).collect())
}

#[test]
fn every_presigned_vector() {
    let all = vectors(include_str!("data/cos-presign.jsonl"));
    assert!(all.len() >= 6);
    for v in &all {
        let text = |name: &str| v[name].as_str().unwrap();
        let id = text("id");
        let (bucket, rest) = text("host").split_once(".cos.").unwrap();
        let region = rest.strip_suffix(".myqcloud.com").unwrap();
        // The vectors' helper drops one leading slash of a key.
        let key = text("key").strip_prefix('/').unwrap_or(text("key"));
        let mut args = vec![
            "presign".to_owned(),
            format!("--method={}", text("method")),
            format!("--region={region}"),
            format!("--scheme={}", text("scheme")),
            format!("--key-time={}", text("key_time")),
            format!("cos://{bucket}/{key}"),
        ];
        let mut command = cos(&[]);
        for (name, value) in pairs(&v["params"]) {
            if name == "x-cos-security-token" {
                command.env("COS_SESSION_TOKEN", value);
            } else {
                args.push(param(name, value));
            }
        }
        for (name, value) in pairs(&v["headers"]) {
            args.push(format!("--header={name}: {value}"));
        }
        if v["sign_host"] == false {
            args.push("--no-sign-host".to_owned());
        }
        command
            .args(&args)
            .env("COS_SECRET_ID", text("secret_id"))
            .env("COS_SECRET_KEY", text("secret_key"));
        let output = run(&mut command);
        assert!(output.status.success(), "{id}: {}", stderr(&output));
        assert_eq!(
            parts(stdout(&output).trim_end()),
            parts(text("url")),
            "{id}"
        );
    }
}

#[test]
fn wrong_usage_is_status_2_and_shows_no_secret() {
    let keys = ["--secret-id=AKIDx", "--secret-key=PLANTEDkey"];
    let good = ["sign", "--method=GET", "--path=/a", "--key-time=1;2"];
    for (change, words) in [
        ("--key-time=2;1", "key time"),
        ("--key-time=1700000000000;1700003600000", "milliseconds"),
        ("--path=a", "path"),
        ("--method=G T", "method"),
        ("--header=no-colon", "Name: value"),
        ("--param==x", "needs a name"),
        ("--secret-key= PLANTEDkey", "blank"),
        ("--nonsense", "--nonsense"),
    ] {
        let name = change.split('=').next().unwrap();
        let mut args: Vec<_> = good.iter().chain(&keys).copied().collect();
        args.retain(|a| a.split('=').next() != Some(name));
        args.extend([change, "--json"]);
        let output = run(&mut cos(&args));
        assert_eq!(
            output.status.code(),
            Some(2),
            "{change}: {}",
            stderr(&output)
        );
        let error = &json(&output)["error"];
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(words), "{change}: {message}");
        assert_eq!(error["http_status"], Value::Null);
        assert!(!stderr(&output).contains("PLANTED") && !stdout(&output).contains("PLANTED"));
    }
    let output = run(&mut cos(&good));
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("no credentials"),
        "{}",
        stderr(&output)
    );
    let output = run(cos(&good).env("COS_SECRET_ID", "AKIDx"));
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("belong together"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn every_form_policy_vector() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("conditions.json");
    for v in vectors(include_str!("data/cos-post-policy.jsonl")) {
        let text = |name: &str| v[name].as_str().unwrap();
        let policy: Value = serde_json::from_str(text("policy")).unwrap();
        let all = policy["conditions"].as_array().unwrap();
        let token = all.iter().find_map(|c| c["x-cos-security-token"].as_str());
        let own = |c: &&Value| {
            c.as_object().is_none_or(|o| {
                !o.keys()
                    .any(|k| k.starts_with("q-") || k.starts_with("x-cos-sec"))
            })
        };
        let conditions: Vec<_> = all.iter().filter(own).collect();
        // Only the user's own conditions, and the finished policy.
        for content in [
            serde_json::to_string(&conditions).unwrap(),
            text("policy").to_owned(),
        ] {
            std::fs::write(&file, content).unwrap();
            let mut command = cos(&["post-policy", "--conditions"]);
            command
                .arg(&file)
                .args(["--key-time", text("key_time")])
                .env("COS_SECRET_ID", text("secret_id"))
                .env("COS_SECRET_KEY", text("secret_key"));
            if let Some(token) = token {
                command.env("COS_SESSION_TOKEN", token);
            }
            let fields = json(&run(&mut command));
            assert_eq!(fields["policy"], v["policy_base64"], "{}", text("id"));
            assert_eq!(fields["q-signature"], v["signature"], "{}", text("id"));
            assert_eq!(fields["q-key-time"], v["key_time"]);
            assert_eq!(fields["x-cos-security-token"].as_str(), token);
        }
    }
}

#[test]
fn verify_says_which_part_differs() {
    let keys = ["--secret-id=AKIDx", "--secret-key=secret"];
    let request = [
        "--method=PUT",
        "--path=/a b",
        "--param=acl",
        "--header=Host: h:80",
    ];
    let mut args = vec!["sign", "--key-time=1000;2000"];
    args.extend(keys.iter().chain(&request));
    let authorization = stdout(&run(&mut cos(&args))).trim_end().to_owned();
    let verify = |request: &[&str], more: &[&str]| {
        let mut args = vec!["verify", "--now=1500"];
        args.retain(|a| {
            !more
                .iter()
                .any(|m| m.starts_with("--now=") && a.starts_with("--now="))
        });
        args.extend(request.iter().chain(&keys).chain(more));
        let output = run(&mut cos(&args));
        (output.status.code().unwrap(), stdout(&output))
    };
    let good = format!("--authorization={authorization}");
    assert_eq!(verify(&request, &[&good]).0, 0);
    let (code, text) = verify(&request, &[&good, "--now=3000"]);
    assert!(code == 1 && text.contains("ended 1000 s ago"), "{text}");
    let other = [
        "--method=PUT",
        "--path=/other",
        "--param=acl",
        "--header=Host: h:80",
    ];
    let (code, text) = verify(&other, &[&good]);
    assert!(
        code == 1 && text.contains("put\n") && text.contains("  /other"),
        "{text}"
    );
    let (code, text) = verify(&request[..3], &[&good]);
    assert!(code == 1 && text.contains("header `host`"), "{text}");
    let (code, _) = verify(&request, &["--authorization=q-ak=x"]);
    assert_eq!(code, 2);

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("error.xml");
    let body = "<?xml version='1.0'?><Error><Code>SignatureDoesNotMatch</Code>\
<FormatString>put\n/a b\nacl=\nhost=h\n</FormatString></Error>";
    std::fs::write(&file, body).unwrap();
    let server = format!("--server-error={}", file.display());
    for more in [vec![server.as_str()], vec![server.as_str(), good.as_str()]] {
        let (code, text) = verify(&request, &more);
        assert!(
            code == 1 && text.contains("header `host` was signed as `h:80`"),
            "{text}"
        );
    }
}
