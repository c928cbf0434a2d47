//! What a signer pays for its credentials, and what judging a call costs.
#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use cos_sts::policy::{Call, Context, Policy, Statement, evaluate};
use cos_sts::{CachingProvider, CredentialProvider, CredentialRequest, Credentials, FnSource};
use criterion::{Criterion, criterion_group, criterion_main};

fn provider() -> CachingProvider {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let source = FnSource::new(|_| {
        std::future::ready(Credentials::temporary(
            "id",
            "key",
            "token",
            None,
            4_102_444_800,
        ))
    });
    let provider = CachingProvider::new(source);
    let request = CredentialRequest::new();
    runtime.block_on(provider.credentials(&request)).unwrap();
    provider
}

/// The time of `each` reads by each of `threads` threads that start together.
fn together(provider: &CachingProvider, threads: usize, each: u64) -> Duration {
    let start = Barrier::new(threads + 1);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let request = CredentialRequest::new();
                    start.wait();
                    for _ in 0..each {
                        black_box(provider.cached(black_box(&request)));
                    }
                })
            })
            .collect();
        start.wait();
        let began = Instant::now();
        for reader in readers {
            reader.join().unwrap();
        }
        began.elapsed()
    })
}

fn cached_read(c: &mut Criterion) {
    let provider = provider();
    let request = CredentialRequest::new();
    assert!(provider.cached(&request).is_some());
    c.bench_function("cached read, 1 thread", |b| {
        b.iter(|| provider.cached(black_box(&request)));
    });
    // Per read of one of the 16 threads: what a caller waits, cores being shared.
    c.bench_function("cached read, 16 threads", |b| {
        b.iter_custom(|each| together(&provider, 16, each));
    });
}

fn evaluation(c: &mut Criterion) {
    let base = "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000";
    // Fifty statements of which the last allows: all have to be looked at.
    let statements = (0..50).map(|i| {
        let actions = ["GetObject", "HeadObject", "PutObject", "DeleteObject"];
        let actions = actions.map(|a| format!("name/cos:{a}")).to_vec();
        let resources = vec![
            format!("{base}/users/{i}/*"),
            format!("{base}/shared/{i}/*"),
        ];
        Statement::allow(actions, resources).when(
            "string_like",
            "cos:prefix",
            [format!("users/{i}/*")],
        )
    });
    let policy = Policy::new(statements.collect());
    let context = Context::new()
        .with_secure_transport(true)
        .with(Context::PREFIX, "users/49/");
    let call = Call {
        action: "name/cos:PutObject",
        resource: "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/users/49/photo.jpg",
        context: &context,
    };
    assert!(evaluate(&policy, None, &call).allowed);
    c.bench_function("evaluate, 50 statements", |b| {
        b.iter(|| evaluate(black_box(&policy), None, black_box(&call)));
    });
}

criterion_group!(benches, cached_read, evaluation);
criterion_main!(benches);
