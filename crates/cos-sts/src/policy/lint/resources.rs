//! Rules about `resource`: its six parts, and how much it opens.

use super::shape::{Document, Statement};
use super::text::{Node, quote};
use super::{Findings, Severity};
use crate::policy::catalog::{ActionLevel, action_level};

/// Stands in a correction where only the author knows the name.
const EXAMPLE: &str =
    "qcs::cos:ap-guangzhou:uid/1250000000:examplebucket-1250000000/exampleprefix/*";

pub(super) fn check(document: &Document<'_>, found: &mut Findings<'_>) {
    for statement in &document.statements {
        for (node, resource) in statement.resources() {
            if resource == "*" {
                wildcard(document, statement, node, found);
            } else {
                parts(statement, node, resource, found);
            }
        }
    }
}

/// Whether every action of the statement is one that has no bucket.
fn service_only(statement: &Statement<'_>) -> bool {
    let mut levels = statement.actions().map(|(_, a)| action_level(a));
    levels.all(|level| level == Some(ActionLevel::Service))
}

fn wildcard(
    document: &Document<'_>,
    statement: &Statement<'_>,
    node: &Node,
    found: &mut Findings<'_>,
) {
    if !statement.allows() || service_only(statement) {
        return;
    }
    // A bucket the policy speaks of elsewhere is the likeliest one.
    let others = document.statements.iter().flat_map(Statement::resources);
    let other = others
        .map(|(_, r)| r)
        .find(|r| r.starts_with("qcs:") && !r.contains(":*"));
    found.add(
        "wildcard-resource",
        Severity::Error,
        node,
        "`*` allows it on every bucket of the account; name the bucket and the prefix",
        Some(quote(other.unwrap_or(EXAMPLE))),
    );
}

fn parts(statement: &Statement<'_>, node: &Node, resource: &str, found: &mut Findings<'_>) {
    let split: Vec<&str> = resource.splitn(6, ':').collect();
    let [qcs, project, service, region, account, path] = split.as_slice() else {
        let shortened = resource.starts_with("qcs:") && resource.ends_with('*');
        let text = "a resource has six parts: qcs::cos:<region>:uid/<appid>:<bucket>-<appid>/<key>";
        let corrected = (!shortened).then(|| from_bucket_path(resource)).flatten();
        let corrected = corrected.unwrap_or_else(|| EXAMPLE.to_owned());
        found.add(
            "resource-form",
            Severity::Error,
            node,
            text,
            Some(quote(&corrected)),
        );
        return;
    };
    let write = |service: &str, region: &str, account: &str, path: &str| {
        Some(quote(&format!(
            "qcs:{project}:{service}:{region}:{account}:{path}"
        )))
    };
    if *qcs != "qcs" || !matches!(*service, "cos" | "ci") {
        let text =
            format!("a resource of COS begins with `qcs::cos:`, not `{qcs}:{project}:{service}:`");
        let corrected = write("cos", region, account, path);
        found.add("resource-form", Severity::Error, node, text, corrected);
        return;
    }
    if *service == "ci" {
        return;
    }
    let region_ok =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'*');
    if !region.bytes().all(region_ok) {
        let right = region.to_ascii_lowercase().replace(['_', ' '], "-");
        let text = format!("`{region}` is not a region; it is written like ap-guangzhou");
        let corrected = right
            .bytes()
            .all(region_ok)
            .then(|| write(service, &right, account, path));
        found.add(
            "resource-form",
            Severity::Error,
            node,
            text,
            corrected.flatten(),
        );
        return;
    }
    if let Some(rest) = path.strip_prefix("prefix//") {
        old_form(
            node,
            rest,
            |account, path| write(service, region, account, path),
            found,
        );
        return;
    }
    let (bucket, key) = match path.split_once('/') {
        Some((bucket, key)) => (bucket, Some(key)),
        None => (*path, None),
    };
    if bucket.contains('*') {
        if statement.allows() && !service_only(statement) {
            let example = EXAMPLE.rsplit(':').next().unwrap_or_default();
            found.add(
                "wildcard-resource",
                Severity::Error,
                node,
                format!(
                    "`{bucket}` stands for any number of buckets; name the bucket and the prefix"
                ),
                write(service, "ap-guangzhou", "uid/1250000000", example),
            );
        }
        return;
    }
    let uid = account.strip_prefix("uid/").filter(|id| is_number(id));
    let Some(app_id) = app_id_of(bucket) else {
        let right = uid.map(|id| {
            let key = key.unwrap_or("*");
            format!("{}-{id}/{key}", bucket.to_ascii_lowercase())
        });
        found.add(
            "bucket-appid",
            Severity::Error,
            node,
            format!("`{bucket}` is not a bucket: its name ends with the appid, as in examplebucket-1250000000"),
            right.and_then(|path| write(service, region, account, &path)),
        );
        return;
    };
    let own_account = format!("uid/{app_id}");
    match uid {
        Some(id) if id == app_id => {}
        Some(id) => {
            let text = format!(
                "the bucket belongs to {app_id} and the resource says uid/{id}: STS answers \
\"cant grant other resource\""
            );
            let corrected = write(service, region, &own_account, path);
            found.add("bucket-appid", Severity::Error, node, text, corrected);
            return;
        }
        None => {
            let text = match *account {
                "" => "the account is empty; say whose bucket it is: uid/<appid>".to_owned(),
                a if a.starts_with("uin/") => format!(
                    "`{a}`: COS knows an account by its appid (uid/…), not by its uin; STS answers \
\"cant grant other resource\""
                ),
                a => format!(
                    "`{a}` is not an account; write uid/<appid>, or STS answers \"cant grant other resource\""
                ),
            };
            // Empty and `*` are taken by CAM for "any".
            let severity = match *account {
                "" | "*" => Severity::Warning,
                _ => Severity::Error,
            };
            let corrected = write(service, region, &own_account, path);
            found.add("resource-account", severity, node, text, corrected);
            return;
        }
    }
    key_form(
        statement,
        node,
        bucket,
        key,
        |path| write(service, region, account, path),
        found,
    );
}

