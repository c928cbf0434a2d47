//! Every shared vector, by stage: a failure names the first stage that differs.
//!
//! The signatures were made by the official SDKs (`sdk` in each line) and by the documents' own
//! examples (`d01`, `d02`).

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cos_sign_core::{
    KeyTime, Request, SignKey, Signer, encode_path, post_policy, string_to_sign,
    tc3::{self, Tc3Request},
    v1::{self, SignatureMethod},
    verify::Parsed,
};
use serde::Deserialize;

fn lines<T: for<'de> Deserialize<'de>>(text: &str) -> Vec<T> {
    let lines: Vec<T> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(!lines.is_empty());
    lines
}

type Pairs = Vec<(String, String)>;

fn borrowed(pairs: &Pairs) -> Vec<(&str, &str)> {
    pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

#[derive(Deserialize)]
struct CosVector {
    id: String,
    secret_id: String,
    secret_key: String,
    key_time: String,
    method: String,
    path: String,
    params: Pairs,
    headers: Pairs,
    signed_headers: Vec<String>,
    http_string: String,
    string_to_sign: String,
    authorization: String,
}

#[test]
fn cos_header_signatures() {
    let vectors: Vec<CosVector> = lines(include_str!("data/cos-signing.jsonl"));
    assert_eq!(vectors.len(), 42);
    for v in vectors {
        let id = &v.id;
        let params = borrowed(&v.params);
        let headers: Vec<(&str, &str)> = borrowed(&v.headers)
            .into_iter()
            .filter(|(name, _)| {
                v.signed_headers
                    .iter()
                    .any(|s| s.eq_ignore_ascii_case(name))
            })
            .collect();
        let request = Request {
            method: &v.method,
            path: &v.path,
            params: &params,
            headers: &headers,
        };
        assert_eq!(
            request.http_string().unwrap(),
            v.http_string,
            "{id}: http string"
        );
        let parsed = Parsed::from_authorization(&v.authorization).unwrap();
        assert_eq!(
            string_to_sign(parsed.sign_time, &request.digest().unwrap()),
            v.string_to_sign,
            "{id}: string to sign"
        );
        let key_time = KeyTime::parse(&v.key_time).unwrap();
        let key = SignKey::derive(&v.secret_key, key_time).unwrap();
        let signer = Signer::new(&v.secret_id, &key).with_sign_time(parsed.sign_time);
        assert_eq!(
            signer.signature(&request).unwrap().as_str(),
            parsed.signature,
            "{id}: signature"
        );
        let authorization = signer.authorization(&request).unwrap();
        assert_eq!(authorization, v.authorization, "{id}: authorization");
        // The checking side agrees, and a changed digit does not pass.
        assert!(parsed.check(&key, &request).unwrap(), "{id}: check");
        let path = format!("{}x", v.path);
        assert!(
            !parsed
                .check(
                    &key,
                    &Request {
                        path: &path,
                        ..request
                    }
                )
                .unwrap(),
            "{id}: tamper"
        );
        for (name, _) in &headers {
            assert!(parsed.lists_header(name), "{id}: {name} is listed");
        }
        for (name, _) in &params {
            assert!(parsed.lists_param(name), "{id}: {name} is listed");
        }
    }
}

#[derive(Deserialize)]
struct PresignVector {
    id: String,
    secret_id: String,
    secret_key: String,
    key_time: String,
    method: String,
    scheme: String,
    host: String,
    key: String,
    params: Pairs,
    headers: Pairs,
    sign_host: bool,
    url: String,
}

fn query_set(query: &str) -> BTreeMap<String, String> {
    query
        .split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // The Python SDK writes a space as `+`; ours is `%20`. Both decode alike.
            (name.to_owned(), value.replace('+', "%20"))
        })
        .collect()
}

#[test]
fn presigned_urls() {
    let vectors: Vec<PresignVector> = lines(include_str!("data/cos-presign.jsonl"));
    assert_eq!(vectors.len(), 6);
    for v in vectors {
        let id = &v.id;
        let path = format!("/{}", v.key.strip_prefix('/').unwrap_or(&v.key));
        let params = borrowed(&v.params);
        let mut headers = borrowed(&v.headers);
        if v.sign_host {
            headers.push(("host", &v.host));
        }
        let key = SignKey::derive(&v.secret_key, KeyTime::parse(&v.key_time).unwrap()).unwrap();
        let request = Request {
            method: &v.method,
            path: &path,
            params: &params,
            headers: &headers,
        };
        let query = Signer::new(&v.secret_id, &key)
            .presigned_query(&request)
            .unwrap();
        let (address, expected) = v.url.split_once('?').unwrap();
        assert_eq!(
            format!("{}://{}{}", v.scheme, v.host, encode_path(&path)),
            address,
            "{id}"
        );
        assert_eq!(query_set(&query), query_set(expected), "{id}");
    }
}

