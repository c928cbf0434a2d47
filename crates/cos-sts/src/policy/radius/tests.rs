//! The radius against brute force: every call on a small bucket, judged by the evaluator.

use proptest::prelude::*;

use super::*;
use crate::policy::{Context, evaluate};

const RES: &str = "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000";
const KEYS: &[&str] = &["", "a", "a/", "a/b", "a/b/c", "a/x.jpg", "b.jpg", "z/a/b"];
const OTHER_RESOURCES: &[&str] = &[
    "*",
    "qcs::cos:ap-beijing:uid/1250000000:demo-1250000000/a/b",
    "qcs::cos:ap-guangzhou:uid/1250000001:other-1250000001/a",
    "qcs::ci:ap-guangzhou:uid/1250000000:bucket/demo-1250000000/a",
    "qcs::cos:ap-guangzhou:uid/1250000000:prefix//1250000000/demo/a/b",
];

fn contexts() -> Vec<Context> {
    let mut all = vec![Context::new()];
    for https in [true, false] {
        all.push(Context::new().with_secure_transport(https));
        let ip = Context::new().with(Context::IP, "10.1.2.3");
        all.push(ip.with_secure_transport(https));
    }
    all
}

/// Every call there is on the bucket, and some elsewhere.
fn every_call(mut judge: impl FnMut(&Call<'_>)) {
    let keys = KEYS.iter().map(|k| format!("{RES}/{k}"));
    let others = OTHER_RESOURCES.iter().map(|r| (*r).to_owned());
    let resources: Vec<String> = keys.chain(others).collect();
    for context in &contexts() {
        for resource in &resources {
            for (name, _) in ACTIONS {
                let action = format!("name/cos:{name}");
                judge(&Call {
                    action: &action,
                    resource,
                    context,
                });
            }
        }
    }
}

fn statements() -> impl Strategy<Value = Policy> {
    let action = proptest::sample::select(vec![
        "*",
        "name/cos:*",
        "name/cos:Get*",
        "name/cos:*Object",
        "cos:GetObject",
        "name/cos:PutObject",
    ]);
    let resource = proptest::sample::select(vec![
        "*".to_owned(),
        "qcs::cos:*".to_owned(),
        "qcs::cos::uid/1250000000:demo-1250000000/a/*".to_owned(),
        "qcs::cos:ap-guangzhou::demo-1250000000/*".to_owned(),
        "qcs::cos:ap-guangzhou:uid/1250000000:prefix//1250000000/demo/a/*".to_owned(),
        format!("{RES}/*"),
        format!("{RES}/a*"),
        format!("{RES}/a/b"),
        format!("{RES}/*.jpg"),
        format!("{RES}/"),
        "broken".to_owned(),
    ]);
    let condition = prop_oneof![
        4 => Just(None),
        1 => Just(Some(("bool_equal", Context::SECURE_TRANSPORT, "true"))),
        1 => Just(Some(("ip_equal_if_exist", Context::IP, "10.0.0.0/8"))),
        1 => Just(Some(("mystery", "k", "v"))),
    ];
    let strange =
        prop_oneof![6 => Just(None), 1 => Just(Some("sid")), 1 => Just(Some("not_resource"))];
    let one = (
        prop_oneof![3 => Just(Effect::Allow), 1 => Just(Effect::Deny)],
        action,
        proptest::collection::vec(resource, 1..3),
        condition,
        strange,
    );
    let one = one.prop_map(|(effect, action, resources, condition, strange)| {
        let mut s = match effect {
            Effect::Allow => Statement::allow(vec![action.to_owned()], resources),
            Effect::Deny => Statement::deny(vec![action.to_owned()], resources),
        };
        if let Some((operator, key, value)) = condition {
            s = s.when(operator, key, [value]);
        }
        s.other
            .extend(strange.map(|name| (name.to_owned(), "x".into())));
        s
    });
    proptest::collection::vec(one, 0..5).prop_map(Policy::new)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_radius_is_what_brute_force_finds(
        identity in statements(), session in statements(), owner in any::<bool>(), narrowed in any::<bool>(),
    ) {
        let identity = if owner { Identity::FullAccess } else { Identity::from(&identity) };
        let session = narrowed.then_some(&session);
        let radius = blast_radius(identity, session, Some(100));
        let mut wrong = None;
        every_call(|call| {
            let truth = evaluate(identity, session, call).allowed;
            if radius.allows(call, 99) != truth || radius.allows(call, 100) {
                wrong = Some(format!("{} on {}: {truth}\n{radius}", call.action, call.resource));
            }
        });
        prop_assert_eq!(wrong, None);
    }
}

#[test]
fn reads_well() {
    let user = Policy::parse(&format!(
        r#"{{"version":"2.0","statement":[
            {{"effect":"allow","action":["name/cos:GetObject","name/cos:PutObject"],"resource":"{RES}/*"}},
            {{"effect":"deny","action":"*","resource":"{RES}/a/secret/*"}}]}}"#
    ))
    .unwrap();
    let token = Policy::parse(&format!(
        r#"{{"version":"2.0","statement":[{{"effect":"allow","action":"*","resource":"{RES}/a/*",
            "condition":{{"ip_equal":{{"qcs:ip":["10.0.0.0/8","192.168.0.0/16"]}}}}}}]}}"#
    ))
    .unwrap();
    let text = blast_radius(&user, Some(&token), Some(1_700_000_000)).to_string();
    let wanted = format!(
        "until 1700000000 (Unix seconds):\n  GetObject, PutObject\n    on {RES}/a/*\n    \
if qcs:ip ip_equal 10.0.0.0/8 or 192.168.0.0/16\n    not on {RES}/a/secret/*\n"
    );
    assert_eq!(text, wanted);
    let nothing = blast_radius(Identity::Policies(&[]), None, None);
    assert_eq!(nothing.to_string(), "without a known end:\n  nothing\n");
}

#[test]
fn overlapping_patterns_stay_two() {
    let allow = |resource: &str| {
        Policy::new(vec![Statement::allow(
            vec!["name/cos:GetObject".into()],
            vec![format!("{RES}/{resource}")],
        )])
    };
    let (a, b) = (allow("a/*"), allow("*.jpg"));
    let radius = blast_radius(&a, Some(&b), None);
    assert_eq!(radius.reach[0].resources.len(), 2);
    let apart = allow("b/*");
    assert_eq!(blast_radius(&a, Some(&apart), None).reach, []);
}
