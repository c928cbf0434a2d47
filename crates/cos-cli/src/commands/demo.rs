//! `cos demo`: the whole flow on this machine. `cloud` plays STS and COS and the owner's server, `app` is
//! what an app does, `proofs` is what must be refused.

mod app;
mod cloud;
mod material;
mod proofs;
mod story;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use self::app::App;
use self::cloud::Cloud;
use self::material::Material;
use self::story::Story;
use super::Context;
use crate::exit::{Failure, Result};

/// Options of `cos demo`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cos demo video.mp4\n\n\
Everything runs in this process on loopback ports; nothing is configured and nothing leaves the machine.\n\
The last line is `demo: ok`.")]
pub(crate) struct Demo {
    /// The file to upload; without it, 64 MiB of random bytes
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Leave the servers running at the end and print how to reach them
    #[arg(long)]
    keep: bool,
}

impl Demo {
    pub(super) async fn run(self, cx: &Context) -> Result {
        let story = Story::new(cx.output);
        let folder = tempfile::tempdir()
            .map_err(|e| Failure::local("make a folder in", &std::env::temp_dir(), &e))?;
        let work = self.play(cx, &story, folder.path());
        let cloud = cx.interrupt.or(work).await?;
        if self.keep {
            story.how_to_reach(&cloud)?;
        }
        finish(cx, &story)?;
        if self.keep {
            cx.interrupt.clone().wait().await;
        }
        cloud.shutdown().await;
        Ok(())
    }

    /// The five steps and the proofs.
    async fn play(&self, cx: &Context, story: &Story, folder: &Path) -> Result<Cloud> {
        let material = Material::take(self.file.as_deref(), folder).await?;
        let cloud = Cloud::start(folder).await?;
        let app = App::new(&cloud.for_app())?;
        story.begin(&cloud, &material)?;

        let seen = cloud.requests_so_far();
        let credentials = app.credentials().await?;
        story.credentials(&cloud, &cloud.requests_since(seen), &credentials)?;

        let uploaded = app.upload(&cx.output, &material).await?;
        story.uploaded(&app, &material, &uploaded)?;
        let copy = folder.join("downloaded");
        let downloaded = app.download(&cx.output, &material, &copy).await?;
        material.compare(&copy).await?;
        if downloaded.crc64 != uploaded.crc64 {
            return Err(Failure::integrity(
                "the CRC-64 of upload and download differ",
            ));
        }
        story.downloaded(&downloaded)?;

        proofs::outside_the_prefix(&app, story).await?;
        proofs::after_expiry(&cloud, &app, &material, &credentials, story).await?;
        proofs::renewed(&cloud, &app, &material, &credentials, story).await?;
        proofs::no_permanent_key_left_the_server(&cloud, story)?;
        Ok(cloud)
    }
}

fn finish(cx: &Context, story: &Story) -> Result {
    if cx.output.json {
        cx.output.json(&json!({"demo": "ok"}))
    } else {
        story.line("")?;
        cx.output.line("demo: ok")
    }
}