#[derive(Deserialize)]
struct PostVector {
    id: String,
    secret_key: String,
    key_time: String,
    policy: String,
    policy_base64: String,
    sign_key: String,
    string_to_sign: String,
    signature: String,
}

#[test]
fn post_form_policies() {
    let vectors: Vec<PostVector> = lines(include_str!("data/cos-post-policy.jsonl"));
    assert_eq!(vectors.len(), 2);
    for v in vectors {
        let key = SignKey::derive(&v.secret_key, KeyTime::parse(&v.key_time).unwrap()).unwrap();
        assert_eq!(key.expose(), v.sign_key, "{}: sign key", v.id);
        assert_eq!(
            STANDARD.encode(&v.policy),
            v.policy_base64,
            "{}: base64",
            v.id
        );
        assert_eq!(
            post_policy::string_to_sign(&v.policy).as_str(),
            v.string_to_sign,
            "{}: string to sign",
            v.id
        );
        assert_eq!(
            post_policy::signature(&key, &v.policy).as_str(),
            v.signature,
            "{}: signature",
            v.id
        );
    }
}

/// The documents' own example values (436/7778, 436/14690).
#[test]
fn published_keys() {
    for (id, window, sign_key) in [
        (
            "PUT",
            "1557989151;1557996351",
            "eb2519b498b02ac213cb1f3d1a3d27a3b3c9bc5f",
        ),
        (
            "GET",
            "1557989753;1557996953",
            "937914bf490e9e8c189836aad2052e4feeb35eaf",
        ),
    ] {
        let key = SignKey::derive(
            "BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz",
            KeyTime::parse(window).unwrap(),
        )
        .unwrap();
        assert_eq!(key.expose(), sign_key, "{id}");
    }
}

#[derive(Deserialize)]
struct Tc3Vector {
    id: String,
    service: String,
    secret_id: String,
    secret_key: String,
    method: String,
    host: String,
    query: String,
    timestamp: u64,
    content_type: String,
    payload: String,
    unsigned_payload: bool,
    headers: Pairs,
    canonical_request: String,
    string_to_sign: String,
}

#[test]
fn tc3_signatures() {
    let vectors: Vec<Tc3Vector> = lines(include_str!("data/tc3-signing.jsonl"));
    assert_eq!(vectors.len(), 6);
    for v in vectors {
        let id = &v.id;
        let request = Tc3Request {
            service: &v.service,
            method: &v.method,
            host: &v.host,
            query: &v.query,
            content_type: &v.content_type,
            payload: v.payload.as_bytes(),
            unsigned_payload: v.unsigned_payload,
            timestamp_s: v.timestamp,
        };
        let mut text = String::new();
        request.write_canonical_request(&mut text).unwrap();
        assert_eq!(text, v.canonical_request, "{id}: canonical request");
        text.clear();
        request.write_string_to_sign(&mut text).unwrap();
        assert_eq!(text, v.string_to_sign, "{id}: string to sign");
        let expected = &v
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("authorization"))
            .unwrap()
            .1;
        assert_eq!(
            &request.authorization(&v.secret_id, &v.secret_key).unwrap(),
            expected,
            "{id}"
        );
        let parsed = tc3::Authorization::parse(expected).unwrap();
        assert_eq!(parsed.secret_id, v.secret_id, "{id}");
        assert!(parsed.check(&request, &[], &v.secret_key).unwrap(), "{id}");
        assert!(!parsed.check(&request, &[], "another key").unwrap(), "{id}");
        let later = Tc3Request {
            timestamp_s: v.timestamp + 1,
            ..request
        };
        assert!(!parsed.check(&later, &[], &v.secret_key).unwrap(), "{id}");
    }
}

#[derive(Deserialize)]
struct V1Vector {
    id: String,
    signature_method: String,
    secret_key: String,
    method: String,
    host: String,
    path: String,
    params: BTreeMap<String, serde_json::Value>,
    string_to_sign: String,
    signature: String,
}

#[test]
fn version_1_signatures() {
    let vectors: Vec<V1Vector> = lines(include_str!("data/v1-signing.jsonl"));
    assert_eq!(vectors.len(), 4);
    for v in vectors {
        let params: Pairs = v
            .params
            .iter()
            .map(|(name, value)| {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                (name.clone(), text)
            })
            .collect();
        let source = v1::source(&v.method, &v.host, &v.path, &borrowed(&params));
        assert_eq!(source, v.string_to_sign, "{}: source", v.id);
        let method = match v.signature_method.as_str() {
            "HmacSHA256" => SignatureMethod::HmacSha256,
            _ => SignatureMethod::HmacSha1,
        };
        let signature = v1::signature(method, &v.secret_key, &source).unwrap();
        assert_eq!(signature.as_str(), v.signature, "{}: signature", v.id);
    }
}
