//! Folders and prefixes with all that is below them: `cos cp -r` and `cos sync`.

use std::path::Path;
use std::time::Instant;

use clap::Args;
use cos_client::{Client, Compare, Symlinks, TreeAction, TreeEvent, TreeReport};
use serde_json::json;

use super::Context;
use super::cp::{TransferArgs, describe, finish, round};
use crate::exit::{Exit, Failure, Result};
use crate::input::location::{CosUrl, Place};
use crate::input::size;
use crate::output::{Output, printable};
use crate::progress::TreeBar;

/// Requests in flight unless told otherwise: most files of a tree are small.
const CONCURRENCY: usize = 16;

/// Options of everything that works on trees.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options for folders")]
pub(super) struct TreeArgs {
    /// Only files that fit: '*.jpg' at any depth, 'a/**/b*' from the top; may be repeated
    #[arg(long, value_name = "PATTERN")]
    include: Vec<String>,
    /// No files that fit, nor what is below a folder that fits; may be repeated
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Take what symbolic links lead to, instead of leaving them out
    #[arg(long)]
    follow_symlinks: bool,
    /// Make an object for each empty folder
    #[arg(long)]
    empty_folders: bool,
    /// Refuse names that another system could not hold
    #[arg(long)]
    portable_names: bool,
    /// End with the first file that fails
    #[arg(long)]
    fail_fast: bool,
}

impl TreeArgs {
    fn is_given(&self) -> bool {
        let switches = [
            self.dry_run,
            self.follow_symlinks,
            self.empty_folders,
            self.portable_names,
            self.fail_fast,
        ];
        switches.contains(&true) || !self.include.is_empty() || !self.exclude.is_empty()
    }

    /// Refuses these options where they would be without effect.
    pub(super) fn check_unused(&self) -> Result {
        if !self.is_given() {
            return Ok(());
        }
        Err(Failure::usage("options for folders need -r"))
    }
}

/// What is to be done.
pub(super) struct TreeJob<'a> {
    pub(super) source: &'a Place,
    pub(super) target: &'a Place,
    pub(super) transfer: &'a TransferArgs,
    pub(super) tree: &'a TreeArgs,
    /// How to find out what differs; `None` transfers everything.
    pub(super) compare: Option<Compare>,
    pub(super) delete: bool,
    pub(super) no_overwrite: bool,
}

/// Gives a builder what it has in common with the others, and runs it.
macro_rules! go {
    ($cx:expr, $job:expr, $client:expr, $keeps:expr, $builder:expr) => {{
        let (cx, job, client, mut builder) = ($cx, $job, $client, $builder);
        for pattern in &job.tree.include {
            builder = builder.include(pattern);
        }
        for pattern in &job.tree.exclude {
            builder = builder.exclude(pattern);
        }
        if let Some(by) = job.compare {
            builder = builder.compare(by);
        }
        let (output, dry_run, bar) = (cx.output, job.tree.dry_run, TreeBar::new(&cx.output));
        let lines = bar.clone();
        let transfer = builder
            .delete(job.delete)
            .dry_run(dry_run)
            .fail_fast(job.tree.fail_fast)
            .concurrency(job.transfer.concurrency.unwrap_or(CONCURRENCY))
            .on_progress(bar.callback())
            .on_event(move |event| lines.suspend(|| tell(&output, dry_run, &event)))
            .start();
        let done = finish(cx, client, transfer, $keeps).await;
        bar.clear();
        done.map_err(|failure| explain(failure, $keeps))
    }};
}

/// Transfers a tree and says what became of it.
pub(super) async fn run(cx: &Context, job: &TreeJob<'_>) -> Result {
    let begun = Instant::now();
    let report = match (job.source, job.target) {
        (Place::File(from), Place::Cos(to)) => up(cx, job, from, to).await,
        (Place::Cos(from), Place::File(to)) => down(cx, job, from, to).await,
        (Place::Cos(from), Place::Cos(to)) => across(cx, job, from, to).await,
        (Place::File(_), Place::File(_)) => {
            Err(Failure::usage("one side must be cos://BUCKET/PREFIX"))
        }
        _ => Err(Failure::usage("standard input and output are no folders")),
    }?;
    finish_with(cx, &report, begun.elapsed().as_secs_f64())
}

async fn up(cx: &Context, job: &TreeJob<'_>, from: &Path, to: &CosUrl) -> Result<TreeReport> {
    let client = client(cx, job, to)?;
    let mut up = describe!(client.upload_dir(from, to.key.as_str()), job.transfer);
    if job.tree.follow_symlinks {
        up = up.symlinks(Symlinks::Follow);
    }
    if job.no_overwrite {
        up = up.forbid_overwrite();
    }
    if let Some(bytes) = job.transfer.part_size {
        up = up.part_size(bytes);
    }
    let store = job.transfer.store()?;
    if let Some(store) = &store {
        up = up.resume_store(store);
    }
    go!(
        cx,
        job,
        &client,
        store.is_some(),
        up.empty_folders(job.tree.empty_folders)
    )
}

