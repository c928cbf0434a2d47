//! Memory does not grow with the object: each transfer in a process of its own, whose peak is read.
//!
//! `COS_MEMORY_MIB` sets the size of the object (256); `make memory` takes 10 GiB.
#![cfg(target_os = "linux")]
#![allow(
    clippy::print_stdout,
    reason = "figures for whoever asked, and words between processes"
)]

use std::process::Command;

use cos_client::Client;
use cos_emulator::Emulator;
use cos_sts::{Credentials, StaticProvider};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use crate::setup::{BUCKET, REGION};

const JOB: &str = "COS_MEMORY_TEST_JOB";
/// What one transfer may take, whatever the size of its object.
const LIMIT_KIB: u64 = 64 << 10;

/// The process that is measured: this test binary again, told by the environment what to transfer.
#[tokio::test]
async fn transfer_to_be_measured() {
    let Ok(job) = std::env::var(JOB) else { return };
    let job: Value = serde_json::from_str(&job).unwrap();
    let text = |name: &str| job[name].as_str().unwrap();
    let credentials = Credentials::permanent(text("id"), text("secret")).unwrap();
    let client = Client::builder()
        .bucket(BUCKET)
        .region(REGION)
        .endpoint(text("url"))
        .credentials(StaticProvider::new(credentials))
        .build()
        .unwrap();
    let (path, size) = (text("path"), job["size"].as_u64().unwrap());
    let moved = match text("what") {
        "upload_file" => client.upload_file("k", path).send().await.unwrap().bytes,
        "upload_reader" => {
            let reader = tokio::io::repeat(0).take(size);
            let upload = client.upload_reader("stream", reader);
            upload.send().await.unwrap().bytes
        }
        "download_file" => client.download_file("k", path).send().await.unwrap().bytes,
        "download_to" => {
            let download = client.download_to("k", tokio::io::sink());
            download.send().await.unwrap().bytes
        }
        other => panic!("no transfer {other}"),
    };
    assert_eq!(moved, size);
    println!("\npeak {}", peak_kib());
}

/// The most that was resident, KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let number = line.unwrap().trim().trim_end_matches(" kB");
    number.parse().unwrap()
}

fn measure(job: &Value) -> u64 {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "memory::transfer_to_be_measured"])
        .args(["--nocapture", "--test-threads=1"])
        .env(JOB, job.to_string())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{job}: {text}");
    let peak = text.lines().find_map(|l| l.strip_prefix("peak "));
    peak.unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn does_not_grow_with_the_object() {
    let mib: u64 = match std::env::var("COS_MEMORY_MIB") {
        Ok(mib) => mib.parse().unwrap(),
        Err(_) => 256,
    };
    let size = mib << 20;
    // Takes what it is sent and gives zeros.
    let emulator = Emulator::builder().sink(true).start().await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    // A hole, which takes no room on the disk.
    let source = dir.path().join("source");
    std::fs::File::create(&source)
        .unwrap()
        .set_len(size)
        .unwrap();
    let account = emulator.accounts()[0].clone();
    let mut peaks = Vec::new();
    for (what, path) in [
        ("upload_file", &source),
        ("upload_reader", &source),
        ("download_file", &dir.path().join("target")),
        ("download_to", &source),
    ] {
        let job = json!({
            "what": what, "url": emulator.http_url(), "path": path, "size": size,
            "id": account.secret_id, "secret": account.secret_key,
        });
        let peak_kib = tokio::task::block_in_place(|| measure(&job));
        println!(
            "{what} of {mib} MiB: at most {:.1} MiB",
            peak_kib as f64 / 1024.0
        );
        peaks.push((what, peak_kib));
    }
    let too_large = peaks.iter().filter(|(_, peak_kib)| *peak_kib > LIMIT_KIB);
    assert_eq!(too_large.count(), 0, "{peaks:?} KiB");
}
