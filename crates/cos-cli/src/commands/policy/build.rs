//! `cos policy build`

use clap::Args;
use cos_sts::policy::{Operation, Policy, Scope};

use super::Context;
use crate::exit::Result;

/// Options of `cos policy build`. The region is a global option.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
cos policy build --region ap-guangzhou --bucket demo-1250000000 \\\n    \
--prefix users/alice/ --allow upload,download,list")]
pub(crate) struct Build {
    /// The bucket with its appid
    #[arg(long, value_name = "NAME-APPID")]
    bucket: String,
    /// Keys that begin so; PREFIX* means the same
    #[arg(long, value_name = "PREFIX")]
    prefix: String,
    /// What is allowed: upload, form-upload, append, download, list, list-uploads, delete, copy, tag, acl,
    /// restore, head-bucket
    #[arg(long, value_name = "OPERATION,…", value_delimiter = ',', required = true, value_parser = operation)]
    allow: Vec<Operation>,
}

fn operation(name: &str) -> Result<Operation, String> {
    name.trim()
        .parse()
        .map_err(|e: cos_sts::policy::PolicyError| e.to_string())
}

impl Build {
    pub(super) fn run(self, cx: &Context) -> Result {
        let scope = Scope::prefix(self.bucket, cx.global.region()?, &self.prefix)?;
        let policy = Policy::builder().allow_all(self.allow, &scope).build()?;
        cx.output.line(policy.to_json())
    }
}
