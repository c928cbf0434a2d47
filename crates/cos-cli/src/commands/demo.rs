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
        let material = Material::take(self.file.as_deref(), folder.path());
        let material = cx.interrupt.or(material).await?;
        let cloud = Cloud::start(folder.path()).await?;
        let app = App::new(&cloud.for_app())?;
        let play = Play {
            story: &story,
            material: &material,
            cloud: &cloud,
            app: &app,
        };
        let played = cx.interrupt.or(play.all(cx, folder.path())).await;
        let told = match played {
            Ok(()) => self.end(cx, &story, &cloud).await,
            Err(failure) => Err(failure),
        };
        // Everything that writes into the folder ends before the folder goes, also after Ctrl-C.
        app.client().wait_for_cleanup().await;
        cloud.shutdown().await;
        folder
            .close()
            .map_err(|e| Failure::local("remove", &std::env::temp_dir(), &e))?;
        told
    }

    async fn end(&self, cx: &Context, story: &Story, cloud: &Cloud) -> Result {
        if self.keep {
            story.how_to_reach(cloud)?;
        }
        if cx.output.json {
            cx.output.json(&json!({"demo": "ok"}))?;
        } else {
            story.line("")?;
            cx.output.line("demo: ok")?;
        }
        if self.keep {
            cx.interrupt.clone().wait().await;
        }
        Ok(())
    }
}

/// Who takes part.
struct Play<'a> {
    story: &'a Story,
    material: &'a Material,
    cloud: &'a Cloud,
    app: &'a App,
}

impl Play<'_> {
    /// The five steps and the proofs; `folder` takes the copy.
    async fn all(&self, cx: &Context, folder: &Path) -> Result {
        let Self {
            story,
            material,
            cloud,
            app,
        } = *self;
        story.begin(cloud, material)?;

        let seen = cloud.requests_so_far();
        let credentials = app.credentials().await?;
        story.credentials(cloud, &cloud.requests_since(seen), &credentials)?;

        let uploaded = app.upload(&cx.output, material).await?;
        story.uploaded(material, &uploaded)?;
        let copy = folder.join("downloaded");
        let downloaded = app.download(&cx.output, material, &copy).await?;
        material.compare(&copy).await?;
        if downloaded.crc64 != uploaded.crc64 {
            let words = "the CRC-64 of upload and download differ";
            return Err(Failure::integrity(words));
        }
        story.downloaded(&downloaded)?;

        proofs::outside_the_prefix(app, story).await?;
        proofs::after_expiry(cloud, app, material, &credentials, story).await?;
        proofs::renewed(cloud, app, material, &credentials, story).await?;
        proofs::no_permanent_key_left_the_server(cloud, story)
    }
}
