//! `cos policy lint`

use std::path::PathBuf;

use clap::Args;
use cos_sts::policy::{Severity, lint};
use serde_json::json;

use super::Context;
use crate::exit::{Failure, Result};
use crate::output::printable;

/// Options of `cos policy lint`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cos policy lint policy.json\n\n\
The exit status is 1 if there is any error; warnings and notes leave it at 0.")]
pub(crate) struct Lint {
    /// The policy (JSON)
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Lint {
    pub(super) fn run(self, cx: &Context) -> Result {
        let text = std::fs::read_to_string(&self.file)
            .map_err(|e| Failure::local("read the policy", &self.file, &e))?;
        let findings = lint(&text);
        for f in &findings {
            if cx.output.json {
                cx.output.json(&json!({
                    "line": f.line,
                    "rule": f.rule,
                    "severity": f.severity.as_str(),
                    "explanation": f.explanation,
                    "corrected": f.corrected,
                }))?;
                continue;
            }
            let what = printable(&f.explanation);
            let place = format!("{}:{}", self.file.display(), f.line);
            cx.output
                .line(format!("{place}: {} [{}] {what}", f.severity, f.rule))?;
            if let Some(text) = &f.corrected {
                cx.output.line(format!("  write: {}", printable(text)))?;
            }
        }
        if findings.iter().any(|f| f.severity == Severity::Error) {
            return Err(Failure::silent_refusal());
        }
        Ok(())
    }
}
