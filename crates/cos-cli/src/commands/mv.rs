//! `cos mv`

use clap::Args;

use super::Context;
use super::cp::Cp;
use crate::connect;
use crate::exit::{Failure, Result};
use crate::input::location::Place;

/// Options of `cos mv`: those of `cos cp`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  cos mv --region ap-guangzhou \\\n    cos://demo-1250000000/in/1.jpg cos://demo-1250000000/done/\n\n\
The source is removed only when the copy is complete and its checksum is right."
)]
pub(crate) struct Mv {
    #[command(flatten)]
    copy: Cp,
}

impl Mv {
    pub(super) async fn run(self, cx: &Context) -> Result {
        if self.copy.source == Place::Stdio || self.copy.target == Place::Stdio {
            return Err(Failure::usage("standard input and output cannot be moved"));
        }
        if self.copy.recursive {
            let failure = Failure::usage("mv moves one file or object at a time");
            return Err(failure.hint("use cos cp -r, then remove the source"));
        }
        if self.copy.is_onto_itself()? {
            return Err(Failure::usage(
                "the source and the target are the same object",
            ));
        }
        let done = self.copy.transfer(cx).await?;
        match &self.copy.source {
            Place::Cos(from) => {
                let client = connect::client(&cx.global, &from.bucket)?;
                client.delete_object(from.object_key()?).send().await?;
            }
            Place::File(file) => std::fs::remove_file(file)
                .map_err(|error| Failure::local("remove", file, &error))?,
            Place::Stdio => {}
        }
        self.copy.report(cx, &done)
    }
}
