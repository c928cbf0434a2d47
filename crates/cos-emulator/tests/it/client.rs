//! A client that signs, and that can be told to do it wrong.

use std::collections::BTreeMap;

use cos_emulator::{Config, Emulator};
use cos_sign_core::{KeyTime, Request, SignKey, Signer, encode, encode_path, should_sign_header};
use serde_json::{Value, json};

pub(crate) const BUCKET: &str = "demo-1250000000";
pub(crate) const HOST: &str = "demo-1250000000.cos.ap-guangzhou.myqcloud.com";
pub(crate) const ROLE: &str = "qcs::cam::uin/100000000001:roleName/uploader";

/// Keys to sign with.
#[derive(Clone, Default)]
pub(crate) struct Keys {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) token: Option<String>,
}

pub(crate) struct World {
    pub(crate) emu: Emulator,
    pub(crate) http: reqwest::Client,
    pub(crate) root: Keys,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Text of the first element of that name.
    pub(crate) fn element(&self, name: &str) -> Option<String> {
        let text = self.text();
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        Some(rest.split_once(&format!("</{name}>"))?.0.to_owned())
    }

    /// Texts of all elements of that name.
    pub(crate) fn elements(&self, name: &str) -> Vec<String> {
        let text = self.text();
        let end = format!("</{name}>");
        text.split(&format!("<{name}>"))
            .skip(1)
            .filter_map(|t| Some(t.split_once(&end)?.0.to_owned()))
            .collect()
    }

    /// Status and code of an error.
    pub(crate) fn refusal(&self) -> (u16, String) {
        (self.status, self.element("Code").unwrap_or_default())
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert!(
            (200..300).contains(&self.status),
            "{} {}",
            self.status,
            self.text()
        );
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }
}

/// A request before it is sent.
pub(crate) struct Call<'w> {
    world: &'w World,
    method: &'static str,
    host: String,
    path: String,
    params: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    keys: Option<Keys>,
    window: Option<(i64, i64)>,
    tamper: Option<fn(String) -> String>,
    unsigned: Vec<(String, String)>,
    presigned: bool,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Emulator::builder().start().await.unwrap())
    }

    pub(crate) async fn configured(toml: &str, dir: &std::path::Path) -> Self {
        let config = Config::from_toml(toml, dir).unwrap();
        Self::with(Emulator::builder().config(config).start().await.unwrap())
    }

    pub(crate) fn with(emu: Emulator) -> Self {
        let account = &emu.accounts()[0];
        let root = Keys {
            id: account.secret_id.clone(),
            key: account.secret_key.clone(),
            token: None,
        };
        Self {
            http: http_client(emu.ca_pem(), None),
            emu,
            root,
        }
    }

    pub(crate) fn call(&self, method: &'static str, key: &str) -> Call<'_> {
        Call {
            world: self,
            method,
            host: HOST.to_owned(),
            path: format!("/{key}"),
            params: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
            keys: Some(self.root.clone()),
            window: None,
            tamper: None,
            unsigned: Vec::new(),
            presigned: false,
        }
    }

    pub(crate) async fn put(&self, key: &str, body: &[u8]) -> Reply {
        self.call("PUT", key).body(body).send().await.ok()
    }

    pub(crate) async fn get(&self, key: &str) -> Reply {
        self.call("GET", key).send().await
    }

    /// An admin call.
    pub(crate) async fn admin(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let url = format!("{}/_emulator/{path}", self.emu.http_url());
        let request = self.http.request(method.parse().unwrap(), url);
        let request = match body {
            Some(body) => request.body(body.to_string()),
            None => request,
        };
        reply(request.send().await.unwrap()).await
    }

    /// A call of the cloud API, version 3.
    pub(crate) async fn sts(&self, keys: &Keys, action: &str, params: Value) -> Value {
        let body = params.to_string();
        let host = "sts.tencentcloudapi.com";
        let timestamp_s = self.emu.clock().now_s();
        let request = cos_sign_core::tc3::Tc3Request {
            service: "sts",
            method: "POST",
            host,
            query: "",
            content_type: "application/json",
            payload: body.as_bytes(),
            unsigned_payload: false,
            timestamp_s,
        };
        let mut sent = self
            .http
            .post(self.emu.http_url())
            .header("host", host)
            .header("content-type", "application/json")
            .header("x-tc-action", action)
            .header("x-tc-version", "2018-08-13")
            .header("x-tc-region", "ap-guangzhou")
            .header("x-tc-timestamp", timestamp_s)
            .header(
                "authorization",
                request.authorization(&keys.id, &keys.key).unwrap(),
            );
        if let Some(token) = &keys.token {
            sent = sent.header("x-tc-token", token);
        }
        let reply = reply(sent.body(body).send().await.unwrap()).await;
        assert_eq!(reply.status, 200);
        reply.json()["Response"].clone()
    }

    /// Temporary keys from GetFederationToken with that policy.
    pub(crate) async fn federate(&self, policy: &Value) -> Keys {
        let params = json!({"Name": "test", "Policy": encode(&policy.to_string()).to_string(), "DurationSeconds": 1800});
        temporary(&self.sts(&self.root, "GetFederationToken", params).await)
    }

    pub(crate) async fn assume(&self) -> Keys {
        let params = json!({"RoleArn": ROLE, "RoleSessionName": "test"});
        temporary(&self.sts(&self.root, "AssumeRole", params).await)
    }
}

