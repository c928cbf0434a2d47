//! What a fault rule can say.

use serde::Deserialize;

use super::Seen;
use crate::config::ConfigError;

/// One rule: which requests, what happens to them, how often.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FaultRule {
    /// Which requests; default all.
    #[serde(default, rename = "match")]
    pub matches: FaultMatch,
    /// What happens.
    pub action: FaultAction,
    /// At most so often.
    pub times: Option<u64>,
    /// Chance from 0 to 1 that a matching request is struck; default 1.
    pub probability: Option<f64>,
}

/// All that is given must fit.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct FaultMatch {
    /// HTTP method.
    pub method: Option<String>,
    /// Start of the object key.
    pub key_prefix: Option<String>,
    /// `UploadPart`, `AssumeRole` …
    pub operation: Option<String>,
    /// Only the nth request (from 1) that fits the rest.
    pub nth: Option<u64>,
}

/// What goes wrong. Delays and speed limits combine with the others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct FaultAction {
    /// Answer with this HTTP status and nothing done.
    pub status: Option<u16>,
    /// The error code that goes with `status`; alone, it brings its own status.
    pub code: Option<String>,
    /// Reset the connection.
    pub reset: Option<ResetWhen>,
    /// Wait before anything else, in milliseconds.
    pub delay_ms: Option<u64>,
    /// Speed of request and response bodies.
    pub bytes_per_second: Option<u64>,
    /// Close the connection after so many bytes of the response body.
    pub truncate_after: Option<u64>,
    /// Flip a byte of the body: of the upload if there is one, else of the response.
    pub corrupt_byte_at: Option<u64>,
    /// Answer 200 with this error in the body and nothing done.
    pub error_in_200: Option<String>,
    /// Do the work, then close the connection without an answer.
    pub drop_response: bool,
    /// Revoke the credential that signed the request, then go on.
    pub revoke_token: bool,
}

/// When a connection is reset.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum ResetWhen {
    /// `true`: before the body is read.
    Flag(bool),
    /// After so many bytes of the response body.
    AfterResponseBytes(u64),
    /// `"before_reading"` or `"after_reading"` the request's body.
    Named(String),
}

impl FaultRule {
    /// Reads the JSON form of the admin API.
    ///
    /// # Errors
    /// Unknown words, an action that does nothing, numbers out of range.
    pub fn from_json(json: &serde_json::Value) -> Result<Self, ConfigError> {
        let refused = |why: String| ConfigError::Value(format!("fault rule: {why}"));
        let rule = Self::deserialize(json).map_err(|e| refused(e.to_string()))?;
        let action = &rule.action;
        if *action == FaultAction::default() {
            return Err(refused("the action does nothing".to_owned()));
        }
        if action.status.is_some_and(|s| !(200..=599).contains(&s)) {
            return Err(refused("status must be 200 to 599".to_owned()));
        }
        if action.bytes_per_second == Some(0) {
            return Err(refused("bytes_per_second must be above 0".to_owned()));
        }
        if let Some(ResetWhen::Named(when)) = &action.reset
            && !matches!(when.as_str(), "before_reading" | "after_reading")
        {
            return Err(refused(format!(
                "reset is true, before_reading, after_reading or a number, not {when:?}"
            )));
        }
        Ok(rule)
    }
}

impl FaultMatch {
    pub(super) fn covers(&self, seen: &Seen<'_>) -> bool {
        let fits = |wanted: &Option<String>, text: &str| {
            wanted.as_ref().is_none_or(|w| w.eq_ignore_ascii_case(text))
        };
        fits(&self.method, seen.method)
            && fits(&self.operation, seen.operation)
            && self
                .key_prefix
                .as_ref()
                .is_none_or(|prefix| seen.key.starts_with(prefix.as_str()))
    }
}

impl FaultAction {
    pub(crate) fn resets_before_reading(&self) -> bool {
        match &self.reset {
            Some(ResetWhen::Flag(flag)) => *flag,
            Some(ResetWhen::Named(when)) => when == "before_reading",
            _ => false,
        }
    }

    pub(crate) fn resets_after_reading(&self) -> bool {
        matches!(&self.reset, Some(ResetWhen::Named(when)) if when == "after_reading")
    }

    /// The action's name for the log.
    pub(crate) fn name(&self) -> String {
        let mut names = Vec::new();
        let mut add = |there: bool, name: &'static str| {
            if there {
                names.push(name);
            }
        };
        add(self.status.is_some() || self.code.is_some(), "status");
        add(self.reset.is_some(), "reset");
        add(self.delay_ms.is_some(), "delay_ms");
        add(self.bytes_per_second.is_some(), "bytes_per_second");
        add(self.truncate_after.is_some(), "truncate_after");
        add(self.corrupt_byte_at.is_some(), "corrupt_byte_at");
        add(self.error_in_200.is_some(), "error_in_200");
        add(self.drop_response, "drop_response");
        add(self.revoke_token, "revoke_token");
        names.join("+")
    }
}
