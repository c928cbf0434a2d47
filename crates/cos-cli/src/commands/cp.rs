//! `cos cp`

mod copy;
mod download;
mod upload;

pub(crate) use upload::check;

use std::time::Instant;

use clap::Args;
use cos_client::{Client, ETag, RestartReason, ResumeFolder, StorageClass, Transfer};
use serde_json::json;

use super::Context;
use super::tree::{self, TreeArgs, TreeJob};
use crate::connect;
use crate::exit::{Failure, Result};
use crate::input::location::{CosUrl, Place};
use crate::input::pairs::KeyValue;
use crate::input::size;

/// Options of `cos cp`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  cos cp --region ap-guangzhou video.mp4 cos://demo-1250000000/videos/\n\n\
A download appears under its name only when it is complete and its checksum is right.\n\
With -r, what is in the folder SRC (or below the prefix SRC) comes to be below DST under the same names:\n  \
cos cp -r --region ap-guangzhou photos cos://demo-1250000000/photos/"
)]
pub(crate) struct Cp {
    /// What to copy: a file, cos://BUCKET/KEY, or - for standard input
    #[arg(value_name = "SRC")]
    pub(super) source: Place,
    /// Where to: a file or folder, cos://BUCKET/KEY (or a prefix ending with /), or - for standard output
    #[arg(value_name = "DST")]
    pub(super) target: Place,
    /// A folder or prefix with all that is below it
    #[arg(short, long)]
    pub(super) recursive: bool,
    #[command(flatten)]
    pub(super) transfer: TransferArgs,
    /// Only if the object to read still has this ETag
    #[arg(long, value_name = "ETAG", conflicts_with = "recursive")]
    if_match: Option<String>,
    /// Leave a target alone that is already there, and fail
    #[arg(long)]
    no_overwrite: bool,
    #[command(flatten)]
    tree: TreeArgs,
}

/// How content is moved, and what the new object is like.
#[derive(Args, Debug)]
pub(super) struct TransferArgs {
    /// Bytes per part, such as 16MiB (1MiB to 5GiB)
    #[arg(long, value_name = "BYTES", value_parser = size::parse)]
    pub(super) part_size: Option<u64>,
    /// Requests in flight at most [default: 8, for folders 16]
    #[arg(long, value_name = "N")]
    pub(super) concurrency: Option<usize>,
    /// Bytes per second at most, all requests together, such as 5MiB
    #[arg(long, value_name = "BYTES", value_parser = size::parse)]
    limit_rate: Option<u64>,
    /// Go on where an interrupted copy of the same ended; without it too, but then only if there is a place to
    /// remember it: COS_STATE_DIR or the user's state folder
    #[arg(long, overrides_with = "no_resume")]
    resume: bool,
    /// Begin anew, and leave nothing behind when interrupted
    #[arg(long, overrides_with = "resume")]
    no_resume: bool,
    /// Content-Type of the object
    #[arg(long, value_name = "TYPE")]
    pub(super) content_type: Option<String>,
    /// How the object is kept, such as STANDARD_IA
    #[arg(long, value_name = "CLASS")]
    storage_class: Option<String>,
    /// User metadata of the object
    #[arg(long = "meta", value_name = "K=V")]
    pub(super) metadata: Vec<KeyValue>,
}

impl TransferArgs {
    pub(super) fn client(&self, cx: &Context, place: &CosUrl) -> Result<Client> {
        self.client_with(cx, place, self.concurrency)
    }

    pub(super) fn client_with(
        &self,
        cx: &Context,
        place: &CosUrl,
        concurrency: Option<usize>,
    ) -> Result<Client> {
        connect::client_for_transfers(&cx.global, &place.bucket, concurrency, self.limit_rate)
    }

    /// Where to remember what is done.
    pub(super) fn store(&self) -> Result<Option<ResumeFolder>> {
        if self.no_resume {
            return Ok(None);
        }
        crate::state::resume_store(self.resume)
    }

    pub(super) fn storage_class(&self) -> Result<Option<StorageClass>> {
        let class = self.storage_class.as_deref();
        Ok(class.map(StorageClass::new).transpose()?)
    }
}

/// Gives a builder the headers of the new object.
macro_rules! describe {
    ($builder:expr, $args:expr) => {{
        let (mut builder, args): (_, &$crate::commands::cp::TransferArgs) = ($builder, $args);
        if let Some(content_type) = &args.content_type {
            builder = builder.content_type(content_type);
        }
        if let Some(class) = args.storage_class()? {
            builder = builder.storage_class(&class);
        }
        for pair in &args.metadata {
            builder = builder.metadata(&pair.key, &pair.value);
        }
        builder
    }};
}
pub(super) use describe;

