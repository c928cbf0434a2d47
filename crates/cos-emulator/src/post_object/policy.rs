//! The policy of a form: what its fields may say.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::SizeRange;
use super::form::Fields;
use crate::error::{Code, Error, Result};

fn refused(why: impl Into<String>) -> Error {
    Code::InvalidPolicyDocument.because(why.into())
}

/// The sizes the file may have.
///
/// # Errors
/// `AccessDenied` once expired or when a field does not fit, `InvalidPolicyDocument` for a policy that is none.
pub(super) fn check(
    json: &str,
    fields: &Fields,
    bucket: &str,
    key: &str,
    now_s: u64,
) -> Result<SizeRange> {
    let policy: Value =
        serde_json::from_str(json).map_err(|e| refused(format!("The policy is not JSON: {e}.")))?;
    let expiration = policy["expiration"]
        .as_str()
        .ok_or_else(|| refused("The policy has no expiration."))?;
    let expiration = OffsetDateTime::parse(expiration, &Rfc3339)
        .map_err(|_| refused("The expiration is not ISO 8601."))?;
    if expiration.unix_timestamp() < i64::try_from(now_s).unwrap_or(i64::MAX) {
        return Err(Code::AccessDenied.because("Invalid according to Policy: Policy expired."));
    }
    let conditions = policy["conditions"]
        .as_array()
        .ok_or_else(|| refused("The policy has no conditions."))?;
    let mut size = 0..=u64::MAX;
    let mut signed = Vec::new();
    for condition in conditions {
        match condition {
            Value::Object(pairs) => {
                for (name, value) in pairs {
                    signed.push(name.to_ascii_lowercase());
                    compare("eq", name, value, fields, bucket, key)?;
                }
            }
            Value::Array(items) => match items.as_slice() {
                [Value::String(op), least, most]
                    if op.eq_ignore_ascii_case("content-length-range") =>
                {
                    let number = |v: &Value| v.as_u64().or_else(|| v.as_str()?.parse().ok());
                    let bounds = number(least).zip(number(most));
                    let (least, most) =
                        bounds.ok_or_else(|| refused("content-length-range has two numbers."))?;
                    size = least..=most;
                }
                [Value::String(op), Value::String(name), value] => {
                    let name = name
                        .strip_prefix('$')
                        .ok_or_else(|| refused("A condition names a field as $field."))?;
                    signed.push(name.to_ascii_lowercase());
                    compare(op, name, value, fields, bucket, key)?;
                }
                _ => return Err(refused("A condition has three elements.")),
            },
            _ => return Err(refused("A condition is an object or an array.")),
        }
    }
    for needed in ["q-sign-algorithm", "q-ak", "q-sign-time"] {
        if !signed.iter().any(|name| name == needed) {
            return Err(refused(format!("The policy has no condition on {needed}.")));
        }
    }
    Ok(size)
}

fn compare(
    op: &str,
    name: &str,
    wanted: &Value,
    fields: &Fields,
    bucket: &str,
    key: &str,
) -> Result<()> {
    let wanted = wanted
        .as_str()
        .ok_or_else(|| refused("A condition's value is a text."))?;
    let lower = name.to_ascii_lowercase();
    let given = match lower.as_str() {
        "bucket" => Some(bucket),
        "key" => Some(key),
        // The form calls it by its other name.
        "q-sign-time" => fields
            .get("q-key-time")
            .or_else(|| fields.get("q-sign-time")),
        name => fields.get(name),
    };
    let prefix_allowed = matches!(
        lower.as_str(),
        "acl"
            | "key"
            | "cache-control"
            | "content-type"
            | "content-disposition"
            | "content-encoding"
            | "expires"
            | "success_action_redirect"
    ) || lower.starts_with("x-cos-meta-");
    let fits = match op.to_ascii_lowercase().as_str() {
        "eq" => given == Some(wanted),
        "starts-with" if prefix_allowed => given.is_some_and(|g| g.starts_with(wanted)),
        "starts-with" => return Err(refused(format!("{name} can only be compared as a whole."))),
        _ => return Err(refused(format!("The operator {op} is not known."))),
    };
    if fits {
        return Ok(());
    }
    Err(Code::AccessDenied.because(format!(
        "Invalid according to Policy: Policy Condition failed: [\"{op}\", \"${name}\"]"
    )))
}
