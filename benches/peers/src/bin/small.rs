//! Small objects: cos-client beside opendal and a bare reqwest loop, against the emulator.
//!
//! All three run in this process on one thread, with the same reqwest underneath, taking turns in
//! every round; the emulator is another process, so that its work is not counted. The bare loop
//! sends requests that were signed before the clock started and checks nothing: the floor.
//!
//! `small PEER PUT|GET FLIGHT COUNT` sends only these requests, for a profiler.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use cos_client::Client;
use cos_sign_core::{KeyTime, Request, SignKey, Signer};
use cos_sts::{Credentials, StaticProvider};
use futures_util::StreamExt;
use opendal::Operator;

type Failure = Box<dyn std::error::Error>;

const BUCKET: &str = "demo-1250000000";
const REGION: &str = "ap-guangzhou";
const HOST: &str = "demo-1250000000.cos.ap-guangzhou.myqcloud.com";
const SIZE: usize = 4096;
const KEYS: usize = 64;
const ROUNDS: usize = 31;

fn main() -> Result<(), Failure> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["serve"] => runtime.block_on(serve()),
        [] => runtime.block_on(compare()),
        [peer, verb, flight, count] => {
            let verb = if verb == "PUT" { Verb::Put } else { Verb::Get };
            runtime.block_on(only(peer, verb, flight.parse()?, count.parse()?))
        }
        _ => Err("small [PEER PUT|GET FLIGHT COUNT]".into()),
    }
}

/// The other process.
async fn serve() -> Result<(), Failure> {
    let emulator = cos_emulator::Emulator::builder().start().await?;
    let account = &emulator.accounts()[0];
    println!(
        "{} {} {}",
        emulator.http_url(),
        account.secret_id,
        account.secret_key
    );
    // Until the parent closes our input.
    tokio::task::spawn_blocking(|| std::io::stdin().lines().next()).await?;
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Verb {
    Put,
    Get,
}

/// Requests signed before the clock starts.
struct Bare {
    http: reqwest::Client,
    puts: Vec<(String, String)>,
    gets: Vec<(String, String)>,
}

struct Peers {
    cos: Client,
    bare: Bare,
    opendal: Operator,
    body: Bytes,
}

fn key(i: usize) -> String {
    format!("small/{}", i % KEYS)
}

/// Plain HTTP, but reqwest wants to know how it would do TLS.
fn http(address: SocketAddr) -> Result<reqwest::Client, Failure> {
    Ok(reqwest::Client::builder()
        .no_proxy()
        .resolve(HOST, address)
        .build()?)
}

impl Bare {
    fn new(address: SocketAddr, id: &str, secret: &str) -> Result<Self, Failure> {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)?
            .as_secs();
        let sign_key = SignKey::derive(secret, KeyTime::new(now - 60, now + 3600)?)?;
        let sign = |method: &str, headers: &[(&str, &str)]| -> Result<Vec<_>, Failure> {
            (0..KEYS)
                .map(|i| {
                    let mut authorization = String::new();
                    let request = Request {
                        method,
                        path: &format!("/{}", key(i)),
                        params: &[],
                        headers,
                    };
                    Signer::new(id, &sign_key).write_authorization(&request, &mut authorization)?;
                    Ok((format!("http://{HOST}/{}", key(i)), authorization))
                })
                .collect()
        };
        let length = SIZE.to_string();
        Ok(Self {
            http: http(address)?,
            puts: sign("PUT", &[("host", HOST), ("content-length", &length)])?,
            gets: sign("GET", &[("host", HOST)])?,
        })
    }

    async fn run(&self, verb: Verb, i: usize, body: &Bytes) -> Result<usize, Failure> {
        let (url, authorization) = match verb {
            Verb::Put => &self.puts[i % KEYS],
            Verb::Get => &self.gets[i % KEYS],
        };
        let request = match verb {
            Verb::Put => self.http.put(url).body(body.clone()),
            Verb::Get => self.http.get(url),
        };
        let response = request
            .header("authorization", authorization)
            .send()
            .await?;
        Ok(response.error_for_status()?.bytes().await?.len())
    }
}

impl Peers {
    async fn one(&self, peer: &str, verb: Verb, i: usize) -> Result<(), Failure> {
        let got = match (peer, verb) {
            ("cos-client", Verb::Put) => {
                self.cos
                    .put_object(key(i), self.body.clone())
                    .send()
                    .await?;
                SIZE
            }
            ("cos-client", Verb::Get) => self
                .cos
                .get_object(key(i))
                .send()
                .await?
                .bytes()
                .await?
                .len(),
            ("opendal", Verb::Put) => {
                self.opendal.write(&key(i), self.body.clone()).await?;
                SIZE
            }
            ("opendal", Verb::Get) => self.opendal.read(&key(i)).await?.len(),
            (_, verb) => match (verb, self.bare.run(verb, i, &self.body).await?) {
                (Verb::Put, _) => SIZE,
                (Verb::Get, bytes) => bytes,
            },
        };
        if got == SIZE {
            Ok(())
        } else {
            Err(format!("{peer}: {got} bytes").into())
        }
    }

