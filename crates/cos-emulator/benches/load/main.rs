//! `make bench-emulator`: requests, bytes and connections a second, with every signature checked.
//!
//! The emulator runs in a process of its own (this program again), so that its memory can be told from the load's.
//! Every request is signed afresh. Each figure is the median of several runs; the load generator shares the
//! machine's cores with the emulator, as a test that uses it would.
//!
//! `cargo bench -p cos-emulator --bench load -- small` runs only what has `small` in its name.

#![allow(clippy::print_stdout, missing_docs, reason = "a program that reports")]

mod peer;

use std::error::Error;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use peer::{Connection, Result, Server, serve};

const RUNS: usize = 5;
/// Connections of the small requests.
const CONNECTIONS: usize = 16;
const SMALL: usize = 4096;
const LARGE: u64 = 256 << 20;
const HUGE: u64 = 1 << 30;
const HELD: usize = 2000;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let only = args.next().unwrap_or_default();
    if only == "serve" {
        return serve(args.next());
    }
    let dir = scratch()?;
    println!("| what | median of {RUNS} | lowest | highest |\n|---|---|---|---|");
    let cases: [(&str, &dyn Fn() -> Result<String>); 6] = [
        ("small", &|| small(None)),
        ("small-disk", &|| small(Some(dir.as_str()))),
        ("stream", &|| stream(None)),
        ("stream-disk", &|| stream(Some(dir.as_str()))),
        ("upload-1-gib", &|| upload(&dir)),
        ("held", &held),
    ];
    for (name, case) in cases {
        if name.contains(&only) {
            println!("{}", case()?);
        }
    }
    fs::remove_dir_all(dir)?;
    Ok(())
}

/// A directory on a real disk: the build's, not one in memory.
fn scratch() -> Result<String> {
    let program = std::env::current_exe()?;
    let dir = program.with_file_name(format!("load-{}", std::process::id()));
    fs::create_dir(&dir)?;
    Ok(dir
        .into_os_string()
        .into_string()
        .map_err(|_| "the path is not UTF-8")?)
}

fn row(what: &str, unit: &str, digits: usize, mut figures: Vec<f64>) -> String {
    figures.sort_by(f64::total_cmp);
    let (low, high) = (figures.first(), figures.last());
    let middle = figures.get(figures.len() / 2);
    let [middle, low, high] =
        [middle, low, high].map(|f| format!("{:.digits$}", f.copied().unwrap_or_default()));
    format!("| {what} | {middle} {unit} | {low} | {high} |")
}

/// PUT and GET of 4 KiB, in turn, on 16 connections.
fn small(dir: Option<&str>) -> Result<String> {
    let body = vec![7; SMALL];
    let mut figures = Vec::new();
    for _ in 0..RUNS {
        let server = Server::start(dir)?;
        let (stop, count) = (AtomicBool::new(false), AtomicU64::new(0));
        let started = Instant::now();
        std::thread::scope(|scope| -> Result<()> {
            let workers: Vec<_> = (0..CONNECTIONS)
                .map(|worker| {
                    let (server, stop, count, body) = (&server, &stop, &count, &body);
                    scope.spawn(move || -> std::result::Result<(), String> {
                        let work = || -> Result<()> {
                            let mut connection = Connection::open(server)?;
                            for n in 0_u64.. {
                                let key = format!("/bench/{worker}/{}", n % 100);
                                connection.put(&key, body)?;
                                if connection.get(&key)? != SMALL as u64 {
                                    return Err("a short object".into());
                                }
                                count.fetch_add(2, Ordering::Relaxed);
                                if stop.load(Ordering::Relaxed) {
                                    break;
                                }
                            }
                            Ok(())
                        };
                        work().map_err(|error: Box<dyn Error>| error.to_string())
                    })
                })
                .collect();
            std::thread::sleep(Duration::from_secs(4));
            stop.store(true, Ordering::Relaxed);
            for worker in workers {
                worker.join().map_err(|_| "a worker panicked")??;
            }
            Ok(())
        })?;
        figures.push(count.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64());
    }
    let place = if dir.is_some() {
        "each PUT synced to disk"
    } else {
        "memory"
    };
    Ok(row(
        &format!("4 KiB PUT + GET, {CONNECTIONS} connections, {place}"),
        "requests/s",
        0,
        figures,
    ))
}

/// GET of 256 MiB, over and over, on one connection.
fn stream(dir: Option<&str>) -> Result<String> {
    let server = Server::start(dir)?;
    let mut connection = Connection::open(&server)?;
    connection.put_zeros("/large", LARGE)?;
    let (mut figures, mut per_cpu) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let (started, cpu) = (Instant::now(), server.cpu_seconds()?);
        let mut bytes = 0;
        for _ in 0..8 {
            bytes += connection.get("/large")?;
        }
        figures.push(bytes as f64 / started.elapsed().as_secs_f64() / 1e9);
        per_cpu.push(bytes as f64 / (server.cpu_seconds()? - cpu) / 1e9);
    }
    let place = if dir.is_some() {
        "disk (in the page cache)"
    } else {
        "memory"
    };
    let what = format!("GET of 256 MiB, one connection, {place}");
    let speed = row(&what, "GB/s", 2, figures);
    // What a busy machine does not change.
    let cost = row(
        "the same by the emulator's processor time",
        "GB/s",
        2,
        per_cpu,
    );
    Ok(format!("{speed}\n{cost}"))
}

/// PUT of 1 GiB to disk: speed, and the most memory the emulator ever had.
fn upload(dir: &str) -> Result<String> {
    let (mut speed, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let server = Server::start(Some(dir))?;
        let mut connection = Connection::open(&server)?;
        let started = Instant::now();
        connection.put_zeros("/huge", HUGE)?;
        speed.push(HUGE as f64 / started.elapsed().as_secs_f64() / 1e6);
        memory.push(server.peak_memory_mib()?);
        connection.delete("/huge")?;
    }
    let speed = row("PUT of 1 GiB to disk, synced", "MB/s", 0, speed);
    Ok(format!(
        "{speed}\n{}",
        row("its peak resident memory", "MiB", 1, memory)
    ))
}

/// 2,000 connections open at once; each is asked, and asked again when all are open.
fn held() -> Result<String> {
    let server = Server::start(None)?;
    Connection::open(&server)?.put("/held", &[7; SMALL])?;
    let mut connections = Vec::with_capacity(HELD);
    for _ in 0..HELD {
        let mut connection = Connection::open(&server)?;
        connection.get("/held")?;
        connections.push(connection);
    }
    let mut figures = Vec::new();
    for _ in 0..RUNS {
        let started = Instant::now();
        for connection in &mut connections {
            connection.get("/held")?;
        }
        figures.push(HELD as f64 / started.elapsed().as_secs_f64());
    }
    let memory = server.peak_memory_mib()?;
    let what = format!("{HELD} connections held, asked one after another (peak {memory:.0} MiB)");
    Ok(row(&what, "requests/s", 0, figures))
}
