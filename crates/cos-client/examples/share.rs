//! Lists a prefix and makes a link to each object that is good for ten minutes.
//!
//! ```sh
//! export COS_BUCKET=photos-1250000000 COS_REGION=ap-guangzhou COS_SECRET_ID=… COS_SECRET_KEY=…
//! cargo run --example share -- photos/
//! ```
#![allow(clippy::print_stdout, reason = "it talks to a person")]

use std::time::Duration;

use cos_client::{ClientBuilder, Method};
use futures_util::TryStreamExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let prefix = std::env::args().nth(1).unwrap_or_default();
    let client = ClientBuilder::from_env()?.build()?;
    let mut objects = client.list_objects().prefix(prefix).objects();
    while let Some(object) = objects.try_next().await? {
        let link = client.presign(Method::GET, &object.key, Duration::from_secs(600));
        // With temporary keys it ends when they do, if that is sooner.
        println!(
            "{}\t{}\t{}",
            object.size,
            object.key,
            link.sign().await?.url
        );
    }
    Ok(())
}
