//! Who may do what: identity policies ∩ session policy, deny first.

use std::fmt;

use super::condition::{Truth, holds};
use super::context::Context;
use super::model::{Effect, Policy, Statement};
use super::pattern::wildcard_match;
use super::resource::{Coverage, Target, coverage};

/// One call to judge.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The action, such as `name/cos:PutObject`.
    pub action: &'a str,
    /// The six-part resource; for a bucket-level call its key is empty.
    pub resource: &'a str,
    /// What conditions are tested against.
    pub context: &'a Context,
}

/// What the caller behind a credential may do by itself.
#[derive(Clone, Copy, Debug)]
pub enum Identity<'a> {
    /// The account's owner: everything.
    FullAccess,
    /// The policies attached to a user or role. None means nothing is allowed.
    Policies(&'a [Policy]),
}

impl<'a> From<&'a [Policy]> for Identity<'a> {
    fn from(policies: &'a [Policy]) -> Self {
        Self::Policies(policies)
    }
}

impl<'a> From<&'a Policy> for Identity<'a> {
    fn from(policy: &'a Policy) -> Self {
        Self::Policies(std::slice::from_ref(policy))
    }
}

/// Why a call is allowed or denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Both sides allow it.
    Allowed,
    /// A statement denies it.
    ExplicitDeny,
    /// No statement of the identity's policies allows it.
    NoAllowInIdentity,
    /// The identity may, but no statement of the session policy allows it.
    NoAllowInSession,
}

impl Reason {
    /// `allowed`, `explicit-deny`, `no-allow-in-identity` or `no-allow-in-session`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::ExplicitDeny => "explicit-deny",
            Self::NoAllowInIdentity => "no-allow-in-identity",
            Self::NoAllowInSession => "no-allow-in-session",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which side a statement stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PolicySide {
    /// A policy of the user or role.
    Identity,
    /// The policy given to STS with the token.
    Session,
}

impl PolicySide {
    /// `identity` or `session`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Session => "session",
        }
    }
}

/// A statement that took part in a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StatementRef {
    /// Identity or session.
    pub policy: PolicySide,
    /// Which of several identity policies, from 0; always 0 for a session policy.
    pub document: usize,
    /// Which statement of it, from 0.
    pub index: usize,
    /// What it says.
    pub effect: Effect,
}

/// The answer, and who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether the call is allowed.
    pub allowed: bool,
    /// Why.
    pub reason: Reason,
    /// The statements that decided: the denying one, or the first allowing one of each side. Empty
    /// where the absence of an allow decided.
    pub statements: Vec<StatementRef>,
}

impl Decision {
    fn new(reason: Reason, statements: Vec<StatementRef>) -> Self {
        Self {
            allowed: reason == Reason::Allowed,
            reason,
            statements,
        }
    }
}

/// Judges one call: denied unless allowed, any deny wins, and with a session policy both sides must
/// allow.
///
/// What cannot be judged (an unknown condition operator, a malformed resource, an element of a statement
/// this crate does not know) never opens a door: such a statement does not allow, but does deny. A
/// `principal` is not looked at: give only statements that speak of the caller.
pub fn evaluate<'a>(
    identity: impl Into<Identity<'a>>,
    session: Option<&Policy>,
    call: &Call<'_>,
) -> Decision {
    let target = Target::new(call.resource);
    let identity = identity.into();
    let side = match identity {
        Identity::FullAccess => None,
        Identity::Policies(policies) => {
            Some(Side::of(PolicySide::Identity, policies, call, &target))
        }
    };
    let session =
        session.map(|p| Side::of(PolicySide::Session, std::slice::from_ref(p), call, &target));
    let sides = [
        (side, Reason::NoAllowInIdentity),
        (session, Reason::NoAllowInSession),
    ];

    let denying = sides.iter().find_map(|(side, _)| side.as_ref()?.deny);
    if let Some(statement) = denying {
        return Decision::new(Reason::ExplicitDeny, vec![statement]);
    }
    let mut allowing = Vec::new();
    for (side, missing) in sides {
        match side.map(|s| s.allow) {
            None => {}
            Some(Some(statement)) => allowing.push(statement),
            Some(None) => return Decision::new(missing, Vec::new()),
        }
    }
    Decision::new(Reason::Allowed, allowing)
}

