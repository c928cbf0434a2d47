//! The elements of a policy, read leniently, and what is wrong with their names and forms.

use super::text::{Kind, Node, quote};
use super::{Findings, Severity};
use crate::policy::model::Effect;

/// A policy whose parts may be wrong.
pub(super) struct Document<'a> {
    pub(super) root: &'a Node,
    pub(super) statements: Vec<Statement<'a>>,
}

pub(super) struct Statement<'a> {
    pub(super) node: &'a Node,
    pub(super) effect: Option<Effect>,
    /// The whole `action` and `resource` elements.
    pub(super) action: Option<&'a Node>,
    pub(super) resource: Option<&'a Node>,
    pub(super) condition: Option<&'a Node>,
}

impl<'a> Statement<'a> {
    pub(super) fn allows(&self) -> bool {
        self.effect == Some(Effect::Allow)
    }

    pub(super) fn actions(&self) -> impl Iterator<Item = (&'a Node, &'a str)> + use<'a> {
        strings(self.action)
    }

    pub(super) fn resources(&self) -> impl Iterator<Item = (&'a Node, &'a str)> + use<'a> {
        strings(self.resource)
    }
}

fn strings<'a>(node: Option<&'a Node>) -> impl Iterator<Item = (&'a Node, &'a str)> + use<'a> {
    let items = node.map_or(&[][..], Node::items);
    items.iter().filter_map(|n| Some((n, n.text()?)))
}

const TOP: &[&str] = &["version", "statement"];
const IN_STATEMENT: &[&str] = &["effect", "action", "resource", "condition", "principal"];
/// Elements that only label.
const LABELS: &[&str] = &["id", "sid", "description"];

impl<'a> Document<'a> {
    pub(super) fn read(root: &'a Node, found: &mut Findings<'_>) -> Self {
        let mut document = Self {
            root,
            statements: Vec::new(),
        };
        names(root, TOP, found);
        version(root, found);
        if let Some(node) = element(root, "statement") {
            if let Kind::Object(_) = node.kind {
                let corrected = node.render_with(&[]).map(|s| format!("[{s}]"));
                let text = "`statement` must be an array, also of one";
                found.add("structure", Severity::Error, node, text, corrected);
            }
            if node.items().is_empty() {
                let text = "there is no statement, so nothing is allowed and STS refuses it";
                found.add("structure", Severity::Error, node, text, None);
            }
            document.statements = node.items().iter().map(|n| statement(n, found)).collect();
        }
        style(&document, found);
        document
    }

    /// The node at a path such as `statement[1].action[0]`, or the last one on the way that is there.
    pub(super) fn at_path(&self, path: &str) -> Option<&'a Node> {
        let mut node = self.root;
        for step in path.split('.') {
            let (name, indices) = step.split_once('[').unwrap_or((step, ""));
            let Some(next) = element(node, name) else {
                break;
            };
            node = next;
            for index in indices.trim_end_matches(']').split("][") {
                let item = index.parse::<usize>().ok();
                match item.and_then(|i| node.items().get(i)) {
                    Some(next) => node = next,
                    None => break,
                }
            }
        }
        Some(node)
    }
}

/// An element by name, in whatever case.
fn element<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    let is_it = |n: &Node| n.text().is_some_and(|t| t.eq_ignore_ascii_case(name));
    let found = node.entries().iter().find(|(n, _)| is_it(n))?;
    Some(&found.1)
}

fn statement<'a>(node: &'a Node, found: &mut Findings<'_>) -> Statement<'a> {
    names(node, IN_STATEMENT, found);
    let effect = element(node, "effect").and_then(|n| {
        let effect = match n.text().map(str::to_ascii_lowercase).as_deref() {
            Some("allow") => Some(Effect::Allow),
            Some("deny") => Some(Effect::Deny),
            _ => None,
        };
        if effect.is_none() {
            // Nobody but its author knows which; the harmless one is suggested.
            let corrected = Some(quote("deny"));
            let text = "`effect` must be \"allow\" or \"deny\"";
            found.add("structure", Severity::Error, n, text, corrected);
        }
        effect
    });
    if let Some(principal) = element(node, "principal") {
        found.add(
            "principal",
            Severity::Error,
            node,
            "STS refuses a policy with a principal: the token itself says who it is for",
            node.render_with(&[(principal, None)]),
        );
    }
    Statement {
        node,
        effect,
        action: element(node, "action"),
        resource: element(node, "resource"),
        condition: element(node, "condition"),
    }
}

fn version(root: &Node, found: &mut Findings<'_>) {
    let version = element(root, "version");
    if let Some(node) = version
        && node.text() != Some("2.0")
    {
        let text = "the only version there is is \"2.0\", as a string";
        found.add("version", Severity::Error, node, text, Some(quote("2.0")));
    }
    if version.is_none()
        && let (Kind::Object(_), Some(rest)) = (&root.kind, root.render_with(&[]))
    {
        let rest = rest.trim_start_matches('{');
        let comma = if rest == "}" { "" } else { "," };
        let corrected = format!("{{\"version\":\"2.0\"{comma}{rest}");
        let text = "the version is missing";
        found.add("version", Severity::Error, root, text, Some(corrected));
    }
}

/// Names that are misspelt by case alone, or unknown.
fn names(node: &Node, known: &[&str], found: &mut Findings<'_>) {
    for (name, _) in node.entries() {
        let Some(text) = name.text() else { continue };
        match known.iter().find(|k| k.eq_ignore_ascii_case(text)) {
            Some(right) if text != *right && !is_capitalised(text, right) => {
                found.add(
                    "element-case",
                    Severity::Error,
                    name,
                    format!("`{text}` must be written `{right}`"),
                    Some(quote(right)),
                );
            }
            Some(_) => {}
            None if LABELS.iter().any(|l| l.eq_ignore_ascii_case(text)) => {}
            None => {
                let right = super::nearest(text, known.iter().copied());
                found.add(
                    "unknown-element",
                    Severity::Warning,
                    name,
                    format!("the policy language has no element `{text}`"),
                    right.map(quote),
                );
            }
        }
    }
}

/// Lower-case or capitalised: one style for all names.
fn style(document: &Document<'_>, found: &mut Findings<'_>) {
    let statements = document.statements.iter().map(|s| (s.node, IN_STATEMENT));
    let objects = std::iter::once((document.root, TOP)).chain(statements);
    let names: Vec<(&Node, &str, &str)> = objects
        .flat_map(|(node, known)| node.entries().iter().map(move |(name, _)| (name, known)))
        .filter_map(|(name, known)| {
            let text = name.text()?;
            let right = known.iter().find(|k| k.eq_ignore_ascii_case(text))?;
            Some((name, text, *right))
        })
        .collect();
    if !names.iter().any(|(_, text, right)| text == right) {
        return;
    }
    for (name, text, right) in names {
        if text != right && is_capitalised(text, right) {
            found.add(
                "element-case",
                Severity::Error,
                name,
                format!("`{text}` is capitalised and other names are not; write all in lower case"),
                Some(quote(right)),
            );
        }
    }
}

fn is_capitalised(text: &str, right: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase()) && text.get(1..) == right.get(1..)
}
