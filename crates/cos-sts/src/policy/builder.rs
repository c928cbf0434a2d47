//! The least a token needs, from operations and scopes.

use super::PolicyError;
use super::context::Context;
use super::model::{ConditionBlock, Effect, OneOrMany, Policy, Statement};
use super::operation::{Level, Operation};
use super::scope::{Keys, Scope};

/// Builds a policy that allows some operations on some scopes, and nothing else.
///
/// ```
/// use cos_sts::policy::{Operation, Policy, Scope};
///
/// let own = Scope::prefix("photos-1250000000", "ap-guangzhou", "users/42/")?;
/// let policy = Policy::builder()
///     .allow(Operation::Upload, own.clone())
///     .allow(Operation::Download, own)
///     .build()?;
/// assert_eq!(policy.statement.len(), 1);
/// # Ok::<(), cos_sts::policy::PolicyError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct PolicyBuilder {
    statements: Vec<Statement>,
    conditions: Vec<(String, String, Vec<String>)>,
    error: Option<PolicyError>,
}

impl Policy {
    /// Starts an empty policy.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::default()
    }
}

impl PolicyBuilder {
    /// Allows an operation on a scope.
    pub fn allow(mut self, operation: Operation, scope: Scope) -> Self {
        let actions = owned(operation.actions());
        let statement = match operation.level() {
            Level::Object => Statement::allow(actions, vec![scope.object_resource()]),
            Level::Bucket => Statement::allow(actions, vec![scope.bucket_resource()]),
            Level::BucketByPrefix => {
                let statement = Statement::allow(actions, vec![scope.bucket_resource()]);
                match scope.keys() {
                    Keys::All => statement,
                    Keys::Prefix(prefix) => {
                        statement.when("string_like", Context::PREFIX, [format!("{prefix}*")])
                    }
                    Keys::Key(key) => statement.when("string_equal", Context::PREFIX, [key]),
                }
            }
        };
        self.statements.push(statement);
        self
    }

    /// Allows several operations on a scope.
    pub fn allow_all(self, operations: impl IntoIterator<Item = Operation>, scope: &Scope) -> Self {
        operations
            .into_iter()
            .fold(self, |builder, o| builder.allow(o, scope.clone()))
    }

    /// Allows actions by their own names on the objects of a scope, as the official STS helpers do.
    /// Every action must be named: for all of them write a [`PolicyBuilder::statement`].
    pub fn allow_actions(
        mut self,
        actions: impl IntoIterator<Item = impl Into<String>>,
        scope: Scope,
    ) -> Self {
        let actions: Vec<String> = actions.into_iter().map(Into::into).collect();
        let wide = |a: &&String| matches!(a.as_str(), "*" | "name/*" | "name/cos:*" | "cos:*");
        if let Some(wide) = actions.iter().find(wide) {
            let error = PolicyError::new(format!("`{wide}` would allow every action"))
                .with_hint("name the actions, or write the statement yourself");
            self.error.get_or_insert(error);
        }
        let statement = Statement::allow(actions, vec![scope.object_resource()]);
        self.statements.push(statement);
        self
    }

    /// Denies actions by their own names on the objects of a scope; `*` is welcome here.
    pub fn deny_actions(
        mut self,
        actions: impl IntoIterator<Item = impl Into<String>>,
        scope: Scope,
    ) -> Self {
        let actions = actions.into_iter().map(Into::into).collect();
        let statement = Statement::deny(actions, vec![scope.object_resource()]);
        self.statements.push(statement);
        self
    }

    /// Adds a finished statement.
    pub fn statement(mut self, statement: Statement) -> Self {
        self.statements.push(statement);
        self
    }

    /// Adds a condition to every allowing statement, such as `("ip_equal", "qcs:ip", ["10.0.0.0/8"])`.
    pub fn when(
        mut self,
        operator: impl Into<String>,
        key: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        self.conditions.push((operator.into(), key.into(), values));
        self
    }