impl Cp {
    pub(super) async fn run(self, cx: &Context) -> Result {
        if self.recursive {
            return self.tree(cx).await;
        }
        self.tree.check_unused()?;
        if let (Place::Cos(from), Place::Stdio) = (&self.source, &self.target) {
            return download::stdout(cx, &self, from).await;
        }
        let done = self.transfer(cx).await?;
        self.report(cx, &done)
    }

    async fn tree(self, cx: &Context) -> Result {
        let job = TreeJob {
            source: &self.source,
            target: &self.target,
            transfer: &self.transfer,
            tree: &self.tree,
            compare: None,
            delete: false,
            no_overwrite: self.no_overwrite,
        };
        tree::run(cx, &job).await
    }

    /// Copies one object; the source stays.
    pub(super) async fn transfer(&self, cx: &Context) -> Result<Done> {
        let begun = Instant::now();
        let mut done = match (&self.source, &self.target) {
            (Place::File(file), Place::Cos(to)) => upload::file(cx, self, file, to).await,
            (Place::Stdio, Place::Cos(to)) => upload::stdin(cx, self, to).await,
            (Place::Cos(from), Place::File(file)) => download::file(cx, self, from, file).await,
            (Place::Cos(from), Place::Cos(to)) => copy::object(cx, self, from, to).await,
            _ => Err(Failure::usage(
                "one side of a copy must be cos://BUCKET/KEY",
            )),
        }?;
        done.seconds = begun.elapsed().as_secs_f64();
        Ok(done)
    }

    /// Says what was copied.
    pub(super) fn report(&self, cx: &Context, done: &Done) -> Result {
        let seconds = done.seconds;
        if cx.output.json {
            return cx.output.json(&json!({
                "bytes": done.bytes,
                "parts": done.parts,
                "seconds": round(seconds),
                "etag": done.etag,
                "crc64": done.crc64,
                "upload_id": done.upload_id,
                "resumed_bytes": done.resumed_bytes,
            }));
        }
        let resumed = match done.resumed_bytes {
            0 => String::new(),
            bytes => format!(", {} of them from before", size::spell(bytes)),
        };
        cx.output.line(format!(
            "{} -> {} ({}, {} part{}{resumed}, {seconds:.1} s)",
            done.from,
            done.to,
            size::spell(done.bytes),
            done.parts,
            if done.parts == 1 { "" } else { "s" },
        ))
    }

    /// Whether source and target are one object.
    pub(super) fn is_onto_itself(&self) -> Result<bool> {
        let (Place::Cos(from), Place::Cos(to)) = (&self.source, &self.target) else {
            return Ok(false);
        };
        let key = from.object_key()?;
        let name = key.rsplit('/').next().filter(|n| !n.is_empty());
        Ok(from.bucket == to.bucket && to.key_for(name)? == key)
    }

    fn client(&self, cx: &Context, place: &CosUrl) -> Result<Client> {
        self.transfer.client(cx, place)
    }

    fn if_match(&self) -> Option<ETag> {
        self.if_match.as_deref().map(ETag::new)
    }
}

/// What a copy achieved.
#[derive(Default)]
pub(super) struct Done {
    from: String,
    to: String,
    bytes: u64,
    parts: u32,
    etag: Option<String>,
    crc64: Option<String>,
    upload_id: Option<String>,
    resumed_bytes: u64,
    seconds: f64,
}

/// Seconds to the millisecond.
pub(super) fn round(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

/// The result of a transfer. A signal ends it: what is done is kept if it can be resumed, and taken back from the
/// service otherwise. A second signal does not wait for that.
pub(super) async fn finish<T: Send + 'static>(
    cx: &Context,
    client: &Client,
    transfer: Transfer<T>,
    keeps: bool,
) -> Result<T> {
    let control = transfer.control();
    let mut interrupt = cx.interrupt.clone();
    let watcher = tokio::spawn(async move {
        interrupt.wait().await;
        if keeps {
            control.stop();
        } else {
            control.cancel();
        }
    });
    let done = transfer.await;
    watcher.abort();
    client.wait_for_cleanup().await;
    done.map_err(|error| {
        let record = error.resume_record();
        let hint = record.map(|r| {
            let (done, total) = (size::spell(r.done_bytes()), size::spell(r.total_bytes()));
            format!("the same command goes on from here: {done} of {total} are done")
        });
        let failure = Failure::from(error);
        match hint {
            Some(hint) => failure.also_hint(hint),
            None => failure,
        }
    })
}

/// Says why everything was transferred though something was done before.
fn tell_restart(cx: &Context, restarted: Option<RestartReason>) {
    if let Some(reason) = restarted {
        cx.output.note(format!("cos: begun anew: {reason}"));
    }
}
