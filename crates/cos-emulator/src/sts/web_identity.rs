//! Checks an OpenID Connect token against the provider's public keys (RFC 7515, 7517, 7519).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

/// Why a token is refused.
pub(super) type Refusal = &'static str;

/// The claims of a token that is signed by one of the keys and valid at `now_s`.
pub(super) fn verify(token: &str, jwks: &Value, now_s: u64) -> Result<Value, Refusal> {
    let mut parts = token.trim().split('.');
    let (Some(head), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("The web identity token is not a signed JWT.");
    };
    let header = decode_json(head)?;
    let raw_signature = decode(signature)?;
    let message = &token.trim()[..head.len() + 1 + claims.len()];
    let algorithm = header["alg"].as_str().unwrap_or_default();
    let key_id = header["kid"].as_str();
    let keys = jwks["keys"]
        .as_array()
        .ok_or("The provider's key file is not a JWK set.")?;
    let candidates = keys
        .iter()
        .filter(|key| key_id.is_none() || key["kid"].as_str() == key_id);
    let signed = candidates
        .into_iter()
        .any(|key| check(algorithm, key, message.as_bytes(), &raw_signature));
    if !signed {
        return Err("The signature of the web identity token is not from a key of the provider.");
    }
    let claims = decode_json(claims)?;
    if claims["exp"].as_u64().is_none_or(|end| end <= now_s) {
        return Err("The web identity token has expired.");
    }
    if claims["nbf"].as_u64().is_some_and(|start| start > now_s) {
        return Err("The web identity token is not valid yet.");
    }
    if claims["sub"].as_str().is_none_or(str::is_empty) {
        return Err("The web identity token names no subject.");
    }
    Ok(claims)
}

fn check(algorithm: &str, key: &Value, message: &[u8], signature: &[u8]) -> bool {
    let part = |name: &str| key[name].as_str().and_then(|text| decode(text).ok());
    match (algorithm, key["kty"].as_str()) {
        ("RS256", Some("RSA")) => part("n").zip(part("e")).is_some_and(|(n, e)| {
            let key = RsaPublicKeyComponents { n, e };
            key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok()
        }),
        ("ES256", Some("EC")) => part("x").zip(part("y")).is_some_and(|(x, y)| {
            let point = [&[4][..], &x, &y].concat();
            UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
                .verify(message, signature)
                .is_ok()
        }),
        // `none` and keyed hashes prove nothing here.
        _ => false,
    }
}

fn decode(text: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .map_err(|_| "The web identity token is not base64url.")
}

fn decode_json(text: &str) -> Result<Value, Refusal> {
    serde_json::from_slice(&decode(text)?).map_err(|_| "The web identity token is not JSON.")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7515, appendix A.3 (ES256).
    const TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    fn keys(x: &str) -> Value {
        serde_json::json!({"keys": [{"kty": "EC", "crv": "P-256", "x": x, "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})
    }

    #[test]
    fn example_of_the_standard() {
        let good = keys("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
        // Signed by that key; refused only because it names nobody.
        assert_eq!(
            verify(TOKEN, &good, 1_300_819_379),
            Err("The web identity token names no subject.")
        );
        assert_eq!(
            verify(TOKEN, &good, 1_300_819_380),
            Err("The web identity token has expired.")
        );
        let other = keys("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV");
        assert!(verify(TOKEN, &other, 0).unwrap_err().contains("signature"));
        let none = format!(
            "{}.{}.",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
            TOKEN.split('.').nth(1).unwrap()
        );
        assert!(verify(&none, &good, 0).unwrap_err().contains("signature"));
        assert!(verify("a.b", &good, 0).is_err());
    }
}
