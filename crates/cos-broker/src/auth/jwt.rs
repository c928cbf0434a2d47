//! JSON web tokens signed with a shared secret (HS256), as many app servers issue them (RFC 7519, 7515).
//!
//! Only this one algorithm, so there is nothing for a token's header to choose.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cos_sts::SecretKey;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::Sha256;

use crate::prefix::UserName;

/// RFC 7518 §3.2: the secret is at least as long as the hash.
const MIN_SECRET_BYTES: usize = 32;

/// How far the issuer's clock may be from ours, in seconds.
const LEEWAY_S: f64 = 60.0;

/// Checks HS256 web tokens and says which user they name.
#[derive(Clone)]
pub struct JwtHs256 {
    secret: SecretKey,
    user_claim: String,
    issuer: Option<String>,
    audience: Option<String>,
}

impl JwtHs256 {
    /// Trusts tokens signed with `secret`; the user is the claim `sub`.
    ///
    /// # Errors
    /// If the secret is shorter than 32 bytes; in words.
    pub fn new(secret: impl Into<String>) -> Result<Self, &'static str> {
        let secret = SecretKey::new(secret);
        if secret.expose().len() < MIN_SECRET_BYTES {
            return Err("the secret for HS256 must be at least 32 bytes long");
        }
        Ok(Self {
            secret,
            user_claim: "sub".to_owned(),
            issuer: None,
            audience: None,
        })
    }

    /// Takes the user's name from another claim.
    #[must_use]
    pub fn user_claim(mut self, claim: impl Into<String>) -> Self {
        self.user_claim = claim.into();
        self
    }

    /// Takes only tokens whose `iss` is this.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Takes only tokens whose `aud` names this. Without it, tokens that have an `aud` are for someone else
    /// and refused (RFC 7519 §4.1.3).
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// The user of a token that is good at `now_s` (Unix seconds).
    pub(super) fn verify(&self, token: &[u8], now_s: u64) -> Option<UserName> {
        let token = std::str::from_utf8(token).ok()?;
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.expose().as_bytes()).ok()?;
        mac.update(signed.as_bytes());
        // Constant time; and before anything of the token is looked at.
        mac.verify_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?)
            .ok()?;
        let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        if header.alg != "HS256" || header.crit.is_some() {
            return None;
        }
        let claims: Map<String, Value> =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        if !self.is_for_us(&claims) || !is_in_time(&claims, now_s) {
            return None;
        }
        match claims.get(&self.user_claim)? {
            Value::String(name) => UserName::new(name.as_str()).ok(),
            // Many systems number their users.
            Value::Number(n) => UserName::new(n.as_u64()?.to_string()).ok(),
            _ => None,
        }
    }

    fn is_for_us(&self, claims: &Map<String, Value>) -> bool {
        let text = |v: &Value, wanted: &str| v.as_str() == Some(wanted);
        let issuer_ok = match &self.issuer {
            None => true,
            Some(wanted) => claims.get("iss").is_some_and(|v| text(v, wanted)),
        };
        let audience_ok = match (&self.audience, claims.get("aud")) {
            (None, None) => true,
            (Some(wanted), Some(Value::Array(all))) => all.iter().any(|v| text(v, wanted)),
            (Some(wanted), Some(one)) => text(one, wanted),
            (None, Some(_)) | (Some(_), None) => false,
        };
        issuer_ok && audience_ok
    }
}

/// A token without an end would be a password: `exp` is required.
fn is_in_time(claims: &Map<String, Value>, now_s: u64) -> bool {
    #[allow(
        clippy::cast_precision_loss,
        reason = "exact for times before the year 285 million"
    )]
    let now = now_s as f64;
    let Some(end) = claims.get("exp").and_then(Value::as_f64) else {
        return false;
    };
    let begun = match claims.get("nbf") {
        None => true,
        Some(v) => v.as_f64().is_some_and(|start| start <= now + LEEWAY_S),
    };
    begun && now < end + LEEWAY_S
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    // Names extensions that must be understood; we understand none (RFC 7515 §4.1.11).
    crit: Option<Value>,
}

