//! A plan: the calls a job is going to make.

use serde::Deserialize;

use super::catalog::{ActionLevel, action_level, bare_action};
use super::context::Context;
use super::evaluate::Call;
use super::operation::Operation;
use super::scope::{Keys, Scope};
use super::{OneOrMany, PolicyError};

/// The operations a job needs, for [`minimal_policy`](super::minimal_policy).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub(super) needs: Vec<Need>,
}

/// One action on one scope. `None` is a call without a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) action: String,
    pub(super) level: ActionLevel,
    pub(super) scope: Option<Scope>,
}

/// One item of a plan in JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    #[serde(alias = "operations")]
    operation: Option<Strings>,
    #[serde(alias = "actions")]
    action: Option<Strings>,
    bucket: Option<String>,
    region: Option<String>,
    key: Option<String>,
    prefix: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Strings {
    One(String),
    Many(Vec<String>),
}

impl From<Strings> for OneOrMany<String> {
    fn from(strings: Strings) -> Self {
        match strings {
            Strings::One(one) => Self::One(one),
            Strings::Many(many) => Self::Many(many),
        }
    }
}

impl Plan {
    /// A plan without calls.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a plan in JSON: an array of items with `operation` (a name of [`Operation`]) or `action`
    /// (`name/cos:…`), each one or several, `bucket`, `region` (left out: any), and `key`, or `prefix`
    /// (`"*"` is the whole bucket).
    ///
    /// # Errors
    /// Names the item and what is wrong there.
    pub fn parse(json: &str) -> Result<Self, PolicyError> {
        let items: Vec<Item> = serde_json::from_str(json).map_err(|e| {
            PolicyError::new(format!("not a plan: {e}")).with_hint(
                r#"write [{"operation":"upload","bucket":"demo-1250000000","region":"ap-guangzhou","prefix":"up/"}]"#,
            )
        })?;
        let mut plan = Self::new();
        for (i, item) in items.into_iter().enumerate() {
            plan = plan.item(item).map_err(|e| {
                let error = PolicyError::at(format!("[{i}]"), e.message());
                match e.hint() {
                    Some(hint) => error.with_hint(hint),
                    None => error,
                }
            })?;
        }
        Ok(plan)
    }

    /// Adds an operation on a scope.
    #[must_use]
    pub fn operation(mut self, operation: Operation, scope: &Scope) -> Self {
        for action in operation.actions() {
            self.needs.push(Need {
                action: (*action).to_owned(),
                level: operation.action_level(),
                scope: Some(scope.clone()),
            });
        }
        self
    }

    /// Adds an action by name on a scope; `None` for one without a bucket.
    ///
    /// # Errors
    /// If the action holds a `*`, is none of COS's, or needs a scope that is not there.
    pub fn action(mut self, action: &str, scope: Option<Scope>) -> Result<Self, PolicyError> {
        let full = format!("name/cos:{}", bare_action(action));
        let level = action_level(&full).ok_or_else(|| {
            PolicyError::new(format!("`{action}` is not an action of COS"))
                .with_hint("a plan names single actions, such as name/cos:GetObject")
        })?;
        if scope.is_none() && level != ActionLevel::Service {
            return Err(PolicyError::new(format!("`{action}` needs a bucket")));
        }
        self.needs.push(Need {
            action: full,
            level,
            scope,
        });
        Ok(self)
    }

    fn item(mut self, item: Item) -> Result<Self, PolicyError> {
        let list =
            |strings: Option<Strings>| strings.map_or(OneOrMany::Many(Vec::new()), OneOrMany::from);
        let mut wanted = Vec::new();
        for name in &list(item.operation) {
            let operation: Operation = name.parse()?;
            let actions = operation.actions().iter();
            wanted.extend(actions.map(|a| ((*a).to_owned(), Some(operation))));
        }
        wanted.extend(list(item.action).iter().map(|a| (a.clone(), None)));
        if wanted.is_empty() {
            return Err(PolicyError::new(
                "neither `operation` nor `action` is given",
            ));
        }
        for (action, operation) in wanted {
            let level = action_level(&action);
            let on_keys = !matches!(level, Some(ActionLevel::Bucket | ActionLevel::Service));
            let scope = match &item.bucket {
                None => None,
                Some(bucket) => {
                    // Any valid region serves until it is taken out again.
                    let region = item.region.as_deref().unwrap_or("any");
                    let scope = match (item.key.as_deref(), item.prefix.as_deref()) {
                        (Some(_), Some(_)) => {
                            return Err(PolicyError::new("`key` and `prefix` exclude each other"));
                        }
                        _ if !on_keys => Scope::whole_bucket(bucket, region)?,
                        (Some(key), None) => Scope::key(bucket, region, key)?,
                        (None, Some("*")) => Scope::whole_bucket(bucket, region)?,
                        (None, Some(prefix)) => Scope::prefix(bucket, region, prefix)?,
                        (None, None) => {
                            return Err(PolicyError::new(format!(
                                "`{}` needs a `key` or a `prefix`",
                                operation.map_or(action.as_str(), |o| o.as_str())
                            ))
                            .with_hint("for the whole bucket write \"prefix\": \"*\""));
                        }
                    };
                    Some(match item.region {
                        Some(_) => scope,
                        None => scope.in_any_region(),
                    })
                }
            };
            self = self.action(&action, scope)?;
        }
        Ok(self)
    }

