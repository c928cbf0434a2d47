//! The laws of callbacks under pressure: more than 100,000 transfers of every kind from eight threads, with cancels,
//! pauses, stops, early frees and a shutdown in the middle, with callbacks and with a queue of events. Every start
//! completes once and drops once, in that order, on one thread.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr::null;
use std::net::TcpListener;
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::sync::Arc;
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
use cos_ffi::object::clean_up::cosffi_clean_up_stale;
use cos_ffi::object::copy::cosffi_copy_object;
use cos_ffi::object::delete_many::{cosffi_delete_objects, cosffi_object_id};
use cos_ffi::object::descriptor::{cosffi_download_fd, cosffi_upload_fd};
use cos_ffi::object::file::{cosffi_download_file, cosffi_upload_file};
use cos_ffi::object::folder::{cosffi_download_folder, cosffi_upload_folder};
use cos_ffi::object::folder_entry::cosffi_folder_entry;
use cos_ffi::object::form::{cosffi_post_form, cosffi_post_form_options};
use cos_ffi::object::get::cosffi_get_object;
use cos_ffi::object::list::{cosffi_list_objects, cosffi_list_page};
use cos_ffi::object::presign::{cosffi_presign_object, cosffi_presign_object_options};
use cos_ffi::object::request::cosffi_request;
use cos_ffi::object::simple::{cosffi_delete_object, cosffi_head_object, cosffi_put_object};
use cos_ffi::object::stream::cosffi_upload_stream;
use cos_ffi::object::versions::{cosffi_list_versions, cosffi_versions_page};
use cos_ffi::provider::{cosffi_provider_free, cosffi_provider_static};
use cos_ffi::response::cosffi_response;
use cos_ffi::result::cosffi_result::{self, *};
use cos_ffi::runtime::{
    cosffi_runtime, cosffi_runtime_free, cosffi_runtime_new, cosffi_runtime_shutdown,
};
use cos_ffi::text::{cosffi_bytes, cosffi_str, cosffi_string_free};
use cos_ffi::transfer::callbacks::cosffi_transfer_callbacks;
use cos_ffi::transfer::state::{cosffi_transfer_progress, cosffi_transfer_status};
use cos_ffi::transfer::{
    cosffi_transfer, cosffi_transfer_cancel, cosffi_transfer_free, cosffi_transfer_pause,
    cosffi_transfer_response, cosffi_transfer_resume, cosffi_transfer_resume_record,
    cosffi_transfer_retain, cosffi_transfer_stop, cosffi_transfer_wait,
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
    tally: Arc<Tally>,
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

unsafe extern "C" fn on_versions(_: *mut c_void, _: *const cosffi_versions_page) -> i32 {
    unreachable!("the server never answers")
}

/// Pauses once in a while: the skipped link is told without an answer, and a file that fails as well.
unsafe extern "C" fn on_entry(user_data: *mut c_void, entry: *const cosffi_folder_entry) -> i32 {
    // SAFETY: a live Seat until on_drop; the entry is lent for this call.
    unsafe {
        assert!((*entry).name.len > 0);
        let seat = &mut *user_data.cast::<Seat>();
        assert!(!seat.completed, "asked after completion");
        seat.asked += 1;
        i32::from(seat.asked % 2 == 0)
    }
}

unsafe extern "C" fn on_body(_: *mut c_void, _: u64, _: cosffi_bytes) -> i32 {
    unreachable!("the server never answers")
}

/// The files of the folder that is sent.
const TREE: [&str; 3] = ["a", "b", "sub/c"];

/// What the file transfers work on.
struct Files {
    folder: tempfile::TempDir,
    from: std::fs::File,
    nowhere: std::fs::File,
}

impl Files {
    fn new() -> Files {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("from"), [7; 3000]).unwrap();
        std::fs::create_dir_all(folder.path().join("tree/sub")).unwrap();
        std::fs::create_dir(folder.path().join("down")).unwrap();
        for name in TREE {
            std::fs::write(folder.path().join("tree").join(name), name).unwrap();
        }
        std::os::unix::fs::symlink("a", folder.path().join("tree/link")).unwrap();
        Files {
            from: std::fs::File::open(folder.path().join("from")).unwrap(),
            nowhere: std::fs::File::create("/dev/null").unwrap(),
            folder,
        }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }
}

/// Kinds of transfers that [`start`] knows.
const KINDS: u64 = 19;

/// Whether a transfer of this kind can only end well with an answer, which never comes.
fn needs_an_answer(kind: u64) -> bool {
    !matches!(kind % KINDS, 13..=15)
}

