//! What a credential can still do, and until when.

use std::fmt;

use super::catalog::{ACTIONS, bare_action};
use super::condition::{Truth, holds};
use super::evaluate::{Call, Identity, action_matches, is_label};
use super::model::{ConditionBlock, Effect, Policy, Statement};
use super::pattern::patterns_meet;
use super::resource::{Coverage, Resource, Target, coverage};

/// Everything a credential opens: what an attacker could do who got hold of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BlastRadius {
    /// When it ends, Unix seconds; `None` if it does not, or nobody knows.
    pub until_s: Option<u64>,
    /// What it may do until then.
    pub reach: Vec<Reach>,
}

/// Actions that are allowed on the same resources under the same conditions.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reach {
    /// The actions, `name/cos:…`.
    pub actions: Vec<String>,
    /// A resource is open if it matches all of these patterns: one, or two where the identity's and the
    /// session's overlap without one holding the other.
    pub resources: Vec<String>,
    /// All of these must hold as well.
    pub conditions: Vec<ConditionBlock>,
    /// What is denied all the same.
    pub except: Vec<Except>,
}

/// A part of a [`Reach`] that is denied.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Except {
    /// The resources.
    pub resource: String,
    /// It is denied if all of these hold; none means always.
    pub conditions: Vec<ConditionBlock>,
}

/// What identity and session policy together allow, for every action of [`ACTIONS`] and every action the
/// policies name.
///
/// ```
/// use cos_sts::policy::{blast_radius, Policy};
///
/// let user = Policy::parse(r#"{"version":"2.0","statement":[{"effect":"allow",
///     "action":["name/cos:GetObject","name/cos:PutObject"],
///     "resource":"qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/*"}]}"#)?;
/// let token = Policy::parse(r#"{"version":"2.0","statement":[{"effect":"allow",
///     "action":"*", "resource":"qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/a/*"}]}"#)?;
/// let radius = blast_radius(&user, Some(&token), Some(1_700_001_800));
/// assert_eq!(radius.reach.len(), 1);
/// assert_eq!(radius.reach[0].actions, ["name/cos:GetObject", "name/cos:PutObject"]);
/// assert!(radius.reach[0].resources[0].ends_with("demo-1250000000/a/*"));
/// assert_eq!(radius.seconds_left(1_700_000_000), Some(1800));
/// # Ok::<(), cos_sts::policy::PolicyError>(())
/// ```
pub fn blast_radius<'a>(
    identity: impl Into<Identity<'a>>,
    session: Option<&'a Policy>,
    expired_time_s: Option<u64>,
) -> BlastRadius {
    let identity: Option<Vec<&Statement>> = match identity.into() {
        Identity::FullAccess => None,
        Identity::Policies(policies) => {
            Some(policies.iter().flat_map(|p| p.statement.iter()).collect())
        }
    };
    let session: Option<Vec<&Statement>> = session.map(|p| p.statement.iter().collect());
    let mut actions: Vec<String> = ACTIONS
        .iter()
        .map(|(name, _)| format!("name/cos:{name}"))
        .collect();
    let named = identity.iter().chain(&session).flatten();
    for action in named.flat_map(|s| s.action.iter()) {
        let known = actions.iter().any(|a| action_matches(a, action));
        if !known && !action.contains('*') {
            actions.push(action.clone());
        }
    }

    let mut reach: Vec<Reach> = Vec::new();
    for action in actions {
        for one in of_action(&action, identity.as_deref(), session.as_deref()) {
            match reach.iter_mut().find(|r| r.same_place(&one)) {
                Some(earlier) => earlier.actions.push(action.clone()),
                None => reach.push(Reach {
                    actions: vec![action.clone()],
                    ..one
                }),
            }
        }
    }
    BlastRadius {
        until_s: expired_time_s,
        reach,
    }
}

type Area<'a> = (&'a str, &'a [ConditionBlock]);

/// The areas of one side that statements with an effect open or close for an action.
fn areas<'a>(side: Option<&[&'a Statement]>, effect: Effect, action: &str) -> Vec<Area<'a>> {
    let Some(statements) = side else {
        // No policy on this side: it allows all and denies nothing.
        return match effect {
            Effect::Allow => vec![("*", &[])],
            Effect::Deny => Vec::new(),
        };
    };
    let of_action = |s: &&&Statement| {
        s.effect == effect
            && s.action.iter().any(|a| action_matches(a, action))
            // As in the evaluator: an allow with parts nobody knows does not allow.
            && (effect == Effect::Deny || s.other.iter().all(|(name, _)| is_label(name)))
    };
    let matching = statements.iter().filter(of_action);
    matching
        .flat_map(|s| {
            let resources = s.resource.iter();
            resources.map(|r| (r.as_str(), s.condition.as_slice()))
        })
        .collect()
}

