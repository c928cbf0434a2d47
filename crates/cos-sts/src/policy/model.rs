//! A CAM policy, version 2.0, as values.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value};

use super::PolicyError;
use super::parse::{Node, policy_from_node};

/// The only version of the policy language there is.
pub const VERSION: &str = "2.0";

/// A policy document: what is allowed and what is denied.
///
/// Parts this crate does not know are kept and written back.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Always [`VERSION`].
    pub version: String,
    /// The statements, in order.
    pub statement: Vec<Statement>,
    /// Elements this crate does not know, in order.
    pub other: Vec<(String, Value)>,
}

impl Policy {
    /// A policy of these statements.
    pub fn new(statement: Vec<Statement>) -> Self {
        Self {
            version: VERSION.to_owned(),
            statement,
            other: Vec::new(),
        }
    }

    /// Reads a policy from JSON. Element names may be all lower-case or start with a capital letter.
    ///
    /// # Errors
    /// Names the place and what is wrong there: not JSON, an element missing, of the wrong type, or
    /// given twice.
    pub fn parse(json: &str) -> Result<Self, PolicyError> {
        let node: Node = serde_json::from_str(json)
            .map_err(|e| PolicyError::new(format!("not a policy in JSON: {e}")))?;
        policy_from_node(node)
    }

    /// The policy as JSON without blanks: what STS counts and what makes the shortest token.
    pub fn to_json(&self) -> String {
        #[allow(
            clippy::expect_used,
            reason = "all names are strings and every number came from JSON or is finite"
        )]
        serde_json::to_string(self).expect("a policy is always JSON")
    }

    /// The value of the `Policy` parameter of an STS call: the JSON, percent-encoded once.
    pub fn to_param(&self) -> String {
        cos_sign_core::encode(&self.to_json()).to_string()
    }

    /// How many bytes the policy takes up in an STS call: percent-encoded once, as [`Policy::to_param`].
    pub fn sent_bytes(&self) -> usize {
        self.to_param().len()
    }

    /// Whether STS takes this policy at all: it must have statements and no `principal`.
    ///
    /// # Errors
    /// Says which statement STS would refuse.
    pub fn check_for_sts(&self) -> Result<(), PolicyError> {
        if self.statement.is_empty() {
            return Err(PolicyError::at("statement", "there is no statement"));
        }
        match self.statement.iter().position(|s| s.principal.is_some()) {
            Some(i) => Err(PolicyError::at(
                format!("statement[{i}].principal"),
                "STS refuses a policy with a principal",
            )
            .with_hint("remove it: the token itself says who it is for")),
            None => Ok(()),
        }
    }
}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(json: &str) -> Result<Self, PolicyError> {
        Self::parse(json)
    }
}

/// Whether a statement allows or denies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// `allow`
    Allow,
    /// `deny`
    Deny,
}

impl Effect {
    /// `allow` or `deny`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A string or an array, in the form it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OneOrMany<T> {
    /// A bare value.
    One(T),
    /// An array.
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    /// All values.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }

    /// All values, one by one.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.as_slice().iter()
    }
}

impl<'a, T> IntoIterator for &'a OneOrMany<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One rule of a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Allow or deny.
    pub effect: Effect,
    /// Actions, such as `name/cos:PutObject`; `*` matches any run of characters.
    pub action: OneOrMany<String>,
    /// Six-part resources, such as `qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/doc/*`, or `*`.
    pub resource: OneOrMany<String>,
    /// Conditions, all of which must hold.
    pub condition: Vec<ConditionBlock>,
    /// Whom a bucket policy speaks of; STS refuses it.
    pub principal: Option<Value>,
    /// Elements this crate does not know, in order.
    pub other: Vec<(String, Value)>,
}

impl Statement {
    /// An allowing statement.
    pub fn allow(action: Vec<String>, resource: Vec<String>) -> Self {
        Self::with_effect(Effect::Allow, action, resource)
    }

    /// A denying statement.
    pub fn deny(action: Vec<String>, resource: Vec<String>) -> Self {
        Self::with_effect(Effect::Deny, action, resource)
    }

    fn with_effect(effect: Effect, action: Vec<String>, resource: Vec<String>) -> Self {
        Self {
            effect,
            action: OneOrMany::Many(action),
            resource: OneOrMany::Many(resource),
            condition: Vec::new(),
            principal: None,
            other: Vec::new(),
        }
    }

    /// Adds one condition, such as `("string_like", "cos:prefix", ["doc/*"])`.
    #[must_use]
    pub fn when(
        mut self,
        operator: impl Into<String>,
        key: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let operator = operator.into();
        let values = values.into_iter().map(|v| Scalar::Text(v.into())).collect();
        let entry = (key.into(), OneOrMany::Many(values));
        match self.condition.iter_mut().find(|b| b.operator == operator) {
            Some(block) => block.keys.push(entry),
            None => self.condition.push(ConditionBlock {
                operator,
                keys: vec![entry],
            }),
        }
        self
    }
}

/// One operator with its keys: all keys must hold, and for each key any one of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionBlock {
    /// The operator as written, such as `for_any_value:string_like_if_exist`.
    pub operator: String,
    /// Keys, such as `qcs:ip`, with the values to compare with.
    pub keys: Vec<(String, OneOrMany<Scalar>)>,
}

/// A value of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// A string.
    Text(String),
    /// A number.
    Number(Number),
    /// `true` or `false` without quotes.
    Bool(bool),
}

impl Scalar {
    /// The value as text.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(s) => Cow::Borrowed(s),
            Self::Number(n) => Cow::Owned(n.to_string()),
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
        }
    }
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("version", &self.version)?;
        map.serialize_entry("statement", &self.statement)?;
        for (name, value) in &self.other {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        policy_from_node(Node::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Statement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(principal) = &self.principal {
            map.serialize_entry("principal", principal)?;
        }
        map.serialize_entry("action", &self.action)?;
        map.serialize_entry("effect", self.effect.as_str())?;
        map.serialize_entry("resource", &self.resource)?;
        if !self.condition.is_empty() {
            map.serialize_entry("condition", &Conditions(&self.condition))?;
        }
        for (name, value) in &self.other {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

struct Conditions<'a>(&'a [ConditionBlock]);

impl Serialize for Conditions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for block in self.0 {
            map.serialize_entry(&block.operator, &Keys(&block.keys))?;
        }
        map.end()
    }
}

struct Keys<'a>(&'a [(String, OneOrMany<Scalar>)]);

impl Serialize for Keys<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, values) in self.0 {
            map.serialize_entry(key, values)?;
        }
        map.end()
    }
}

impl<T: Serialize> Serialize for OneOrMany<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(value) => value.serialize(serializer),
            Self::Many(values) => {
                let mut seq = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    seq.serialize_element(value)?;
                }
                seq.end()
            }
        }
    }
}

impl Serialize for Scalar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(s) => serializer.serialize_str(s),
            Self::Number(n) => n.serialize(serializer),
            Self::Bool(b) => serializer.serialize_bool(*b),
        }
    }
}
