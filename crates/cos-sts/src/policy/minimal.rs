//! The least policy for a plan.

use super::PolicyError;
use super::builder::PolicyBuilder;
use super::catalog::ActionLevel;
use super::context::Context;
use super::model::{Policy, Statement};
use super::plan::{Need, Plan};
use super::scope::{Keys, Scope};

/// The policy that allows the calls of a plan and nothing else: without any one of its statements,
/// actions, resources or condition values some planned call would be denied.
///
/// ```
/// use cos_sts::policy::{Plan, minimal_policy};
///
/// let plan = Plan::parse(r#"[
///   {"operation": "download", "bucket": "demo-1250000000", "region": "ap-guangzhou", "prefix": "docs/"},
///   {"action": "name/cos:GetObject", "bucket": "demo-1250000000", "region": "ap-guangzhou", "key": "docs/a.txt"},
///   {"action": "name/cos:PutObject", "bucket": "demo-1250000000", "region": "ap-guangzhou", "key": "log.txt"}
/// ]"#)?;
/// let policy = minimal_policy(&plan)?;
/// // The second item is covered by the first.
/// assert_eq!(policy.statement.len(), 2);
/// # Ok::<(), cos_sts::policy::PolicyError>(())
/// ```
///
/// # Errors
/// If the plan is empty.
pub fn minimal_policy(plan: &Plan) -> Result<Policy, PolicyError> {
    let mut needs: Vec<&Need> = Vec::new();
    for (i, need) in plan.needs.iter().enumerate() {
        let covered = |(j, other): (usize, &Need)| {
            // Of two that cover each other the first stays.
            j != i && other.covers(need) && (j < i || !need.covers(other))
        };
        if !plan.needs.iter().enumerate().any(covered) {
            needs.push(need);
        }
    }
    if needs.is_empty() {
        return Err(PolicyError::new("the plan is empty"));
    }
    let statements = needs.into_iter().map(Need::statement);
    statements
        .fold(Policy::builder(), PolicyBuilder::statement)
        .build()
}

impl Need {
    fn covers(&self, other: &Self) -> bool {
        self.action == other.action
            && match (&self.scope, &other.scope) {
                (Some(mine), Some(theirs)) => {
                    mine.bucket() == theirs.bucket()
                        && (mine.region().is_none() || mine.region() == theirs.region())
                        && (self.level == ActionLevel::Bucket || keys_cover(mine, theirs))
                }
                (mine, theirs) => mine == theirs,
            }
    }

    fn statement(&self) -> Statement {
        let actions = vec![self.action.clone()];
        let Some(scope) = &self.scope else {
            return Statement::allow(actions, vec!["*".to_owned()]);
        };
        match self.level {
            ActionLevel::Service => Statement::allow(actions, vec!["*".to_owned()]),
            ActionLevel::Object => Statement::allow(actions, vec![scope.object_resource()]),
            ActionLevel::Bucket => Statement::allow(actions, vec![scope.bucket_resource()]),
            ActionLevel::BucketByPrefix => {
                let statement = Statement::allow(actions, vec![scope.bucket_resource()]);
                let key = Context::PREFIX;
                match scope.keys() {
                    Keys::All => statement,
                    Keys::Prefix(p) => statement.when("string_like", key, [format!("{p}*")]),
                    Keys::Key(k) => statement.when("string_equal", key, [k]),
                }
            }
        }
    }
}

