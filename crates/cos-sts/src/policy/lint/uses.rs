//! Rules about what statements do together: whole uploads, listings, size.

use super::shape::{Document, Statement};
use super::text::{Node, quote_all};
use super::{Findings, MAX_POLICY_BYTES, Severity};
use crate::policy::builder::PolicyBuilder;
use crate::policy::catalog::{ActionLevel, action_level, bare_action};
use crate::policy::model::Policy;
use crate::policy::pattern::wildcard_match;
use crate::policy::resource::{Coverage, Resource, Target, coverage};

pub(super) fn check(document: &Document<'_>, found: &mut Findings<'_>) {
    for statement in document.statements.iter().filter(|s| s.allows()) {
        uploads(document, statement, found);
        bucket_level(document, statement, found);
    }
}

fn names(statement: &Statement<'_>, action: &str) -> bool {
    statement
        .actions()
        .any(|(_, a)| wildcard_match(bare_action(a), action))
}

fn covers(statement: &Statement<'_>, resource: &str) -> bool {
    let target = Target::new(resource);
    statement
        .resources()
        .any(|(_, pattern)| pattern == resource || coverage(pattern, &target) == Coverage::Covered)
}

/// Whether some allowing statement allows `action` on all that `resource` stands for.
fn allowed(document: &Document<'_>, action: &str, resource: &str) -> bool {
    let mut allowing = document.statements.iter().filter(|s| s.allows());
    allowing.any(|s| names(s, action) && covers(s, resource))
}

/// Without these no upload in parts can be made; the others resume one or clean up.
const NEEDED: [&str; 3] = [
    "InitiateMultipartUpload",
    "UploadPart",
    "CompleteMultipartUpload",
];
const HELPING: [&str; 2] = ["ListParts", "AbortMultipartUpload"];

fn uploads(document: &Document<'_>, statement: &Statement<'_>, found: &mut Findings<'_>) {
    let begins = statement.actions().find(|(_, a)| {
        let bare = bare_action(a);
        bare == "PutObject" || NEEDED.contains(&bare)
    });
    let Some((node, _)) = begins else { return };
    let missing = |action: &&&str| {
        let mut resources = statement.resources();
        resources.any(|(_, r)| !allowed(document, action, r))
    };
    let needed: Vec<&str> = NEEDED.iter().filter(missing).copied().collect();
    let helping: Vec<&str> = HELPING.iter().filter(missing).copied().collect();
    if needed.is_empty() && helping.is_empty() {
        return;
    }
    let (severity, text) = if needed.is_empty() {
        (
            Severity::Warning,
            format!(
                "uploads in parts cannot be resumed or abandoned without {}",
                helping.join(" and ")
            ),
        )
    } else if needed.len() == NEEDED.len() {
        (
            Severity::Warning,
            format!(
                "only small objects can be uploaded: an upload in parts needs {} too",
                needed.join(", ")
            ),
        )
    } else {
        (
            Severity::Error,
            format!(
                "an upload in parts can be begun but not finished without {}",
                needed.join(" and ")
            ),
        )
    };
    let mut all: Vec<String> = statement.actions().map(|(_, a)| a.to_owned()).collect();
    all.extend(
        needed
            .iter()
            .chain(&helping)
            .map(|a| format!("name/cos:{a}")),
    );
    let whole = statement.action.unwrap_or(node);
    found.add_at(
        node,
        "upload-multipart",
        severity,
        whole,
        text,
        Some(quote_all(all)),
    );
}

fn bucket_level(document: &Document<'_>, statement: &Statement<'_>, found: &mut Findings<'_>) {
    let on_bucket = |a: &str| {
        let level = action_level(a);
        matches!(
            level,
            Some(ActionLevel::Bucket | ActionLevel::BucketByPrefix)
        )
    };
    // The resources that name keys of a bucket, and no statement opens that bucket for the action.
    let missing = |action: &str| {
        let mut buckets: Vec<(String, String)> = Vec::new();
        for (_, resource) in statement.resources() {
            let Ok(parts) = Resource::parse(resource) else {
                continue;
            };
            let bucket = parts.bucket().to_owned();
            let key = parts.key().unwrap_or_default().to_owned();
            if key.is_empty() || key == "*" || bucket.contains('*') {
                continue;
            }
            let own = Resource {
                path: format!("{bucket}/").into(),
                ..parts
            }
            .to_string();
            if !allowed(document, bare_action(action), &own) {
                buckets.push((own, key));
            }
        }
        buckets
    };
    let mut actions = statement.actions().filter(|(_, a)| on_bucket(a));
    let Some((node, buckets)) = actions.find_map(|(node, a)| {
        let buckets = missing(a);
        (!buckets.is_empty()).then_some((node, buckets))
    }) else {
        return;
    };
    let (moved, kept): (Vec<&str>, Vec<&str>) = statement
        .actions()
        .map(|(_, a)| a)
        .partition(|a| on_bucket(a));
    found.add_at(
        node,
        "list-bucket-resource",
        Severity::Error,
        statement.node,
        format!(
            "{} is judged on the bucket itself (`…/` with an empty key), which this statement does not \
cover; narrow it with the condition key cos:prefix",
            moved.join(", ")
        ),
        split(statement, &moved, &kept, &buckets),
    );
}

/// Two statements in place of one: object actions on the keys, bucket actions on the bucket.
fn split(
    statement: &Statement<'_>,
    moved: &[&str],
    kept: &[&str],
    buckets: &[(String, String)],
) -> Option<String> {
    let action = statement.action?;
    let resource = statement.resource?;
    let mut owners: Vec<&str> = buckets.iter().map(|(b, _)| b.as_str()).collect();
    owners.dedup();
    let mut bucket_statement = statement.node.render_with(&[
        (action, Some(quote_all(moved))),
        (resource, Some(quote_all(owners))),
    ])?;
    let by_prefix = |a: &&str| action_level(a) == Some(ActionLevel::BucketByPrefix);
    if statement.condition.is_none() && moved.iter().all(by_prefix) {
        let keys = quote_all(buckets.iter().map(|(_, k)| k));
        bucket_statement.pop();
        bucket_statement.push_str(&format!(
            r#","condition":{{"string_like":{{"cos:prefix":{keys}}}}}}}"#
        ));
    }
    if kept.is_empty() {
        return Some(bucket_statement);
    }
    let objects = statement
        .node
        .render_with(&[(action, Some(quote_all(kept)))])?;
    Some(format!("{objects},{bucket_statement}"))
}

/// How large the policy is where it counts.
pub(super) fn size(policy: &Policy, root: &Node, found: &mut Findings<'_>) {
    let bytes = policy.to_json().len();
    if bytes <= MAX_POLICY_BYTES {
        return;
    }
    let statements = policy.statement.iter().cloned();
    let merged = statements.fold(Policy::builder(), PolicyBuilder::statement);
    let merged = merged.build().ok().map(|p| p.to_json());
    found.add(
        "too-large",
        Severity::Error,
        root,
        format!(
            "the policy has {bytes} bytes without blanks ({} as sent); more than {MAX_POLICY_BYTES} do not \
fit into a token, and STS answers PolicyTooLong; use prefixes and fewer statements",
            policy.sent_bytes()
        ),
        merged.filter(|json| json.len() <= MAX_POLICY_BYTES),
    );
}
