//! What a signer pays for its credentials, and what judging a call costs.
//!
//! Everything is measured in turn in every round, so that a machine whose speed changes changes it for
//! all of them; what counts are the ratios within a round.
//!
//! `sts read COUNT` and `sts evaluate CASE COUNT` do only that, for a profiler.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark"
)]
#![allow(clippy::cast_precision_loss, reason = "counts are small")]

use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

use cos_sts::policy::{Call, Context, Policy, Statement, evaluate};
use cos_sts::{CachingProvider, CredentialProvider, CredentialRequest, Credentials, FnSource};

const ROUNDS: usize = 41;
const THREADS: usize = 16;
const READS: usize = 100_000;
const EVALUATIONS: usize = 1_000;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["read", count] => read(&provider(), count.parse().unwrap()),
        ["evaluate", case, count] => judge(&policy(case), count.parse().unwrap()),
        _ => measure(),
    }
}

fn provider() -> CachingProvider {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let end = 4_102_444_800;
    let source = FnSource::new(move |_| {
        std::future::ready(Credentials::temporary("id", "key", "token", None, end))
    });
    let provider = CachingProvider::new(source);
    let request = CredentialRequest::new();
    runtime.block_on(provider.credentials(&request)).unwrap();
    assert!(provider.cached(&request).is_some());
    provider
}

fn read(provider: &CachingProvider, count: usize) {
    let request = CredentialRequest::new();
    for _ in 0..count {
        black_box(provider.cached(black_box(&request)));
    }
}

/// What a read costs where several threads read.
struct Cost {
    /// From the moment all have come to the start until the last has made all its reads.
    wall_ns: f64,
    /// Of the processors' time, whatever else runs on the machine.
    cpu_ns: f64,
}

/// As many threads as there are providers given, each with its own.
fn together(providers: &[&CachingProvider]) -> Cost {
    let start = Barrier::new(providers.len());
    let one = |provider| {
        // Where the thread remembers things is set up by its first read.
        read(provider, 1);
        start.wait();
        let (began, cpu) = (Instant::now(), cpu_ns());
        read(provider, READS);
        (began, Instant::now(), cpu_ns() - cpu)
    };
    let times: Vec<_> = std::thread::scope(|scope| {
        let one = &one;
        let readers = providers.iter().map(|p| scope.spawn(move || one(p)));
        let readers: Vec<_> = readers.collect();
        readers.into_iter().map(|r| r.join().unwrap()).collect()
    });
    let began = times.iter().map(|t| t.0).min().unwrap();
    let ended = times.iter().map(|t| t.1).max().unwrap();
    let cpu_ns: f64 = times.iter().map(|t| t.2).sum();
    Cost {
        wall_ns: (ended - began).as_secs_f64() * 1e9 / READS as f64,
        cpu_ns: cpu_ns / (READS * providers.len()) as f64,
    }
}

/// The time this thread had a processor.
#[cfg(target_os = "linux")]
fn cpu_ns() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Not known here.
#[cfg(not(target_os = "linux"))]
fn cpu_ns() -> f64 {
    f64::NAN
}

/// What no reader is spared: a clone of the credential, and its end.
fn nanoseconds_to_clone(provider: &CachingProvider) -> f64 {
    let credentials = provider.cached(&CredentialRequest::new()).unwrap();
    let began = Instant::now();
    for _ in 0..READS {
        black_box(black_box(&credentials).clone());
    }
    began.elapsed().as_secs_f64() * 1e9 / READS as f64
}

/// Fifty statements of which the last allows: all have to be looked at.
fn policy(case: &str) -> Policy {
    let base = match case {
        "plain" => "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000",
        "any-region" => "qcs::cos:*:uid/1250000000:demo-1250000000",
        "old-form" => "qcs::cos:ap-guangzhou:uid/1250000000:prefix//1250000000/demo",
        _ => panic!("plain, any-region or old-form"),
    };
    let statements = (0..50).map(|i| {
        let actions = ["GetObject", "HeadObject", "PutObject", "DeleteObject"];
        let actions = actions.map(|a| format!("name/cos:{a}")).to_vec();
        let resources = vec![
            format!("{base}/users/{i}/*"),
            format!("{base}/shared/{i}/*"),
        ];
        Statement::allow(actions, resources).when(
            "string_like",
            Context::PREFIX,
            [format!("users/{i}/*")],
        )
    });
    Policy::new(statements.collect())
}

fn judge(policy: &Policy, count: usize) {
    let context = Context::new()
        .with_secure_transport(true)
        .with(Context::PREFIX, "users/49/");
    let call = Call {
        action: "name/cos:PutObject",
        resource: "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/users/49/photo.jpg",
        context: &context,
    };
    assert!(evaluate(policy, None, &call).allowed);
    for _ in 0..count {
        black_box(evaluate(black_box(policy), None, black_box(&call)));
    }
}

fn microseconds_to_judge(policy: &Policy) -> f64 {
    let began = Instant::now();
    judge(policy, EVALUATIONS);
    began.elapsed().as_secs_f64() * 1e6 / EVALUATIONS as f64
}

fn measure() {
    let shared = provider();
    let own: Vec<_> = (0..THREADS).map(|_| provider()).collect();
    let own: Vec<_> = own.iter().collect();
    let policies = ["plain", "any-region", "old-form"].map(policy);

    let names = [
        "read alone, ns",
        "of it the clone and its end, ns",
        "read by 16 threads, ns",
        "16 threads ÷ alone",
        "16 threads with a cache each ÷ alone",
        "processor time of a read, 16 threads ÷ alone",
        "evaluation of 50 statements, µs",
        "the same, regions written as `*`, µs",
        "the same, in the old form `prefix//`, µs",
    ];
    let mut columns = names.map(|_| Vec::with_capacity(ROUNDS));
    for _ in 0..ROUNDS {
        let alone = together(&[&shared]);
        let clone = nanoseconds_to_clone(&shared);
        let many = together(&[&shared; THREADS]);
        let apart = together(&own);
        let [plain, any_region, old_form] = policies.each_ref().map(microseconds_to_judge);
        let row = [
            alone.wall_ns,
            clone,
            many.wall_ns,
            many.wall_ns / alone.wall_ns,
            apart.wall_ns / alone.wall_ns,
            many.cpu_ns / alone.cpu_ns,
            plain,
            any_region,
            old_form,
        ];
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    println!("| {ROUNDS} rounds | median | least | most |\n|---|---|---|---|");
    for (name, mut column) in names.into_iter().zip(columns) {
        column.sort_by(f64::total_cmp);
        let (median, least, most) = (column[ROUNDS / 2], column[0], column[ROUNDS - 1]);
        println!("| {name} | {median:.2} | {least:.2} | {most:.2} |");
    }
}