    /// CPU microseconds per request, and requests per second.
    async fn measure(
        &self,
        peer: &str,
        verb: Verb,
        flight: usize,
        count: usize,
    ) -> Result<(f64, f64), Failure> {
        let (cpu, wall) = (cpu_time()?, Instant::now());
        let mut work = futures_util::stream::iter(0..count)
            .map(|i| self.one(peer, verb, i))
            .buffer_unordered(flight);
        while let Some(result) = work.next().await {
            result?;
        }
        let (cpu, wall) = (cpu_time()? - cpu, wall.elapsed());
        let count = count as f64;
        Ok((cpu.as_secs_f64() * 1e6 / count, count / wall.as_secs_f64()))
    }
}

/// Time this thread had a processor; everything measured runs on it.
fn cpu_time() -> Result<Duration, Failure> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let ns = text
        .split_whitespace()
        .next()
        .ok_or("no schedstat")?
        .parse()?;
    Ok(Duration::from_nanos(ns))
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The emulator in its process, and the clients that are set up for it.
async fn set_up() -> Result<(Child, Peers), Failure> {
    let mut server = Command::new(std::env::current_exe()?)
        .arg("serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    let out = server.stdout.take().ok_or("no output")?;
    BufReader::new(out).read_line(&mut line)?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let [url, id, secret] = words[..] else {
        return Err("the emulator did not start".into());
    };
    let address: SocketAddr = url.trim_start_matches("http://").parse()?;
    let operator = Operator::new(
        opendal::services::Cos::default()
            .bucket(BUCKET)
            .endpoint(&format!("http://cos.{REGION}.myqcloud.com"))
            .secret_id(id)
            .secret_key(secret)
            .disable_config_load(),
    )?;
    let transport = opendal_http_transport_reqwest::ReqwestTransport::new(http(address)?);
    let transport = opendal::HttpTransporter::new(transport);
    let context = operator.context().with_http_transport(transport);
    let peers = Peers {
        cos: Client::builder()
            .bucket(BUCKET)
            .region(REGION)
            .https(false)
            .resolve(HOST, address)
            .credentials(StaticProvider::new(Credentials::permanent(id, secret)?))
            .build()?,
        bare: Bare::new(address, id, secret)?,
        opendal: operator.with_context(context),
        body: vec![7; SIZE].into(),
    };
    Ok((server, peers))
}

async fn only(peer: &str, verb: Verb, flight: usize, count: usize) -> Result<(), Failure> {
    let (mut server, peers) = set_up().await?;
    for i in 0..KEYS {
        peers.one("bare reqwest", Verb::Put, i).await?;
    }
    let (cpu, rate) = peers.measure(peer, verb, flight, count).await?;
    println!("{cpu:.1} µs of CPU per request, {rate:.0} requests/s");
    drop(server.stdin.take());
    server.wait()?;
    Ok(())
}

async fn compare() -> Result<(), Failure> {
    let (mut server, peers) = set_up().await?;
    let names = ["bare reqwest", "cos-client", "opendal"];
    for (verb, label) in [(Verb::Put, "PUT"), (Verb::Get, "GET")] {
        for flight in [1, 32] {
            let count = if flight == 1 { 400 } else { 1600 };
            let mut results = [const { (Vec::new(), Vec::new()) }; 3];
            // The first round only opens connections.
            for round in 0..=ROUNDS {
                for step in 0..names.len() {
                    // Each peer goes first, second and third equally often.
                    let at = (round + step) % names.len();
                    let (cpu, rate) = peers.measure(names[at], verb, flight, count).await?;
                    if round > 0 {
                        results[at].0.push(cpu);
                        results[at].1.push(rate);
                    }
                }
            }
            let floor = results[0].clone();
            for (name, (cpus, rates)) in names.iter().zip(&mut results) {
                let ratio = |a: &[f64], b: &[f64]| {
                    let mut ratios: Vec<f64> = a.iter().zip(b).map(|(a, b)| a / b).collect();
                    median(&mut ratios)
                };
                let (cpu_ratio, rate_ratio) = (ratio(cpus, &floor.0), ratio(rates, &floor.1));
                println!(
                    "| {label} | {flight} | {name} | {:.0} | {cpu_ratio:.2} | {:.0} | {rate_ratio:.2} |",
                    median(cpus),
                    median(rates),
                );
            }
        }
    }
    drop(server.stdin.take());
    server.wait()?;
    Ok(())
}
