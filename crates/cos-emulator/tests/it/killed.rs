//! `kill -9` at random points: what was acknowledged is there afterwards.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader};
use std::ops::Range;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cos_emulator::{Config, Emulator};
use cos_sign_core::{KeyTime, Request, SignKey, Signer};

use md5::Digest as _;

use crate::client::{HOST, http_client};

const DIR: &str = "COS_EMULATOR_TEST_DATA_DIR";
const WRITERS: usize = 4;
/// Rounds whose writes are looked at after every kill.
const RECENT: u64 = 3;

/// The emulator that is killed: this test binary again, told by the environment to serve.
#[tokio::test]
async fn serve_to_be_killed() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let emu = Emulator::builder().data_dir(dir).start().await.unwrap();
    println!("\n{}", emu.ready_line());
    std::future::pending::<()>().await;
}

fn start(dir: &Path) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "killed::serve_to_be_killed",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines
        .map(Result::unwrap)
        .find(|l| l.starts_with('{'))
        .unwrap();
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    (child, ready["http"].as_str().unwrap().to_owned())
}

#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    url: String,
}

impl Client {
    async fn send(
        &self,
        method: &str,
        key: &str,
        params: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Option<(u16, Vec<u8>)> {
        let account = &Config::default().accounts[0];
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let window = KeyTime::new(now - 60, now + 600).unwrap();
        let sign_key = SignKey::derive(&account.secret_key, window).unwrap();
        let request = Request {
            method,
            path: &format!("/{key}"),
            params,
            headers: &[],
        };
        let query = Signer::new(&account.secret_id, &sign_key)
            .presigned_query(&request)
            .unwrap();
        let request = self.http.request(
            method.parse().unwrap(),
            format!("{}/{key}?{query}", self.url),
        );
        let length = body.len();
        let response = request
            .header("host", HOST)
            .header("content-length", length)
            .body(body)
            .send()
            .await
            .ok()?;
        let status = response.status().as_u16();
        Some((status, response.bytes().await.ok()?.to_vec()))
    }
}

/// Bytes that belong to one key and no other.
fn content(seed: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    let len = random.usize(1..200_000);
    std::iter::repeat_with(|| random.u8(..)).take(len).collect()
}

/// What was acknowledged, with the round it was in.
#[derive(Default)]
struct Written {
    objects: Vec<(u64, u64)>,
    parts: Vec<(u64, String, u64)>,
}

impl Written {
    /// All that was acknowledged in those rounds is stored, byte for byte.
    async fn check(&self, client: &Client, rounds: Range<u64>) {
        for (_, seed) in self.objects.iter().filter(|(r, _)| rounds.contains(r)) {
            let key = format!("o{seed}");
            let got = client.send("GET", &key, &[], Vec::new()).await.unwrap();
            let whole = got == (200, content(*seed));
            assert!(whole, "object {seed}, {} kills: {}", rounds.end, got.0);
        }
        let mut listed: (&str, String) = ("", String::new());
        for (_, upload, seed) in self.parts.iter().filter(|(r, ..)| rounds.contains(r)) {
            if listed.0 != upload {
                let params = [("uploadId", upload.as_str())];
                let got = client.send("GET", "multi", &params, Vec::new()).await;
                listed = (upload, String::from_utf8(got.unwrap().1).unwrap());
            }
            let content = content(*seed);
            let md5 = md5_hex(&content);
            let size = format!("<Size>{}</Size>", content.len());
            let there = listed.1.contains(&md5) && listed.1.contains(&size);
            assert!(there, "part {seed}: {}", listed.1);
        }
    }
}

fn md5_hex(bytes: &[u8]) -> String {
    let digest = md5::Md5::digest(bytes);
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

#[tokio::test]
async fn acknowledged_writes_survive() {
    let dir = tempfile::tempdir().unwrap();
    let rounds: u64 = std::env::var("COS_EMULATOR_KILLS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(6);
    let mut random = fastrand::Rng::with_seed(rounds);
    let mut written = Written::default();
    for round in 0..rounds {
        let (child, url) = start(dir.path());
        let client = Client {
            http: http_client(None, None),
            url,
        };
        // What was acknowledged lately; the whole at the end.
        written
            .check(&client, round.saturating_sub(RECENT)..round)
            .await;
        let begun = client
            .send("POST", "multi", &[("uploads", "")], Vec::new())
            .await
            .unwrap();
        let text = String::from_utf8(begun.1).unwrap();
        let upload = text
            .split("<UploadId>")
            .nth(1)
            .unwrap()
            .split('<')
            .next()
            .unwrap()
            .to_owned();

        let deadline = random.usize(1..40);
        let (acknowledged, child) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(child)));
        let writers = (0..WRITERS as u64).map(|writer| {
            let (client, upload) = (client.clone(), upload.clone());
            let (acknowledged, child) = (Arc::clone(&acknowledged), Arc::clone(&child));
            tokio::spawn(async move {
                let mut done = (Vec::new(), Vec::new());
                for n in 0.. {
                    let seed = (round * WRITERS as u64 + writer) * 1_000_000 + n;
                    let number = (writer * 1000 + n + 1).to_string();
                    let part = n % 3 == 2;
                    let params = [
                        ("partNumber", number.as_str()),
                        ("uploadId", upload.as_str()),
                    ];
                    let (key, params) = if part {
                        ("multi".to_owned(), &params[..])
                    } else {
                        (format!("o{seed}"), &[][..])
                    };
                    match client.send("PUT", &key, params, content(seed)).await {
                        Some((200, _)) if part => done.1.push((upload.clone(), seed)),
                        Some((200, _)) => done.0.push(seed),
                        _ => break,
                    }
                    if acknowledged.fetch_add(1, Ordering::SeqCst) + 1 == deadline {
                        // SIGKILL, while the other writers are in the middle of theirs.
                        child.lock().unwrap().kill().unwrap();
                    }
                }
                done
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            let done = writer.await.unwrap();
            written
                .objects
                .extend(done.0.into_iter().map(|seed| (round, seed)));
            written
                .parts
                .extend(done.1.into_iter().map(|(id, seed)| (round, id, seed)));
        }
        child.lock().unwrap().wait().unwrap();
    }
    let (mut child, url) = start(dir.path());
    let http = http_client(None, None);
    written.check(&Client { http, url }, 0..rounds).await;
    child.kill().unwrap();
    child.wait().unwrap();
    // A part cannot be read through the service: its bytes are some file's.
    let blobs = std::fs::read_dir(dir.path().join("blobs")).unwrap();
    let stored: HashSet<String> = blobs
        .map(|blob| md5_hex(&std::fs::read(blob.unwrap().path()).unwrap()))
        .collect();
    for (_, _, seed) in &written.parts {
        assert!(stored.contains(&md5_hex(&content(*seed))), "part {seed}");
    }
    println!(
        "killed {rounds} times: all of {} acknowledged objects and {} acknowledged parts are there, whole",
        written.objects.len(),
        written.parts.len()
    );
    assert!(!written.objects.is_empty());
}
