//! The laws of callbacks under pressure: many transfers of every kind, several threads, cancels, pauses, early
//! frees and a shutdown in the middle, with callbacks and with a queue of events. Every start completes once and drops once, in that order, on one thread.
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
use cos_ffi::events::{
    cosffi_event_free, cosffi_event_result, cosffi_event_type, cosffi_event_user_data,
    cosffi_queue, cosffi_queue_free, cosffi_queue_new, cosffi_queue_next,
};
use cos_ffi::object::get::cosffi_get_object;
use cos_ffi::object::list::{cosffi_list_objects, cosffi_list_page};
use cos_ffi::object::simple::{cosffi_head_object, cosffi_put_object};
use cos_ffi::object::stream::cosffi_upload_stream;
use cos_ffi::provider::{cosffi_provider_free, cosffi_provider_static};
use cos_ffi::response::cosffi_response;
use cos_ffi::result::cosffi_result::{self, *};
use cos_ffi::runtime::{
    cosffi_runtime, cosffi_runtime_free, cosffi_runtime_new, cosffi_runtime_shutdown,
};
use cos_ffi::text::{cosffi_bytes, cosffi_str};
use cos_ffi::transfer::callbacks::cosffi_transfer_callbacks;
use cos_ffi::transfer::{
    cosffi_transfer, cosffi_transfer_cancel, cosffi_transfer_free, cosffi_transfer_pause,
    cosffi_transfer_resume, cosffi_transfer_stop, cosffi_transfer_wait,
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
    asked: u64,
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

/// Pauses once in a while, and never ends.
unsafe extern "C" fn on_read(
    user_data: *mut c_void,
    _: *mut u8,
    room: usize,
    out_written: *mut usize,
) -> i32 {
    // SAFETY: a live Seat until on_drop; the count is the library's.
    unsafe {
        let seat = &mut *user_data.cast::<Seat>();
        assert!(!seat.completed, "asked after completion");
        seat.asked += 1;
        *out_written = room;
        i32::from(seat.asked % 2 == 0)
    }
}

unsafe extern "C" fn on_page(_: *mut c_void, _: *const cosffi_list_page) -> i32 {
    unreachable!("the server never answers")
}

unsafe extern "C" fn on_body(_: *mut c_void, _: u64, _: cosffi_bytes) -> i32 {
    unreachable!("the server never answers")
}

/// Starts one of five operations; the transfer, or NULL with the reason.
fn start(
    client: &cosffi_client,
    tally: &'static Tally,
    kind: u64,
    queue: *const cosffi_queue,
) -> (cosffi_result, *mut cosffi_transfer) {
    let seat = Box::into_raw(Box::new(Seat {
        tally,
        completed: false,
        asked: 0,
    }));
    let callbacks = cosffi_transfer_callbacks {
        struct_size: size_of::<cosffi_transfer_callbacks>(),
        user_data: seat.cast(),
        on_progress: None,
        on_complete: Some(on_complete),
        drop: Some(on_drop),
        queue,
    };
    let mut transfer = MaybeUninit::uninit();
    // SAFETY: live text and callbacks; the output is always written.
    unsafe {
        let (client, key, out) = (Some(client), text("k"), Some(&mut transfer));
        let bytes = cosffi_bytes {
            data: b"x".as_ptr(),
            len: 1,
        };
        let result = match kind % 5 {
            0 => cosffi_put_object(client, key, bytes, null(), &callbacks, out, None),
            1 => cosffi_head_object(client, key, &callbacks, out, None),
            2 => cosffi_list_objects(client, null(), Some(on_page), &callbacks, out, None),
            3 => cosffi_get_object(client, key, null(), Some(on_body), &callbacks, out, None),
            _ => cosffi_upload_stream(client, key, Some(on_read), null(), &callbacks, out, None),
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
fn storm(seed: u64, starts: usize, shut_down_after: usize, queue: Option<&cosffi_queue>) {
    let tally: &'static Tally = Box::leak(Box::default());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let runtime = new_runtime();
    let client = new_client(&runtime, &silent);
    let started = AtomicU64::new(0);
    let refused = AtomicU64::new(0);
    thread::scope(|scope| {
        if let Some(queue) = queue {
            for _ in 0..2 {
                scope.spawn(|| drain(queue, tally, starts * THREADS as usize));
            }
        }
        for thread in 0..THREADS {
            let queue = queue.map_or(null(), core::ptr::from_ref) as usize;
            let (client, started, refused) = (&client, &started, &refused);
            scope.spawn(move || {
                let mut dice = seed + thread;
                for _ in 0..starts {
                    let queue = queue as *const cosffi_queue;
                    let (result, transfer) = start(client, tally, next(&mut dice), queue);
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
                        match next(&mut dice) % 8 {
                            0 => cosffi_transfer_pause(Some(&*transfer)),
                            1 => cosffi_transfer_resume(Some(&*transfer)),
                            2 => cosffi_transfer_stop(Some(&*transfer)),
                            3 => {
                                cosffi_transfer_pause(Some(&*transfer));
                                cosffi_transfer_resume(Some(&*transfer));
                            }
                            _ => {}
                        }
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

/// Takes events until every start has been let go of.
fn drain(queue: &cosffi_queue, tally: &'static Tally, starts: usize) {
    while tally.dropped.load(Ordering::SeqCst) < starts {
        let mut event = MaybeUninit::uninit();
        if cosffi_queue_next(Some(queue), 10, Some(&mut event), None) != COSFFI_OK {
            continue;
        }
        // SAFETY: written on success, ours.
        let event = unsafe { Box::from_raw(event.assume_init()) };
        if cos_ffi::events::cosffi_event_kind(Some(&event))
            == cosffi_event_type::COSFFI_EVENT_COMPLETE
        {
            // SAFETY: a live Seat until the event is freed.
            let seat = unsafe { &mut *cosffi_event_user_data(Some(&event)).cast::<Seat>() };
            assert!(!seat.completed, "completed twice");
            seat.completed = true;
            tally.completed.fetch_add(1, Ordering::SeqCst);
            if cosffi_event_result(Some(&event)) == COSFFI_ERROR_CANCELLED {
                tally.cancelled.fetch_add(1, Ordering::SeqCst);
            }
        }
        cosffi_event_free(Some(event));
    }
}

#[test]
fn shutdown_in_the_middle() {
    storm(0x5eed_0001, 12_500, 60_000, None);
}

#[test]
fn shutdown_at_once() {
    storm(0x5eed_0002, 200, 0, None);
}

#[test]
fn with_a_queue() {
    let mut queue = MaybeUninit::uninit();
    assert_eq!(cosffi_queue_new(Some(&mut queue), None), COSFFI_OK);
    // SAFETY: just made.
    let queue = unsafe { Box::from_raw(queue.assume_init()) };
    storm(0x5eed_0003, 3_000, 12_000, Some(&queue));
    cosffi_queue_free(Some(queue));
}

/// Nobody cancels: shutdown alone ends what would otherwise hang for a minute.
#[test]
fn shutdown_cancels_what_is_in_flight() {
    let tally: &'static Tally = Box::leak(Box::default());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let runtime = new_runtime();
    let client = new_client(&runtime, &silent);
    for _ in 0..50 {
        let (result, transfer) = start(&client, tally, 0, null());
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
