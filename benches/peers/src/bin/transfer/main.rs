//! Whole files, small objects and a tree: cos-client beside opendal, object_store's S3 client and a
//! bare reqwest loop, against the emulator in sink mode.
//!
//! Each measurement is a process of its own, so that its processor time and its peak memory are its
//! client's alone. In each round the peers take turns, each in another order; the first round is not
//! counted. `transfer [CASE…]` with cases of the list below; `BENCH_DIR` holds the files (a tmpfs
//! unless told otherwise), `BENCH_ROUNDS` is the number of rounds (5).

mod measure;
mod peer;
mod serve;

use std::process::Command;

use measure::{Figures, table};
use serve::Server;

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

pub const MIB: u64 = 1 << 20;
pub const GIB: u64 = 1 << 30;
pub const BUCKET: &str = "demo-1250000000";
pub const REGION: &str = "ap-guangzhou";
pub const HOST: &str = "demo-1250000000.cos.ap-guangzhou.myqcloud.com";
/// What every peer is told: parts of 8 MiB, eight at a time.
pub const PART: u64 = 8 * MIB;
pub const FLIGHT: usize = 8;

const ALL: &[&str] = &["cos-client", "opendal", "object_store", "reqwest"];
const OURS: &[&str] = &["cos-client"];

/// What is measured, and with whom.
struct Case {
    name: &'static str,
    delay_ms: u64,
    tls: bool,
    peers: &'static [&'static str],
}

const fn case(name: &'static str, delay_ms: u64, tls: bool) -> Case {
    Case {
        name,
        delay_ms,
        tls,
        peers: ALL,
    }
}

const CASES: &[Case] = &[
    case("up", 0, false),
    case("down", 0, false),
    // Whoever has not yet, syncs the file before the clock stops.
    case("down-synced", 0, false),
    case("up-20ms", 20, false),
    case("down-20ms", 20, false),
    case("up-tls", 0, true),
    case("down-tls", 0, true),
    case("put4k-1", 0, false),
    case("get4k-1", 0, false),
    case("put4k-32", 0, false),
    case("get4k-32", 0, false),
    case("put4k-32-tls", 0, true),
    case("get4k-32-tls", 0, true),
    case("tree", 0, false),
    Case {
        name: "up-10g",
        delay_ms: 0,
        tls: false,
        peers: OURS,
    },
    Case {
        name: "down-10g",
        delay_ms: 0,
        tls: false,
        peers: OURS,
    },
];

fn main() -> Result<(), Failure> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["serve"] => serve::serve(),
        ["child", peer, case, ref site @ ..] => measure::child(peer, case, site),
        _ => drive(&words),
    }
}

fn drive(wanted: &[&str]) -> Result<(), Failure> {
    if let Some(unknown) = wanted.iter().find(|w| CASES.iter().all(|c| c.name != **w)) {
        let names: Vec<_> = CASES.iter().map(|c| c.name).collect();
        return Err(format!("no case {unknown}; there are {}", names.join(" ")).into());
    }
    let rounds: usize = match std::env::var("BENCH_ROUNDS") {
        Ok(text) => text.parse()?,
        Err(_) => 5,
    };
    let dir = std::env::var("BENCH_DIR").unwrap_or_else(|_| "/dev/shm".into());
    let dir = tempfile_in(&dir)?;
    let mut server = Server::start()?;
    for case in CASES {
        let chosen = match wanted {
            // Those with 10 GiB only when asked for.
            [] => case.peers.len() > 1,
            _ => wanted.contains(&case.name),
        };
        if !chosen {
            continue;
        }
        measure::prepare(case.name, &dir.0, &server)?;
        server.delay(case.delay_ms)?;
        let rounds = if case.peers.len() == 1 { 1 } else { rounds };
        let mut results: Vec<Vec<Figures>> = vec![Vec::new(); case.peers.len()];
        for round in 0..=rounds {
            for step in 0..case.peers.len() {
                // Forwards and backwards in turn, so that nobody always follows the same one.
                let step = match round % 2 {
                    0 => step,
                    _ => case.peers.len() - 1 - step,
                };
                let at = (round / 2 + step) % case.peers.len();
                let output = Command::new(std::env::current_exe()?)
                    .args(["child", case.peers[at], case.name])
                    .args(server.site(case.tls))
                    .arg(&dir.0)
                    .output()?;
                if !output.status.success() {
                    let why = String::from_utf8_lossy(&output.stderr);
                    return Err(format!("{} {}: {why}", case.peers[at], case.name).into());
                }
                if round > 0 || rounds == 1 {
                    results[at].push(Figures::parse(&String::from_utf8(output.stdout)?)?);
                }
            }
        }
        server.delay(0)?;
        print!("{}", table(case.name, case.peers, &results));
    }
    Ok(())
}

/// A folder that goes with the program.
struct Folder(std::path::PathBuf);

fn tempfile_in(parent: &str) -> Result<Folder, Failure> {
    let path = std::path::Path::new(parent).join(format!("cos-bench-{}", std::process::id()));
    std::fs::create_dir(&path)?;
    Ok(Folder(path))
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
