//! Finds what is wrong or unwise in a policy's text, with the line and a corrected text.

mod actions;
mod conditions;
mod resources;
mod shape;
mod text;
mod uses;

use std::fmt;
use std::ops::Range;

use serde::Serialize;
use serde::de::IgnoredAny;

use super::model::Policy;
use shape::Document;
use text::{Node, line_of};

/// The largest policy a token can carry, bytes of JSON without blanks: a token is at most 4096 bytes of
/// Base64 and holds the policy (1312/48195; the service does not publish a limit of its own).
pub const MAX_POLICY_BYTES: usize = 3072;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Works, but probably not as meant.
    Warning,
    /// The service refuses it, or it opens far more than any job needs.
    Error,
}

impl Severity {
    /// `note`, `warning` or `error`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing found in a policy's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The line it is about, from 1.
    pub line: usize,
    /// The rule's name, such as `upload-multipart`; see [`lint`].
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong and why.
    pub explanation: String,
    /// JSON to put in place of the bytes of `span`; `None` where only a person knows.
    pub corrected: Option<String>,
    /// The bytes of the text the finding is about.
    pub span: Range<usize>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, severity, rule) = (self.line, self.severity, self.rule);
        write!(f, "line {line}: {severity} [{rule}] {}", self.explanation)?;
        match &self.corrected {
            Some(text) => write!(f, "\n  write: {text}"),
            None => Ok(()),
        }
    }
}

/// Checks the text of a policy meant for an STS call.
///
/// | rule | severity | finds |
/// |---|---|---|
/// | `syntax` | error | text that is not JSON |
/// | `structure` | error | an element missing, of the wrong type, or given twice |
/// | `version` | error | any version but `"2.0"` |
/// | `element-case` | error | element names neither lower-case nor with one capital, or both styles mixed |
/// | `unknown-element` | warning | an element the policy language does not have |
/// | `principal` | error | a principal: STS refuses it |
/// | `too-large` | error | more than [`MAX_POLICY_BYTES`] |
/// | `wildcard-action` | error | an allow of every action |
/// | `wide-action` | warning | an allow of a group of actions by `*` |
/// | `unknown-action` | error, or warning if nothing is alike | an action COS does not have |
/// | `wildcard-resource` | error | an allow on every bucket |
/// | `whole-bucket` | warning | an allow of object actions on all keys of a bucket |
/// | `resource-form` | error | not six parts, a wrong service, region or bucket |
/// | `resource-account` | error | the account is not `uid/<appid>` ("cant grant other resource") |
/// | `bucket-appid` | error | the bucket lacks the appid, or another one than the account |
/// | `resource-key` | error or warning | no `/` after the bucket, a key with a leading `/`, a folder without `*` |
/// | `old-prefix-form` | note | `prefix//<appid>/<bucket>/…` |
/// | `upload-multipart` | warning, or error if begun and not finishable | uploads without the actions for parts |
/// | `list-bucket-resource` | error | bucket-level actions without the bucket-level resource |
/// | `unknown-operator` | error | a condition operator nobody knows |
/// | `condition-value` | error | a number, date, bool or address that is none; warning: a `*` where `string_like` has none |
/// | `condition-operator` | warning | an operator of another sort than the key's values |
/// | `unknown-condition-key` | warning | a condition key COS does not document |
/// | `encoded-value` | warning | a `cos:response-content-type` that is not percent-encoded |
///
/// The findings come in the order of the text. A text without errors is one that [`Policy::parse`] takes.
///
/// ```
/// use cos_sts::policy::lint;
///
/// let text = r#"{
///   "version": "2.0",
///   "statement": [{
///     "effect": "allow",
///     "action": "name/cos:GetObjct",
///     "resource": "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/doc/*"
///   }]
/// }"#;
/// let found = lint(text);
/// assert_eq!((found[0].line, found[0].rule), (5, "unknown-action"));
/// assert_eq!(found[0].corrected.as_deref(), Some("\"name/cos:GetObject\""));
/// ```
pub fn lint(json: &str) -> Vec<Finding> {
    let mut found = Findings {
        json,
        list: Vec::new(),
    };
    if let Err(error) = serde_json::from_str::<IgnoredAny>(json) {
        let at = offset_of(json, error.line(), error.column());
        found.list.push(Finding {
            line: error.line().max(1),
            rule: "syntax",
            severity: Severity::Error,
            explanation: format!("this is not JSON: {error}"),
            corrected: None,
            span: at..at,
        });
        return found.list;
    }
    // `serde_json` read it, so our reader does too.
    let Some(root) = Node::read(json) else {
        return found.list;
    };
    let document = Document::read(&root, &mut found);
    actions::check(&document, &mut found);
    resources::check(&document, &mut found);
    conditions::check(&document, &mut found);
    uses::check(&document, &mut found);
    let errors = |found: &Findings<'_>| found.list.iter().any(|f| f.severity == Severity::Error);
    match Policy::parse(json) {
        Ok(policy) => uses::size(&policy, &root, &mut found),
        // What the strict reader refuses must not pass here, whatever it is.
        Err(error) if !errors(&found) => {
            let node = error.path().and_then(|p| document.at_path(p));
            found.add(
                "structure",
                Severity::Error,
                node.unwrap_or(&root),
                error.to_string(),
                None,
            );
        }
        Err(_) => {}
    }
    found.list.sort_by_key(|f| (f.span.start, f.span.end));
    found.list
}

