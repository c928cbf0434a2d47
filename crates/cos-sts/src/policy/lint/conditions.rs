//! Rules about `condition`.

use super::shape::Document;
use super::text::{Node, quote};
use super::{Findings, Severity, nearest};
use crate::policy::condition::is_known_operator;

/// The operators without qualifiers (598/10608).
const OPERATORS: &[&str] = &[
    "string_equal",
    "string_not_equal",
    "string_equal_ignore_case",
    "string_not_equal_ignore_case",
    "string_like",
    "string_not_like",
    "numeric_equal",
    "numeric_not_equal",
    "numeric_greater_than",
    "numeric_greater_than_equal",
    "numeric_less_than",
    "numeric_less_than_equal",
    "date_equal",
    "date_not_equal",
    "date_greater_than",
    "date_greater_than_equal",
    "date_less_than",
    "date_less_than_equal",
    "bool_equal",
    "ip_equal",
    "ip_not_equal",
    "null_equal",
];

/// What other clouds call them; compared without case and `_`.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("ipaddress", "ip_equal"),
    ("notipaddress", "ip_not_equal"),
    ("bool", "bool_equal"),
    ("null", "null_equal"),
    ("stringequals", "string_equal"),
    ("stringnotequals", "string_not_equal"),
    ("stringequalsignorecase", "string_equal_ignore_case"),
    ("numericequals", "numeric_equal"),
    ("numericgreaterthanequals", "numeric_greater_than_equal"),
    ("numericlessthanequals", "numeric_less_than_equal"),
];

/// Condition keys of COS (436/46206), in full or up to a `/`.
const KEYS: &[&str] = &[
    "qcs:ip",
    "qcs:vpc",
    "qcs:request_tag",
    "qcs:resource_tag",
    "qcs:current_time",
    "vpc:requester_vpc",
    "cos:secure-transport",
    "cos:tls-version",
    "cos:content-length",
    "cos:content-type",
    "cos:x-cos-storage-class",
    "cos:x-cos-acl",
    "cos:x-cos-forbid-overwrite",
    "cos:x-cos-grant-full-control",
    "cos:x-cos-grant-read",
    "cos:x-cos-grant-write",
    "cos:x-cos-server-side-encryption",
    "cos:prefix",
    "cos:delimiter",
    "cos:max-keys",
    "cos:versionid",
    "cos:response-content-type",
    "cos:request_tag",
    "cos:resource_tag",
];

pub(super) fn check(document: &Document<'_>, found: &mut Findings<'_>) {
    for statement in &document.statements {
        for (operator, keys) in statement.condition.map_or(&[][..], Node::entries) {
            operators(operator, found);
            for (key, values) in keys.entries() {
                key_names(key, found);
                if key
                    .text()
                    .is_some_and(|k| k.eq_ignore_ascii_case("cos:response-content-type"))
                {
                    encoded(values, found);
                }
            }
        }
    }
}

fn operators(node: &Node, found: &mut Findings<'_>) {
    let Some(name) = node.text().filter(|name| !is_known_operator(name)) else {
        return;
    };
    let (qualifier, rest) = match name.split_once(':') {
        Some((q, rest)) => (
            nearest(q, ["for_any_value", "for_all_value"].into_iter()),
            rest,
        ),
        None => (None, name),
    };
    let plain = rest.replace('_', "").to_ascii_lowercase();
    let (base, tail) = match plain
        .strip_suffix("ifexists")
        .or(plain.strip_suffix("ifexist"))
    {
        Some(base) => (base.to_owned(), "_if_exist"),
        None => (plain, ""),
    };
    let other = OTHER_NAMES
        .iter()
        .find(|(n, _)| *n == base)
        .map(|(_, ours)| *ours);
    let right = other.or_else(|| nearest(&base, OPERATORS.iter().copied()));
    let right = right.map(|right| {
        let qualifier = qualifier.map(|q| format!("{q}:")).unwrap_or_default();
        quote(&format!("{qualifier}{right}{tail}"))
    });
    let text = format!("`{name}` is not a condition operator");
    found.add("unknown-operator", Severity::Error, node, text, right);
}

fn key_names(node: &Node, found: &mut Findings<'_>) {
    let Some(name) = node.text() else { return };
    // Tags carry their name in the key: `qcs:resource_tag/owner`.
    let plain = name.split(['/', '&']).next().unwrap_or_default();
    if KEYS.iter().any(|k| k.eq_ignore_ascii_case(plain)) {
        return;
    }
    let right = nearest(name, KEYS.iter().copied()).map(quote);
    let text = format!(
        "`{name}` is not a condition key that COS documents; a call without it fails this test"
    );
    found.add(
        "unknown-condition-key",
        Severity::Warning,
        node,
        text,
        right,
    );
}

fn encoded(values: &Node, found: &mut Findings<'_>) {
    for value in values.items() {
        if let Some(text) = value.text().filter(|t| t.contains('/')) {
            let corrected = quote(&text.replace('/', "%2F"));
            let text = "the value of this key is compared percent-encoded";
            found.add(
                "encoded-value",
                Severity::Warning,
                value,
                text,
                Some(corrected),
            );
        }
    }
}
