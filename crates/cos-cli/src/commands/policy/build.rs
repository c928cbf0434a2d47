//! `cos policy build`

use clap::Args;
use cos_sts::policy::{Operation, Policy, Scope};

use super::Context;
use crate::exit::{Failure, Result};

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
    #[arg(long, value_name = "PREFIX", required_unless_present = "whole_bucket")]
    prefix: Option<String>,
    /// Every key of the bucket, in place of a prefix
    #[arg(long, conflicts_with = "prefix")]
    whole_bucket: bool,
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
        let region = cx.global.region()?;
        let scope = match &self.prefix {
            // clap asks for one of the two.
            None => Scope::whole_bucket(self.bucket, region)?,
            Some(prefix) if matches!(prefix.trim_start_matches('/'), "" | "*") => {
                let message = format!("the prefix `{prefix}` would open the whole bucket");
                let failure = Failure::usage(message);
                return Err(failure.hint("name a prefix, or ask for all: --whole-bucket"));
            }
            Some(prefix) => Scope::prefix(self.bucket, region, prefix)?,
        };
        let policy = Policy::builder().allow_all(self.allow, &scope).build()?;
        cx.output.line(policy.to_json())
    }
}