fn key_form(
    statement: &Statement<'_>,
    node: &Node,
    bucket: &str,
    key: Option<&str>,
    write: impl Fn(&str) -> Option<String>,
    found: &mut Findings<'_>,
) {
    let has_object_actions = statement
        .actions()
        .any(|(_, a)| a.contains('*') || action_level(a) == Some(ActionLevel::Object));
    match key {
        None => {
            let tail = if has_object_actions { "/*" } else { "/" };
            let text =
                "without a `/` after the bucket this matches neither the bucket nor any object";
            let corrected = write(&format!("{bucket}{tail}"));
            found.add("resource-key", Severity::Error, node, text, corrected);
        }
        Some("") if has_object_actions && statement.resources().count() == 1 => {
            let text = "an empty key is the bucket itself, none of its objects";
            let corrected = write(&format!("{bucket}/*"));
            found.add("resource-key", Severity::Warning, node, text, corrected);
        }
        Some("*") if statement.allows() && has_object_actions => found.add(
            "whole-bucket",
            Severity::Warning,
            node,
            "this opens every object of the bucket; name the prefix the token is for",
            write(&format!("{bucket}/exampleprefix/*")),
        ),
        Some(key) if key.starts_with('/') => {
            let text = "keys do not begin with `/`, so this matches none";
            let corrected = write(&format!("{bucket}/{}", key.trim_start_matches('/')));
            found.add("resource-key", Severity::Warning, node, text, corrected);
        }
        Some(key) if key.ends_with('/') && has_object_actions => {
            let text = format!("`{key}` is one object of that name, not what lies below it");
            let corrected = write(&format!("{bucket}/{key}*"));
            found.add("resource-key", Severity::Warning, node, text, corrected);
        }
        Some(_) => {}
    }
}

/// `<appid>/<short bucket>/<key>` after `prefix//`.
fn old_form(
    node: &Node,
    rest: &str,
    write: impl Fn(&str, &str) -> Option<String>,
    found: &mut Findings<'_>,
) {
    let mut parts = rest.splitn(3, '/');
    let (app_id, short, key) = (parts.next(), parts.next(), parts.next());
    let corrected = match (app_id, short) {
        (Some(app_id), Some(short)) if is_number(app_id) && !short.contains('*') => write(
            &format!("uid/{app_id}"),
            &format!("{short}-{app_id}/{}", key.unwrap_or_default()),
        ),
        _ => None,
    };
    let text = "this is the old form of a resource; it still works, new policies name the bucket with its appid";
    found.add("old-prefix-form", Severity::Note, node, text, corrected);
}

/// A whole resource from `bucket-appid/key` alone.
fn from_bucket_path(text: &str) -> Option<String> {
    let text = text.strip_prefix("cos://").unwrap_or(text);
    let (bucket, key) = text.split_once('/').unwrap_or((text, "*"));
    let app_id = app_id_of(bucket)?;
    // An empty region is every region.
    Some(format!("qcs::cos::uid/{app_id}:{bucket}/{key}"))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// The digits at the end of a bucket's name, which must be a name.
fn app_id_of(bucket: &str) -> Option<&str> {
    let (name, app_id) = bucket.rsplit_once('-')?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    // Appids have nine digits and more; `photos-2024` is a name without one.
    (!name.is_empty() && name.bytes().all(plain) && is_number(app_id) && app_id.len() >= 8)
        .then_some(app_id)
}
