//! `cos mb` and `cos rb`

use clap::Args;
use serde_json::json;

use super::Context;
use crate::connect;
use crate::exit::{Failure, Result};
use crate::input::location::CosUrl;

/// Options of `cos mb`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cos mb --region ap-guangzhou cos://photos-1250000000")]
pub(crate) struct MakeBucket {
    /// The bucket, with its appid
    #[arg(value_name = "cos://BUCKET")]
    bucket: CosUrl,
}

/// Options of `cos rb`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cos rb --region ap-guangzhou cos://photos-1250000000")]
pub(crate) struct RemoveBucket {
    /// The bucket, which must be empty
    #[arg(value_name = "cos://BUCKET")]
    bucket: CosUrl,
}

impl MakeBucket {
    pub(super) async fn run(self, cx: &Context) -> Result {
        let bucket = only_bucket(&self.bucket)?;
        connect::client(&cx.global, &bucket.bucket)?
            .create_bucket()
            .await?;
        report(cx, bucket, "made")
    }
}

impl RemoveBucket {
    pub(super) async fn run(self, cx: &Context) -> Result {
        let bucket = only_bucket(&self.bucket)?;
        connect::client(&cx.global, &bucket.bucket)?
            .delete_bucket()
            .await?;
        report(cx, bucket, "removed")
    }
}

/// A key here is a mistake worth stopping at: `cos rb cos://b/old/` means something else than it does.
fn only_bucket(url: &CosUrl) -> Result<&CosUrl> {
    if url.key.is_empty() {
        return Ok(url);
    }
    Err(Failure::usage(format!(
        "cos://{}/{} names an object, a bucket is needed",
        url.bucket.as_str(),
        url.key
    )))
}

fn report(cx: &Context, url: &CosUrl, done: &str) -> Result {
    let bucket = url.bucket.as_str();
    if cx.output.json {
        return cx.output.json(&json!({ "bucket": bucket, done: true }));
    }
    cx.output.line(format!("{done} cos://{bucket}"))
}
