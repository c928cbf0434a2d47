//! STS: both signature forms, limits, error codes.

use cos_sign_core::v1::{self, SignatureMethod};
use serde_json::{Value, json};

use crate::client::{Keys, ROLE, World, allow, reply, temporary};

fn code(response: &Value) -> &str {
    response["Error"]["Code"]
        .as_str()
        .unwrap_or_else(|| panic!("no error in {response}"))
}

#[tokio::test]
async fn replies_have_the_documented_shape() {
    let world = World::new().await;
    let policy = allow(&["PutObject"], "*").to_string();
    let federation = json!({"Name": "cos-sts-python", "Policy": policy});
    let got = world
        .sts(&world.root, "GetFederationToken", federation)
        .await;
    let expired = got["ExpiredTime"].as_u64().unwrap();
    assert!(expired.abs_diff(world.emu.clock().now_s() + 1800) <= 1);
    assert!(got["Expiration"].as_str().unwrap().ends_with('Z'));
    assert!(!got["RequestId"].as_str().unwrap().is_empty());
    assert!(got["Credentials"]["Token"].as_str().unwrap().len() <= 4096);

    let who = world.sts(&world.root, "GetCallerIdentity", json!({})).await;
    assert_eq!(who["Arn"], "qcs::cam:100000000001:uin/100000000001");
    let role = world.assume().await;
    let who = world.sts(&role, "GetCallerIdentity", json!({})).await;
    assert_eq!(
        (&who["Type"], &who["AccountId"]),
        (&json!("CAMRole"), &json!("100000000001"))
    );
}

#[tokio::test]
async fn refuses() {
    let world = World::new().await;
    let root = &world.root;
    let federate = |fields: Value| {
        let mut params = json!({"Name": "n", "Policy": allow(&["PutObject"], "*").to_string()});
        for (name, value) in fields.as_object().unwrap() {
            params[name] = value.clone();
        }
        params
    };
    let call = async |params| world.sts(root, "GetFederationToken", params).await;
    assert_eq!(
        code(&call(federate(json!({"DurationSeconds": 7201}))).await),
        "InvalidParameter.OverTimeError"
    );
    assert_eq!(
        code(&call(federate(json!({"Policy": "{"}))).await),
        "InvalidParameter.StrategyFormatError"
    );
    assert_eq!(
        code(&call(federate(json!({"Policy": null}))).await),
        "MissingParameter"
    );
    assert_eq!(
        code(&call(federate(json!({"Name": null}))).await),
        "MissingParameter"
    );
    let mut other = allow(&["PutObject"], "*");
    other["statement"][0]["resource"] =
        json!(["qcs::cos:ap-guangzhou:uid/1259999999:b-1259999999/*"]);
    let foreign = federate(json!({"Policy": other.to_string()}));
    assert_eq!(
        code(&call(foreign).await),
        "InvalidParameter.GrantOtherResource"
    );
    let mut principal = allow(&["PutObject"], "*");
    principal["statement"][0]["principal"] = json!({"qcs": ["*"]});
    let principal = federate(json!({"Policy": principal.to_string()}));
    assert_eq!(
        code(&call(principal).await),
        "InvalidParameter.StrategyFormatError"
    );

    let role = world.assume().await;
    let again = world
        .sts(&role, "GetFederationToken", federate(json!({})))
        .await;
    assert_eq!(code(&again), "FailedOperation.TempKeyNotAllowed");
    let nobody = json!({"RoleArn": ROLE.replace("uploader", "nobody"), "RoleSessionName": "s1"});
    assert_eq!(
        code(&world.sts(root, "AssumeRole", nobody).await),
        "ResourceNotFound.RoleNotFound"
    );
    let long = json!({"RoleArn": ROLE, "RoleSessionName": "s1", "DurationSeconds": 43201});
    assert_eq!(
        code(&world.sts(root, "AssumeRole", long).await),
        "InvalidParameter.OverTimeError"
    );
    assert_eq!(
        code(&world.sts(root, "Dance", json!({})).await),
        "InvalidAction"
    );

    let wrong = Keys {
        key: "wrong".to_owned(),
        ..root.clone()
    };
    assert_eq!(
        code(&world.sts(&wrong, "GetCallerIdentity", json!({})).await),
        "AuthFailure.SignatureFailure"
    );
    let unknown = Keys {
        id: "AKIDx".to_owned(),
        ..root.clone()
    };
    assert_eq!(
        code(&world.sts(&unknown, "GetCallerIdentity", json!({})).await),
        "AuthFailure.SecretIdNotFound"
    );
    let no_token = Keys {
        token: None,
        ..role
    };
    assert_eq!(
        code(&world.sts(&no_token, "GetCallerIdentity", json!({})).await),
        "AuthFailure.TokenFailure"
    );
}

