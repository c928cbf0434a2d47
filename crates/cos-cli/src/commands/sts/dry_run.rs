//! A transport that keeps the request instead of sending it.

use std::sync::{Arc, OnceLock};

use cos_sts::{
    BoxFuture, HttpRequest, HttpResponse, Transport, TransportError, TransportErrorKind,
};
use serde_json::{Map, Value, json};

/// Keeps the first request, its secrets masked.
#[derive(Clone, Debug, Default)]
pub(super) struct DryRun(Arc<OnceLock<Masked>>);

/// A request that may be shown.
#[derive(Debug)]
pub(super) struct Masked {
    method: &'static str,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: Value,
}

impl DryRun {
    /// The request, once there is one.
    pub(super) fn request(&self) -> Option<&Masked> {
        self.0.get()
    }
}

impl Transport for DryRun {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        // Only the first matters; a later one would be its repetition.
        let _ = self.0.set(Masked::of(&request));
        let not_sent = TransportError::new(TransportErrorKind::Invalid, "nothing was sent");
        Box::pin(std::future::ready(Err(not_sent)))
    }
}

impl Masked {
    fn of(request: &HttpRequest) -> Self {
        let host = request.host_override.iter().map(|host| ("Host", host));
        let others = request.headers.iter().map(|(name, value)| (*name, value));
        let shown = |(name, value): (&'static str, &String)| {
            let value = match name {
                "Authorization" => without_signature(value),
                "X-TC-Token" => "***",
                _ => value,
            };
            (name, value.to_owned())
        };
        Self {
            method: request.method,
            url: request.url.clone(),
            headers: host.chain(others).map(shown).collect(),
            body: masked_body(&request.body),
        }
    }

    /// As it would be sent.
    pub(super) fn to_text(&self) -> String {
        let mut text = format!("{} {}\n", self.method, self.url);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\n"));
        }
        text.push('\n');
        text.push_str(&self.body.to_string());
        text
    }

    /// As one document.
    pub(super) fn to_json(&self) -> Value {
        let headers = self.headers.iter();
        let headers: Map<String, Value> = headers
            .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
            .collect();
        json!({
            "method": self.method,
            "url": self.url,
            "headers": headers,
            "body": self.body,
        })
    }
}

fn without_signature(authorization: &str) -> &str {
    match authorization.split_once(", Signature=") {
        Some((before, _)) => before,
        None if authorization == "SKIP" => authorization,
        None => "***",
    }
}

/// What a body may hold that opens something: a web identity token, the code of a second factor, the
/// word agreed on with a role's owner.
const SECRET_FIELDS: [&str; 3] = ["WebIdentityToken", "TokenCode", "ExternalId"];

fn masked_body(body: &[u8]) -> Value {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(body) else {
        return Value::Null;
    };
    for name in SECRET_FIELDS {
        if let Some(value) = fields.get_mut(name) {
            *value = "***".into();
        }
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn secrets_are_masked() {
        let request = HttpRequest {
            method: "POST",
            url: "https://sts.example.com/".to_owned(),
            host_override: Some("sts.tencentcloudapi.com".to_owned()),
            headers: vec![
                (
                    "Authorization",
                    "TC3-HMAC-SHA256 Credential=A, SignedHeaders=h, Signature=PLANTED".to_owned(),
                ),
                ("X-TC-Token", "PLANTED".to_owned()),
                ("X-TC-Action", "AssumeRole".to_owned()),
            ],
            body: br#"{"WebIdentityToken":"PLANTED","TokenCode":"PLANTED","ExternalId":"PLANTED","RoleArn":"r"}"#.to_vec(),
            timeout: Duration::from_secs(1),
        };
        let masked = Masked::of(&request);
        let (text, document) = (masked.to_text(), masked.to_json());
        assert!(!format!("{text}{document}").contains("PLANTED"), "{text}");
        assert!(
            text.contains("Credential=A") && text.contains("X-TC-Action: AssumeRole"),
            "{text}"
        );
        assert!(text.contains("Host: sts.tencentcloudapi.com"), "{text}");
        assert_eq!(document["headers"]["Host"], "sts.tencentcloudapi.com");
        assert_eq!(document["body"]["RoleArn"], "r");
        let broken = HttpRequest {
            body: b"PLANTED".to_vec(),
            ..request
        };
        assert!(!Masked::of(&broken).to_text().contains("PLANTED"));
    }
}
