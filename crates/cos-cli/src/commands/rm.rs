//! `cos rm`

use clap::Args;
use serde_json::json;

use super::Context;
use crate::connect;
use crate::exit::Result;
use crate::input::location::CosUrl;

/// Options of `cos rm`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  cos rm --region ap-guangzhou cos://demo-1250000000/photos/1.jpg"
)]
pub(crate) struct Rm {
    /// The object; it is no error if there is none
    #[arg(value_name = "cos://BUCKET/KEY")]
    object: CosUrl,
    /// One version of it
    #[arg(long, value_name = "ID")]
    version_id: Option<String>,
}

impl Rm {
    pub(super) async fn run(self, cx: &Context) -> Result {
        let key = self.object.object_key()?;
        let mut delete = connect::client(&cx.global, &self.object.bucket)?.delete_object(key);
        if let Some(version) = self.version_id {
            delete = delete.version_id(version);
        }
        let done = delete.send().await?;
        if cx.output.json {
            cx.output.json(&json!({
                "key": key,
                "delete_marker": done.delete_marker,
                "version_id": done.version_id,
            }))?;
        }
        Ok(())
    }
}
