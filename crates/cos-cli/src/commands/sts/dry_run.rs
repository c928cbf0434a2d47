//! A transport that keeps the request instead of sending it.

use std::sync::{Arc, OnceLock};

use cos_sts::{
    BoxFuture, HttpRequest, HttpResponse, Transport, TransportError, TransportErrorKind,
};
use serde_json::Value;

/// Keeps the first request, as text with its secrets masked.
#[derive(Clone, Debug, Default)]
pub(super) struct DryRun(Arc<OnceLock<String>>);

impl DryRun {
    /// The request, once there is one.
    pub(super) fn request(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

impl Transport for DryRun {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        // Only the first matters; a later one would be its repetition.
        let _ = self.0.set(masked(&request));
        let not_sent = TransportError::new(TransportErrorKind::Invalid, "nothing was sent");
        Box::pin(std::future::ready(Err(not_sent)))
    }
}

fn masked(request: &HttpRequest) -> String {
    let mut text = format!("{} {}\n", request.method, request.url);
    if let Some(host) = &request.host_override {
        text.push_str(&format!("Host: {host}\n"));
    }
    for (name, value) in &request.headers {
        let shown = match *name {
            "Authorization" => without_signature(value),
            "X-TC-Token" => "***",
            _ => value,
        };
        text.push_str(&format!("{name}: {shown}\n"));
    }
    text.push('\n');
    text.push_str(&masked_body(&request.body));
    text
}

fn without_signature(authorization: &str) -> &str {
    match authorization.split_once(", Signature=") {
        Some((before, _)) => before,
        None if authorization == "SKIP" => authorization,
        None => "***",
    }
}

/// The one secret a body can hold is a web identity token.
fn masked_body(body: &[u8]) -> String {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(body) else {
        return "(not JSON)".to_owned();
    };
    for (name, value) in &mut fields {
        if name.ends_with("Token") || name == "TokenCode" {
            *value = "***".into();
        }
    }
    Value::Object(fields).to_string()
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
            body: br#"{"WebIdentityToken":"PLANTED","RoleArn":"r"}"#.to_vec(),
            timeout: Duration::from_secs(1),
        };
        let text = masked(&request);
        assert!(!text.contains("PLANTED"), "{text}");
        assert!(
            text.contains("Credential=A") && text.contains("X-TC-Action: AssumeRole"),
            "{text}"
        );
        assert!(text.contains("Host: sts.tencentcloudapi.com"), "{text}");
    }
}
