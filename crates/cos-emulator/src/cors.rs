//! CORS: the preflight, and the headers of actual answers.

use http::{HeaderMap, Response, StatusCode};
use serde::Deserialize;

use crate::body::Body;
use crate::error::{Code, Result, header_value};
use crate::head::Head;
use crate::reply::{self, Reply};
use crate::store::Bucket;
use crate::xml;

#[derive(Debug, Deserialize)]
pub(crate) struct Configuration {
    #[serde(rename = "CORSRule", default)]
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
struct Rule {
    #[serde(rename = "AllowedOrigin", default)]
    origins: Vec<String>,
    #[serde(rename = "AllowedMethod", default)]
    methods: Vec<String>,
    #[serde(rename = "AllowedHeader", default)]
    headers: Vec<String>,
    #[serde(rename = "ExposeHeader", default)]
    expose: Vec<String>,
    #[serde(rename = "MaxAgeSeconds")]
    max_age_s: Option<u64>,
}

/// # Errors
/// `MalformedXML`, also for a configuration without a usable rule.
pub(crate) fn parse(text: &str) -> Result<Configuration> {
    let configuration: Configuration = xml::parse(text.as_bytes())?;
    let usable = |rule: &Rule| !rule.origins.is_empty() && !rule.methods.is_empty();
    if configuration.rules.is_empty() || !configuration.rules.iter().all(usable) {
        return Err(Code::MalformedXML.into());
    }
    Ok(configuration)
}

impl Rule {
    fn admits(&self, origin: &str, method: &str, headers: &[&str]) -> bool {
        let any = |patterns: &[String], text: &str| patterns.iter().any(|p| matches(p, text));
        any(&self.origins, origin)
            && self.methods.iter().any(|m| m.eq_ignore_ascii_case(method))
            && headers.iter().all(|h| any(&self.headers, h))
    }
}

/// One star stands for any text; case does not matter.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, end)) => {
            text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
        }
    }
}

fn rule(bucket: &Bucket, origin: &str, method: &str, headers: &[&str]) -> Option<Rule> {
    let settings = bucket.settings();
    let configuration = parse(settings.documents.get("cors")?).ok()?;
    configuration
        .rules
        .into_iter()
        .find(|rule| rule.admits(origin, method, headers))
}

fn add(headers: &mut HeaderMap, rule: &Rule, origin: &str) {
    let any = rule.origins.iter().any(|o| o == "*");
    headers.insert(
        "access-control-allow-origin",
        header_value(if any { "*" } else { origin }),
    );
    headers.insert(
        "access-control-allow-methods",
        header_value(&rule.methods.join(",")),
    );
    if !rule.expose.is_empty() {
        headers.insert(
            "access-control-expose-headers",
            header_value(&rule.expose.join(",")),
        );
    }
    if let Some(age) = rule.max_age_s {
        headers.insert("access-control-max-age", header_value(&age.to_string()));
    }
    headers.append("vary", header_value("Origin"));
}

/// OPTIONS Object.
///
/// # Errors
/// `AccessForbidden` when no rule admits the call.
pub(crate) fn preflight(bucket: &Bucket, head: &Head) -> Result<Response<Body>> {
    let origin = head.header("origin").ok_or(Code::AccessForbidden)?;
    let method = head
        .header("access-control-request-method")
        .ok_or(Code::AccessForbidden)?;
    let list = head
        .header("access-control-request-headers")
        .unwrap_or_default();
    let headers: Vec<&str> = list
        .split(',')
        .map(str::trim)
        .filter(|h| !h.is_empty())
        .collect();
    let rule = rule(bucket, &origin, &method, &headers).ok_or(Code::AccessForbidden)?;
    let mut reply = reply::empty(StatusCode::OK);
    add(reply.headers_mut(), &rule, &origin);
    if !headers.is_empty() {
        reply = reply.with("access-control-allow-headers", &list);
    }
    Ok(reply)
}

/// The headers of an answer to a page of `Origin`.
pub(crate) fn decorate(bucket: &Bucket, head: &Head, reply: &mut Response<Body>) {
    let Some(origin) = head.header("origin") else {
        return;
    };
    if let Some(rule) = rule(bucket, &origin, head.method.as_str(), &[]) {
        add(reply.headers_mut(), &rule, &origin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        let text = "<CORSConfiguration><CORSRule><AllowedOrigin>https://*.example.com</AllowedOrigin>\
            <AllowedMethod>PUT</AllowedMethod><AllowedMethod>GET</AllowedMethod><AllowedHeader>x-cos-*</AllowedHeader>\
            </CORSRule></CORSConfiguration>";
        let rule = &parse(text).unwrap().rules[0];
        assert!(rule.admits("https://a.example.com", "put", &["X-Cos-Meta-A"]));
        assert!(!rule.admits("https://example.org", "PUT", &[]));
        assert!(!rule.admits("https://a.example.com", "DELETE", &[]));
        assert!(!rule.admits("https://a.example.com", "PUT", &["authorization"]));
        assert!(parse("<CORSConfiguration/>").is_err());
    }
}
