//! `cos cat`

use clap::Args;

use super::Context;
use crate::connect;
use crate::exit::Result;
use crate::input::location::CosUrl;
use crate::output;

/// Options of `cos cat`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  cos cat --region ap-guangzhou cos://demo-1250000000/notes.txt | less"
)]
pub(crate) struct Cat {
    /// The object
    #[arg(value_name = "cos://BUCKET/KEY")]
    object: CosUrl,
}

impl Cat {
    pub(super) async fn run(self, cx: &Context) -> Result {
        let key = self.object.object_key()?;
        let client = connect::client(&cx.global, &self.object.bucket)?;
        let mut object = client.get_object(key).send().await?;
        while let Some(chunk) = object.chunk().await? {
            output::raw(&chunk)?;
        }
        Ok(())
    }
}
