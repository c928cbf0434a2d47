//! The TOML form of a configuration.

use std::net::SocketAddr;
use std::sync::Arc;

use cos_sts::policy::Operation;
use cos_sts::{Credentials, SystemClock};
use serde::Deserialize;

use super::{BrokerConfig, Issue};
use crate::auth::{Authenticator, JwtHs256, TokenHash};
use crate::error::BrokerError;
use crate::grant::Grant;
use crate::prefix::UserName;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<SocketAddr>,
    sts: StsPart,
    grant: GrantPart,
    #[serde(default)]
    user: Vec<UserPart>,
    jwt: Option<JwtPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StsPart {
    endpoint: Option<String>,
    region: Option<String>,
    role_arn: Option<String>,
    external_id: Option<String>,
    secret_id: Option<String>,
    secret_id_env: Option<String>,
    secret_key: Option<String>,
    secret_key_env: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantPart {
    bucket: String,
    region: String,
    prefix: String,
    allow: Vec<String>,
    duration_s: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserPart {
    name: String,
    token_sha256: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JwtPart {
    secret: Option<String>,
    secret_env: Option<String>,
    user_claim: Option<String>,
    issuer: Option<String>,
    audience: Option<String>,
}

type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

pub(super) fn read(text: &str, env: Env<'_>) -> Result<BrokerConfig, BrokerError> {
    let file: File = toml::from_str(text).map_err(|e| syntax(text, &e))?;
    let sts = file.sts;
    let secret_id = given_or_env("sts.secret_id", sts.secret_id, sts.secret_id_env, env)?;
    let secret_key = given_or_env("sts.secret_key", sts.secret_key, sts.secret_key_env, env)?;
    let keys = Credentials::permanent(secret_id, secret_key)
        .map_err(|e| BrokerError::config(format!("[sts] {}", e.message())))?;
    let issue = match sts.role_arn {
        Some(arn) => Issue::Role {
            arn,
            external_id: sts.external_id,
        },
        None if sts.external_id.is_some() => {
            return Err(BrokerError::config("sts.external_id needs sts.role_arn"));
        }
        None => Issue::Federation,
    };
    let grant = grant(file.grant).map_err(|e| BrokerError::config(format!("[grant] {e}")))?;
    let mut auth = Authenticator::default();
    for user in file.user {
        let name = UserName::new(user.name);
        let hash = TokenHash::from_hex(&user.token_sha256);
        let user = name.and_then(|name| Ok((name, hash?)));
        auth.tokens
            .push(user.map_err(|e| BrokerError::config(format!("[[user]] {e}")))?);
    }
    if let Some(part) = file.jwt {
        auth.jwt = Some(jwt(part, env)?);
    }
    let config = BrokerConfig {
        listen: file.listen,
        keys,
        sts_endpoint: sts.endpoint,
        sts_region: sts.region.unwrap_or_else(|| grant.region.clone()),
        issue,
        grant,
        auth,
        clock: Arc::new(SystemClock),
        transport: None,
    };
    config.check()?;
    Ok(config)
}

fn grant(part: GrantPart) -> Result<Grant, String> {
    let operations: Result<Vec<Operation>, _> = part.allow.iter().map(|o| o.parse()).collect();
    let operations = operations.map_err(|e: cos_sts::policy::PolicyError| e.to_string())?;
    let grant = Grant::new(part.bucket, part.region, &part.prefix, operations)?;
    match part.duration_s {
        Some(seconds) => grant.duration_s(seconds),
        None => Ok(grant),
    }
}

fn jwt(part: JwtPart, env: Env<'_>) -> Result<JwtHs256, BrokerError> {
    let secret = given_or_env("jwt.secret", part.secret, part.secret_env, env)?;
    let mut jwt = JwtHs256::new(secret).map_err(|e| BrokerError::config(format!("[jwt] {e}")))?;
    if let Some(claim) = part.user_claim {
        jwt = jwt.user_claim(claim);
    }
    if let Some(issuer) = part.issuer {
        jwt = jwt.issuer(issuer);
    }
    if let Some(audience) = part.audience {
        jwt = jwt.audience(audience);
    }
    Ok(jwt)
}

/// A secret comes from an environment variable, or from the file itself in tests.
fn given_or_env(
    name: &str,
    given: Option<String>,
    variable: Option<String>,
    env: Env<'_>,
) -> Result<String, BrokerError> {
    match (given, variable) {
        (Some(value), None) => Ok(value),
        (None, Some(variable)) => env(&variable).filter(|v| !v.is_empty()).ok_or_else(|| {
            BrokerError::config(format!(
                "{name}_env names the environment variable {variable}, which is not set"
            ))
        }),
        (Some(_), Some(_)) => Err(BrokerError::config(format!(
            "give {name} or {name}_env, not both"
        ))),
        (None, None) => Err(BrokerError::config(format!("{name}_env is missing"))),
    }
}

/// The parser's own text quotes the line and sometimes the value, which may be a secret. So: the line number,
/// and the parser's words unless the line is about one.
fn syntax(text: &str, error: &toml::de::Error) -> BrokerError {
    let at = error.span().map_or(0, |s| s.start).min(text.len());
    let before = text.get(..at).unwrap_or_default();
    let number = before.matches('\n').count() + 1;
    let line = text.lines().nth(number - 1).unwrap_or_default();
    let secret = ["secret", "token", "key"].iter().any(|w| line.contains(w));
    let what = if secret {
        "this line is not as expected"
    } else {
        error.message()
    };
    BrokerError::config(format!("line {number}: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn text() -> String {
        format!(
            r#"
listen = "127.0.0.1:8080"
[sts]
endpoint = "http://127.0.0.1:9000"
role_arn = "qcs::cam::uin/100000000001:roleName/uploader"
secret_id_env = "ID"
secret_key_env = "KEY"
[grant]
bucket = "demo-1250000000"
region = "ap-guangzhou"
prefix = "users/{{user}}/"
allow = ["upload", "download"]
duration_s = 900
[[user]]
name = "alice"
token_sha256 = "{HASH}"
"#
        )
    }

    fn load(text: &str) -> Result<BrokerConfig, BrokerError> {
        BrokerConfig::from_toml_with_env(text, &|name| match name {
            "ID" => Some("AKIDpermanent".to_owned()),
            "KEY" => Some("PLANTEDkey".to_owned()),
            "JWT" => Some("PLANTED-PLANTED-PLANTED-PLANTED-PLANTED".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        })
    }

    #[test]
    fn a_whole_file() {
        let config = load(&text()).unwrap();
        assert_eq!(config.listen().unwrap().port(), 8080);
        assert_eq!(config.keys.secret_key().expose(), "PLANTEDkey");
        assert!(matches!(&config.issue, Issue::Role { arn, .. } if arn.ends_with("uploader")));
        assert_eq!(config.grant.duration_s, 900);
        assert_eq!(config.sts_region, "ap-guangzhou");
        assert_eq!(config.auth.tokens[0].0.as_str(), "alice");
        let with_jwt = text() + "[jwt]\nsecret_env = \"JWT\"\nissuer = \"me\"\n";
        let config = load(&with_jwt).unwrap();
        assert!(!format!("{config:?}").contains("PLANTED"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            (
                "secret_key_env = \"KEY\"",
                "",
                "sts.secret_key_env is missing",
            ),
            ("\"KEY\"", "\"EMPTY\"", "EMPTY, which is not set"),
            (
                "secret_id_env = \"ID\"",
                "secret_id_env = \"ID\"\nsecret_id = \"x\"",
                "not both",
            ),
            (
                "[\"upload\", ",
                "[\"write\", ",
                "`write` is not an operation",
            ),
            ("users/{user}/", "users/", "must hold {user}"),
            ("duration_s = 900", "duration_s = 1", "1 s is not within"),
            (
                "duration_s = 900",
                "durations = 900",
                "line 13: unknown field",
            ),
            (HASH, "abc", "64 hexadecimal digits"),
            ("\"alice\"", "\"../bob\"", "may hold only"),
            (
                "role_arn = \"qcs::cam::uin/100000000001:roleName/uploader\"",
                "external_id = \"x\"",
                "needs sts.role_arn",
            ),
        ];
        for (from, to, words) in cases {
            let changed = text().replace(from, to);
            assert_ne!(changed, text(), "{from}");
            let e = load(&changed).unwrap_err().to_string();
            assert!(e.contains(words), "{from} -> {to}: {e}");
        }
        let nobody = text().split("[[user]]").next().unwrap().to_owned();
        let e = load(&nobody).unwrap_err().to_string();
        assert!(e.contains("no user can get in"), "{e}");
        let twice = text() + &format!("[[user]]\nname = \"bob\"\ntoken_sha256 = \"{HASH}\"\n");
        let e = load(&twice).unwrap_err().to_string();
        assert!(e.contains("the same token"), "{e}");
    }

    #[test]
    fn a_broken_file_shows_no_secret() {
        for line in [
            "secret_key = \"PLANTED",
            "secret_key = PLANTED",
            "secret_key = [\"PLANTED\"]",
            "secret_key = 'a' PLANTED",
        ] {
            let changed = text().replace("secret_key_env = \"KEY\"", line);
            let e = load(&changed).unwrap_err().to_string();
            assert!(!e.contains("PLANTED"), "{e}");
            assert!(e.contains("line 7"), "{e}");
        }
    }
}
