//! The laws of callbacks under pressure: many transfers, several threads, cancels, early frees and a
//! shutdown in the middle. Every start completes once and drops once, in that order, on one thread.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr::null;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;

use cos_ffi::client::{
    cosffi_client, cosffi_client_free, cosffi_client_new, cosffi_client_options,
};
use cos_ffi::credentials::{cosffi_credentials_free, cosffi_credentials_new};
use cos_ffi::error::cosffi_error;
use cos_ffi::object::simple::{cosffi_head_object, cosffi_put_object};
use cos_ffi::provider::{cosffi_provider_free, cosffi_provider_static};
use cos_ffi::response::cosffi_response;
use cos_ffi::result::cosffi_result::{self, *};
use cos_ffi::runtime::{
    cosffi_runtime, cosffi_runtime_free, cosffi_runtime_new, cosffi_runtime_shutdown,
};
use cos_ffi::text::{cosffi_bytes, cosffi_str};
use cos_ffi::transfer::callbacks::cosffi_transfer_callbacks;
use cos_ffi::transfer::{
    cosffi_transfer, cosffi_transfer_cancel, cosffi_transfer_free, cosffi_transfer_wait,
};

#[derive(Default)]
struct Tally {
    completed: AtomicUsize,
    dropped: AtomicUsize,
    cancelled: AtomicUsize,
    /// Set while a callback runs: two at once would see it.
    inside: AtomicBool,
}

/// What `user_data` points to: one per start, freed by `drop`.
struct Seat {
    tally: &'static Tally,
    completed: bool,
}

unsafe extern "C" fn on_complete(
    user_data: *mut c_void,
    result: cosffi_result,
    _: *const cosffi_response,
    _: *const cosffi_error,
) {
    // SAFETY: a live Seat until on_drop.
    let seat = unsafe { &mut *user_data.cast::<Seat>() };
    assert!(!seat.tally.inside.swap(true, Ordering::SeqCst));
    assert!(!seat.completed, "completed twice");
    seat.completed = true;
    seat.tally.completed.fetch_add(1, Ordering::SeqCst);
    if result == COSFFI_ERROR_CANCELLED {
        seat.tally.cancelled.fetch_add(1, Ordering::SeqCst);
    }
    seat.tally.inside.store(false, Ordering::SeqCst);
}

unsafe extern "C" fn on_drop(user_data: *mut c_void) {
    // SAFETY: called once; a second call would be a double free, which the checkers see.
    let seat = unsafe { Box::from_raw(user_data.cast::<Seat>()) };
    seat.tally.dropped.fetch_add(1, Ordering::SeqCst);
}

fn text(text: &str) -> cosffi_str {
    cosffi_str {
        data: text.as_ptr().cast(),
        len: text.len(),
    }
}

fn new_runtime() -> Box<cosffi_runtime> {
    let mut runtime = MaybeUninit::uninit();
    // SAFETY: NULL options are defaults; the output is written on success.
    unsafe {
        assert_eq!(
            cosffi_runtime_new(null(), Some(&mut runtime), None),
            COSFFI_OK
        );
        Box::from_raw(runtime.assume_init())
    }
}

fn shut_down(runtime: &cosffi_runtime) -> cosffi_result {
    // SAFETY: a live handle.
    unsafe { cosffi_runtime_shutdown(runtime, -1, None, core::ptr::null_mut(), None) }
}

/// A client of a server that takes connections and never answers.
fn new_client(runtime: &cosffi_runtime, silent: &TcpListener) -> Box<cosffi_client> {
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let (mut credentials, mut provider, mut client) = (
        MaybeUninit::uninit(),
        MaybeUninit::uninit(),
        MaybeUninit::uninit(),
    );
    // SAFETY: live text; outputs are written on success.
    unsafe {
        let none = text("");
        assert_eq!(
            cosffi_credentials_new(
                text("id"),
                text("key"),
                none,
                0,
                0,
                Some(&mut credentials),
                None
            ),
            COSFFI_OK
        );
        let credentials = Box::from_raw(credentials.assume_init());
        assert_eq!(
            cosffi_provider_static(Some(&credentials), Some(&mut provider), None),
            COSFFI_OK
        );
        let provider = provider.assume_init();
        let options = cosffi_client_options {
            struct_size: size_of::<cosffi_client_options>(),
            bucket: text("demo-1250000000"),
            region: text("ap-guangzhou"),
            endpoint: text(&endpoint),
            provider,
            max_attempts: 1,
            ..MaybeUninit::<cosffi_client_options>::zeroed().assume_init()
        };
        assert_eq!(
            cosffi_client_new(Some(runtime), &options, Some(&mut client), None),
            COSFFI_OK
        );
        cosffi_provider_free(Some(Box::from_raw(provider)));
        cosffi_credentials_free(Some(credentials));
        Box::from_raw(client.assume_init())
    }
}

