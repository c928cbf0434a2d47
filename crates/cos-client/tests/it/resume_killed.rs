//! `kill -9` at random moments of an upload and of a download; another process goes on.
//!
//! `COS_RESUME_KILLS` sets how many of each (6), `COS_RESUME_SEED` repeats a run.
#![allow(
    clippy::print_stdout,
    reason = "figures for whoever asked, and words between processes"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use cos_client::{Client, ResumeFolder};
use cos_sts::{Credentials, StaticProvider};
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::setup::{BUCKET, REGION, data, names};

const JOB: &str = "COS_RESUME_TEST_JOB";
const PART: u64 = 1 << 20;
const IN_FLIGHT: u64 = 3;

/// The process that is killed: this test binary again, told by the environment what to transfer.
#[tokio::test]
async fn transfer_to_be_killed() {
    let Ok(job) = std::env::var(JOB) else { return };
    let job: Value = serde_json::from_str(&job).unwrap();
    let text = |name: &str| job[name].as_str().unwrap();
    let credentials = Credentials::permanent(text("id"), text("secret")).unwrap();
    let client = Client::builder()
        .bucket(BUCKET)
        .region(REGION)
        .endpoint(text("url"))
        .credentials(StaticProvider::new(credentials))
        .part_size(PART)
        .build()
        .unwrap();
    let store = ResumeFolder::new(text("store")).unwrap();
    println!("\nbegin");
    std::io::stdout().flush().unwrap();
    let (key, path, in_flight) = (text("key"), text("path"), IN_FLIGHT as usize);
    let (resumed, restarted) = if text("direction") == "upload" {
        let upload = client.upload_file(key, path).concurrency(in_flight);
        let output = upload.resume_store(&store).send().await.unwrap();
        (output.resumed_bytes, output.restarted)
    } else {
        let download = client.download_file(key, path).concurrency(in_flight);
        let output = download.resume_store(&store).send().await.unwrap();
        (output.resumed_bytes, output.restarted)
    };
    let restarted = restarted.map(|r| r.as_str());
    println!(
        "\nend {}",
        json!({"resumed": resumed, "restarted": restarted})
    );
}

/// A child that has begun to transfer.
struct Process {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(job: &Value) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "resume_killed::transfer_to_be_killed"])
            .args(["--nocapture", "--test-threads=1"])
            .env(JOB, job.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "begin"));
        Self { child, lines }
    }

    /// What it says at its end; `None` when it was killed before.
    fn end(mut self) -> Option<Value> {
        let end = self.lines.by_ref().map_while(Result::ok);
        let end = end
            .filter_map(|l| l.strip_prefix("end ").map(str::to_owned))
            .last();
        self.child.wait().unwrap();
        end.map(|l| serde_json::from_str(&l).unwrap())
    }
}

struct Scene {
    cloud: Cloud,
    dir: tempfile::TempDir,
    content: Vec<u8>,
    upload: bool,
}

impl Scene {
    async fn new(upload: bool) -> Self {
        let scene = Self {
            cloud: Cloud::start().await,
            dir: tempfile::tempdir().unwrap(),
            content: data(9 * PART as usize + 17),
            upload,
        };
        std::fs::write(scene.dir.path().join("source"), &scene.content).unwrap();
        if !upload {
            let put = scene.cloud.root().put_object("k", scene.content.clone());
            put.send().await.unwrap();
        }
        // Slow enough to be killed in the middle.
        scene.cloud.fault(&json!({
            "match": {"operation": scene.operation()}, "action": {"bytes_per_second": 40_000_000},
        }));
        scene
    }

