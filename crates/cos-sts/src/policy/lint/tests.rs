//! Every rule, with its line and with a correction that helps.

use super::*;
use crate::policy::{Operation, Scope};
use proptest::prelude::*;

const RES: &str = "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000";

fn policy(statement: &str) -> String {
    format!("{{\"version\":\"2.0\",\n\"statement\":[\n{statement}\n]}}").replace("RES", RES)
}

fn get(resource: &str) -> String {
    policy(&format!(
        "{{\"effect\":\"allow\",\n\"action\":\"name/cos:GetObject\",\n\"resource\":\"{resource}\"}}"
    ))
}

fn act(actions: &str, resource: &str) -> String {
    policy(&format!(
        "{{\"effect\":\"allow\",\n\"action\":{actions},\n\"resource\":\"{resource}\"}}"
    ))
}

/// A condition on the sixth line.
fn when(operator: &str, key: &str, values: &str) -> String {
    policy(&format!(
        "{{\"effect\":\"allow\",\n\"action\":\"name/cos:GetObject\",\n\"resource\":\"RES/a/*\",\n\
\"condition\":{{\"{operator}\":{{\"{key}\":{values}}}}}}}"
    ))
}

/// The one finding, and the text with its correction made.
fn only(json: &str) -> (Finding, String) {
    let found = lint(json);
    assert_eq!(found.len(), 1, "{json}\n{found:#?}");
    let after = apply_corrections(json, &found);
    (found[0].clone(), after)
}

#[test]
fn a_good_policy_has_no_findings() {
    let scope = Scope::prefix("demo-1250000000", "ap-guangzhou", "up/").unwrap();
    let policy = Policy::builder()
        .allow_all(Operation::ALL.iter().copied(), &scope)
        .build()
        .unwrap();
    assert_eq!(lint(&policy.to_json()), []);
    assert_eq!(lint(&get("RES/doc/*")), []);
}

