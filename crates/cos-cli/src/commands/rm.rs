//! `cos rm`

use clap::Args;
use cos_client::Client;
use futures_util::TryStreamExt;
use serde_json::json;

use super::Context;
use crate::connect;
use crate::exit::{Failure, Result};
use crate::input::location::CosUrl;
use crate::output::printable;

/// Options of `cos rm`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  cos rm --region ap-guangzhou cos://demo-1250000000/photos/1.jpg\n\n\
All below a folder, after a look at what that would be:\n  \
cos rm -r --dry-run --region ap-guangzhou cos://demo-1250000000/photos/"
)]
pub(crate) struct Rm {
    /// The object; it is no error if there is none. With -r, a folder: photos means photos/
    #[arg(value_name = "cos://BUCKET/KEY")]
    object: CosUrl,
    /// Everything below the key
    #[arg(short, long)]
    recursive: bool,
    /// Only say what would be deleted
    #[arg(long, requires = "recursive")]
    dry_run: bool,
    /// One version of it
    #[arg(long, value_name = "ID", conflicts_with = "recursive")]
    version_id: Option<String>,
}

impl Rm {
    pub(super) async fn run(self, cx: &Context) -> Result {
        let client = connect::client(&cx.global, &self.object.bucket)?;
        if self.recursive {
            return self.all_below(cx, &client).await;
        }
        let key = self.object.object_key()?;
        let mut delete = client.delete_object(key);
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

    /// Page by page: each is deleted in one request before the next is asked for.
    async fn all_below(&self, cx: &Context, client: &Client) -> Result {
        let mut prefix = self.object.key.clone();
        if !prefix.is_empty() && !prefix.ends_with('/') {
            prefix.push('/');
        }
        let (mut deleted, mut failed, mut first) = (0, 0, None);
        let mut pages = client.list_objects().prefix(prefix).stream();
        while let Some(page) = pages.try_next().await? {
            let keys = page.objects.into_iter().map(|o| o.key);
            if self.dry_run {
                for key in keys {
                    deleted += 1;
                    if cx.output.json {
                        cx.output
                            .json(&json!({"action": "delete", "key": key, "dry_run": true}))?;
                    } else {
                        cx.output
                            .line(format!("would delete {}", printable(&key)))?;
                    }
                }
                continue;
            }
            let done = client.delete_objects(keys).send().await?;
            deleted += done.deleted;
            for failure in done.failures {
                let message = format!("{}: {}", failure.code, failure.message);
                cx.output
                    .note(format!("cos: {}: {message}", printable(&failure.key)));
                failed += 1;
                first.get_or_insert(message);
            }
        }
        if cx.output.json {
            cx.output
                .json(&json!({"deleted": deleted, "failed": failed}))?;
        } else if !self.dry_run {
            cx.output.line(format!(
                "{deleted} object{} deleted{}",
                if deleted == 1 { "" } else { "s" },
                if failed > 0 {
                    format!(", {failed} failed")
                } else {
                    String::new()
                }
            ))?;
        }
        first.map_or(Ok(()), |message| Err(Failure::refused(message).silenced()))
    }
}