impl fmt::Debug for JwtHs256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtHs256")
            .field("user_claim", &self.user_claim)
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "your-256-bit-secret-your-256-bit-secret";
    const NOW: u64 = 1_700_000_000;

    fn make(header: &str, claims: &str, secret: &str) -> String {
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        format!("{signed}.{signature}")
    }

    fn user(jwt: &JwtHs256, claims: &str) -> Option<String> {
        let token = make(r#"{"alg":"HS256","typ":"JWT"}"#, claims, SECRET);
        jwt.verify(token.as_bytes(), NOW)
            .map(|u| u.as_str().to_owned())
    }

    #[test]
    fn known_answer() {
        // RFC 7515 appendix A.1. Its key is not text, so only the tool is checked here: same bytes, same MAC.
        let key = URL_SAFE_NO_PAD
            .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(b"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ");
        assert_eq!(
            URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );
    }

    #[test]
    fn claims_decide() {
        let jwt = JwtHs256::new(SECRET).unwrap();
        assert_eq!(
            user(&jwt, r#"{"sub":"alice","exp":1700000001}"#).as_deref(),
            Some("alice")
        );
        assert_eq!(
            user(&jwt, r#"{"sub":42,"exp":1700000001.5,"nbf":1700000000}"#).as_deref(),
            Some("42")
        );
        for bad in [
            r#"{"sub":"alice"}"#,
            r#"{"sub":"alice","exp":"1700000001"}"#,
            r#"{"sub":"alice","exp":1699999940}"#,
            r#"{"sub":"alice","exp":1700000001,"nbf":1700000061}"#,
            r#"{"sub":"alice","exp":1700000001,"aud":"other"}"#,
            r#"{"sub":"../bob","exp":1700000001}"#,
            r#"{"sub":"","exp":1700000001}"#,
            r#"{"exp":1700000001}"#,
            "[]",
            "",
        ] {
            assert_eq!(user(&jwt, bad), None, "{bad}");
        }
    }

    #[test]
    fn issuer_audience_and_claim_name() {
        let jwt = JwtHs256::new(SECRET)
            .unwrap()
            .issuer("https://a")
            .audience("cos")
            .user_claim("uid");
        for good in [
            r#"{"uid":"a","exp":1700000001,"iss":"https://a","aud":"cos"}"#,
            r#"{"uid":"a","exp":1700000001,"iss":"https://a","aud":["x","cos"]}"#,
        ] {
            assert_eq!(user(&jwt, good).as_deref(), Some("a"));
        }
        for bad in [
            r#"{"uid":"a","exp":1700000001,"iss":"https://b","aud":"cos"}"#,
            r#"{"uid":"a","exp":1700000001,"aud":"cos"}"#,
            r#"{"uid":"a","exp":1700000001,"iss":"https://a"}"#,
            r#"{"uid":"a","exp":1700000001,"iss":"https://a","aud":["x"]}"#,
            r#"{"sub":"a","exp":1700000001,"iss":"https://a","aud":"cos"}"#,
        ] {
            assert_eq!(user(&jwt, bad), None, "{bad}");
        }
    }

    #[test]
    fn forgeries_are_refused() {
        let jwt = JwtHs256::new(SECRET).unwrap();
        let claims = r#"{"sub":"alice","exp":1700000001}"#;
        let good = make(r#"{"alg":"HS256"}"#, claims, SECRET);
        assert!(jwt.verify(good.as_bytes(), NOW).is_some());
        let (signed, _) = good.rsplit_once('.').unwrap();
        for bad in [
            make(
                r#"{"alg":"HS256"}"#,
                claims,
                "another secret of enough length!",
            ),
            make(r#"{"alg":"none"}"#, claims, SECRET),
            make(r#"{"alg":"HS512"}"#, claims, SECRET),
            make(r#"{"alg":"HS256","crit":["x"]}"#, claims, SECRET),
            format!("{signed}."),
            signed.to_owned(),
            format!("{good}="),
            format!("{good}.{good}"),
            good[..good.len() - 2].to_owned(),
            String::new(),
            "..".to_owned(),
        ] {
            assert!(jwt.verify(bad.as_bytes(), NOW).is_none(), "{bad}");
        }
        assert!(JwtHs256::new("short").is_err());
        assert!(!format!("{jwt:?}").contains("secret-"));
    }
}