/// Rule, severity and line of the finding, and that its correction leaves nothing to find.
#[test]
fn each_rule_finds_and_corrects() {
    use Severity::{Error, Note, Warning};
    let cases: &[(&str, Severity, usize, String, &str)] = &[
        (
            "wildcard-action",
            Error,
            4,
            act("\"*\"", "RES/a/*"),
            "name/cos:PutObject",
        ),
        (
            "wildcard-action",
            Error,
            4,
            act("[\"name/cos:*\"]", "RES/a/*"),
            "name/cos:PutObject",
        ),
        (
            "wide-action",
            Warning,
            4,
            act("\"name/cos:GetObject*\"", "RES/a/*"),
            "GetObjectTagging",
        ),
        (
            "unknown-action",
            Error,
            4,
            act("\"GetObject\"", "RES/a/*"),
            "\"name/cos:GetObject\"",
        ),
        (
            "unknown-action",
            Error,
            4,
            act("\"name/cos:getobject\"", "RES/a/*"),
            "\"name/cos:GetObject\"",
        ),
        (
            "unknown-action",
            Error,
            4,
            act("\"name/cso:HeadObject\"", "RES/a/*"),
            "\"name/cos:HeadObject\"",
        ),
        (
            "unknown-action",
            Error,
            4,
            act("\"name/cos:ListObjects\"", "RES/"),
            "\"name/cos:GetBucket\"",
        ),
        (
            "wildcard-resource",
            Error,
            5,
            get("*"),
            "examplebucket-1250000000/exampleprefix/*",
        ),
        (
            "wildcard-resource",
            Error,
            5,
            get("qcs::cos:ap-guangzhou:uid/1250000000:*"),
            "exampleprefix",
        ),
        (
            "whole-bucket",
            Warning,
            5,
            get("RES/*"),
            "demo-1250000000/exampleprefix/*",
        ),
        (
            "resource-form",
            Error,
            5,
            get("demo-1250000000/doc/*"),
            "qcs::cos::uid/1250000000:demo-1250000000/doc/*",
        ),
        (
            "resource-form",
            Error,
            5,
            get("arn:aws:s3:::demo/*"),
            "qcs:",
        ),
        (
            "resource-form",
            Error,
            5,
            get("qcs::cos:AP_Guangzhou:uid/1250000000:demo-1250000000/a"),
            ":ap-guangzhou:",
        ),
        (
            "resource-account",
            Error,
            5,
            get("qcs::cos:ap-guangzhou:uin/100000000001:demo-1250000000/a"),
            RES,
        ),
        (
            "resource-account",
            Error,
            5,
            get("qcs::cos:ap-guangzhou:1250000000:demo-1250000000/a"),
            RES,
        ),
        (
            "resource-account",
            Warning,
            5,
            get("qcs::cos:ap-guangzhou::demo-1250000000/a"),
            RES,
        ),
        (
            "bucket-appid",
            Error,
            5,
            get("qcs::cos:ap-guangzhou:uid/1250000001:demo-1250000000/a"),
            RES,
        ),
        (
            "bucket-appid",
            Error,
            5,
            get("qcs::cos:ap-guangzhou:uid/1250000000:demo/a"),
            RES,
        ),
        ("resource-key", Error, 5, get("RES"), "demo-1250000000/*"),
        ("resource-key", Warning, 5, get("RES/"), "demo-1250000000/*"),
        (
            "resource-key",
            Warning,
            5,
            get("RES//doc/*"),
            "demo-1250000000/doc/*",
        ),
        (
            "resource-key",
            Warning,
            5,
            get("RES/doc/"),
            "demo-1250000000/doc/*",
        ),
        (
            "old-prefix-form",
            Note,
            5,
            get("qcs::cos:ap-guangzhou:uid/1250000000:prefix//1250000000/demo/doc/*"),
            "demo-1250000000/doc/*",
        ),
        (
            "upload-multipart",
            Warning,
            4,
            act("\"name/cos:PutObject\"", "RES/a/*"),
            "name/cos:UploadPart",
        ),
        (
            "upload-multipart",
            Error,
            4,
            act(
                "[\"name/cos:InitiateMultipartUpload\",\"name/cos:UploadPart\"]",
                "RES/a/*",
            ),
            "name/cos:CompleteMultipartUpload",
        ),
        (
            "list-bucket-resource",
            Error,
            4,
            act("[\"name/cos:GetBucket\",\"name/cos:GetObject\"]", "RES/a/*"),
            "\"cos:prefix\":[\"a/*\"]",
        ),
        (
            "list-bucket-resource",
            Error,
            4,
            act("\"name/cos:HeadBucket\"", "RES/a/*"),
            "demo-1250000000/\"",
        ),
        (
            "principal",
            Error,
            3,
            policy(
                r#"{"principal":{"qcs":["*"]},"effect":"allow","action":"name/cos:GetObject","resource":"RES/a"}"#,
            ),
            "{\"effect\"",
        ),
        (
            "element-case",
            Error,
            3,
            policy(r#"{"EFFECT":"allow","action":"name/cos:GetObject","resource":"RES/a"}"#),
            "\"effect\"",
        ),
        (
            "element-case",
            Error,
            3,
            policy(r#"{"Effect":"allow","action":"name/cos:GetObject","resource":"RES/a"}"#),
            "\"effect\"",
        ),
        (
            "unknown-element",
            Warning,
            3,
            policy(
                r#"{"effect":"allow","action":"name/cos:GetObject","resource":"RES/a","conditions":{}}"#,
            ),
            "\"condition\"",
        ),
        (
            "unknown-operator",
            Error,
            3,
            policy(
                r#"{"effect":"allow","action":"name/cos:GetObject","resource":"RES/a","condition":{"IpAddress":{"qcs:ip":"10.0.0.0/8"}}}"#,
            ),
            "\"ip_equal\"",
        ),
        (
            "unknown-operator",
            Error,
            3,
            policy(
                r#"{"effect":"allow","action":"name/cos:GetObject","resource":"RES/a","condition":{"stringLikeIfExists":{"cos:prefix":"a"}}}"#,
            ),
            "\"string_like_if_exist\"",
        ),
        (
            "unknown-condition-key",
            Warning,
            3,
            policy(
                r#"{"effect":"allow","action":"name/cos:GetObject","resource":"RES/a","condition":{"bool_equal":{"cos:secure-transprot":"true"}}}"#,
            ),
            "\"cos:secure-transport\"",
        ),
        (
            "encoded-value",
            Warning,
            3,
            policy(
                r#"{"effect":"allow","action":"name/cos:GetObject","resource":"RES/a","condition":{"string_equal":{"cos:response-content-type":"image/jpeg"}}}"#,
            ),
            "image%2Fjpeg",
        ),
        (
            "version",
            Error,
            1,
            get("RES/a").replace("\"2.0\"", "2.0"),
            "\"2.0\"",
        ),
        (
            "version",
            Error,
            1,
            get("RES/a").replace("\"version\":\"2.0\",", ""),
            "\"version\":\"2.0\"",
        ),
        (
            "structure",
            Error,
            2,
            format!(
                "{{\"version\":\"2.0\",\n\"statement\":{{\"effect\":\"allow\",\"action\":\"name/cos:GetObject\",\"resource\":\"{RES}/a\"}}}}"
            ),
            "[{\"effect\"",
        ),
        (
            "condition-value",
            Error,
            6,
            when("date_less_than", "qcs:current_time", "\"2030-01-01\""),
            "\"2030-01-01T00:00:00Z\"",
        ),
        (
            "condition-value",
            Error,
            6,
            when("bool_equal", "cos:secure-transport", "[\"yes\"]"),
            "\"true\"",
        ),
        (
            "condition-operator",
            Warning,
            6,
            when("string_equal", "qcs:ip", "\"10.0.0.1\""),
            "\"ip_equal\"",
        ),
        (
            "condition-operator",
            Warning,
            6,
            when(
                "for_any_value:string_not_like_if_exist",
                "cos:content-length",
                "5",
            ),
            "\"for_any_value:numeric_not_equal_if_exist\"",
        ),
        (
            "structure",
            Error,
            3,
            get("RES/a").replace("allow", "yes"),
            "\"deny\"",
        ),
    ];
    for (rule, severity, line, json, wanted) in cases {
        let (finding, after) = only(json);
        assert_eq!(
            (finding.rule, finding.severity, finding.line),
            (*rule, *severity, *line),
            "{json}\n{finding}"
        );
        let corrected = finding.corrected.as_deref().unwrap_or_default();
        assert!(
            corrected.contains(&wanted.replace("RES", RES)),
            "{rule}: {corrected}"
        );
        let again = lint(&after);
        let left: Vec<_> = again
            .iter()
            .filter(|f| f.rule == *rule && f.severity >= Warning)
            .collect();
        assert!(left.is_empty(), "{rule}:\n{after}\n{left:#?}");
        assert!(Policy::parse(&after).is_ok(), "{rule}:\n{after}");
    }
}

#[test]
fn what_has_no_correction_still_has_a_line() {
    let (finding, _) = only("{\n \"version\": \"2.0\",\n oops }");
    assert_eq!((finding.rule, finding.line), ("syntax", 3));
    let twice = policy(
        "{\"effect\":\"allow\",\n\"effect\":\"deny\",\"action\":\"name/cos:GetObject\",\"resource\":\"RES/a\"}",
    );
    assert_eq!(only(&twice).0.rule, "structure");
    let (finding, _) = only(&get("RES/a").replace("\"name/cos:GetObject\"", "7"));
    assert_eq!((finding.rule, finding.line), ("structure", 4), "{finding}");
    let (finding, _) = only(&act("\"name/cos:FlyToTheMoon\"", "RES/a"));
    assert_eq!(finding.severity, Severity::Warning);
    assert_eq!(
        only("{\"version\":\"2.0\",\"statement\":[]}").0.rule,
        "structure"
    );
}

#[test]
fn values_that_no_operator_reads_are_named() {
    for (operator, key, values, severity, words) in [
        (
            "ip_equal",
            "qcs:ip",
            "\"10.0.0.0/33\"",
            Severity::Error,
            "10.0.0.0/33",
        ),
        (
            "numeric_less_than",
            "cos:content-length",
            "[1, \"5MB\"]",
            Severity::Error,
            "no number",
        ),
        (
            "string_like",
            "cos:prefix",
            "[\"a/*\", \"a*b\"]",
            Severity::Warning,
            "at the ends only",
        ),
    ] {
        let (finding, _) = only(&when(operator, key, values));
        assert_eq!(
            (finding.rule, finding.severity),
            ("condition-value", severity)
        );
        assert_eq!((finding.line, finding.corrected), (6, None));
        assert!(
            finding.explanation.contains(words),
            "{}",
            finding.explanation
        );
    }
    for (operator, key, values) in [
        ("ip_equal", "qcs:ip", "[\"10.0.0.0/8\",\"::1\"]"),
        ("numeric_less_than_equal", "cos:content-length", "1048576"),
        ("bool_equal", "cos:secure-transport", "true"),
        ("null_equal", "cos:content-length", "\"true\""),
        ("string_like_if_exist", "cos:prefix", "\"*a*\""),
    ] {
        assert_eq!(lint(&when(operator, key, values)), [], "{operator}");
    }
    // The other key of the block is right: only a person can take the two apart.
    let two = when(
        "string_equal",
        "cos:prefix\":\"a\",\"qcs:ip",
        "\"10.0.0.1\"",
    );
    assert_eq!(only(&two).0.corrected, None);
}

#[test]
fn size_counts_without_blanks_and_merging_may_help() {
    let one = |i: usize| {
        format!(
            "{{ \"effect\":\"allow\", \"action\":\"name/cos:GetObject\", \"resource\":\"{RES}/{i}/*\" }}"
        )
    };
    let many: Vec<_> = (0..30).map(one).collect();
    let (finding, after) = only(&policy(&many.join(",\n")));
    assert_eq!((finding.rule, finding.line), ("too-large", 1));
    assert_eq!(lint(&after), []);
    let more: Vec<_> = (0..60).map(one).collect();
    assert_eq!(only(&policy(&more.join(",\n"))).0.corrected, None);
}

#[test]
fn what_is_allowed_elsewhere_or_denied_is_left_alone() {
    let upload = |rest: &str| {
        policy(&format!(
            "{{\"effect\":\"allow\",\"action\":\"name/cos:PutObject\",\"resource\":\"RES/a/*\"}},{rest}"
        ))
    };
    let rest = r#"{"effect":"allow","action":["name/cos:InitiateMultipartUpload","name/cos:UploadPart","name/cos:ListParts","name/cos:CompleteMultipartUpload","name/cos:AbortMultipartUpload"],"resource":"RES/a/*"}"#;
    assert_eq!(lint(&upload(rest)), []);
    let deny = policy(r#"{"effect":"deny","action":"*","resource":"*"}"#);
    assert_eq!(lint(&deny), []);
    let service = act("\"name/cos:GetService\"", "*");
    assert_eq!(lint(&service), []);
    let other_service = act(
        "\"name/ci:CreateMediaJobs\"",
        "qcs::ci:ap-guangzhou:uid/1250000000:bucket/demo-1250000000/*",
    );
    assert_eq!(lint(&other_service), []);
}

#[test]
fn findings_read_well() {
    let text = lint(&get("*"))[0].to_string();
    assert!(
        text.starts_with("line 5: error [wildcard-resource] `*` allows"),
        "{text}"
    );
    assert!(text.contains("\n  write: \"qcs::cos:"), "{text}");
    let json = serde_json::to_value(&lint(&get("*"))[0]).unwrap();
    assert_eq!(
        (&json["severity"], &json["line"]),
        (&"error".into(), &5.into())
    );
}

fn soup() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("\"version\":\"2.0\"".to_owned()),
        Just("\"statement\":[".to_owned()),
        Just("\"effect\":\"allow\"".to_owned()),
        Just("\"action\":[\"name/cos:*\",\"PutObject\"]".to_owned()),
        Just("\"action\":\"name/cos:GetBucket\"".to_owned()),
        Just(format!("\"resource\":\"{RES}/a/*\"")),
        Just("\"resource\":[\"*\",\"x\",\"qcs::cos:::a\"]".to_owned()),
        Just("\"condition\":{\"x\":{\"y\":1}}".to_owned()),
        "[\\[\\]{},:]{1,2}",
        "\"[a-zé]{0,3}\"",
    ];
    proptest::collection::vec(word, 0..12).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn no_error_means_that_the_strict_reader_takes_it(json in soup()) {
        let found = lint(&json);
        if Policy::parse(&json).is_err() {
            prop_assert!(found.iter().any(|f| f.severity == Severity::Error));
        }
        for f in &found {
            prop_assert!(json.get(f.span.clone()).is_some());
        }
        apply_corrections(&json, &found);
    }

    #[test]
    fn a_statement_of_any_parts_is_judged(
        action in "[a-zA-Z:/*]{0,20}", resource in "[a-z0-9:/*-]{0,40}", operator in "[a-z_:]{0,20}",
    ) {
        let json = policy(&format!(
            r#"{{"effect":"allow","action":"{action}","resource":"{resource}","condition":{{"{operator}":{{"k":"v"}}}}}}"#
        ));
        if !lint(&json).iter().any(|f| f.severity == Severity::Error) {
            prop_assert!(Policy::parse(&json).is_ok());
        }
    }
}
