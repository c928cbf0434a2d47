//! A file up and down again, with progress, going on where an earlier run was killed.
//!
//! ```sh
//! export COS_BUCKET=photos-1250000000 COS_REGION=ap-guangzhou COS_SECRET_ID=… COS_SECRET_KEY=…
//! cargo run --example transfer -- film.mp4 films/1.mp4
//! ```
//!
//! `cos emulator` prints keys and an address, for `COS_ENDPOINT`, for a try without an account.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it talks to a person"
)]

use cos_client::{ClientBuilder, Progress, ResumeFolder};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, key] = arguments.as_slice() else {
        return Err("usage: transfer FILE KEY".into());
    };
    let client = ClientBuilder::from_env()?.build()?;
    // Outlives the process; one folder for all transfers of this machine.
    let store = ResumeFolder::new(std::env::temp_dir().join("cos-transfer-example"))?;

    let upload = client.upload_file(key, file).resume_store(&store);
    let uploaded = match upload.on_progress(|p| show("up", p)).send().await {
        Ok(uploaded) => uploaded,
        Err(error) => {
            // What to do about it, where the library can tell.
            eprintln!("\n{error}\n{}", error.hint().unwrap_or_default());
            return Err(error.into());
        }
    };
    println!(
        "\nuploaded {} bytes in {} parts, {} of them by an earlier run",
        uploaded.bytes, uploaded.parts, uploaded.resumed_bytes
    );

    let copy = format!("{file}.copy");
    let download = client.download_file(key, &copy).resume_store(&store);
    let downloaded = download.on_progress(|p| show("down", p)).send().await?;
    println!("\n{copy}: CRC-64 {}", downloaded.crc64);
    Ok(())
}

fn show(direction: &str, progress: Progress) {
    let total = progress.total_bytes.unwrap_or(0).max(1);
    eprint!("\r{direction} {:3} %", progress.done_bytes * 100 / total);
}
