//! `cos uploads`: what was begun and never completed, which costs storage until it is aborted.

use std::time::{Duration, SystemTime};

use clap::{Args, Subcommand};
use cos_client::{Client, MultipartUploadSummary, UploadId};
use futures_util::TryStreamExt;
use serde_json::json;

use super::Context;
use crate::connect;
use crate::exit::{Failure, Result};
use crate::input::age;
use crate::input::location::CosUrl;
use crate::input::moment::iso8601;
use crate::output::printable;
use crate::state;

/// `cos uploads …`
#[derive(Subcommand, Debug)]
#[command(
    after_help = "Example:\n  cos uploads abort --region ap-guangzhou --older-than 7d \\\n    cos://demo-1250000000/"
)]
pub(crate) enum Uploads {
    /// List them
    #[command(
        after_help = "Example:\n  cos uploads ls --region ap-guangzhou cos://demo-1250000000/videos/"
    )]
    Ls(Which),
    /// Abort them and free their parts; transfers that still run with them fail
    #[command(
        after_help = "Example:\n  cos uploads abort --region ap-guangzhou --older-than 7d \\\n    cos://demo-1250000000/"
    )]
    Abort(Abort),
    /// Remove what interrupted copies of this user left and nobody continued; needs no right to list
    #[command(
        after_help = "Example:\n  cos uploads clean --region ap-guangzhou --older-than 1d \\\n    cos://demo-1250000000"
    )]
    Clean(Clean),
}

/// What to clean up.
#[derive(Args, Debug)]
pub(crate) struct Clean {
    /// The bucket
    #[arg(value_name = "cos://BUCKET")]
    place: CosUrl,
    /// What was not continued for so long
    #[arg(long, value_name = "AGE", value_parser = age::parse, default_value = "7d")]
    older_than: Duration,
}

/// Which uploads.
#[derive(Args, Debug)]
pub(crate) struct Which {
    /// Those of keys that begin so
    #[arg(value_name = "cos://BUCKET/PREFIX")]
    place: CosUrl,
    /// Only those begun before so long: 7d, 12h, 30m, 45s
    #[arg(long, value_name = "AGE", value_parser = age::parse)]
    older_than: Option<Duration>,
}

/// Which uploads to abort.
#[derive(Args, Debug)]
pub(crate) struct Abort {
    #[command(flatten)]
    which: Which,
    /// Only this one; the place is its whole key
    #[arg(long, value_name = "ID", conflicts_with = "older_than")]
    upload_id: Option<String>,
    /// Only say what would be aborted
    #[arg(long)]
    dry_run: bool,
}

impl Uploads {
    pub(super) async fn run(self, cx: &Context) -> Result {
        match self {
            Self::Ls(which) => {
                let client = connect::client(&cx.global, &which.place.bucket)?;
                let mut pages = client
                    .list_multipart_uploads()
                    .prefix(&which.place.key)
                    .stream();
                while let Some(page) = pages.try_next().await? {
                    for upload in page.uploads.iter().filter(|u| which.covers(u)) {
                        print(cx, upload, None)?;
                    }
                }
                Ok(())
            }
            Self::Abort(abort) => abort.run(cx).await,
            Self::Clean(clean) => clean.run(cx).await,
        }
    }
}

impl Clean {
    async fn run(self, cx: &Context) -> Result {
        let Some(store) = state::resume_store(true)? else {
            return Ok(());
        };
        let client = connect::client(&cx.global, &self.place.bucket)?;
        let cleaning = client.clean_up_stale(&store).older_than(self.older_than);
        let done = cleaning.send().await?;
        for error in &done.failed {
            cx.output
                .note(format!("cos: {}", Failure::from(error.clone())));
        }
        if cx.output.json {
            cx.output.json(&json!({
                "uploads_aborted": done.uploads_aborted,
                "files_removed": done.files_removed,
                "failed": done.failed.len(),
            }))?;
        } else {
            cx.output.line(format!(
                "uploads aborted: {}, partly downloaded files removed: {}",
                done.uploads_aborted, done.files_removed
            ))?;
        }
        match done.failed.into_iter().next() {
            Some(error) => Err(Failure::from(error).silenced()),
            None => Ok(()),
        }
    }
}

impl Which {
    /// What has no time is not known to be old.
    fn covers(&self, upload: &MultipartUploadSummary) -> bool {
        let Some(limit) = self.older_than else {
            return true;
        };
        let age = upload
            .initiated
            .and_then(|at| SystemTime::now().duration_since(at).ok());
        age.is_some_and(|age| age >= limit)
    }
}

impl Abort {
    async fn run(self, cx: &Context) -> Result {
        let client = connect::client(&cx.global, &self.which.place.bucket)?;
        if let Some(id) = &self.upload_id {
            let key = self.which.place.object_key()?;
            if !self.dry_run {
                client
                    .abort_multipart_upload(key, &UploadId::new(id)?)
                    .send()
                    .await?;
            }
            let shown =
                json!({"key": key, "upload_id": id, "initiated": null, "aborted": !self.dry_run});
            return match cx.output.json {
                true => cx.output.json(&shown),
                false => Ok(()),
            };
        }
        let mut first_failure = None;
        let mut pages = client
            .list_multipart_uploads()
            .prefix(&self.which.place.key)
            .stream();
        while let Some(page) = pages.try_next().await? {
            for upload in page.uploads.iter().filter(|u| self.which.covers(u)) {
                match self.abort(&client, upload).await {
                    Ok(()) => print(cx, upload, Some(!self.dry_run))?,
                    Err(failure) => {
                        cx.output
                            .note(format!("cos: {}: {failure}", printable(&upload.key)));
                        first_failure.get_or_insert(failure);
                    }
                }
            }
        }
        first_failure.map_or(Ok(()), Err)
    }

    async fn abort(&self, client: &Client, upload: &MultipartUploadSummary) -> Result {
        if self.dry_run {
            return Ok(());
        }
        let abort = client.abort_multipart_upload(upload.key.as_str(), &upload.upload_id);
        match abort.send().await {
            // Somebody else was faster.
            Err(error) if error.code() == Some("NoSuchUpload") => Ok(()),
            other => other.map_err(Failure::from),
        }
    }
}

fn print(cx: &Context, upload: &MultipartUploadSummary, aborted: Option<bool>) -> Result {
    let initiated = upload.initiated.and_then(iso8601);
    let id = upload.upload_id.as_str();
    if cx.output.json {
        let mut line = json!({"key": upload.key, "upload_id": id, "initiated": initiated});
        if let Some(aborted) = aborted {
            line["aborted"] = aborted.into();
        }
        return cx.output.json(&line);
    }
    let what = match aborted {
        None => "",
        Some(true) => "aborted ",
        Some(false) => "would abort ",
    };
    let (at, key) = (initiated.unwrap_or_default(), printable(&upload.key));
    cx.output.line(format!("{what}{at:20}  {id}  {key}"))
}
