//! One measurement in a process of its own, and what many of them say.

use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

use crate::peer::{Peer, Site};
use crate::serve::Server;
use crate::{Failure, GIB};

pub const SMALL: usize = 4096;
pub const TREE: usize = 10_000;

/// What a child measured of itself.
#[derive(Clone, Copy)]
pub struct Figures {
    wall_s: f64,
    cpu_s: f64,
    peak_mib: f64,
    /// Bytes, or requests.
    work: f64,
}

impl Figures {
    pub fn parse(line: &str) -> Result<Self, Failure> {
        let numbers: Result<Vec<f64>, _> = line.split_whitespace().map(str::parse).collect();
        match numbers?[..] {
            [wall_s, cpu_s, peak_mib, work] => Ok(Self {
                wall_s,
                cpu_s,
                peak_mib,
                work,
            }),
            _ => Err(format!("the child said {line:?}").into()),
        }
    }
}

fn is_small(case: &str) -> bool {
    case.contains("4k") || case == "tree"
}

/// Files and objects that a case needs.
pub fn prepare(case: &str, dir: &Path, server: &Server) -> Result<(), Failure> {
    let size = if case.contains("10g") { 10 * GIB } else { GIB };
    let source = dir.join("source");
    if case.starts_with("up") {
        let file = std::fs::File::create(&source)?;
        if size == GIB {
            // Real pages, not a hole that costs nothing to read.
            let zeros = vec![0; 1 << 20];
            for _ in 0..1024 {
                std::io::Write::write_all(&mut &file, &zeros)?;
            }
        } else {
            file.set_len(size)?;
        }
        file.sync_all()?;
    }
    if case == "tree" {
        for at in 0..TREE {
            let folder = dir.join(format!("tree/{:02}", at % 100));
            std::fs::create_dir_all(&folder)?;
            std::fs::write(folder.join(format!("{at:05}")), [0; SMALL])?;
        }
    }
    if case.starts_with("down") || case.starts_with("get") {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let site = server.site(false);
        let peer = Peer::new("cos-client", &Site::parse(&site)?)?;
        if is_small(case) {
            runtime.block_on(peer.small("put", 64, 8))?;
        } else {
            std::fs::File::create(&source)?.set_len(size)?;
            runtime.block_on(peer.up("object", &source))?;
            std::fs::remove_file(&source)?;
        }
    }
    Ok(())
}

pub fn child(peer: &str, case: &str, site: &[&str]) -> Result<(), Failure> {
    let (dir, site) = site.split_last().ok_or("no folder")?;
    let site: Vec<String> = site.iter().map(|s| (*s).to_owned()).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let dir = Path::new(dir);
    let peer = Peer::new(peer, &Site::parse(&site)?)?;
    let (cpu, wall) = (cpu_time()?, Instant::now());
    let work = runtime.block_on(work(&peer, case, dir))?;
    let (wall, cpu) = (wall.elapsed(), cpu_time()? - cpu);
    clean_up(case, dir, work)?;
    println!("{} {} {} {work}", wall.as_secs_f64(), cpu.as_secs_f64(), peak_mib()?);
    Ok(())
}

async fn work(peer: &Peer, case: &str, dir: &Path) -> Result<f64, Failure> {
    let (verb, rest) = case.split_once('-').unwrap_or((case, ""));
    let flight = if rest.starts_with('1') { 1 } else { 32 };
    let count = if flight == 1 { 2_000 } else { 8_000 };
    match verb {
        "up" => peer.up("object", &dir.join("source")).await.map(|n| n as f64),
        "down" => {
            let target = dir.join("target");
            let bytes = peer.down("object", &target).await?;
            if rest == "synced" {
                // Nothing is left to do for who has synced it.
                std::fs::File::open(target)?.sync_all()?;
            }
            Ok(bytes as f64)
        }
        "put4k" => peer.small("put", count, flight).await,
        "get4k" => peer.small("get", count, flight).await,
        _ => peer.tree(&dir.join("tree")).await,
    }
}

/// Not measured: to remove a file whose bytes are on the disk takes half as long as to download it, and
/// next to nothing where they never got there.
fn clean_up(case: &str, dir: &Path, work: f64) -> Result<(), Failure> {
    if case.starts_with("down") {
        let target = dir.join("target");
        if std::fs::metadata(&target)?.len() as f64 != work {
            return Err("the file has another size".into());
        }
        std::fs::remove_file(target)?;
        // Nor is it for the next one to wait for.
        nix::unistd::sync();
    }
    Ok(())
}

fn cpu_time() -> Result<Duration, Failure> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let seconds = |t: nix::sys::time::TimeVal| {
        Duration::from_micros(t.tv_sec() as u64 * 1_000_000 + t.tv_usec() as u64)
    };
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

fn peak_mib() -> Result<f64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"));
    let kib = line.and_then(|l| l.split_whitespace().nth(1)).ok_or("no VmHWM")?;
    Ok(kib.parse::<f64>()? / 1024.0)
}

/// Median, least and most.
fn spread(values: impl Iterator<Item = f64>) -> (f64, f64, f64) {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2], values[0], values[values.len() - 1])
}

pub fn table(case: &str, peers: &[&str], results: &[Vec<Figures>]) -> String {
    let small = is_small(case);
    let (cpu_unit, rate_unit) = match small {
        true => ("CPU µs/request", "requests/s"),
        false => ("CPU s/GiB", "MB/s"),
    };
    let mut out = format!(
        "\n### {case}\n\n| peer | {cpu_unit} | × cos-client | {rate_unit} | × cos-client | peak MiB |\n\
         |---|---|---|---|---|---|\n"
    );
    let cpu = |f: &Figures| match small {
        true => f.cpu_s * 1e6 / f.work,
        false => f.cpu_s * GIB as f64 / f.work,
    };
    let rate = |f: &Figures| match small {
        true => f.work / f.wall_s,
        false => f.work / 1e6 / f.wall_s,
    };
    for (peer, runs) in peers.iter().zip(results) {
        let shown = |(median, least, most): (f64, f64, f64)| {
            let digits = if median < 10.0 { 2 } else { 0 };
            format!("{median:.digits$} ({least:.digits$}–{most:.digits$})")
        };
        // Within a round both met the same machine.
        let against = |of: &dyn Fn(&Figures) -> f64| {
            spread(runs.iter().zip(&results[0]).map(|(a, ours)| of(a) / of(ours))).0
        };
        out += &format!(
            "| {peer} | {} | {:.2} | {} | {:.2} | {:.0} |\n",
            shown(spread(runs.iter().map(cpu))),
            against(&cpu),
            shown(spread(runs.iter().map(rate))),
            against(&rate),
            spread(runs.iter().map(|f| f.peak_mib)).2,
        );
    }
    out
}
