//! Any text is a policy or is refused; a policy survives being written and read; the linter never lets through what
//! the reader refuses; identity ∩ session is both; the blast radius agrees with the evaluator.
#![no_main]

use arbitrary::Arbitrary;
use cos_sts::policy::{
    Call, Context, Plan, Policy, Severity, apply_corrections, blast_radius, evaluate, lint, minimal_policy,
};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    identity: &'a str,
    session: &'a str,
    action: &'a str,
    resource: &'a str,
    context: Vec<(&'a str, &'a str)>,
    /// The two texts are statements, to get past the outermost braces.
    wrapped: bool,
}

/// A whole policy, so that the input need not find its frame.
fn text(part: &str, wrapped: bool) -> String {
    if wrapped {
        format!(r#"{{"version":"2.0","statement":[{{"effect":"allow","action":"*",{part}}}]}}"#)
    } else {
        part.to_owned()
    }
}

fn read(json: &str) -> Option<Policy> {
    let findings = lint(json);
    let errors = findings.iter().any(|f| f.severity == Severity::Error);
    apply_corrections(json, &findings);
    let Ok(policy) = Policy::parse(json) else {
        assert!(errors, "refused without an error: {json}");
        return None;
    };
    let again = Policy::parse(&policy.to_json()).expect("our own text");
    assert_eq!(again.to_json(), policy.to_json());
    Some(policy)
}

fuzz_target!(|input: Input<'_>| {
    if let Ok(plan) = Plan::parse(input.session)
        && let Ok(policy) = minimal_policy(&plan)
    {
        for call in plan.calls() {
            assert!(evaluate(&policy, None, &call.as_call()).allowed);
        }
    }
    let Some(identity) = read(&text(input.identity, input.wrapped)) else { return };
    let session = read(&text(input.session, input.wrapped));
    let mut context = Context::new();
    for (key, value) in &input.context {
        context.add(*key, *value);
    }
    let call = Call { action: input.action, resource: input.resource, context: &context };
    let both = evaluate(&identity, session.as_ref(), &call).allowed;
    let first = evaluate(&identity, None, &call).allowed;
    let second = session.as_ref().is_none_or(|s| evaluate(s, None, &call).allowed);
    assert_eq!(both, first && second);

    let call = Call { action: "name/cos:GetObject", ..call };
    let radius = blast_radius(&identity, session.as_ref(), None);
    let allowed = evaluate(&identity, session.as_ref(), &call).allowed;
    assert_eq!(radius.allows(&call, 0), allowed, "{radius}");
});