/// The text with every correction made that does not overlap an earlier one. Lint the result again:
/// corrections may bring others into view.
///
/// Corrections are suggestions. Above all those of `wildcard-action` and `wildcard-resource` are examples
/// to be adapted.
pub fn apply_corrections(json: &str, findings: &[Finding]) -> String {
    let mut sorted: Vec<&Finding> = findings.iter().filter(|f| f.corrected.is_some()).collect();
    sorted.sort_by_key(|f| (f.span.start, f.span.end));
    let (mut text, mut done) = (String::new(), 0);
    for finding in sorted {
        let Range { start, end } = finding.span;
        if let (true, Some(kept), Some(new)) =
            (start >= done, json.get(done..start), &finding.corrected)
        {
            text.push_str(kept);
            text.push_str(new);
            done = end;
        }
    }
    text.push_str(json.get(done..).unwrap_or_default());
    text
}

/// Findings as they are gathered.
struct Findings<'a> {
    json: &'a str,
    list: Vec<Finding>,
}

impl Findings<'_> {
    fn add(
        &mut self,
        rule: &'static str,
        severity: Severity,
        node: &Node,
        explanation: impl Into<String>,
        corrected: Option<String>,
    ) {
        self.add_at(node, rule, severity, node, explanation, corrected);
    }

    /// A finding on the line of `at` whose correction takes the place of `whole`.
    fn add_at(
        &mut self,
        at: &Node,
        rule: &'static str,
        severity: Severity,
        whole: &Node,
        explanation: impl Into<String>,
        corrected: Option<String>,
    ) {
        self.list.push(Finding {
            line: line_of(self.json, at.start),
            rule,
            severity,
            explanation: explanation.into(),
            corrected,
            span: whole.start..whole.end,
        });
    }
}

/// The byte at a line and column, both from 1.
fn offset_of(json: &str, line: usize, column: usize) -> usize {
    let before: usize = json
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    (before + column.saturating_sub(1)).min(json.len())
}

/// The candidate closest to `word`, if it is close: at most two letters, or the case, differ.
fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.replace(['_', '-'], "").to_ascii_lowercase();
    let wanted = plain(word);
    let limit = (wanted.len() / 4).min(2);
    candidates
        .map(|c| (distance(&wanted, &plain(c)), c))
        .filter(|(d, _)| *d <= limit)
        .min_by_key(|(d, c)| (*d, c.len().abs_diff(word.len())))
        .map(|(_, c)| c)
}

/// How many letters must be changed, added or taken away.
fn distance(a: &str, b: &str) -> usize {
    if a.len().abs_diff(b.len()) > 4 {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(&b) {
            let changed = diagonal + usize::from(from != *to);
            diagonal = *cell;
            left = changed.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
