//! From JSON to a [`Policy`], with errors that name the place.
//!
//! The text first becomes a tree that keeps the order and refuses a name given twice: a parser that
//! silently keeps the last of two `effect`s, or of two `string_equal` blocks, would show a person
//! another policy than the service sees.

use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};

use super::PolicyError;
use super::model::{ConditionBlock, Effect, OneOrMany, Policy, Scalar, Statement, VERSION};

/// JSON with ordered, unique names.
#[derive(Debug)]
pub(crate) enum Node {
    Leaf(Value),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    fn into_value(self) -> Value {
        match self {
            Self::Leaf(value) => value,
            Self::Array(items) => Value::Array(items.into_iter().map(Self::into_value).collect()),
            Self::Object(entries) => Value::Object(
                entries
                    .into_iter()
                    .map(|(k, v)| (k, v.into_value()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::Leaf(Value::Null) => "null",
            Self::Leaf(Value::Bool(_)) => "a bool",
            Self::Leaf(Value::Number(_)) => "a number",
            Self::Leaf(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, v: bool) -> Result<Node, E> {
        Ok(Node::Leaf(Value::Bool(v)))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Node, E> {
        Ok(Node::Leaf(Value::Number(v.into())))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Node, E> {
        Ok(Node::Leaf(Value::Number(v.into())))
    }

    fn visit_f64<E: Error>(self, v: f64) -> Result<Node, E> {
        let number = Number::from_f64(v).ok_or_else(|| E::custom("a number out of range"))?;
        Ok(Node::Leaf(Value::Number(number)))
    }

    fn visit_str<E>(self, v: &str) -> Result<Node, E> {
        Ok(Node::Leaf(Value::String(v.to_owned())))
    }

    fn visit_string<E>(self, v: String) -> Result<Node, E> {
        Ok(Node::Leaf(Value::String(v)))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if entries.iter().any(|(n, _)| *n == name) {
                return Err(A::Error::custom(format!("`{name}` is given twice")));
            }
            entries.push((name, map.next_value()?));
        }
        Ok(Node::Object(entries))
    }
}

/// Elements of one object, taken out by name in either spelling.
struct Elements {
    path: String,
    entries: Vec<(String, Node)>,
}

impl Elements {
    fn new(path: &str, node: Node) -> Result<Self, PolicyError> {
        match node {
            Node::Object(entries) => Ok(Self {
                path: path.to_owned(),
                entries,
            }),
            other => Err(PolicyError::at(
                if path.is_empty() { "policy" } else { path },
                format!("must be an object, not {}", other.kind()),
            )),
        }
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// `name` in lower case or with a capital first letter.
    fn take(&mut self, name: &str) -> Result<Option<Node>, PolicyError> {
        let is_it = |n: &str| n == name || is_capitalised(n, name);
        let Some(at) = self.entries.iter().position(|(n, _)| is_it(n)) else {
            return Ok(None);
        };
        let (_, node) = self.entries.remove(at);
        if self.entries.iter().any(|(n, _)| is_it(n)) {
            return Err(PolicyError::at(
                self.path_of(name),
                "is given twice, in two spellings",
            ));
        }
        Ok(Some(node))
    }

    fn need(&mut self, name: &str) -> Result<Node, PolicyError> {
        let path = self.path_of(name);
        if let Some(node) = self.take(name)? {
            return Ok(node);
        }
        let error = PolicyError::at(path, "is missing");
        let alike = self
            .entries
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        Err(match alike {
            Some((found, _)) => error.with_hint(format!("`{found}` must be written `{name}`")),
            None => error,
        })
    }

    fn rest(self) -> Vec<(String, Value)> {
        self.entries
            .into_iter()
            .map(|(n, v)| (n, v.into_value()))
            .collect()
    }
}

fn is_capitalised(found: &str, name: &str) -> bool {
    found.len() == name.len()
        && found.as_bytes().first().map(u8::to_ascii_lowercase) == name.as_bytes().first().copied()
        && found.get(1..) == name.get(1..)
}

pub(crate) fn policy_from_node(node: Node) -> Result<Policy, PolicyError> {
    let mut top = Elements::new("", node)?;
    match top.need("version")? {
        Node::Leaf(Value::String(v)) if v == VERSION => {}
        _ => {
            return Err(PolicyError::at("version", "must be the string \"2.0\""));
        }
    }
    let statement = match top.need("statement")? {
        Node::Array(items) => items
            .into_iter()
            .enumerate()
            .map(|(i, item)| statement_from_node(&format!("statement[{i}]"), item))
            .collect::<Result<Vec<_>, _>>()?,
        other => {
            return Err(PolicyError::at(
                "statement",
                format!("must be an array, not {}", other.kind()),
            )
            .with_hint("put the statement in square brackets"));
        }
    };
    Ok(Policy {
        version: VERSION.to_owned(),
        statement,
        other: top.rest(),
    })
}

fn statement_from_node(path: &str, node: Node) -> Result<Statement, PolicyError> {
    let mut elements = Elements::new(path, node)?;
    let effect = effect_from_node(&elements.path_of("effect"), elements.need("effect")?)?;
    let action = strings(&elements.path_of("action"), elements.need("action")?)?;
    let resource = strings(&elements.path_of("resource"), elements.need("resource")?)?;
    let condition = match elements.take("condition")? {
        None | Some(Node::Leaf(Value::Null)) => Vec::new(),
        Some(node) => conditions(&elements.path_of("condition"), node)?,
    };
    let principal = elements.take("principal")?.map(Node::into_value);
    Ok(Statement {
        effect,
        action,
        resource,
        condition,
        principal,
        other: elements.rest(),
    })
}

fn effect_from_node(path: &str, node: Node) -> Result<Effect, PolicyError> {
    match &node {
        Node::Leaf(Value::String(s)) if s.eq_ignore_ascii_case("allow") => Ok(Effect::Allow),
        Node::Leaf(Value::String(s)) if s.eq_ignore_ascii_case("deny") => Ok(Effect::Deny),
        _ => Err(PolicyError::at(path, "must be \"allow\" or \"deny\"")),
    }
}

fn strings(path: &str, node: Node) -> Result<OneOrMany<String>, PolicyError> {
    one_or_many(path, node, |path, node| match node {
        Node::Leaf(Value::String(s)) if !s.is_empty() => Ok(s),
        Node::Leaf(Value::String(_)) => Err(PolicyError::at(path, "is empty")),
        other => Err(PolicyError::at(
            path,
            format!("must be a string, not {}", other.kind()),
        )),
    })
}

fn one_or_many<T>(
    path: &str,
    node: Node,
    read: impl Fn(&str, Node) -> Result<T, PolicyError>,
) -> Result<OneOrMany<T>, PolicyError> {
    match node {
        Node::Array(items) if items.is_empty() => Err(PolicyError::at(path, "is an empty array")),
        Node::Array(items) => items
            .into_iter()
            .enumerate()
            .map(|(i, item)| read(&format!("{path}[{i}]"), item))
            .collect::<Result<Vec<_>, _>>()
            .map(OneOrMany::Many),
        one => read(path, one).map(OneOrMany::One),
    }
}

fn conditions(path: &str, node: Node) -> Result<Vec<ConditionBlock>, PolicyError> {
    let blocks = Elements::new(path, node)?;
    blocks
        .entries
        .into_iter()
        .map(|(operator, keys)| {
            let path = format!("{path}.{operator}");
            let keys = Elements::new(&path, keys)?
                .entries
                .into_iter()
                .map(|(key, values)| {
                    let values = one_or_many(&format!("{path}.{key}"), values, scalar)?;
                    Ok((key, values))
                })
                .collect::<Result<Vec<_>, PolicyError>>()?;
            if keys.is_empty() {
                return Err(PolicyError::at(path, "names no key"));
            }
            Ok(ConditionBlock { operator, keys })
        })
        .collect()
}

fn scalar(path: &str, node: Node) -> Result<Scalar, PolicyError> {
    match node {
        Node::Leaf(Value::String(s)) => Ok(Scalar::Text(s)),
        Node::Leaf(Value::Number(n)) => Ok(Scalar::Number(n)),
        Node::Leaf(Value::Bool(b)) => Ok(Scalar::Bool(b)),
        other => Err(PolicyError::at(
            path,
            format!("must be a string, a number or a bool, not {}", other.kind()),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_spellings_and_keeps_unknown_parts() {
        let json = r#"{"Version":"2.0","Id":"x","Statement":[{"Sid":"s1","Effect":"Allow","Principal":{"qcs":["*"]},"Action":"name/cos:GetObject","Resource":["a","b"],"Condition":{"ip_equal":{"qcs:ip":"1.2.3.4"},"numeric_equal":{"k":[1,2]}}}]}"#;
        let policy = Policy::parse(json).unwrap();
        let s = &policy.statement[0];
        assert_eq!(s.effect, Effect::Allow);
        assert_eq!(s.action, OneOrMany::One("name/cos:GetObject".to_owned()));
        assert_eq!(s.resource.as_slice(), ["a", "b"]);
        assert_eq!(s.condition.len(), 2);
        assert!(s.principal.is_some());
        assert_eq!(
            policy.to_json(),
            r#"{"version":"2.0","statement":[{"principal":{"qcs":["*"]},"action":"name/cos:GetObject","effect":"allow","resource":["a","b"],"condition":{"ip_equal":{"qcs:ip":"1.2.3.4"},"numeric_equal":{"k":[1,2]}},"Sid":"s1"}],"Id":"x"}"#
        );
        assert_eq!(Policy::parse(&policy.to_json()).unwrap(), policy);
        let through_serde: Policy = serde_json::from_str(json).unwrap();
        assert_eq!(through_serde, policy);
    }

    #[test]
    fn errors_name_the_place() {
        let cases = [
            ("", "not a policy in JSON"),
            ("[]", "policy: must be an object, not an array"),
            (r#"{"statement":[]}"#, "version: is missing"),
            (
                r#"{"version":2.0,"statement":[]}"#,
                "version: must be the string",
            ),
            (r#"{"version":"2.0"}"#, "statement: is missing"),
            (
                r#"{"version":"2.0","STATEMENT":[]}"#,
                "`STATEMENT` must be written `statement`",
            ),
            (r#"{"version":"2.0","statement":{}}"#, "square brackets"),
            (
                r#"{"version":"2.0","statement":[3]}"#,
                "statement[0]: must be an object, not a number",
            ),
            (
                r#"{"version":"2.0","statement":[{"effect":"yes","action":"a","resource":"*"}]}"#,
                "statement[0].effect: must be",
            ),
            (
                r#"{"version":"2.0","statement":[{"effect":"allow","action":[],"resource":"*"}]}"#,
                "statement[0].action: is an empty array",
            ),
            (
                r#"{"version":"2.0","statement":[{"effect":"allow","action":["a",3],"resource":"*"}]}"#,
                "statement[0].action[1]: must be a string, not a number",
            ),
            (
                r#"{"version":"2.0","statement":[{"effect":"allow","action":"a"}]}"#,
                "statement[0].resource: is missing",
            ),
            (
                r#"{"version":"2.0","statement":[{"effect":"allow","effect":"deny","action":"a","resource":"*"}]}"#,
                "`effect` is given twice",
            ),
            (
                r#"{"version":"2.0","statement":[{"effect":"allow","Effect":"deny","action":"a","resource":"*"}]}"#,
                "twice, in two spellings",
            ),
            (
                r#"{"version":"2.0","statement":[{"effect":"allow","action":"a","resource":"*","condition":{"x":{}}}]}"#,
                "condition.x: names no key",
            ),
            (
                r#"{"version":"2.0","statement":[{"effect":"allow","action":"a","resource":"*","condition":{"x":{"k":null}}}]}"#,
                "condition.x.k: must be a string",
            ),
        ];
        for (json, wanted) in cases {
            let e = Policy::parse(json).unwrap_err().to_string();
            assert!(e.contains(wanted), "{json}\n  gave {e}\n  not  {wanted}");
        }
    }

    #[test]
    fn sts_refuses_principals_and_empty_policies() {
        assert!(Policy::new(Vec::new()).check_for_sts().is_err());
        let mut s = Statement::allow(vec!["a".into()], vec!["*".into()]);
        assert!(Policy::new(vec![s.clone()]).check_for_sts().is_ok());
        s.principal = Some(Value::Null);
        let e = Policy::new(vec![s]).check_for_sts().unwrap_err();
        assert_eq!(e.path(), Some("statement[0].principal"));
    }
}