/// The first allowing and the first denying statement of one side.
struct Side {
    allow: Option<StatementRef>,
    deny: Option<StatementRef>,
}

impl Side {
    fn of(policy: PolicySide, policies: &[Policy], call: &Call<'_>, target: &Target<'_>) -> Self {
        let mut side = Self {
            allow: None,
            deny: None,
        };
        for (document, p) in policies.iter().enumerate() {
            for (index, statement) in p.statement.iter().enumerate() {
                let slot = match statement.effect {
                    Effect::Allow => &mut side.allow,
                    Effect::Deny => &mut side.deny,
                };
                if slot.is_none() && applies(statement, call, target) {
                    *slot = Some(StatementRef {
                        policy,
                        document,
                        index,
                        effect: statement.effect,
                    });
                }
            }
            if side.deny.is_some() {
                break;
            }
        }
        side
    }
}

fn applies(statement: &Statement, call: &Call<'_>, target: &Target<'_>) -> bool {
    if !statement
        .action
        .iter()
        .any(|a| action_matches(a, call.action))
    {
        return false;
    }
    // Only what is certain allows; everything but a certain "no" denies.
    let denies = statement.effect == Effect::Deny;
    let resource = statement
        .resource
        .iter()
        .any(|r| match coverage(r, target) {
            Coverage::Covered => true,
            Coverage::NotCovered => false,
            Coverage::Unclear => denies,
        });
    if !resource {
        return false;
    }
    if !denies && statement.other.iter().any(|(name, _)| !is_label(name)) {
        return false;
    }
    match holds(&statement.condition, call.context) {
        Truth::True => true,
        Truth::False => false,
        Truth::Unclear => denies,
    }
}

/// Elements that name a statement and do not change its meaning.
pub(crate) fn is_label(name: &str) -> bool {
    ["sid", "id", "description"]
        .iter()
        .any(|l| name.eq_ignore_ascii_case(l))
}

