//! `make bench-sign`: one signature, ours beside reqsign's, and the floor.
//!
//! The floor is the number of SHA-1 blocks that the signature cannot do without, times the time of one
//! block with the same `sha1` crate.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::{
    future::Future,
    hint::black_box,
    pin::pin,
    task::{Context, Waker},
};

use cos_sign_core::{KeyTime, Request, SignKey, Signer};
use criterion::{Criterion, criterion_group, criterion_main};
use reqsign_core::SignRequest as _;
use sha1::{Digest as _, Sha1};

const HOST: &str = "vec-1250000000.cos.ap-guangzhou.myqcloud.com";
const SECRET_ID: &str = "AKIDvectorPermanent0123456789abcdef";
const SECRET_KEY: &str = "vectorSecretKeyPermanent0123456";

fn put() -> Request<'static> {
    Request {
        method: "PUT",
        path: "/photos/2026/11/IMG_0001.jpg",
        params: &[],
        headers: &[
            ("content-length", "1048576"),
            ("content-type", "image/jpeg"),
            ("host", HOST),
            ("x-cos-meta-note", "first day"),
            ("x-cos-storage-class", "STANDARD"),
        ],
    }
}

fn get() -> Request<'static> {
    Request {
        method: "GET",
        path: "/",
        params: &[
            ("prefix", "photos/2026/"),
            ("delimiter", "/"),
            ("max-keys", "1000"),
            ("encoding-type", "url"),
        ],
        headers: &[("host", HOST)],
    }
}

/// Blocks of a cached signature: the HttpString's, then the StringToSign under a key whose inner and
/// outer states are kept (its text, and the outer hash's one block).
fn blocks(request: &Request<'_>, key_time: KeyTime) -> usize {
    let padded = |len: usize| (len + 9).div_ceil(64);
    let http = padded(request.http_string().unwrap().len());
    let string = padded("sha1\n".len() + key_time.to_string().len() + 1 + 40 + 1);
    http + string + 1
}

fn http_parts(request: &Request<'_>) -> http::request::Parts {
    let query: Vec<String> = request
        .params
        .iter()
        .map(|(k, v)| format!("{}={}", cos_sign_core::encode(k), cos_sign_core::encode(v)))
        .collect();
    let mut builder = http::Request::builder().method(request.method).uri(format!(
        "https://{HOST}{}?{}",
        request.path,
        query.join("&")
    ));
    for (name, value) in request.headers {
        builder = builder.header(*name, *value);
    }
    builder.body(()).unwrap().into_parts().0
}

fn bench(c: &mut Criterion) {
    let key_time = KeyTime::new(1_700_000_000, 1_700_003_600).unwrap();
    let key = SignKey::derive(SECRET_KEY, key_time).unwrap();
    let credential = reqsign_tencent_cos::Credential {
        secret_id: SECRET_ID.into(),
        secret_key: SECRET_KEY.into(),
        ..Default::default()
    };
    let (context, reqsign) = (
        reqsign_core::Context::new(),
        reqsign_tencent_cos::RequestSigner::new(),
    );
    for (name, request) in [("PUT", put()), ("GET", get())] {
        let mut group = c.benchmark_group(name);
        let count = blocks(&request, key_time);
        let text = vec![0x5a; count * 64];
        group.bench_function(format!("floor: {count} blocks of SHA-1"), |b| {
            let mut hash = Sha1::new();
            b.iter(|| hash.update(black_box(&text)));
        });
        group.bench_function("cached key", |b| {
            let mut buffer = [0; 1024];
            b.iter(|| {
                let signer = Signer::new(SECRET_ID, black_box(&key));
                signer
                    .authorization_into(black_box(&request), &mut buffer)
                    .unwrap()
                    .len()
            });
        });
        group.bench_function("cached key, signature only", |b| {
            b.iter(|| {
                Signer::new(SECRET_ID, black_box(&key))
                    .signature(black_box(&request))
                    .unwrap()
            });
        });
        group.bench_function("new key", |b| {
            let mut buffer = [0; 1024];
            b.iter(|| {
                let key = SignKey::derive(black_box(SECRET_KEY), key_time).unwrap();
                let signer = Signer::new(SECRET_ID, &key);
                signer
                    .authorization_into(black_box(&request), &mut buffer)
                    .unwrap()
                    .len()
            });
        });
        let parts = http_parts(&request);
        group.bench_function("reqsign", |b| {
            b.iter_batched(
                || parts.clone(),
                |mut parts| {
                    let done =
                        pin!(reqsign.sign_request(&context, &mut parts, Some(&credential), None))
                            .poll(&mut Context::from_waker(Waker::noop()))
                            .is_ready();
                    assert!(done);
                    parts
                },
                criterion::BatchSize::SmallInput,
            );
        });
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