async fn version_1(world: &World, method: Option<&str>, skew: i64, keys: &Keys) -> Value {
    let timestamp = (world.emu.clock().now_s() as i64 + skew).to_string();
    let policy = cos_sign_core::encode(&allow(&["PutObject"], "up/*").to_string()).to_string();
    let host = world.emu.http_url().replace("http://", "");
    let mut params = vec![
        ("Action", "GetFederationToken"),
        ("Version", "2018-08-13"),
        ("Region", "ap-guangzhou"),
        ("Timestamp", &timestamp),
        ("Nonce", "123456"),
        ("SecretId", &keys.id),
        ("Name", "cos-sts-python"),
        ("Policy", &policy),
    ];
    let kind = match method {
        Some("HmacSHA256") => SignatureMethod::HmacSha256,
        _ => SignatureMethod::HmacSha1,
    };
    if let Some(method) = method {
        params.push(("SignatureMethod", method));
    }
    let source = v1::source("POST", &host, "/", &params);
    let signature = v1::signature(kind, &keys.key, &source).unwrap();
    params.push(("Signature", signature.as_str()));
    let body: Vec<String> = params
        .iter()
        .map(|(k, v)| format!("{k}={}", cos_sign_core::encode(v)))
        .collect();
    let sent = world
        .http
        .post(world.emu.http_url())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.join("&"));
    reply(sent.send().await.unwrap()).await.json()["Response"].clone()
}

#[tokio::test]
async fn version_1_signatures() {
    let world = World::new().await;
    for method in [None, Some("HmacSHA1"), Some("HmacSHA256")] {
        let keys = temporary(&version_1(&world, method, 0, &world.root).await);
        world
            .call("PUT", "up/a")
            .keys(&keys)
            .body("x")
            .send()
            .await
            .ok();
        assert_eq!(
            world
                .call("PUT", "a")
                .keys(&keys)
                .body("x")
                .send()
                .await
                .status,
            403
        );
    }
    assert_eq!(
        code(&version_1(&world, None, 301, &world.root).await),
        "AuthFailure.SignatureExpire"
    );
    let wrong = Keys {
        key: "wrong".to_owned(),
        ..world.root.clone()
    };
    assert_eq!(
        code(&version_1(&world, None, 0, &wrong).await),
        "AuthFailure.SignatureFailure"
    );
}

#[tokio::test]
async fn metadata_service() {
    let world = World::new().await;
    let path = "metadata/latest/meta-data/cam/security-credentials/";
    assert_eq!(world.admin("GET", path, None).await.text(), "uploader");
    let got = world
        .admin("GET", &format!("{path}uploader"), None)
        .await
        .json();
    assert_eq!(got["Code"], "Success");
    let text = |name: &str| got[name].as_str().unwrap().to_owned();
    let keys = Keys {
        id: text("TmpSecretId"),
        key: text("TmpSecretKey"),
        token: Some(text("Token")),
    };
    world
        .call("PUT", "a")
        .keys(&keys)
        .body("x")
        .send()
        .await
        .ok();
    assert_eq!(
        world
            .admin("GET", &format!("{path}other"), None)
            .await
            .status,
        404
    );
}

/// A token signed with ES256, as an identity provider would issue it.
fn web_token(key: &ring::signature::EcdsaKeyPair, claims: &Value) -> String {
    use base64::Engine as _;
    let encode = |data: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(data);
    let head = encode(json!({"alg": "ES256", "kid": "k1"}).to_string().as_bytes());
    let message = format!("{head}.{}", encode(claims.to_string().as_bytes()));
    let signature = key
        .sign(&ring::rand::SystemRandom::new(), message.as_bytes())
        .unwrap();
    format!("{message}.{}", encode(signature.as_ref()))
}

#[tokio::test]
async fn web_identity() {
    use base64::Engine as _;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    let random = ring::rand::SystemRandom::new();
    let pair = || {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random)
            .unwrap()
    };
    let (key, other) = (pair(), pair());
    let point = key.public_key().as_ref();
    let encode = |data: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(data);
    let jwks = json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1", "x": encode(&point[1..33]), "y": encode(&point[33..])}]});
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("jwks.json"), jwks.to_string()).unwrap();
    let config = r#"
        [[account]]
        app_id = "1250000000"
        uin = "100000000001"
        secret_id = "id"
        secret_key = "key"
        [[account.role]]
        name = "uploader"
        trust = { oidc_provider = "my-idp", jwks_file = "jwks.json" }
        [[bucket]]
        name = "demo-1250000000"
        region = "ap-guangzhou"
    "#;
    let world = World::configured(config, dir.path()).await;
    let now = world.emu.clock().now_s();
    let call = async |provider: &str, token: String| {
        let params = json!({"ProviderId": provider, "WebIdentityToken": token, "RoleArn": ROLE, "RoleSessionName": "web1"});
        let sent = world
            .http
            .post(world.emu.http_url())
            .header("host", "sts.tencentcloudapi.com")
            .header("content-type", "application/json")
            .header("authorization", "SKIP")
            .header("x-tc-action", "AssumeRoleWithWebIdentity")
            .header("x-tc-version", "2018-08-13")
            .body(params.to_string());
        reply(sent.send().await.unwrap()).await.json()["Response"].clone()
    };
    let claims = json!({"sub": "pod-1", "exp": now + 60});
    let keys = temporary(&call("my-idp", web_token(&key, &claims)).await);
    world
        .call("PUT", "a")
        .keys(&keys)
        .body("x")
        .send()
        .await
        .ok();
    assert_eq!(
        code(&call("my-idp", web_token(&other, &claims)).await),
        "InvalidParameter.WebIdentityTokenError"
    );
    assert_eq!(
        code(&call("other", web_token(&key, &claims)).await),
        "UnauthorizedOperation"
    );
    let old = web_token(&key, &json!({"sub": "pod-1", "exp": now - 1}));
    assert_eq!(
        code(&call("my-idp", old).await),
        "InvalidParameter.WebIdentityTokenError"
    );
}