fn keys_cover(mine: &Scope, theirs: &Scope) -> bool {
    match (mine.keys(), theirs.keys()) {
        (Keys::All, _) => true,
        (Keys::Prefix(p), Keys::Prefix(k) | Keys::Key(k)) => k.starts_with(p.as_str()),
        (Keys::Key(a), Keys::Key(b)) => a == b,
        (Keys::Prefix(_) | Keys::Key(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::{ACTIONS, OneOrMany, Operation, Scalar, evaluate};

    fn scopes() -> impl Strategy<Value = Scope> {
        let bucket = prop_oneof![Just("demo-1250000000"), Just("other-1250000000")];
        let keys = prop_oneof![
            Just(Keys::All),
            prop_oneof![Just("a"), Just("a/"), Just("a/b/"), Just("z/")]
                .prop_map(|p| Keys::Prefix(p.to_owned())),
            prop_oneof![Just("a/b"), Just("a/b/c"), Just("z")]
                .prop_map(|k| Keys::Key(k.to_owned())),
        ];
        (bucket, keys, any::<bool>()).prop_map(|(bucket, keys, any_region)| {
            let region = "ap-guangzhou";
            let scope = match keys {
                Keys::All => Scope::whole_bucket(bucket, region),
                Keys::Prefix(p) => Scope::prefix(bucket, region, &p),
                Keys::Key(k) => Scope::key(bucket, region, &k),
            };
            let scope = scope.unwrap();
            if any_region {
                scope.in_any_region()
            } else {
                scope
            }
        })
    }

    fn plans() -> impl Strategy<Value = Plan> {
        let operation = proptest::sample::select(Operation::ALL);
        let action = proptest::sample::select(ACTIONS);
        let item = prop_oneof![
            (operation, scopes()).prop_map(|(o, s)| Plan::new().operation(o, &s)),
            (action, scopes()).prop_map(|((a, level), s)| {
                let scope = (level != ActionLevel::Service).then_some(s);
                Plan::new().action(a, scope).unwrap()
            }),
        ];
        proptest::collection::vec(item, 1..5).prop_map(|items| Plan {
            needs: items.into_iter().flat_map(|p| p.needs).collect(),
        })
    }

    fn allows_all(policy: &Policy, plan: &Plan) -> bool {
        let calls = plan.calls();
        calls
            .iter()
            .all(|c| evaluate(policy, None, &c.as_call()).allowed)
    }

    /// Every policy that lacks one part of `policy`.
    fn with_one_part_less(policy: &Policy) -> Vec<Policy> {
        let mut all = Vec::new();
        let mut push = |i: usize, new: Option<Statement>| {
            let mut less = policy.clone();
            match new {
                Some(statement) => less.statement[i] = statement,
                None => drop(less.statement.remove(i)),
            }
            all.push(less);
        };
        for (i, statement) in policy.statement.iter().enumerate() {
            push(i, None);
            for drop_at in 0..statement.action.as_slice().len() {
                let mut s = statement.clone();
                s.action = without(&s.action, drop_at);
                push(i, Some(s));
            }
            for drop_at in 0..statement.resource.as_slice().len() {
                let mut s = statement.clone();
                s.resource = without(&s.resource, drop_at);
                push(i, Some(s));
            }
            for (b, block) in statement.condition.iter().enumerate() {
                for (k, (_, values)) in block.keys.iter().enumerate() {
                    for drop_at in 0..values.as_slice().len() {
                        let mut s = statement.clone();
                        let values: &mut OneOrMany<Scalar> = &mut s.condition[b].keys[k].1;
                        *values = without(values, drop_at);
                        push(i, Some(s));
                    }
                }
            }
        }
        all
    }

    fn without<T: Clone>(list: &OneOrMany<T>, at: usize) -> OneOrMany<T> {
        let mut list = list.as_slice().to_vec();
        list.remove(at);
        OneOrMany::Many(list)
    }

    proptest! {
        #[test]
        fn enough_and_nothing_to_spare(plan in plans()) {
            let policy = minimal_policy(&plan).unwrap();
            prop_assert!(allows_all(&policy, &plan), "{}", policy.to_json());
            for less in with_one_part_less(&policy) {
                prop_assert!(
                    !allows_all(&less, &plan),
                    "{}\n does as much as\n{}", less.to_json(), policy.to_json()
                );
            }
            prop_assert!(policy.check_for_sts().is_ok());
        }
    }

    #[test]
    fn nothing_planned_is_an_error() {
        assert!(minimal_policy(&Plan::new()).is_err());
    }
}
