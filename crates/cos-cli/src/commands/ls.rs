//! `cos ls`

use clap::Args;
use cos_client::{Client, ObjectSummary};
use futures_util::TryStreamExt;
use serde_json::json;

use super::Context;
use crate::connect;
use crate::exit::Result;
use crate::input::location::CosUrl;
use crate::input::moment::iso8601;
use crate::output::printable;

/// Options of `cos ls`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cos ls --region ap-guangzhou cos://demo-1250000000/photos/")]
pub(crate) struct Ls {
    /// Keys that begin so
    #[arg(value_name = "cos://BUCKET/PREFIX")]
    place: CosUrl,
    /// Everything below, not only one level
    #[arg(short, long)]
    recursive: bool,
}

impl Ls {
    /// Prints page by page: memory does not grow with the bucket.
    pub(super) async fn run(self, cx: &Context) -> Result {
        let client: Client = connect::client(&cx.global, &self.place.bucket)?;
        let mut list = client.list_objects().prefix(self.place.key);
        if !self.recursive {
            list = list.delimiter("/");
        }
        let mut pages = list.stream();
        while let Some(page) = pages.try_next().await? {
            for prefix in &page.common_prefixes {
                // A folder is no object: it has a name, and that is all.
                if cx.output.json {
                    cx.output.json(&json!({"prefix": prefix}))?;
                } else {
                    cx.output
                        .line(format!("{:>15}  {:20}  {}", "-", "", printable(prefix)))?;
                }
            }
            for object in &page.objects {
                print(cx, object)?;
            }
        }
        Ok(())
    }
}

fn print(cx: &Context, object: &ObjectSummary) -> Result {
    let modified = object.last_modified.and_then(iso8601);
    if cx.output.json {
        return cx.output.json(&json!({
            "key": object.key,
            "size": object.size,
            "etag": object.etag.as_str(),
            "last_modified": modified,
            "storage_class": object.storage_class.as_str(),
        }));
    }
    let modified = modified.unwrap_or_default();
    let key = printable(&object.key);
    cx.output
        .line(format!("{:>15}  {modified:20}  {key}", object.size))
}
