//! What is wrong with a policy, and where.

use std::fmt;

/// Why a policy could not be read or built, with the place inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    path: Option<String>,
    message: String,
    hint: Option<String>,
}

impl PolicyError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            path: None,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn at(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: Some(path.into()),
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The place inside the policy, such as `statement[1].effect`; `None` for the whole.
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// What is wrong there.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to write instead.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{path}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyError {}
