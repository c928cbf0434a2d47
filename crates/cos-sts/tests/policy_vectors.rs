//! The policies the official Python STS helper makes, made by our builder.

#![allow(clippy::unwrap_used)]

use cos_sts::policy::{Policy, Scope};
use serde_json::Value;

fn vectors() -> Vec<Value> {
    include_str!("data/sts-policy.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(s) => vec![s.clone()],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        other => panic!("neither string nor array: {other}"),
    }
}

fn scope(bucket: &Value, region: &Value, pattern: &str) -> Scope {
    let (bucket, region) = (bucket.as_str().unwrap(), region.as_str().unwrap());
    match pattern {
        "*" => Scope::whole_bucket(bucket, region).unwrap(),
        _ => Scope::pattern(bucket, region, pattern).unwrap(),
    }
}

fn build(config: &Value) -> Policy {
    let mut builder = Policy::builder();
    if let Some(scopes) = config["scopes"].as_array() {
        for item in scopes {
            let scope = scope(
                &item["bucket"],
                &item["region"],
                item["prefix"].as_str().unwrap(),
            );
            let actions = strings(&item["action"]);
            builder = match item["allow"].as_bool() {
                Some(false) => builder.deny_actions(actions, scope),
                _ => builder.allow_actions(actions, scope),
            };
        }
    } else {
        for pattern in strings(&config["allow_prefix"]) {
            let scope = scope(&config["bucket"], &config["region"], &pattern);
            builder = builder.allow_actions(strings(&config["allow_actions"]), scope);
        }
    }
    for (operator, keys) in config["condition"].as_object().into_iter().flatten() {
        for (key, values) in keys.as_object().unwrap() {
            builder = builder.when(operator, key, strings(values));
        }
    }
    builder.build().unwrap()
}

/// JSON as Python's `json.dumps` writes it: blanks after `,` and `:`, escapes for all but ASCII.
fn python_json(compact: &str) -> String {
    let (mut out, mut in_string, mut escaped) = (String::new(), false, false);
    for c in compact.chars() {
        match c {
            c if !c.is_ascii() => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
                continue;
            }
            ',' | ':' if !in_string => {
                out.push(c);
                out.push(' ');
                continue;
            }
            '"' if !escaped => in_string = !in_string,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
    out
}

#[test]
fn the_same_policy() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 4);
    for v in vectors {
        let policy = build(&v["config"]);
        let ours: Value = serde_json::from_str(&policy.to_json()).unwrap();
        assert_eq!(ours, v["policy"], "{}", v["id"]);
    }
}

#[test]
fn the_same_parameter_but_for_blanks_and_slashes() {
    for v in vectors() {
        let policy = build(&v["config"]);
        let text = python_json(&policy.to_json());
        // Python's `quote` keeps `/`; the service decodes either.
        let param = cos_sign_core::encode(&text).to_string().replace("%2F", "/");
        assert_eq!(param, v["policy_param"].as_str().unwrap(), "{}", v["id"]);
    }
}

#[test]
fn our_parameter_decodes_to_the_policy() {
    for v in vectors() {
        let policy = build(&v["config"]);
        let param = policy.to_param();
        assert!(
            param
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"%-_.~".contains(&b))
        );
        let text = percent_encoding::percent_decode_str(&param)
            .decode_utf8()
            .unwrap();
        assert_eq!(Policy::parse(&text).unwrap(), policy, "{}", v["id"]);
    }
}
