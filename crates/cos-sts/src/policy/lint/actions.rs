//! Rules about `action`.

use super::shape::{Document, Statement};
use super::text::{Node, quote, quote_all};
use super::{Findings, Severity, nearest};
use crate::policy::catalog::{ACTIONS, bare_action};
use crate::policy::operation::Operation;
use crate::policy::pattern::wildcard_match;

/// What the same call is named elsewhere (S3, COS's own REST titles).
const OTHER_NAMES: &[(&str, &str)] = &[
    ("CopyObject", "PutObject"),
    ("CreateMultipartUpload", "InitiateMultipartUpload"),
    ("DeleteObjects", "DeleteMultipleObjects"),
    ("ListBucket", "GetBucket"),
    ("ListBuckets", "GetService"),
    ("ListObjects", "GetBucket"),
    ("ListObjectsV2", "GetBucket"),
    ("ListObjectVersions", "GetBucketObjectVersions"),
    ("ListBucketMultipartUploads", "ListMultipartUploads"),
    ("ListMultipartUploadParts", "ListParts"),
    ("MultipartUpload", "UploadPart"),
];

pub(super) fn check(document: &Document<'_>, found: &mut Findings<'_>) {
    for statement in &document.statements {
        for (node, action) in statement.actions() {
            if action.contains('*') {
                if statement.allows() {
                    wildcard(statement, node, action, found);
                }
            } else {
                spelling(node, action, found);
            }
        }
    }
}

fn wildcard(statement: &Statement<'_>, node: &Node, action: &str, found: &mut Findings<'_>) {
    let bare = bare_action(action);
    let matched = ACTIONS.iter().map(|(name, _)| *name);
    let matched: Vec<&str> = matched.filter(|name| wildcard_match(bare, name)).collect();
    if matched.is_empty() {
        // The media service's actions are not in our table.
        if !action.contains("ci:") {
            let text = format!("`{action}` matches no action of COS");
            found.add("unknown-action", Severity::Warning, node, text, None);
        }
        return;
    }
    let (rule, severity, text, instead);
    if matched.len() == ACTIONS.len() {
        rule = "wildcard-action";
        severity = Severity::Error;
        text = format!(
            "`{action}` allows everything, deleting and changing permissions included; name the actions \
(as an example: those of uploads and downloads)"
        );
        let example = [Operation::Upload, Operation::Download];
        let example = example.iter().flat_map(|o| o.actions());
        instead = example.map(|a| (*a).to_owned()).collect::<Vec<_>>();
    } else {
        rule = "wide-action";
        severity = Severity::Warning;
        text = format!(
            "`{action}` allows {} actions, and any the service adds later; name those that are needed",
            matched.len()
        );
        instead = matched.iter().map(|n| format!("name/cos:{n}")).collect();
    }
    let mut all: Vec<String> = Vec::new();
    for (_, other) in statement.actions() {
        let new = match other == action {
            true => instead.clone(),
            false => vec![other.to_owned()],
        };
        for one in new {
            if !all.contains(&one) {
                all.push(one);
            }
        }
    }
    let whole = statement.action.unwrap_or(node);
    found.add_at(node, rule, severity, whole, text, Some(quote_all(all)));
}

fn spelling(node: &Node, action: &str, found: &mut Findings<'_>) {
    let names = || ACTIONS.iter().map(|(name, _)| *name);
    let rest = action.strip_prefix("name/").unwrap_or(action);
    let (service, bare) = rest.split_once(':').unwrap_or(("", rest));
    let known = names().any(|name| name == bare);
    if known && service == "cos" || !known && !matches!(service, "" | "cos" | "s3") {
        // Right, or the action of another service.
        return;
    }
    let other = OTHER_NAMES.iter().find(|(name, _)| *name == bare);
    let right = names()
        .find(|name| *name == bare)
        .or(other.map(|(_, ours)| *ours))
        .or_else(|| nearest(bare, names()));
    match right {
        Some(right) => found.add(
            "unknown-action",
            Severity::Error,
            node,
            format!("COS has no action `{action}`; `name/cos:{right}` is likely meant"),
            Some(quote(&format!("name/cos:{right}"))),
        ),
        None => found.add(
            "unknown-action",
            Severity::Warning,
            node,
            format!("`{action}` is not among the actions of COS this crate knows"),
            None,
        ),
    }
}