    fn operation(&self) -> &'static str {
        if self.upload {
            "UploadPart"
        } else {
            "GetObject"
        }
    }

    fn key(&self, n: u64) -> String {
        if self.upload {
            format!("k{n}")
        } else {
            "k".into()
        }
    }

    fn path(&self, n: u64) -> PathBuf {
        let name = if self.upload {
            "source".into()
        } else {
            format!("target{n}")
        };
        self.dir.path().join(name)
    }

    fn job(&self, n: u64) -> Value {
        let account = &self.cloud.emulator.accounts()[0];
        json!({
            "direction": if self.upload { "upload" } else { "download" },
            "url": self.cloud.emulator.http_url(),
            "id": account.secret_id,
            "secret": account.secret_key,
            "key": self.key(n),
            "path": self.path(n),
            "store": self.dir.path().join("state"),
        })
    }

    /// Bytes of content that moved since `seq`.
    fn moved_since(&self, seq: u64) -> u64 {
        let log = self.cloud.emulator.log_since(seq);
        let ours = log.iter().filter(|r| r.operation == self.operation());
        ours.map(|r| if self.upload { r.bytes_in } else { r.bytes_out })
            .sum()
    }

    fn last_seq(&self) -> u64 {
        let log = self.cloud.emulator.log_since(0);
        log.iter().map(|r| r.seq).max().unwrap_or(0)
    }

    /// What was begun in the moment before its record was written: nobody can know of it. Removes
    /// it, so that the checks at the end find everything else. Whether there was something.
    async fn remove_unknown(&self) -> bool {
        if self.has_record() {
            return false;
        }
        let root = self.cloud.root();
        let open = root.list_multipart_uploads().send().await.unwrap().uploads;
        let rest = names(self.dir.path());
        let temporary: Vec<_> = rest.iter().filter(|n| n.ends_with(".part")).collect();
        for upload in &open {
            let abort = root.abort_multipart_upload(&*upload.key, &upload.upload_id);
            abort.send().await.unwrap();
        }
        for name in &temporary {
            std::fs::remove_file(self.dir.path().join(name)).unwrap();
        }
        !open.is_empty() || !temporary.is_empty()
    }

    fn has_record(&self) -> bool {
        let records = names(&self.dir.path().join("state"));
        records.iter().any(|n| n.ends_with(".cosresume"))
    }

    /// Whether the transfer is over: its work done and its record forgotten.
    async fn is_done(&self, n: u64) -> bool {
        let arrived = if self.upload {
            self.cloud
                .root()
                .head_object(self.key(n))
                .send()
                .await
                .is_ok()
        } else {
            std::fs::read(self.path(n)).unwrap() == self.content
        };
        arrived && !self.has_record()
    }

    async fn check(&self, n: u64) {
        if self.upload {
            let object = self.cloud.root().get_object(self.key(n)).send().await;
            assert!(object.unwrap().bytes().await.unwrap() == self.content);
            let open = self.cloud.root().list_multipart_uploads().send().await;
            assert_eq!(open.unwrap().uploads, []);
        } else {
            assert!(std::fs::read(self.path(n)).unwrap() == self.content);
            std::fs::remove_file(self.path(n)).unwrap();
        }
        let rest = names(self.dir.path());
        let temporary = rest.iter().filter(|n| n.ends_with(".part"));
        assert_eq!(temporary.count(), 0, "{rest:?}");
        assert!(!self.has_record());
    }
}

/// Before the end the target shows what was there.
fn shows_old(path: &Path) {
    assert!(std::fs::read(path).unwrap() == b"old");
}

async fn kill_many(upload: bool) {
    let setting = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<u64>().ok());
    let kills = setting("COS_RESUME_KILLS").unwrap_or(6);
    let seed = setting("COS_RESUME_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("COS_RESUME_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let scene = Scene::new(upload).await;
    let started = tokio::task::block_in_place(|| {
        let process = Process::start(&scene.job(0));
        let begun = Instant::now();
        process.end().unwrap();
        begun.elapsed()
    });
    scene.check(0).await;

    let (mut killed, mut n, mut unknown) = (0, 0, 0);
    let (mut again_sum, mut again_max, mut resumed_sum) = (0, 0, 0);
    while killed < kills {
        n += 1;
        assert!(n < 10 * kills + 10, "it always ends before it is killed");
        let path = scene.path(n);
        if !upload {
            std::fs::write(&path, "old").unwrap();
        }
        let seq = scene.last_seq();
        let moment = started.mul_f64(random.f64());
        let was_killed = tokio::task::block_in_place(|| {
            let mut process = Process::start(&scene.job(n));
            std::thread::sleep(moment.max(Duration::from_micros(1)));
            process.child.kill().unwrap();
            process.end().is_none()
        });
        // It may have come to its end and only not said so.
        if !was_killed || scene.is_done(n).await {
            scene.check(n).await;
            continue;
        }
        killed += 1;
        if !upload && std::fs::read(&path).unwrap() != scene.content {
            shows_old(&path);
        }
        unknown += u64::from(scene.remove_unknown().await);
        let end = tokio::task::block_in_place(|| Process::start(&scene.job(n)).end());
        let end = end.expect("the second process comes to its end");
        assert_eq!(
            end["restarted"],
            Value::Null,
            "kill {killed} after {moment:?}"
        );
        // The emulator notes a request when it is over.
        let again = scene
            .moved_since(seq)
            .saturating_sub(scene.content.len() as u64);
        assert!(
            again <= IN_FLIGHT * PART,
            "{again} bytes again, kill {killed} after {moment:?}"
        );
        again_sum += again;
        again_max = again_max.max(again);
        resumed_sum += end["resumed"].as_u64().unwrap();
        scene.check(n).await;
    }
    println!(
        "killed {kills} {}s of {} bytes ({IN_FLIGHT} parts of {PART} in flight): every one went on \
         and is whole; resumed {} bytes on average, moved again {} on average, {again_max} at most; \
         {unknown} killed between beginning and its record",
        if upload { "upload" } else { "download" },
        scene.content.len(),
        resumed_sum / kills.max(1),
        again_sum / kills.max(1),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_uploads_go_on() {
    kill_many(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_downloads_go_on() {
    kill_many(false).await;
}