/// Starts one of two operations; the transfer, or NULL with the reason.
fn start(
    client: &cosffi_client,
    tally: &'static Tally,
    put: bool,
) -> (cosffi_result, *mut cosffi_transfer) {
    let seat = Box::into_raw(Box::new(Seat {
        tally,
        completed: false,
    }));
    let callbacks = cosffi_transfer_callbacks {
        struct_size: size_of::<cosffi_transfer_callbacks>(),
        user_data: seat.cast(),
        on_progress: None,
        on_complete: Some(on_complete),
        drop: Some(on_drop),
        queue: null(),
    };
    let mut transfer = MaybeUninit::uninit();
    // SAFETY: live text and callbacks; the output is always written.
    unsafe {
        let result = if put {
            let bytes = cosffi_bytes {
                data: b"x".as_ptr(),
                len: 1,
            };
            cosffi_put_object(
                Some(client),
                text("k"),
                bytes,
                null(),
                &callbacks,
                Some(&mut transfer),
                None,
            )
        } else {
            cosffi_head_object(
                Some(client),
                text("k"),
                &callbacks,
                Some(&mut transfer),
                None,
            )
        };
        (result, transfer.assume_init())
    }
}

/// A small generator, so that a failing run can be repeated from its seed.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

const THREADS: u64 = 8;

/// Sequences of start, cancel, wait and free from several threads while another one shuts down.
fn storm(seed: u64, starts: usize, shut_down_after: usize) {
    let tally: &'static Tally = Box::leak(Box::default());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let runtime = new_runtime();
    let client = new_client(&runtime, &silent);
    let started = AtomicU64::new(0);
    let refused = AtomicU64::new(0);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (client, started, refused) = (&client, &started, &refused);
            scope.spawn(move || {
                let mut dice = seed + thread;
                for _ in 0..starts {
                    let (result, transfer) =
                        start(client, tally, next(&mut dice).is_multiple_of(2));
                    if result != COSFFI_OK {
                        assert_eq!(result, COSFFI_ERROR_SHUT_DOWN);
                        assert!(transfer.is_null());
                        refused.fetch_add(1, Ordering::SeqCst);
                        continue;
                    }
                    started.fetch_add(1, Ordering::SeqCst);
                    // SAFETY: the transfer is ours until it is freed below.
                    unsafe {
                        // One in 64 is left to the shutdown.
                        let kind = next(&mut dice) % 64;
                        if kind != 0 {
                            cosffi_transfer_cancel(Some(&*transfer));
                        }
                        if kind % 4 == 2 {
                            let waited = cosffi_transfer_wait(transfer, -1, None);
                            assert_ne!(waited, COSFFI_OK);
                        }
                        if kind % 4 == 3 {
                            cosffi_transfer_cancel(Some(&*transfer));
                        }
                        cosffi_transfer_free(transfer);
                    }
                }
            });
        }
        let (runtime, tally) = (&runtime, &tally);
        scope.spawn(move || {
            while tally.dropped.load(Ordering::SeqCst) < shut_down_after {
                thread::yield_now();
            }
            assert_eq!(shut_down(runtime), COSFFI_OK);
        });
    });
    let started = usize::try_from(started.into_inner()).unwrap();
    let refused = usize::try_from(refused.into_inner()).unwrap();
    assert_eq!(started + refused, starts * THREADS as usize, "seed {seed}");
    assert_eq!(
        tally.completed.load(Ordering::SeqCst),
        started,
        "seed {seed}"
    );
    assert_eq!(
        tally.dropped.load(Ordering::SeqCst),
        started + refused,
        "seed {seed}"
    );
    assert!(tally.cancelled.load(Ordering::SeqCst) <= started);
    cosffi_client_free(Some(client));
    cosffi_runtime_free(Some(runtime));
}

#[test]
fn shutdown_in_the_middle() {
    storm(0x5eed_0001, 12_500, 60_000);
}

#[test]
fn shutdown_at_once() {
    storm(0x5eed_0002, 200, 0);
}

/// Nobody cancels: shutdown alone ends what would otherwise hang for a minute.
#[test]
fn shutdown_cancels_what_is_in_flight() {
    let tally: &'static Tally = Box::leak(Box::default());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let runtime = new_runtime();
    let client = new_client(&runtime, &silent);
    for _ in 0..50 {
        let (result, transfer) = start(&client, tally, true);
        assert_eq!(result, COSFFI_OK);
        // SAFETY: ours, once.
        unsafe { cosffi_transfer_free(transfer) };
    }
    cosffi_client_free(Some(client));
    assert_eq!(shut_down(&runtime), COSFFI_OK);
    assert_eq!(tally.completed.load(Ordering::SeqCst), 50);
    assert_eq!(tally.cancelled.load(Ordering::SeqCst), 50);
    assert_eq!(tally.dropped.load(Ordering::SeqCst), 50);
    cosffi_runtime_free(Some(runtime));
}