fn of_action(
    action: &str,
    identity: Option<&[&Statement]>,
    session: Option<&[&Statement]>,
) -> Vec<Reach> {
    let mut denied = areas(identity, Effect::Deny, action);
    denied.extend(areas(session, Effect::Deny, action));
    let outer = areas(identity, Effect::Allow, action);
    let inner = areas(session, Effect::Allow, action);
    let mut found: Vec<Reach> = Vec::new();
    for (mine, my_conditions) in &outer {
        for (theirs, their_conditions) in &inner {
            if !makes_sense(mine) || !makes_sense(theirs) || disjoint(mine, theirs) {
                continue;
            }
            let resources = if contains(mine, theirs) {
                vec![(*theirs).to_owned()]
            } else if contains(theirs, mine) {
                vec![(*mine).to_owned()]
            } else {
                vec![(*mine).to_owned(), (*theirs).to_owned()]
            };
            let mut conditions = my_conditions.to_vec();
            for block in *their_conditions {
                if !conditions.contains(block) {
                    conditions.push(block.clone());
                }
            }
            let touches = |(r, _): &&Area<'_>| !resources.iter().any(|p| disjoint(r, p));
            let except: Vec<Except> = denied
                .iter()
                .filter(touches)
                .map(|(resource, conditions)| Except {
                    resource: (*resource).to_owned(),
                    conditions: conditions.to_vec(),
                })
                .collect();
            let closed = except.iter().any(|e| {
                e.conditions.is_empty()
                    && (!makes_sense(&e.resource)
                        || resources.iter().any(|p| contains(&e.resource, p)))
            });
            if !closed {
                found.push(Reach {
                    actions: Vec::new(),
                    resources,
                    conditions,
                    except,
                });
            }
        }
    }
    // What lies inside another area adds nothing.
    let mut i = 0;
    while i < found.len() {
        let held = (0..found.len()).any(|j| {
            j != i && found[j].holds_area(&found[i]) && (j < i || !found[i].holds_area(&found[j]))
        });
        if held {
            found.remove(i);
        } else {
            i += 1;
        }
    }
    found
}

/// Whether a pattern can match anything at all; the evaluator calls the others unclear.
fn makes_sense(pattern: &str) -> bool {
    pattern.contains('*') || Resource::parse(pattern).is_ok()
}

/// Whether all that `inner` matches is surely matched by `outer`.
fn contains(outer: &str, inner: &str) -> bool {
    if outer == "*" || outer == inner {
        return true;
    }
    match (Resource::parse(outer), Resource::parse(inner)) {
        (Ok(outer), Ok(inner)) => outer.covers(&inner),
        // Shortened patterns are compared as text, whole ones by their parts: the two do not mix.
        (Err(_), Err(_)) => super::wildcard_match(outer, inner),
        _ => false,
    }
}

/// Whether surely nothing matches both.
fn disjoint(a: &str, b: &str) -> bool {
    let (Ok(a), Ok(b)) = (Resource::parse(a), Resource::parse(b)) else {
        return false;
    };
    let apart = |a: &str, b: &str| !a.is_empty() && !b.is_empty() && !patterns_meet(a, b);
    !patterns_meet(a.service, b.service)
        || apart(a.region, b.region)
        || apart(a.account, b.account)
        || !patterns_meet(&a.path, &b.path)
}

impl Reach {
    fn same_place(&self, other: &Self) -> bool {
        self.resources == other.resources
            && self.conditions == other.conditions
            && self.except == other.except
    }

    /// Both are of one action, so the same denials apply to both.
    fn holds_area(&self, other: &Self) -> bool {
        let wider = |p: &String| other.resources.iter().any(|q| contains(p, q));
        self.resources.iter().all(wider)
            && self.conditions.iter().all(|c| other.conditions.contains(c))
    }

    /// Whether it lets a call through.
    pub fn allows(&self, call: &Call<'_>) -> bool {
        let target = Target::new(call.resource);
        let own = |a: &String| bare_action(a) == bare_action(call.action);
        let denies = |e: &Except| {
            coverage(&e.resource, &target) != Coverage::NotCovered
                && holds(&e.conditions, call.context) != Truth::False
        };
        self.actions.iter().any(own)
            && self
                .resources
                .iter()
                .all(|r| coverage(r, &target) == Coverage::Covered)
            && holds(&self.conditions, call.context) == Truth::True
            && !self.except.iter().any(denies)
    }
}

impl BlastRadius {
    /// Whether a call would be let through at `now_s` (Unix seconds).
    pub fn allows(&self, call: &Call<'_>, now_s: u64) -> bool {
        self.until_s.is_none_or(|end| now_s < end) && self.reach.iter().any(|r| r.allows(call))
    }

    /// How long it still lasts; `None` if no end is known.
    pub fn seconds_left(&self, now_s: u64) -> Option<u64> {
        self.until_s.map(|end| end.saturating_sub(now_s))
    }
}

impl fmt::Display for BlastRadius {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.until_s {
            Some(end) => writeln!(f, "until {end} (Unix seconds):")?,
            None => writeln!(f, "without a known end:")?,
        }
        if self.reach.is_empty() {
            writeln!(f, "  nothing")?;
        }
        for reach in &self.reach {
            let actions: Vec<_> = reach.actions.iter().map(|a| bare_action(a)).collect();
            writeln!(f, "  {}", actions.join(", "))?;
            writeln!(f, "    on {}", reach.resources.join(" and "))?;
            if !reach.conditions.is_empty() {
                writeln!(f, "    if {}", Conditions(&reach.conditions))?;
            }
            for except in &reach.except {
                write!(f, "    not on {}", except.resource)?;
                match except.conditions.as_slice() {
                    [] => writeln!(f)?,
                    some => writeln!(f, " if {}", Conditions(some))?,
                }
            }
        }
        Ok(())
    }
}

struct Conditions<'a>(&'a [ConditionBlock]);

impl fmt::Display for Conditions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for block in self.0 {
            for (key, values) in &block.keys {
                if !std::mem::take(&mut first) {
                    f.write_str(" and ")?;
                }
                let values: Vec<_> = values.iter().map(|v| v.text()).collect();
                write!(f, "{key} {} {}", block.operator, values.join(" or "))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
