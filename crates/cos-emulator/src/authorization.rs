//! Whether the caller may do it: identity policies ∩ session policy, and ACLs.

use cos_sts::policy::{Call, Context, Decision, Reason, evaluate};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::clock::iso8601_s;
use crate::error::{Code, Error, Result};
use crate::head::Head;
use crate::keys::Key;
use crate::operation::{Operation, Public};
use crate::shared::Shared;
use crate::store::{Bucket, Version};

/// The six-part name of an object, or of the bucket itself with an empty key.
pub(crate) fn resource(region: &str, bucket: &str, key: &str) -> String {
    let app_id = bucket.rsplit_once('-').map_or("", |(_, app_id)| app_id);
    format!("qcs::cos:{region}:uid/{app_id}:{bucket}/{key}")
}

/// What conditions can be tested against.
pub(crate) fn context(shared: &Shared, head: &Head) -> Context {
    let mut context = Context::new()
        .with_source_ip(head.peer)
        .with_secure_transport(head.tls)
        .with("qcs:current_time", iso8601_s(shared.clock.now_s()));
    for (name, value) in &head.headers {
        let name = name.as_str();
        let secret = name.ends_with("security-token") || name.contains("customer-key");
        if name.starts_with("x-cos-") && !secret
            || matches!(name, "content-length" | "content-type")
        {
            context.add(
                format!("cos:{name}"),
                String::from_utf8_lossy(value.as_bytes()),
            );
        }
    }
    for (name, value) in &head.params {
        match name.to_ascii_lowercase().as_str() {
            name @ ("prefix" | "delimiter" | "max-keys" | "versionid") => {
                context.add(format!("cos:{name}"), value)
            }
            // Policies hold this value percent-encoded.
            name @ "response-content-type" => {
                context.add(
                    format!("cos:{name}"),
                    cos_sign_core::encode(value).to_string(),
                );
            }
            _ => {}
        }
    }
    context
}

/// The decision, and the call that was judged, for `x-cos-emulator-explain` and the log.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) allowed: bool,
    pub(crate) denied_explicitly: bool,
    pub(crate) text: String,
}

/// Judges `actions` (names without `name/cos:`): one must be allowed and none denied.
pub(crate) fn judge(
    key: &Key,
    service: &str,
    actions: &[String],
    resource: &str,
    context: &Context,
) -> Verdict {
    let mut shown: Option<(String, Decision)> = None;
    for action in actions {
        let action = format!("name/{service}:{action}");
        let call = Call {
            action: &action,
            resource,
            context,
        };
        let decision = evaluate(key.identity(), key.session_policy(), &call);
        let decides = decision.reason == Reason::ExplicitDeny;
        let better = shown
            .as_ref()
            .is_none_or(|(_, old)| !old.allowed && decision.allowed);
        if decides || better {
            shown = Some((action, decision));
        }
        if decides {
            break;
        }
    }
    let Some((action, decision)) = shown else {
        return Verdict {
            allowed: false,
            denied_explicitly: false,
            text: "no action".to_owned(),
        };
    };
    let mut text = format!(
        "{}; action={action}; resource={resource}",
        decision.reason.as_str()
    );
    for statement in &decision.statements {
        text.push_str(&format!(
            "; statement={}[{}]",
            statement.policy.as_str(),
            statement.index
        ));
    }
    Verdict {
        allowed: decision.allowed,
        denied_explicitly: decision.reason == Reason::ExplicitDeny,
        text,
    }
}

/// Whether the caller may do `operation` on a key of the bucket (or on the bucket, with an empty key).
///
/// # Errors
/// `AccessDenied` with `x-cos-emulator-explain`.
pub(crate) fn authorize(
    shared: &Shared,
    head: &Head,
    caller: Option<&Key>,
    operation: Operation,
    bucket: &Bucket,
    key: &str,
) -> Result<String> {
    let resource = resource(&bucket.region, &bucket.name, key);
    let version = bucket.version(key, head.param("versionId")).ok();
    let public = acl_allows(operation.public_access(), bucket, version.as_deref());
    let verdict = match caller {
        None => Verdict {
            allowed: false,
            denied_explicitly: false,
            text: format!("anonymous; resource={resource}"),
        },
        Some(caller) if caller.principal.app_id != bucket.app_id() => Verdict {
            allowed: false,
            denied_explicitly: false,
            text: format!("bucket of another account; resource={resource}"),
        },
        Some(caller) => judge(
            caller,
            "cos",
            &operation.actions(),
            &resource,
            &context(shared, head),
        ),
    };
    if verdict.allowed {
        return Ok(verdict.text);
    }
    if public && !verdict.denied_explicitly {
        return Ok(format!("allowed by ACL; {}", verdict.text));
    }
    Err(denied(&verdict.text))
}

/// `AccessDenied` that says why.
pub(crate) fn denied(why: &str) -> Error {
    /// Header values that every client can read.
    const UNSAFE: &AsciiSet = CONTROLS;
    let why = utf8_percent_encode(why, UNSAFE).to_string();
    Error::from(Code::AccessDenied).header("x-cos-emulator-explain", &why)
}

fn acl_allows(wanted: Public, bucket: &Bucket, version: Option<&Version>) -> bool {
    let settings = bucket.settings();
    let object = version
        .and_then(|v| v.meta.acl.as_ref())
        .map(|acl| acl.canned.as_str());
    let canned = object
        .filter(|acl| *acl != "default")
        .unwrap_or(&settings.acl.canned);
    match wanted {
        Public::Read => canned.starts_with("public-read"),
        // The bucket decides who may write: an object's own ACL cannot.
        Public::Write => settings.acl.canned == "public-read-write",
        Public::Never => false,
    }
}