    /// One call for each action and scope of the plan; for a prefix, a key below it that stands for all.
    pub fn calls(&self) -> Vec<PlannedCall> {
        self.needs.iter().map(Need::call).collect()
    }
}

/// Stands for any key below a prefix.
const ANY: &str = "~any~";

impl Need {
    fn call(&self) -> PlannedCall {
        let mut context = Context::new();
        let resource = match &self.scope {
            None => "*".to_owned(),
            Some(scope) => {
                let bucket = scope.clone().in_region(scope.region().unwrap_or("any"));
                let bucket = bucket.bucket_resource();
                let key = match scope.keys() {
                    Keys::All => ANY.to_owned(),
                    Keys::Prefix(prefix) => format!("{prefix}{ANY}"),
                    Keys::Key(key) => key.clone(),
                };
                match self.level {
                    ActionLevel::Object => format!("{bucket}{key}"),
                    ActionLevel::BucketByPrefix => {
                        if *scope.keys() != Keys::All {
                            context.add(Context::PREFIX, key);
                        }
                        bucket
                    }
                    ActionLevel::Bucket | ActionLevel::Service => bucket,
                }
            }
        };
        PlannedCall {
            action: self.action.clone(),
            resource,
            context,
        }
    }
}

/// A call of a plan, to be judged by [`evaluate`](super::evaluate).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedCall {
    /// The action, `name/cos:…`.
    pub action: String,
    /// The six-part resource.
    pub resource: String,
    /// `cos:prefix` of a listing.
    pub context: Context,
}

impl PlannedCall {
    /// The call as the evaluator takes it.
    pub fn as_call(&self) -> Call<'_> {
        Call {
            action: &self.action,
            resource: &self.resource,
            context: &self.context,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_items_and_names_what_is_wrong() {
        let plan = Plan::parse(
            r#"[{"operation":["download","head-bucket"],"bucket":"demo-1250000000","region":"ap-guangzhou","prefix":"a/"},
                {"action":"name/cos:GetService"},
                {"action":"cos:PutObject","bucket":"demo-1250000000","key":"b"}]"#,
        )
        .unwrap();
        let calls = plan.calls();
        assert_eq!(calls.len(), 3 + 1 + 1 + 1);
        assert!(calls[0].resource.ends_with(":demo-1250000000/a/~any~"));
        assert!(calls[3].resource.ends_with(":demo-1250000000/"));
        assert_eq!(calls[5].action, "name/cos:PutObject");
        for (item, wanted) in [
            ("{}", "neither"),
            (
                r#"{"operation":"fly","bucket":"demo-1250000000","prefix":"a"}"#,
                "not an operation",
            ),
            (
                r#"{"action":"name/cos:Get*","bucket":"demo-1250000000","prefix":"a"}"#,
                "not an action",
            ),
            (r#"{"action":"name/cos:GetObject"}"#, "needs a bucket"),
            (
                r#"{"operation":"upload","bucket":"demo-1250000000"}"#,
                "`upload` needs a `key`",
            ),
            (
                r#"{"operation":"upload","bucket":"demo","prefix":"a"}"#,
                "appid",
            ),
            (
                r#"{"operation":"upload","bucket":"demo-1250000000","prefix":"a","key":"b"}"#,
                "exclude",
            ),
            (r#"{"what":1}"#, "unknown field"),
        ] {
            let e = Plan::parse(&format!("[{item}]")).unwrap_err().to_string();
            assert!(e.contains(wanted), "{item}: {e}");
        }
    }
}
