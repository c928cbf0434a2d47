//! `cos policy …`

mod build;
mod check;
mod lint;
mod minimal;

use clap::Subcommand;

use super::Context;
use crate::exit::Result;

/// Policies of CAM and of temporary tokens.
#[derive(Subcommand, Debug)]
#[command(after_help = "Example:\n  \
cos policy build --region ap-guangzhou --bucket demo-1250000000 \\\n    \
--prefix users/alice/ --allow upload,download")]
pub(crate) enum PolicyCommand {
    /// Print the least policy for operations below a prefix
    Build(build::Build),
    /// Find mistakes in a policy meant for STS, with the corrected text
    Lint(lint::Lint),
    /// Say whether policies allow an action, and which statement decides
    Check(check::Check),
    /// Print the smallest policy for a list of operations
    Minimal(minimal::Minimal),
}

impl PolicyCommand {
    pub(super) fn run(self, cx: &Context) -> Result {
        match self {
            Self::Build(c) => c.run(cx),
            Self::Lint(c) => c.run(cx),
            Self::Check(c) => c.run(cx),
            Self::Minimal(c) => c.run(cx),
        }
    }
}