async fn down(cx: &Context, job: &TreeJob<'_>, from: &CosUrl, to: &Path) -> Result<TreeReport> {
    let client = client(cx, job, from)?;
    let mut down = client.download_dir(from.key.as_str(), to);
    if job.no_overwrite {
        down = down.forbid_overwrite();
    }
    if let Some(bytes) = job.transfer.part_size {
        down = down.part_size(bytes);
    }
    let store = job.transfer.store()?;
    if let Some(store) = &store {
        down = down.resume_store(store);
    }
    go!(
        cx,
        job,
        &client,
        store.is_some(),
        down.portable_names(job.tree.portable_names)
    )
}

async fn across(cx: &Context, job: &TreeJob<'_>, from: &CosUrl, to: &CosUrl) -> Result<TreeReport> {
    let client = client(cx, job, to)?;
    let source = client.for_bucket(from.bucket.as_str(), cx.global.region()?)?;
    let copy = client.copy_dir(&source, from.key.as_str(), to.key.as_str());
    let mut copy = describe!(copy, job.transfer);
    if !job.transfer.metadata.is_empty() || job.transfer.content_type.is_some() {
        copy = copy.replace_metadata();
    }
    if job.no_overwrite {
        copy = copy.forbid_overwrite();
    }
    go!(cx, job, &client, false, copy)
}

fn client(cx: &Context, job: &TreeJob<'_>, place: &CosUrl) -> Result<Client> {
    let concurrency = job.transfer.concurrency.unwrap_or(CONCURRENCY);
    job.transfer.client_with(cx, place, Some(concurrency))
}

/// What a person can do after an interruption.
fn explain(failure: Failure, keeps: bool) -> Failure {
    if failure.exit() != Exit::Interrupted {
        return failure;
    }
    failure.also_hint(match keeps {
        true => "the same command goes on with large files where they are; cos sync leaves out what is there",
        false => "cos sync leaves out what is there",
    })
}

/// Failures always, everything in a dry run. A reader of stdout that went away is noticed at the end.
fn tell(output: &Output, dry_run: bool, event: &TreeEvent<'_>) {
    let name = printable(event.name);
    if let Some(error) = event.error {
        let failure = Failure::from(error.clone());
        output.note(format!("cos: {name}: {failure}"));
        if output.json {
            let mut document = failure.to_json();
            document["name"] = event.name.into();
            let _ = output.json(&document);
        }
        return;
    }
    if let Some(reason) = event.reason {
        output.note(format!("cos: {name}: left out: {reason}"));
    }
    let Some(action) = word(event.action).filter(|_| dry_run) else {
        return;
    };
    let _ = if output.json {
        output.json(
            &json!({"action": action, "name": event.name, "bytes": event.bytes, "dry_run": true}),
        )
    } else {
        output.line(format!("would {action} {name}"))
    };
}

fn word(action: TreeAction) -> Option<&'static str> {
    Some(match action {
        TreeAction::Upload => "upload",
        TreeAction::Download => "download",
        TreeAction::Copy => "copy",
        TreeAction::MakeFolder => "make folder",
        TreeAction::Delete => "delete",
        _ => return None,
    })
}

/// The last line, and the status of the first file that failed.
fn finish_with(cx: &Context, report: &TreeReport, seconds: f64) -> Result {
    if cx.output.json {
        cx.output.json(&json!({
            "bytes": report.bytes,
            "parts": null,
            "seconds": round(seconds),
            "etag": null,
            "crc64": null,
            "upload_id": null,
            "resumed_bytes": report.resumed_bytes,
            "transferred": report.transferred,
            "unchanged": report.unchanged,
            "deleted": report.deleted,
            "skipped": report.skipped,
            "failed": report.failed,
        }))?;
    } else {
        let mut line = format!(
            "{} file{} transferred ({}, {seconds:.1} s)",
            report.transferred,
            if report.transferred == 1 { "" } else { "s" },
            size::spell(report.bytes),
        );
        for (count, what) in [
            (report.unchanged, "unchanged"),
            (report.deleted, "deleted"),
            (report.skipped, "left out"),
            (report.failed, "failed"),
        ] {
            if count > 0 {
                line.push_str(&format!(", {count} {what}"));
            }
        }
        cx.output.line(line)?;
    }
    match report.failures.first() {
        Some(first) => Err(Failure::from(first.error.clone()).silenced()),
        None => Ok(()),
    }
}
