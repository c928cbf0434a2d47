//! `cos policy …`

mod build;
mod check;
mod lint;
mod minimal;
mod radius;

use std::path::Path;

use clap::Subcommand;
use cos_sts::policy::Policy;

use super::Context;
use crate::exit::{Failure, Result};

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
    /// Print all that a credential may do, and until when
    Radius(radius::Radius),
}

impl PolicyCommand {
    pub(super) fn run(self, cx: &Context) -> Result {
        match self {
            Self::Build(c) => c.run(cx),
            Self::Lint(c) => c.run(cx),
            Self::Check(c) => c.run(cx),
            Self::Minimal(c) => c.run(cx),
            Self::Radius(c) => c.run(cx),
        }
    }
}

/// A policy in a file.
pub(super) fn read(path: &Path) -> Result<Policy> {
    let text =
        std::fs::read_to_string(path).map_err(|e| Failure::local("read the policy", path, &e))?;
    Policy::parse(&text).map_err(|e| Failure::from(e).in_file(path))
}