    /// The policy. Statements that differ in one part only (actions, resources, or the values of
    /// their one condition) become one.
    ///
    /// # Errors
    /// If nothing was allowed, an action is a bare wildcard, or a condition has an unknown operator.
    pub fn build(self) -> Result<Policy, PolicyError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        if !self.statements.iter().any(|s| s.effect == Effect::Allow) {
            return Err(PolicyError::new("the policy allows nothing")
                .with_hint("allow at least one operation"));
        }
        if self
            .statements
            .iter()
            .any(|s| s.action.as_slice().is_empty())
        {
            return Err(PolicyError::new("a statement names no action"));
        }
        for (operator, ..) in &self.conditions {
            if !super::is_known_operator(operator) {
                return Err(PolicyError::new(format!(
                    "`{operator}` is not a condition operator"
                )));
            }
        }
        let statements = fold(self.statements, |a, b| {
            let same = same_items(&a.resource, &b.resource) && a.condition == b.condition;
            same.then(|| a.action = union(&a.action, &b.action))
                .is_some()
        });
        let statements = fold(statements, |a, b| {
            let same = same_items(&a.action, &b.action) && a.condition == b.condition;
            same.then(|| a.resource = union(&a.resource, &b.resource))
                .is_some()
        });
        let mut statements = fold(statements, |a, b| {
            same_items(&a.action, &b.action)
                && same_items(&a.resource, &b.resource)
                && merge_values(&mut a.condition, &b.condition)
        });
        let allowing = statements.iter_mut().filter(|s| s.effect == Effect::Allow);
        for statement in allowing {
            for (operator, key, values) in &self.conditions {
                *statement = statement.clone().when(operator, key, values);
            }
        }
        Ok(Policy::new(statements))
    }
}

/// Merges each statement into an earlier one where `merge` can.
fn fold(
    statements: Vec<Statement>,
    merge: impl Fn(&mut Statement, &Statement) -> bool,
) -> Vec<Statement> {
    let mut folded: Vec<Statement> = Vec::new();
    for statement in statements {
        let merged = folded
            .iter_mut()
            .any(|earlier| mergeable(earlier, &statement) && merge(earlier, &statement));
        if !merged {
            folded.push(statement);
        }
    }
    folded
}

/// Values of one key are alternatives, so two conditions that differ in them alone become one. Negative
/// operators turn that round and stay apart.
fn merge_values(a: &mut [ConditionBlock], b: &[ConditionBlock]) -> bool {
    let ([a], [b]) = (a, b) else { return false };
    let ([(a_key, a_values)], [(b_key, b_values)]) = (a.keys.as_mut_slice(), b.keys.as_slice())
    else {
        return false;
    };
    let positive = matches!(a.operator.as_str(), "string_like" | "string_equal");
    if !positive || a.operator != b.operator || a_key != b_key {
        return false;
    }
    *a_values = union(a_values, b_values);
    true
}

fn mergeable(a: &Statement, b: &Statement) -> bool {
    a.effect == b.effect
        && a.principal.is_none()
        && b.principal.is_none()
        && a.other.is_empty()
        && b.other.is_empty()
}

fn same_items(a: &OneOrMany<String>, b: &OneOrMany<String>) -> bool {
    let (a, b) = (a.as_slice(), b.as_slice());
    a.iter().all(|x| b.contains(x)) && b.iter().all(|x| a.contains(x))
}

fn union<T: Clone + PartialEq>(a: &OneOrMany<T>, b: &OneOrMany<T>) -> OneOrMany<T> {
    let mut all = a.as_slice().to_vec();
    for item in b {
        if !all.contains(item) {
            all.push(item.clone());
        }
    }
    OneOrMany::Many(all)
}