/// Starts one operation; the transfer, or NULL with the reason.
fn start(
    client: &cosffi_client,
    files: &Files,
    tally: &Arc<Tally>,
    kind: u64,
    queue: *const cosffi_queue,
) -> (cosffi_result, *mut cosffi_transfer) {
    let seat = Box::into_raw(Box::new(Seat {
        tally: Arc::clone(tally),
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
    let cb = &raw const callbacks;
    let mut transfer = MaybeUninit::uninit();
    let (from, to) = (files.path("from"), files.path("to"));
    // SAFETY: live text, options and callbacks; zero is a valid value of every option; the output is always written.
    unsafe {
        let (client, key, out) = (Some(client), text("k"), Some(&mut transfer));
        let bytes = cosffi_bytes {
            data: b"x".as_ptr(),
            len: 1,
        };
        let id = cosffi_object_id {
            object_key: key,
            version_id: text(""),
        };
        let mut form: cosffi_post_form_options = MaybeUninit::zeroed().assume_init();
        form.struct_size = size_of_val(&form);
        form.expires_s = 60;
        let mut url: cosffi_presign_object_options = MaybeUninit::zeroed().assume_init();
        url.struct_size = size_of_val(&url);
        url.expires_s = 60;
        let result = match kind % KINDS {
            0 => cosffi_put_object(client, key, bytes, null(), cb, out, None),
            1 => cosffi_head_object(client, key, cb, out, None),
            2 => cosffi_list_objects(client, null(), Some(on_page), cb, out, None),
            3 => cosffi_get_object(client, key, null(), Some(on_body), cb, out, None),
            4 => cosffi_upload_stream(client, key, Some(on_read), null(), cb, out, None),
            5 => cosffi_delete_object(client, key, cb, out, None),
            6 => cosffi_upload_file(client, key, text(&from), null(), cb, out, None),
            7 => cosffi_download_file(client, key, text(&to), null(), cb, out, None),
            8 => cosffi_upload_fd(client, key, files.from.as_raw_fd(), null(), cb, out, None),
            9 => cosffi_download_fd(
                client,
                key,
                files.nowhere.as_raw_fd(),
                null(),
                cb,
                out,
                None,
            ),
            10 => cosffi_copy_object(client, key, text("to"), null(), cb, out, None),
            11 => cosffi_delete_objects(client, &id, 1, cb, out, None),
            12 => cosffi_request(client, text("GET"), key, null(), cb, out, None),
            13 => cosffi_post_form(client, key, &form, cb, out, None),
            14 => cosffi_presign_object(client, text("GET"), key, &url, cb, out, None),
            15 => {
                let records = files.path("records");
                cosffi_clean_up_stale(client, text(&records), 0, cb, out, None)
            }
            16 => {
                let tree = files.path("tree");
                let entry = Some(on_entry as unsafe extern "C" fn(_, _) -> _);
                cosffi_upload_folder(client, key, text(&tree), null(), entry, cb, out, None)
            }
            17 => {
                let down = files.path("down");
                cosffi_download_folder(client, key, text(&down), null(), None, cb, out, None)
            }
            _ => cosffi_list_versions(client, null(), Some(on_versions), cb, out, None),
        };
        (result, transfer.assume_init())
    }
}

/// Looks at and steers a transfer at random, then gives it up; one in 256 is left to the shutdown.
///
/// # Safety
/// `transfer` is a live reference, given up here.
unsafe fn play(transfer: *mut cosffi_transfer, kind: u64, dice: &mut u64) {
    // SAFETY: the caller's promise, until the free at the end.
    unsafe {
        let it = Some(&*transfer);
        for _ in 0..next(dice) % 3 {
            match next(dice) % 8 {
                0 => cosffi_transfer_pause(it),
                1 => cosffi_transfer_resume(it),
                2 => cosffi_transfer_stop(it),
                3 => {
                    cosffi_transfer_status(it);
                    cosffi_transfer_progress(it, None, None);
                    cosffi_transfer_response(it);
                }
                4 => {
                    let mut record = MaybeUninit::uninit();
                    let asked = cosffi_transfer_resume_record(it, Some(&mut record), None);
                    assert_eq!(asked, COSFFI_OK);
                    cosffi_string_free(Some(record.assume_init_mut()));
                }
                5 => {
                    cosffi_transfer_retain(transfer);
                    cosffi_transfer_free(transfer);
                }
                6 => cosffi_transfer_cancel(it),
                _ => {
                    cosffi_transfer_wait(transfer, 0, None);
                }
            }
        }
        if !next(dice).is_multiple_of(256) {
            cosffi_transfer_cancel(it);
            if next(dice).is_multiple_of(4) {
                let waited = cosffi_transfer_wait(transfer, -1, None);
                assert!(waited != COSFFI_OK || !needs_an_answer(kind), "kind {kind}");
                cosffi_transfer_cancel(it);
            }
        }
        cosffi_transfer_free(transfer);
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

/// Sequences of start, pause, cancel, wait and free from several threads, until another one has seen so many of them
/// end and shuts down; then a few more, which are refused. How many were started.
fn storm(seed: u64, shut_down_after: usize, queue: Option<&cosffi_queue>) -> usize {
    let tally = Arc::new(Tally::default());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let runtime = new_runtime();
    let client = new_client(&runtime, &silent);
    let files = Files::new();
    let (started, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (starters, drainers) = (AtomicU64::new(THREADS), AtomicBool::new(true));
    thread::scope(|scope| {
        if let Some(queue) = queue {
            for _ in 0..2 {
                scope.spawn(|| drain(queue, &drainers));
            }
        }
        for thread in 0..THREADS {
            let queue = queue.map_or(null(), core::ptr::from_ref) as usize;
            let (client, files, tally) = (&client, &files, &tally);
            let (started, refused, starters) = (&started, &refused, &starters);
            scope.spawn(move || {
                let mut dice = seed + thread;
                let mut refusals = 0;
                while refusals < 10 {
                    let kind = next(&mut dice);
                    let queue = queue as *const cosffi_queue;
                    let (result, transfer) = start(client, files, tally, kind, queue);
                    if result != COSFFI_OK {
                        assert_eq!(result, COSFFI_ERROR_SHUT_DOWN, "seed {seed} kind {kind}");
                        assert!(transfer.is_null());
                        refused.fetch_add(1, Ordering::SeqCst);
                        refusals += 1;
                        continue;
                    }
                    started.fetch_add(1, Ordering::SeqCst);
                    // SAFETY: just started, ours.
                    unsafe { play(transfer, kind, &mut dice) };
                }
                starters.fetch_sub(1, Ordering::SeqCst);
            });
        }
        let (runtime, tally) = (&runtime, &tally);
        let (starters, drainers) = (&starters, &drainers);
        let (started, refused) = (&started, &refused);
        scope.spawn(move || {
            while tally.dropped.load(Ordering::SeqCst) < shut_down_after {
                thread::yield_now();
            }
            assert_eq!(shut_down(runtime), COSFFI_OK);
            // Those who take events stop when there can be no more of them.
            let all = || started.load(Ordering::SeqCst) + refused.load(Ordering::SeqCst);
            while starters.load(Ordering::SeqCst) > 0
                || tally.dropped.load(Ordering::SeqCst) < all()
            {
                thread::yield_now();
            }
            drainers.store(false, Ordering::SeqCst);
        });
    });
    let (started, refused) = (started.into_inner(), refused.into_inner());
    let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
    assert_eq!(count(&tally.completed), started, "seed {seed}");
    assert_eq!(count(&tally.dropped), started + refused, "seed {seed}");
    assert!(count(&tally.cancelled) <= started, "seed {seed}");
    assert!(refused >= 10 * THREADS as usize);
    cosffi_client_free(Some(client));
    cosffi_runtime_free(Some(runtime));
    // Nothing of the file transfers is left but what they began with.
    let left = std::fs::read_dir(files.folder.path()).unwrap();
    let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    left.retain(|name| name != Path::new("records"));
    left.sort();
    assert_eq!(left, ["down", "from", "tree"], "seed {seed}");
    let down = std::fs::read_dir(files.folder.path().join("down")).unwrap();
    assert_eq!(down.count(), 0, "seed {seed}");
    started
}

/// Takes events for as long as there may be some.
fn drain(queue: &cosffi_queue, goes_on: &AtomicBool) {
    while goes_on.load(Ordering::SeqCst) {
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
            seat.tally.completed.fetch_add(1, Ordering::SeqCst);
            if cosffi_event_result(Some(&event)) == COSFFI_ERROR_CANCELLED {
                seat.tally.cancelled.fetch_add(1, Ordering::SeqCst);
            }
        }
        cosffi_event_free(Some(event));
    }
}

#[test]
fn shutdown_in_the_middle() {
    assert!(storm(0x5eed_0001, 100_000, None) >= 100_000);
}

#[test]
fn shutdown_at_once() {
    storm(0x5eed_0002, 0, None);
}

#[test]
fn with_a_queue() {
    let mut queue = MaybeUninit::uninit();
    assert_eq!(cosffi_queue_new(Some(&mut queue), None), COSFFI_OK);
    // SAFETY: just made.
    let queue = unsafe { Box::from_raw(queue.assume_init()) };
    assert!(storm(0x5eed_0003, 20_000, Some(&queue)) >= 20_000);
    cosffi_queue_free(Some(queue));
}

/// Nobody cancels: shutdown alone ends what would otherwise hang for a minute.
#[test]
fn shutdown_cancels_what_is_in_flight() {
    let tally = Arc::new(Tally::default());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let runtime = new_runtime();
    let client = new_client(&runtime, &silent);
    let files = Files::new();
    for _ in 0..50 {
        let (result, transfer) = start(&client, &files, &tally, 0, null());
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