pub(crate) fn temporary(response: &Value) -> Keys {
    let text = |name: &str| {
        response["Credentials"][name]
            .as_str()
            .unwrap_or_else(|| panic!("no {name} in {response}"))
            .to_owned()
    };
    Keys {
        id: text("TmpSecretId"),
        key: text("TmpSecretKey"),
        token: Some(text("Token")),
    }
}

/// A policy that allows `actions` on keys that start with `prefix`.
pub(crate) fn allow(actions: &[&str], prefix: &str) -> Value {
    let actions: Vec<String> = actions.iter().map(|a| format!("name/cos:{a}")).collect();
    json!({"version": "2.0", "statement": [{
        "effect": "allow", "action": actions,
        "resource": [format!("qcs::cos:ap-guangzhou:uid/1250000000:{BUCKET}/{prefix}")],
    }]})
}

/// A client that trusts `ca_pem` and, with `resolve`, finds that name at that address.
pub(crate) fn http_client(
    ca_pem: Option<&str>,
    resolve: Option<(&str, std::net::SocketAddr)>,
) -> reqwest::Client {
    let mut roots = rustls::RootCertStore::empty();
    if let Some(pem) = ca_pem {
        use rustls_pki_types::pem::PemObject as _;
        roots
            .add(rustls_pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
            .unwrap();
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy();
    if let Some((name, address)) = resolve {
        builder = builder.resolve(name, address);
    }
    builder.build().unwrap()
}

pub(crate) async fn reply(response: reqwest::Response) -> Reply {
    let headers = response.headers().iter();
    let headers = headers
        .map(|(k, v)| {
            (
                k.as_str().to_owned(),
                String::from_utf8_lossy(v.as_bytes()).into_owned(),
            )
        })
        .collect();
    Reply {
        status: response.status().as_u16(),
        headers,
        body: response.bytes().await.unwrap().to_vec(),
    }
}

impl Call<'_> {
    pub(crate) fn host(mut self, host: &str) -> Self {
        self.host = host.to_owned();
        self
    }

    pub(crate) fn param(mut self, name: &str, value: impl ToString) -> Self {
        self.params.push((name.to_owned(), value.to_string()));
        self
    }

    pub(crate) fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// A header that is sent but not signed.
    pub(crate) fn unsigned(mut self, name: &str, value: &str) -> Self {
        self.unsigned.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    pub(crate) fn keys(mut self, keys: &Keys) -> Self {
        self.keys = Some(keys.clone());
        self
    }

    pub(crate) fn anonymous(mut self) -> Self {
        self.keys = None;
        self
    }

    /// Start and end of the key time, relative to the emulator's clock.
    pub(crate) fn window(mut self, start: i64, end: i64) -> Self {
        self.window = Some((start, end));
        self
    }

    /// Changes the finished Authorization.
    pub(crate) fn tamper(mut self, change: fn(String) -> String) -> Self {
        self.tamper = Some(change);
        self
    }

    /// Puts the signature into the query.
    pub(crate) fn presigned(mut self) -> Self {
        self.presigned = true;
        self
    }

    pub(crate) async fn send(self) -> Reply {
        reply(self.try_send().await.unwrap()).await
    }

    pub(crate) async fn try_send(mut self) -> Result<reqwest::Response, reqwest::Error> {
        let now = self.world.emu.clock().now_s() as i64;
        let (start, end) = self.window.unwrap_or((-60, 600));
        let key_time = KeyTime::new((now + start) as u64, (now + end) as u64).unwrap();
        let mut headers = self.headers.clone();
        headers.push(("host".to_owned(), self.host.clone()));
        if matches!(self.method, "PUT" | "POST") {
            headers.push(("content-length".to_owned(), self.body.len().to_string()));
        }
        let mut query = String::new();
        if let Some(keys) = &self.keys {
            if let Some(token) = &keys.token {
                if self.presigned {
                    self.params
                        .push(("x-cos-security-token".to_owned(), token.clone()));
                } else {
                    headers.push(("x-cos-security-token".to_owned(), token.clone()));
                }
            }
            let params: Vec<(&str, &str)> = self
                .params
                .iter()
                .map(|(k, v)| (k.as_str(), v.as_str()))
                .collect();
            let signed: Vec<(&str, &str)> = headers
                .iter()
                .filter(|(k, _)| should_sign_header(k))
                .map(|(k, v)| (k.as_str(), v.as_str()))
                .collect();
            let request = Request {
                method: self.method,
                path: &self.path,
                params: &params,
                headers: &signed,
            };
            let sign_key = SignKey::derive(&keys.key, key_time).unwrap();
            let signer = Signer::new(&keys.id, &sign_key);
            if self.presigned {
                query = signer.presigned_query(&request).unwrap();
            } else {
                let mut authorization = signer.authorization(&request).unwrap();
                if let Some(change) = self.tamper {
                    authorization = change(authorization);
                }
                headers.push(("authorization".to_owned(), authorization));
            }
        }
        if query.is_empty() {
            let pairs: Vec<String> = self
                .params
                .iter()
                .map(|(k, v)| format!("{}={}", encode(k), encode(v)))
                .collect();
            query = pairs.join("&");
        }
        let url = format!(
            "{}{}?{query}",
            self.world.emu.http_url(),
            encode_path(&self.path)
        );
        let mut request = self.world.http.request(self.method.parse().unwrap(), url);
        for (name, value) in headers.iter().chain(&self.unsigned) {
            // reqwest sends no length of an empty body by itself.
            request = request.header(name.as_str(), value.as_bytes());
        }
        if matches!(self.method, "PUT" | "POST") {
            request = request.body(self.body);
        }
        request.send().await
    }
}
