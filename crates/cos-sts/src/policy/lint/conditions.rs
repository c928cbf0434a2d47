//! Rules about `condition`.

use super::shape::Document;
use super::text::{Node, quote};
use super::{Findings, Severity, nearest};
use crate::policy::condition::{Family, family, is_known_operator, makes_sense_of};

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

use Family::{Bool, Date, Ip, Number, Text};

/// Condition keys of COS (436/46206), in full or up to a `/`, and what their values are.
const KEYS: &[(&str, Family)] = &[
    ("qcs:ip", Ip),
    ("qcs:vpc", Text),
    ("qcs:request_tag", Text),
    ("qcs:resource_tag", Text),
    ("qcs:current_time", Date),
    ("vpc:requester_vpc", Text),
    ("cos:secure-transport", Bool),
    ("cos:tls-version", Number),
    ("cos:content-length", Number),
    ("cos:content-type", Text),
    ("cos:x-cos-storage-class", Text),
    ("cos:x-cos-acl", Text),
    ("cos:x-cos-forbid-overwrite", Text),
    ("cos:x-cos-grant-full-control", Text),
    ("cos:x-cos-grant-read", Text),
    ("cos:x-cos-grant-write", Text),
    ("cos:x-cos-server-side-encryption", Text),
    ("cos:prefix", Text),
    ("cos:delimiter", Text),
    ("cos:max-keys", Number),
    ("cos:versionid", Text),
    ("cos:response-content-type", Text),
    ("cos:request_tag", Text),
    ("cos:resource_tag", Text),
];

/// What a key's values are, if COS documents the key.
fn key_family(name: &str) -> Option<Family> {
    // Tags carry their name in the key: `qcs:resource_tag/owner`.
    let plain = name.split(['/', '&']).next().unwrap_or_default();
    let found = KEYS.iter().find(|(k, _)| k.eq_ignore_ascii_case(plain))?;
    Some(found.1)
}

pub(super) fn check(document: &Document<'_>, found: &mut Findings<'_>) {
    for statement in &document.statements {
        for (operator, keys) in statement.condition.map_or(&[][..], Node::entries) {
            operators(operator, found);
            for (key, values) in keys.entries() {
                key_names(key, found);
                sort(operator, keys, key, found);
                senseless(operator, values, found);
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
    if key_family(name).is_some() {
        return;
    }
    let right = nearest(name, KEYS.iter().map(|(k, _)| *k)).map(quote);
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

/// An operator that compares something else than the key's values are.
fn sort(operator: &Node, keys: &Node, key: &Node, found: &mut Findings<'_>) {
    let (Some(name), Some(key)) = (operator.text(), key.text()) else {
        return;
    };
    let (Some(compared), Some(values)) = (family(name), key_family(key)) else {
        return;
    };
    if compared == values || compared == Family::Presence {
        return;
    }
    // Other keys of the block may be right as they are.
    let alone = keys.entries().len() == 1;
    let right = other_family(name, values).filter(|_| alone);
    let (what, prefix) = words(values);
    found.add(
        "condition-operator",
        Severity::Warning,
        operator,
        format!("`{key}` is {what}: `{name}` compares something else; use an operator {prefix}_…"),
        right.map(|r| quote(&r)),
    );
}

/// What the values of a family are, and how its operators begin.
const fn words(family: Family) -> (&'static str, &'static str) {
    match family {
        Text => ("text", "string"),
        Number => ("a number", "numeric"),
        Date => ("a time", "date"),
        Bool => ("true or false", "bool"),
        Ip => ("an address", "ip"),
        Family::Presence => ("there or not", "null"),
    }
}

/// The same comparison in another family, if it has one.
fn other_family(name: &str, family: Family) -> Option<String> {
    let (qualifier, rest) = match name.rsplit_once(':') {
        Some((qualifier, rest)) => (format!("{qualifier}:"), rest),
        None => (String::new(), name),
    };
    let (_, comparison) = rest.split_once('_')?;
    let comparison = comparison.replace("_ignore_case", "");
    let comparison = match comparison
        .strip_prefix("like")
        .or(comparison.strip_prefix("not_like"))
    {
        Some(tail) if comparison.starts_with("not_") => format!("not_equal{tail}"),
        Some(tail) => format!("equal{tail}"),
        None => comparison,
    };
    let right = format!("{qualifier}{}_{comparison}", words(family).1);
    is_known_operator(&right).then_some(right)
}

/// Values that the operator cannot read.
fn senseless(operator: &Node, values: &Node, found: &mut Findings<'_>) {
    let Some(name) = operator.text() else { return };
    for value in values.items() {
        let Some(text) = value.scalar().filter(|text| !makes_sense_of(name, text)) else {
            continue;
        };
        let (severity, why, right) = match family(name) {
            Some(Text) => (
                Severity::Warning,
                format!(
                    "`{text}`: a `*` is a wildcard at the ends only; what the service makes of this one is not documented"
                ),
                None,
            ),
            Some(Date) => {
                let day = format!("{text}T00:00:00Z");
                let right = makes_sense_of(name, &day).then(|| quote(&day));
                let why =
                    format!("`{text}` is no time; write 2030-01-01T00:00:00Z, or Unix seconds");
                (Severity::Error, why, right)
            }
            Some(Bool | Family::Presence) => {
                let right = match text.to_ascii_lowercase().as_str() {
                    "yes" | "1" => Some(quote("true")),
                    "no" | "0" => Some(quote("false")),
                    _ => None,
                };
                (
                    Severity::Error,
                    format!("`{text}` is neither true nor false"),
                    right,
                )
            }
            Some(Ip) => (
                Severity::Error,
                format!("`{text}` is neither an address nor a range such as 10.0.0.0/8"),
                None,
            ),
            _ => (Severity::Error, format!("`{text}` is no number"), None),
        };
        found.add("condition-value", severity, value, why, right);
    }
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