/// `name/cos:X` and the shorter `cos:X` are the same action.
pub(crate) fn action_matches(pattern: &str, action: &str) -> bool {
    let short = |a| str::strip_prefix(a, "name/").unwrap_or(a);
    wildcard_match(short(pattern), short(action))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RES: &str = "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000";

    fn policy(statements: &str) -> Policy {
        let json = format!(r#"{{"version":"2.0","statement":[{statements}]}}"#).replace("RES", RES);
        Policy::parse(&json).unwrap()
    }

    fn judge(identity: &Policy, session: Option<&Policy>, action: &str, key: &str) -> Decision {
        let resource = format!("{RES}/{key}");
        let context = Context::new().with_secure_transport(true);
        let call = Call {
            action,
            resource: &resource,
            context: &context,
        };
        evaluate(identity, session, &call)
    }

    fn shape(d: &Decision) -> (bool, &'static str, Vec<(&'static str, usize, &'static str)>) {
        let refs = d.statements.iter();
        let refs = refs.map(|s| (s.policy.as_str(), s.index, s.effect.as_str()));
        (d.allowed, d.reason.as_str(), refs.collect())
    }

    const ALLOW: &str = r#"{"effect":"allow","action":"name/cos:*","resource":"RES/*"}"#;
    const DENY: &str = r#"{"effect":"deny","action":"name/cos:PutObject","resource":"RES/a"}"#;
    const OTHER: &str = r#"{"effect":"allow","action":"name/cos:GetObject","resource":"RES/*"}"#;

    #[test]
    fn truth_table() {
        let put = "name/cos:PutObject";
        let (allow, deny, other) = (policy(ALLOW), policy(DENY), policy(OTHER));
        let both = policy(&format!("{OTHER},{ALLOW},{DENY}"));
        let cases: &[(&Policy, Option<&Policy>, bool, &str)] = &[
            (&other, None, false, "no-allow-in-identity"),
            (&allow, None, true, "allowed"),
            (&deny, None, false, "explicit-deny"),
            (&both, None, false, "explicit-deny"),
            (&allow, Some(&allow), true, "allowed"),
            (&allow, Some(&other), false, "no-allow-in-session"),
            (&other, Some(&allow), false, "no-allow-in-identity"),
            (&other, Some(&other), false, "no-allow-in-identity"),
            (&allow, Some(&both), false, "explicit-deny"),
            (&both, Some(&allow), false, "explicit-deny"),
            (&deny, Some(&allow), false, "explicit-deny"),
        ];
        for (i, (identity, session, allowed, reason)) in cases.iter().enumerate() {
            let d = judge(identity, *session, put, "a");
            assert_eq!(
                (d.allowed, d.reason.as_str()),
                (*allowed, *reason),
                "case {i}"
            );
        }
        let d = judge(&both, Some(&allow), put, "a");
        assert_eq!(shape(&d).2, [("identity", 2, "deny")]);
        let d = judge(&both, Some(&allow), put, "b");
        assert_eq!(
            shape(&d).2,
            [("identity", 1, "allow"), ("session", 0, "allow")]
        );
    }

    /// First picture: the token's policy lies inside the user's rights; the token may do what its own
    /// policy says.
    #[test]
    fn policy_inside_the_users_rights() {
        let user = policy(
            r#"{"effect":"allow","action":["name/cos:PutObject","name/cos:GetObject"],"resource":"RES/*"}"#,
        );
        let token =
            policy(r#"{"effect":"allow","action":"name/cos:PutObject","resource":"RES/app/*"}"#);
        let may = |action, key| judge(&user, Some(&token), action, key).allowed;
        assert!(may("name/cos:PutObject", "app/1"));
        assert!(!may("name/cos:PutObject", "other/1"));
        assert!(!may("name/cos:GetObject", "app/1"));
    }

    /// Second picture: the token's policy is wider than the user's rights; the token may do only what
    /// lies in both.
    #[test]
    fn policy_wider_than_the_users_rights() {
        let user =
            policy(r#"{"effect":"allow","action":"name/cos:GetObject","resource":"RES/public/*"}"#);
        let token = policy(r#"{"effect":"allow","action":"*","resource":"*"}"#);
        let judged = |action, key| judge(&user, Some(&token), action, key);
        assert!(judged("name/cos:GetObject", "public/1").allowed);
        let d = judged("name/cos:PutObject", "public/1");
        assert_eq!(shape(&d), (false, "no-allow-in-identity", vec![]));
        assert!(!judged("name/cos:GetObject", "private/1").allowed);
    }

    #[test]
    fn full_access_is_limited_by_the_session_only() {
        let context = Context::new();
        let resource = format!("{RES}/a");
        let call = Call {
            action: "name/cos:PutObject",
            resource: &resource,
            context: &context,
        };
        assert!(evaluate(Identity::FullAccess, None, &call).allowed);
        assert!(evaluate(Identity::FullAccess, Some(&policy(ALLOW)), &call).allowed);
        let d = evaluate(Identity::FullAccess, Some(&policy(OTHER)), &call);
        assert_eq!(d.reason, Reason::NoAllowInSession);
        assert!(!evaluate(Identity::Policies(&[]), None, &call).allowed);
        let d = evaluate([policy(OTHER), policy(ALLOW)].as_slice(), None, &call);
        assert_eq!((d.statements[0].document, d.statements[0].index), (1, 0));
    }

    #[test]
    fn short_actions_are_the_same() {
        let p = policy(r#"{"effect":"allow","action":["cos:Get*"],"resource":"*"}"#);
        assert!(judge(&p, None, "name/cos:GetObject", "a").allowed);
        assert!(judge(&p, None, "cos:GetObject", "a").allowed);
        assert!(!judge(&p, None, "name/cos:PutObject", "a").allowed);
    }

    #[test]
    fn what_cannot_be_judged_never_opens_a_door() {
        let unclear = [
            r#""resource":"*","condition":{"mystery":{"k":"v"}}"#,
            r#""resource":"*","condition":{"numeric_equal":{"cos:secure-transport":"x"}}"#,
            r#""resource":"demo-1250000000/a""#,
        ];
        for rest in unclear {
            let allow = policy(&format!(r#"{{"effect":"allow","action":"*",{rest}}}"#));
            let d = judge(&allow, None, "name/cos:GetObject", "a");
            assert_eq!(d.reason, Reason::NoAllowInIdentity, "{rest}");
            let deny = policy(&format!(
                r#"{{"effect":"allow","action":"*","resource":"*"}},{{"effect":"deny","action":"*",{rest}}}"#
            ));
            let d = judge(&deny, None, "name/cos:GetObject", "a");
            assert_eq!(d.reason, Reason::ExplicitDeny, "{rest}");
        }
        let narrowed =
            policy(r#"{"effect":"allow","action":"*","resource":"*","not_resource":"RES/a"}"#);
        assert!(!judge(&narrowed, None, "name/cos:GetObject", "a").allowed);
        let labelled = policy(r#"{"sid":"x","effect":"allow","action":"*","resource":"*"}"#);
        assert!(judge(&labelled, None, "name/cos:GetObject", "a").allowed);
    }

    fn statements() -> impl Strategy<Value = Policy> {
        let action = prop_oneof![
            Just("*"),
            Just("name/cos:*"),
            Just("name/cos:Get*"),
            Just("name/cos:PutObject"),
            Just("cos:GetObject")
        ];
        let resource = prop_oneof![
            Just("*".to_owned()),
            Just(format!("{RES}/*")),
            Just(format!("{RES}/a/*")),
            Just(format!("{RES}/a/b")),
            Just("broken".to_owned())
        ];
        let condition = prop_oneof![
            3 => Just(None),
            1 => Just(Some(("bool_equal", "true"))),
            1 => Just(Some(("bool_equal", "false"))),
            1 => Just(Some(("mystery", "x"))),
        ];
        let one = (any::<bool>(), action, resource, condition).prop_map(|(allow, a, r, c)| {
            let (a, r) = (vec![a.to_owned()], vec![r]);
            let s = if allow {
                Statement::allow(a, r)
            } else {
                Statement::deny(a, r)
            };
            match c {
                Some((operator, value)) => s.when(operator, Context::SECURE_TRANSPORT, [value]),
                None => s,
            }
        });
        proptest::collection::vec(one, 0..5).prop_map(Policy::new)
    }

    fn calls() -> impl Strategy<Value = (&'static str, &'static str)> {
        (
            prop_oneof![
                Just("name/cos:GetObject"),
                Just("name/cos:PutObject"),
                Just("name/cos:GetBucket")
            ],
            prop_oneof![Just(""), Just("a/b"), Just("a/c"), Just("z")],
        )
    }

    proptest! {
        #[test]
        fn the_result_is_the_intersection(a in statements(), b in statements(), (action, key) in calls()) {
            let both = judge(&a, Some(&b), action, key).allowed;
            let each = judge(&a, None, action, key).allowed && judge(&b, None, action, key).allowed;
            prop_assert_eq!(both, each);
        }

        #[test]
        fn a_deny_always_wins(mut a in statements(), b in statements(), at in 0_usize..5, (action, key) in calls()) {
            let deny = Statement::deny(vec!["*".into()], vec!["*".into()]);
            a.statement.insert(at.min(a.statement.len()), deny);
            prop_assert_eq!(judge(&a, Some(&b), action, key).reason, Reason::ExplicitDeny);
            prop_assert_eq!(judge(&b, Some(&a), action, key).reason, Reason::ExplicitDeny);
        }

        #[test]
        fn adding_an_allow_never_takes_away(a in statements(), extra in statements(), (action, key) in calls()) {
            let mut more = a.clone();
            more.statement.extend(extra.statement.into_iter().filter(|s| s.effect == Effect::Allow));
            if judge(&a, None, action, key).allowed {
                prop_assert!(judge(&more, None, action, key).allowed);
            }
        }
    }
}
