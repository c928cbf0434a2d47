//! The instance-role metadata service: credentials of a role without a call to STS.

use http::{Method, Response, StatusCode};
use serde_json::json;

use crate::body::Body;
use crate::clock::iso8601_s;
use crate::head::Head;
use crate::reply::{self, Reply};
use crate::shared::Shared;
use crate::sts;

/// How long a role's credentials live, in seconds.
const LIFE_S: u64 = 7200;

pub(crate) fn handle(shared: &Shared, head: &Head, path: &str) -> Response<Body> {
    let path = path.strip_prefix("/latest").unwrap_or(path);
    let Some(rest) = path.strip_prefix("/meta-data/cam/security-credentials") else {
        return reply::empty(StatusCode::NOT_FOUND);
    };
    if head.method != Method::GET {
        return reply::empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    let roles = || {
        shared
            .config
            .accounts
            .iter()
            .flat_map(|a| a.roles.iter().map(move |r| (a, r)))
    };
    let name = rest.trim_matches('/');
    if name.is_empty() {
        let names: Vec<&str> = roles().map(|(_, role)| role.name.as_str()).collect();
        let mut response = Response::new(Body::from(names.join("\n")));
        *response.status_mut() = if names.is_empty() {
            StatusCode::NOT_FOUND
        } else {
            StatusCode::OK
        };
        return response.with("content-type", "text/plain");
    }
    let Some((account, role)) = roles().find(|(_, role)| role.name == name) else {
        return reply::empty(StatusCode::NOT_FOUND);
    };
    let expired_s = shared.clock.now_s() + LIFE_S.min(role.max_duration_s);
    let key = sts::issue_for_role(shared, account, role, "instance", None, expired_s);
    reply::json(&json!({
        "TmpSecretId": key.secret_id,
        "TmpSecretKey": key.secret_key,
        "Token": key.session.as_ref().map(|s| s.token.as_str()),
        "ExpiredTime": expired_s,
        "Expiration": iso8601_s(expired_s),
        "Code": "Success",
    }))
}
