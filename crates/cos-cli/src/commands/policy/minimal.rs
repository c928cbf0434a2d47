//! `cos policy minimal`

use std::path::PathBuf;

use clap::Args;
use cos_sts::policy::{Plan, minimal_policy};

use super::Context;
use crate::exit::{Failure, Result};

/// Options of `cos policy minimal`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
echo '[{\"operation\":\"upload\",\"bucket\":\"demo-1250000000\",\n    \
\"region\":\"ap-guangzhou\",\"prefix\":\"up/\"}]' > plan.json\n  \
cos policy minimal --plan plan.json\n\n\
Each item of a plan has an operation (upload, download, …) or an action (name/cos:…), one or several, \
a bucket, a region (left out: any), and a key or a prefix (\"*\" is the whole bucket).")]
pub(crate) struct Minimal {
    /// The plan (JSON)
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
}

impl Minimal {
    pub(super) fn run(self, cx: &Context) -> Result {
        let text = std::fs::read_to_string(&self.plan)
            .map_err(|e| Failure::local("read the plan", &self.plan, &e))?;
        let in_plan = |e: cos_sts::policy::PolicyError| Failure::from(e).in_file(&self.plan);
        let plan = Plan::parse(&text).map_err(in_plan)?;
        let policy = minimal_policy(&plan).map_err(in_plan)?;
        cx.output.line(policy.to_json())
    }
}