fn owned(actions: &[&str]) -> Vec<String> {
    actions.iter().map(|a| (*a).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::evaluate::{Call, evaluate};
    use super::*;

    const B: &str = "demo-1250000000";
    const R: &str = "ap-guangzhou";

    fn prefix(p: &str) -> Scope {
        Scope::prefix(B, R, p).unwrap()
    }

    fn allows(policy: &Policy, action: &str, key: &str, list_prefix: Option<&str>) -> bool {
        let resource = format!("qcs::cos:{R}:uid/1250000000:{B}/{key}");
        let mut context = Context::new();
        if let Some(p) = list_prefix {
            context.add(Context::PREFIX, p);
        }
        let call = Call {
            action,
            resource: &resource,
            context: &context,
        };
        evaluate(policy, None, &call).allowed
    }

    #[test]
    fn an_upload_policy_is_enough_for_parts_and_no_more() {
        let policy = Policy::builder()
            .allow(Operation::Upload, prefix("up/"))
            .build()
            .unwrap();
        for action in [
            "PutObject",
            "InitiateMultipartUpload",
            "UploadPart",
            "ListParts",
            "CompleteMultipartUpload",
            "AbortMultipartUpload",
        ] {
            let action = format!("name/cos:{action}");
            assert!(allows(&policy, &action, "up/a", None), "{action}");
            assert!(!allows(&policy, &action, "other/a", None), "{action}");
        }
        assert!(!allows(&policy, "name/cos:GetObject", "up/a", None));
        assert!(!allows(&policy, "name/cos:DeleteObject", "up/a", None));
        assert!(policy.check_for_sts().is_ok());
    }

    #[test]
    fn a_listing_needs_the_prefix() {
        let policy = Policy::builder()
            .allow(Operation::List, prefix("a/"))
            .allow(Operation::List, prefix("b/"))
            .build()
            .unwrap();
        assert_eq!(policy.statement.len(), 1, "{}", policy.to_json());
        let list = "name/cos:GetBucket";
        assert!(allows(&policy, list, "", Some("a/")));
        assert!(allows(&policy, list, "", Some("b/sub/")));
        assert!(!allows(&policy, list, "", Some("c/")));
        assert!(!allows(&policy, list, "", Some("")));
        assert!(!allows(&policy, list, "", None));
        let whole = Policy::builder()
            .allow(Operation::List, Scope::whole_bucket(B, R).unwrap())
            .build()
            .unwrap();
        assert!(allows(&whole, list, "", None));
    }

    #[test]
    fn scopes_merge_into_one_statement() {
        let policy = Policy::builder()
            .allow_all([Operation::Upload, Operation::Download], &prefix("a/"))
            .allow_all([Operation::Download, Operation::Upload], &prefix("b/"))
            .build()
            .unwrap();
        assert_eq!(policy.statement.len(), 1, "{}", policy.to_json());
        assert_eq!(policy.statement[0].resource.as_slice().len(), 2);
    }

    #[test]
    fn conditions_reach_every_allow() {
        let policy = Policy::builder()
            .allow_all([Operation::Upload, Operation::List], &prefix("a/"))
            .when("bool_equal", Context::SECURE_TRANSPORT, ["true"])
            .build()
            .unwrap();
        assert_eq!(policy.to_json().matches("secure-transport").count(), 2);
        assert!(!allows(&policy, "name/cos:PutObject", "a/1", None));
    }

    #[test]
    fn refuses_what_is_empty_wide_or_unknown() {
        let message = |b: PolicyBuilder| b.build().unwrap_err().to_string();
        assert!(message(Policy::builder()).contains("allows nothing"));
        let deny_only = Policy::builder().deny_actions(["*"], prefix("a/"));
        assert!(message(deny_only).contains("allows nothing"));
        let wide = Policy::builder().allow_actions(["name/cos:*"], prefix("a/"));
        assert!(message(wide).contains("every action"));
        let none = Policy::builder().allow_actions(Vec::<String>::new(), prefix("a/"));
        assert!(message(none).contains("no action"));
        let unknown = Policy::builder()
            .allow(Operation::Upload, prefix("a/"))
            .when("ip_euqal", "qcs:ip", ["10.0.0.1"]);
        assert!(message(unknown).contains("ip_euqal"));
    }

    fn grants() -> impl Strategy<Value = Vec<(Operation, &'static str)>> {
        let operation = proptest::sample::select(Operation::ALL);
        let p = prop_oneof![Just("a/"), Just("b/"), Just("a/deep/")];
        proptest::collection::vec((operation, p), 1..6)
    }

    proptest! {
        /// Merging neither adds nor takes away: the policy of many grants allows what one of them does.
        #[test]
        fn many_grants_are_the_union_of_each(grants in grants(), key in "(a|b|c|a/deep)/x", asked in proptest::sample::select(Operation::ALL)) {
            let build = |list: &[(Operation, &str)]| {
                let builder = Policy::builder();
                list.iter().fold(builder, |b, (o, p)| b.allow(*o, prefix(p))).build().unwrap()
            };
            let together = build(&grants);
            for action in asked.actions() {
                let (on, list_prefix) = match asked.level() {
                    Level::Object => (key.as_str(), None),
                    _ => ("", Some(key.as_str())),
                };
                let each = grants.iter().any(|g| allows(&build(&[*g]), action, on, list_prefix));
                prop_assert_eq!(allows(&together, action, on, list_prefix), each, "{}", action);
            }
        }
    }
}
