//! `cos sync`

use clap::Args;
use cos_client::Compare;

use super::Context;
use super::cp::TransferArgs;
use super::tree::{self, TreeArgs, TreeJob};
use crate::exit::Result;
use crate::input::location::Place;

/// Options of `cos sync`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  cos sync --region ap-guangzhou --delete --dry-run \\\n    site cos://demo-1250000000/site/\n\n\
A file is transferred if the target has none of its name, or one of another size, or an older one (whole \
seconds; an object's time is when it was written). Downloads take over the object's time. With --checksum, \
files of the same size are compared by CRC-64 instead, which reads the local ones."
)]
pub(crate) struct Sync {
    /// What is to be: a folder or cos://BUCKET/PREFIX
    #[arg(value_name = "SRC")]
    source: Place,
    /// What is to become the same: a folder or cos://BUCKET/PREFIX
    #[arg(value_name = "DST")]
    target: Place,
    /// Delete below DST what SRC does not have; what is filtered out stays
    #[arg(long)]
    delete: bool,
    /// Compare by size and CRC-64
    #[arg(long)]
    checksum: bool,
    #[command(flatten)]
    transfer: TransferArgs,
    #[command(flatten)]
    tree: TreeArgs,
}

impl Sync {
    pub(super) async fn run(self, cx: &Context) -> Result {
        let job = TreeJob {
            source: &self.source,
            target: &self.target,
            transfer: &self.transfer,
            tree: &self.tree,
            compare: Some(match self.checksum {
                true => Compare::Checksum,
                false => Compare::SizeAndTime,
            }),
            delete: self.delete,
            no_overwrite: false,
        };
        tree::run(cx, &job).await
    }
}
