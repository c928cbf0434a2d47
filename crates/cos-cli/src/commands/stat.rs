//! `cos stat`

use clap::Args;
use serde_json::json;

use super::Context;
use crate::connect;
use crate::exit::Result;
use crate::input::location::CosUrl;
use crate::input::moment::iso8601;
use crate::output::printable;

/// Options of `cos stat`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  cos stat --region ap-guangzhou cos://demo-1250000000/photos/1.jpg"
)]
pub(crate) struct Stat {
    /// The object
    #[arg(value_name = "cos://BUCKET/KEY")]
    object: CosUrl,
    /// One version of it
    #[arg(long, value_name = "ID")]
    version_id: Option<String>,
}

impl Stat {
    pub(super) async fn run(self, cx: &Context) -> Result {
        let key = self.object.object_key()?;
        let mut head = connect::client(&cx.global, &self.object.bucket)?.head_object(key);
        if let Some(version) = self.version_id {
            head = head.version_id(version);
        }
        let meta = head.send().await?;
        let etag = meta.etag.as_ref().map(|e| e.as_str());
        // As text: JSON numbers are not exact beyond 2^53 everywhere.
        let crc64 = meta.crc64.map(|c| c.to_string());
        let modified = meta.last_modified.and_then(iso8601);
        if cx.output.json {
            return cx.output.json(&json!({
                "key": key,
                "size": meta.size,
                "etag": etag,
                "crc64": crc64,
                "content_type": meta.content_type,
                "last_modified": modified,
                "storage_class": meta.storage_class.as_str(),
                "version_id": meta.version_id,
                "metadata": meta.metadata,
            }));
        }
        let size = meta.size.to_string();
        let rows = [
            ("key", Some(key)),
            ("size", Some(size.as_str())),
            ("etag", etag),
            ("crc64", crc64.as_deref()),
            ("content type", meta.content_type.as_deref()),
            ("last modified", modified.as_deref()),
            ("storage class", Some(meta.storage_class.as_str())),
            ("version id", meta.version_id.as_deref()),
        ];
        for (name, value) in rows {
            if let Some(value) = value {
                cx.output.line(format!("{name:14} {}", printable(value)))?;
            }
        }
        for (name, value) in &meta.metadata {
            cx.output
                .line(format!("meta {name:9} {}", printable(value)))?;
        }
        Ok(())
    }
}
