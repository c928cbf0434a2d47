//! Any sequence of calls of the C API that keeps its rules of ownership is stood: with pointers that are NULL or
//! not, text of any bytes, options structs cut short or too long, numbers that are no enum. Every start completes
//! and drops once.
#![no_main]

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr::{null, null_mut};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use arbitrary::Arbitrary;
use cos_ffi::client::*;
use cos_ffi::credentials::*;
use cos_ffi::error::*;
use cos_ffi::events::*;
use cos_ffi::object::clean_up::*;
use cos_ffi::object::copy::*;
use cos_ffi::object::delete_many::*;
use cos_ffi::object::descriptor::*;
use cos_ffi::object::file::*;
use cos_ffi::object::folder::*;
use cos_ffi::object::folder_entry::*;
use cos_ffi::object::folder_options::*;
use cos_ffi::object::form::*;
use cos_ffi::object::get::*;
use cos_ffi::object::list::*;
use cos_ffi::object::presign::*;
use cos_ffi::object::request::*;
use cos_ffi::object::simple::*;
use cos_ffi::object::stream::*;
use cos_ffi::object::upload_options::cosffi_upload_options;
use cos_ffi::object::versions::*;
use cos_ffi::pair::cosffi_pair;
use cos_ffi::policy::*;
use cos_ffi::provider::push::*;
use cos_ffi::provider::*;
use cos_ffi::result::cosffi_result::{self, *};
use cos_ffi::runtime::*;
use cos_ffi::sign::*;
use cos_ffi::text::*;
use cos_ffi::transfer::callbacks::cosffi_transfer_callbacks;
use cos_ffi::transfer::state::*;
use cos_ffi::transfer::*;
use libfuzzer_sys::fuzz_target;

/// Text that may be no text: any bytes, or a length without data.
#[derive(Arbitrary, Debug)]
enum Text<'a> {
    Bytes(&'a [u8]),
    NoData(usize),
}

impl Text<'_> {
    fn str(&self) -> cosffi_str {
        match self {
            Text::Bytes(bytes) => cosffi_str { data: bytes.as_ptr().cast(), len: bytes.len() },
            Text::NoData(len) => cosffi_str { data: null(), len: *len },
        }
    }

    fn bytes(&self) -> cosffi_bytes {
        let text = self.str();
        // A length beyond memory is refused, but one that could be is believed.
        cosffi_bytes { data: text.data.cast(), len: text.len }
    }
}

#[derive(Arbitrary, Debug)]
enum Call<'a> {
    Credentials(Text<'a>, Text<'a>, Text<'a>, u64, u64),
    Parse(Text<'a>),
    Static(Option<u8>),
    Push,
    PushCredentials(Option<u8>, Option<u8>),
    Invalidate(u8),
    FreeCredentials(u8),
    FreeProvider(u8),
    Client { provider: Option<u8>, bucket: Text<'a>, region: Text<'a>, size: usize, tail: u8, numbers: [u32; 3] },
    GoodClient(u8),
    FreeClient(u8),
    Notify(u8, i32),
    Sign { credentials: Option<u8>, path: Text<'a>, header: Text<'a>, count: usize, times: (u64, u64), size: usize },
    Presign { credentials: Option<u8>, base: Text<'a>, key: Text<'a>, times: (u64, u64) },
    Lint(Text<'a>),
    Start { client: Option<u8>, what: u8, key: Text<'a>, body: Text<'a>, size: usize, tail: u8, flow: i32, queue: bool },
    Cancel(u8),
    Pause(u8),
    Resume(u8),
    Stop(u8),
    Record(u8),
    Wait(u8),
    Look(u8),
    Build { bucket: Text<'a>, prefix: Text<'a>, operation: Text<'a>, count: usize, size: usize },
    FreeTransfer(u8),
    Events,
    StringTwice(Text<'a>),
    LogLevel(i32),
}

/// Options with a size of their own: the struct at the beginning of zeroed room, so that a size beyond it is true.
#[repr(C)]
struct Room<T> {
    options: T,
    tail: [u8; 64],
}

fn room<T>(tail: u8) -> Room<T> {
    // SAFETY: all options structs are valid when zero.
    let mut room: Room<T> = unsafe { MaybeUninit::zeroed().assume_init() };
    room.tail[0] = tail;
    room
}

/// At most what the room holds, so that we never lie about memory.
fn said<T>(size: usize) -> usize {
    match size % 4 {
        0 => size_of::<T>(),
        1 => size % (size_of::<T>() + 1),
        2 => size_of::<T>() + size % 64,
        // Refused without being looked at.
        _ => size.max(1 << 20),
    }
}

static STARTS: AtomicUsize = AtomicUsize::new(0);
static DROPS: AtomicUsize = AtomicUsize::new(0);

struct Seat {
    flow: i32,
}

unsafe extern "C" fn on_drop(user_data: *mut c_void) {
    // SAFETY: a boxed Seat, dropped once; twice would be a double free, which the sanitizer sees.
    drop(unsafe { Box::from_raw(user_data.cast::<Seat>()) });
    DROPS.fetch_add(1, SeqCst);
}

unsafe extern "C" fn on_complete(
    _: *mut c_void,
    result: cosffi_result,
    response: *const cos_ffi::response::cosffi_response,
    error: *const cosffi_error,
) {
    assert_eq!(result == COSFFI_OK, error.is_null());
    assert_ne!(response.is_null(), error.is_null());
}

unsafe extern "C" fn on_read(user_data: *mut c_void, _: *mut u8, room: usize, out: *mut usize) -> i32 {
    // SAFETY: as on_drop; `out` is the library's.
    unsafe {
        let flow = (*user_data.cast::<Seat>()).flow;
        *out = match flow {
            0 => room,
            4 => room + 1,
            _ => 0,
        };
        flow
    }
}

unsafe extern "C" fn on_page(user_data: *mut c_void, _: *const cosffi_list_page) -> i32 {
    // SAFETY: as on_drop.
    unsafe { (*user_data.cast::<Seat>()).flow }
}

unsafe extern "C" fn on_entry(user_data: *mut c_void, entry: *const cosffi_folder_entry) -> i32 {
    // SAFETY: as on_drop; the entry is lent for this call.
    unsafe {
        assert!(!(*entry).name.data.is_null());
        (*user_data.cast::<Seat>()).flow
    }
}

unsafe extern "C" fn on_versions(user_data: *mut c_void, _: *const cosffi_versions_page) -> i32 {
    // SAFETY: as on_drop.
    unsafe { (*user_data.cast::<Seat>()).flow }
}

/// A runtime and a queue for the whole run.
struct World {
    runtime: &'static cosffi_runtime,
    queue: &'static cosffi_queue,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let (mut runtime, mut queue) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        // SAFETY: NULL options are defaults; outputs are written on success.
        unsafe {
            assert_eq!(cosffi_runtime_new(null(), Some(&mut runtime), None), COSFFI_OK);
            assert_eq!(cosffi_queue_new(Some(&mut queue), None), COSFFI_OK);
            World { runtime: &*runtime.assume_init(), queue: &*queue.assume_init() }
        }
    })
}

/// The handles of one run. Boxes, so that each is freed once.
#[derive(Default)]
struct Hands {
    credentials: Vec<Box<cosffi_credentials>>,
    providers: Vec<Box<cosffi_provider>>,
    clients: Vec<Box<cosffi_client>>,
    transfers: Vec<*mut cosffi_transfer>,
}

fn pick<T>(from: &[T], at: impl Into<Option<u8>>) -> Option<&T> {
    let at = usize::from(at.into()?);
    (!from.is_empty()).then(|| &from[at % from.len()])
}

fn take<T>(from: &mut Vec<T>, at: u8) -> Option<T> {
    (!from.is_empty()).then(|| from.swap_remove(usize::from(at) % from.len()))
}

/// Checks the promise of outputs and errors; what was made.
fn made<T>(result: cosffi_result, out: MaybeUninit<*mut T>, err: MaybeUninit<*mut cosffi_error>) -> Option<Box<T>> {
    // SAFETY: outputs and errors are always written, and are ours.
    unsafe {
        let (out, err) = (out.assume_init(), err.assume_init());
        assert_ne!(result, COSFFI_ERROR_PANIC);
        assert_eq!(result == COSFFI_OK, err.is_null());
        assert_eq!(result == COSFFI_OK, !out.is_null());
        if !err.is_null() {
            let err = Box::from_raw(err);
            assert_eq!(cosffi_error_code(Some(&err)), result);
            cosffi_error_free(Some(err));
        }
        (!out.is_null()).then(|| Box::from_raw(out))
    }
}

fn text_made(result: cosffi_result, mut out: MaybeUninit<cosffi_string>) {
    assert_ne!(result, COSFFI_ERROR_PANIC);
    // SAFETY: always written.
    let out = unsafe { out.assume_init_mut() };
    assert_eq!(result == COSFFI_OK, !out.data.is_null());
    cosffi_string_free(Some(out));
    cosffi_string_free(Some(out));
}

fn start(
    hands: &mut Hands,
    (client, what, key, body): (Option<u8>, u8, Text<'_>, Text<'_>),
    (size, tail, flow, queue): (usize, u8, i32, bool),
) {
    let seat = Box::into_raw(Box::new(Seat { flow }));
    let mut callbacks = room::<cosffi_transfer_callbacks>(tail);
    callbacks.options = cosffi_transfer_callbacks {
        struct_size: size_of::<cosffi_transfer_callbacks>() + usize::from(tail != 0),
        user_data: seat.cast(),
        on_progress: None,
        on_complete: Some(on_complete),
        drop: Some(on_drop),
        queue: if queue { world().queue } else { null() },
    };
    let client = pick(&hands.clients, client).map(|client| &**client);
    let (mut out, mut err) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    let cb = &raw const callbacks.options;
    let mut upload = room::<cosffi_upload_options>(tail);
    upload.options.struct_size = said::<cosffi_upload_options>(size);
    let mut list = room::<cosffi_list_options>(tail);
    list.options.struct_size = said::<cosffi_list_options>(size);
    list.options.max_keys = size as u32;
    let mut get = room::<cosffi_get_options>(tail);
    get.options.struct_size = said::<cosffi_get_options>(size);
    get.options.offset_bytes = size as u64;
    get.options.length_bytes = u64::from(tail) << 56;
    let (upload, list, get) = (&raw const upload.options, &raw const list.options, &raw const get.options);
    let pairs = [cosffi_pair { name: key.str(), value: body.str() }; 2];
    let mut copy = room::<cosffi_copy_options>(tail);
    copy.options.struct_size = said::<cosffi_copy_options>(size);
    copy.options.source_bucket = body.str();
    copy.options.headers = pairs.as_ptr();
    copy.options.headers_count = size % 3;
    copy.options.priority = flow;
    let texts = [key.str(), body.str()];
    let mut folder = room::<cosffi_folder_options>(tail);
    folder.options.struct_size = said::<cosffi_folder_options>(size);
    folder.options.include = texts.as_ptr();
    folder.options.include_count = if size > 1_000_000 { size } else { size % 3 };
    folder.options.exclude = texts.as_ptr();
    folder.options.exclude_count = size % 2;
    folder.options.headers = pairs.as_ptr();
    folder.options.headers_count = size % 3;
    folder.options.compare = flow;
    folder.options.fail_fast = size as u32;
    let mut versions = room::<cosffi_list_versions_options>(tail);
    versions.options.struct_size = said::<cosffi_list_versions_options>(size);
    versions.options.key_marker = key.str();
    versions.options.version_id_marker = body.str();
    versions.options.max_keys = size as u32;
    let (folder, versions) = (&raw const folder.options, &raw const versions.options);
    let mut request = room::<cosffi_request_options>(tail);
    request.options.struct_size = said::<cosffi_request_options>(size);
    request.options.params = pairs.as_ptr();
    request.options.params_count = size % 3;
    request.options.body = body.bytes();
    let mut url = room::<cosffi_presign_object_options>(tail);
    url.options.struct_size = said::<cosffi_presign_object_options>(size);
    url.options.expires_s = size as u64;
    url.options.headers = pairs.as_ptr();
    url.options.headers_count = size % 3;
    let mut form = room::<cosffi_post_form_options>(tail);
    form.options.struct_size = said::<cosffi_post_form_options>(size);
    form.options.expires_s = size as u64;
    form.options.fields = pairs.as_ptr();
    form.options.fields_count = size % 3;
    let ids = [cosffi_object_id { object_key: key.str(), version_id: body.str() }; 3];
    // Garbage is refused, what could be is believed.
    let count = if size > 1_000_000 { size } else { size % 4 };
    let (copy, request, url, form) =
        (&raw const copy.options, &raw const request.options, &raw const url.options, &raw const form.options);
    // No path of the input's: it would write where it likes.
    let nowhere = Text::Bytes(b"/dev/null/nowhere").str();
    STARTS.fetch_add(1, SeqCst);
    // SAFETY: handles live; structs are as long as they say.
    let result = unsafe {
        let (out, err) = (Some(&mut out), Some(&mut err));
        match what % 19 {
            0 => cosffi_put_object(client, key.str(), body.bytes(), upload, cb, out, err),
            1 => cosffi_head_object(client, key.str(), cb, out, err),
            2 => cosffi_delete_object(client, key.str(), cb, out, err),
            3 => cosffi_list_objects(client, list, Some(on_page), cb, out, err),
            4 => cosffi_get_object(client, key.str(), get, None, cb, out, err),
            5 => cosffi_upload_stream(client, key.str(), Some(on_read), upload, cb, out, err),
            6 => cosffi_copy_object(client, body.str(), key.str(), copy, cb, out, err),
            7 => cosffi_delete_objects(client, ids.as_ptr(), count, cb, out, err),
            8 => cosffi_presign_object(client, body.str(), key.str(), url, cb, out, err),
            9 => cosffi_request(client, body.str(), key.str(), request, cb, out, err),
            10 => cosffi_post_form(client, key.str(), form, cb, out, err),
            11 => cosffi_clean_up_stale(client, nowhere, size as u64, cb, out, err),
            12 => cosffi_upload_file(client, key.str(), nowhere, upload, cb, out, err),
            13 => cosffi_download_file(client, key.str(), nowhere, null(), cb, out, err),
            14 => cosffi_upload_fd(client, key.str(), flow.min(-1), upload, cb, out, err),
            15 => cosffi_download_fd(client, key.str(), flow.min(-1), get, cb, out, err),
            16 => cosffi_upload_folder(client, key.str(), nowhere, folder, Some(on_entry), cb, out, err),
            17 => cosffi_download_folder(client, key.str(), nowhere, folder, Some(on_entry), cb, out, err),
            _ => cosffi_list_versions(client, versions, Some(on_versions), cb, out, err),
        }
    };
    if tail != 0 {
        // Refused before the data was taken over: an unknown option might change who owns it.
        assert_eq!(result, COSFFI_ERROR_INVALID_ARGUMENT);
        // SAFETY: nobody else has it.
        unsafe { on_drop(seat.cast()) };
    }
    // Transfers are counted, not boxed.
    hands.transfers.extend(made(result, out, err).map(Box::into_raw));
}

fn client(hands: &mut Hands, options: &cosffi_client_options) {
    let (mut out, mut err) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    // SAFETY: live text and handles.
    let result = unsafe { cosffi_client_new(Some(world().runtime), options, Some(&mut out), Some(&mut err)) };
    hands.clients.extend(made(result, out, err));
}

fn run(hands: &mut Hands, call: Call<'_>) {
    let (mut string, mut err) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    let err_free = |result: cosffi_result, err: MaybeUninit<*mut cosffi_error>| {
        assert_ne!(result, COSFFI_ERROR_PANIC);
        // SAFETY: always written, ours.
        let err = unsafe { err.assume_init() };
        if !err.is_null() {
            // SAFETY: as above.
            cosffi_error_free(Some(unsafe { Box::from_raw(err) }));
        }
    };
    // SAFETY: handles live, text and structs are as long as they say.
    unsafe {
        match call {
            Call::Credentials(id, key, token, start, end) => {
                let mut out = MaybeUninit::uninit();
                let (id, key, token) = (id.str(), key.str(), token.str());
                let result = cosffi_credentials_new(id, key, token, start, end, Some(&mut out), Some(&mut err));
                hands.credentials.extend(made(result, out, err));
            }
            Call::Parse(json) => {
                let mut out = MaybeUninit::uninit();
                let result = cosffi_credentials_parse_sts(json.str(), Some(&mut out), Some(&mut err));
                hands.credentials.extend(made(result, out, err));
            }
            Call::Static(at) => {
                let mut out = MaybeUninit::uninit();
                let own = pick(&hands.credentials, at).map(|c| &**c);
                let result = cosffi_provider_static(own, Some(&mut out), Some(&mut err));
                hands.providers.extend(made(result, out, err));
            }
            Call::Push => {
                let mut out = MaybeUninit::uninit();
                let result = cosffi_provider_push(Some(&mut out), Some(&mut err));
                hands.providers.extend(made(result, out, err));
            }
            Call::PushCredentials(provider, at) => {
                let provider = pick(&hands.providers, provider).map(|p| &**p);
                let own = pick(&hands.credentials, at).map(|c| &**c);
                err_free(cosffi_provider_push_credentials(provider, own, Some(&mut err)), err);
            }
            Call::Invalidate(at) => cosffi_provider_invalidate(pick(&hands.providers, at).map(|p| &**p)),
            Call::FreeCredentials(at) => cosffi_credentials_free(take(&mut hands.credentials, at)),
            Call::FreeProvider(at) => cosffi_provider_free(take(&mut hands.providers, at)),
            Call::Client { provider, bucket, region, size, tail, numbers } => {
                let mut options = room::<cosffi_client_options>(tail);
                options.options.struct_size = said::<cosffi_client_options>(size);
                options.options.bucket = bucket.str();
                options.options.region = region.str();
                options.options.provider = pick(&hands.providers, provider).map_or(null(), |p| &raw const **p);
                options.options.part_size_bytes = numbers[0].into();
                options.options.concurrency = numbers[1];
                options.options.max_attempts = numbers[2];
                client(hands, &options.options);
            }
            Call::GoodClient(provider) => {
                // Nobody listens there: every request fails at once.
                let text = |text: &'static str| cosffi_str { data: text.as_ptr().cast(), len: text.len() };
                let mut options = room::<cosffi_client_options>(0);
                options.options.struct_size = size_of::<cosffi_client_options>();
                options.options.bucket = text("demo-1250000000");
                options.options.region = text("ap-guangzhou");
                options.options.endpoint = text("http://127.0.0.1:9");
                options.options.max_attempts = 1;
                options.options.provider = pick(&hands.providers, provider).map_or(null(), |p| &raw const **p);
                client(hands, &options.options);
            }
            Call::FreeClient(at) => cosffi_client_free(take(&mut hands.clients, at)),
            Call::Notify(at, event) => {
                err_free(cosffi_client_notify(pick(&hands.clients, at).map(|c| &**c), event, Some(&mut err)), err);
            }
            Call::Sign { credentials, path, header, count, times, size } => {
                let pairs = [cosffi_pair { name: header.str(), value: path.str() }; 2];
                let mut options = room::<cosffi_sign_options>(0);
                options.options = cosffi_sign_options {
                    struct_size: said::<cosffi_sign_options>(size),
                    credentials: pick(&hands.credentials, credentials).map_or(null(), |c| &raw const **c),
                    method: path.str(),
                    path: path.str(),
                    params: null(),
                    params_count: count & 1,
                    headers: pairs.as_ptr(),
                    // Garbage is refused, what could be is believed.
                    headers_count: if count > 10_000 { count } else { count % 3 },
                    key_time_start_s: times.0,
                    key_time_end_s: times.1,
                };
                text_made(cosffi_sign_request(&raw const options.options, Some(&mut string), None), string);
            }
            Call::Presign { credentials, base, key, times } => {
                let mut options = room::<cosffi_presign_options>(0);
                options.options.struct_size = size_of::<cosffi_presign_options>();
                options.options.credentials = pick(&hands.credentials, credentials).map_or(null(), |c| &raw const **c);
                options.options.method = key.str();
                options.options.base_url = base.str();
                options.options.object_key = key.str();
                options.options.key_time_start_s = times.0;
                options.options.key_time_end_s = times.1;
                text_made(cosffi_presign_url(&raw const options.options, Some(&mut string), None), string);
            }
            Call::Lint(json) => {
                let mut worst = MaybeUninit::uninit();
                text_made(cosffi_policy_lint(json.str(), Some(&mut string), Some(&mut worst), None), string);
            }
            Call::Start { client, what, key, body, size, tail, flow, queue } => {
                start(hands, (client, what, key, body), (size, tail, flow, queue));
            }
            Call::Cancel(at) => cosffi_transfer_cancel(pick(&hands.transfers, at).map(|t| &**t)),
            Call::Pause(at) => cosffi_transfer_pause(pick(&hands.transfers, at).map(|t| &**t)),
            Call::Resume(at) => cosffi_transfer_resume(pick(&hands.transfers, at).map(|t| &**t)),
            Call::Stop(at) => cosffi_transfer_stop(pick(&hands.transfers, at).map(|t| &**t)),
            Call::Record(at) => {
                let transfer = pick(&hands.transfers, at).map(|t| &**t);
                assert_ne!(cosffi_transfer_resume_record(transfer, Some(&mut string), None), COSFFI_ERROR_PANIC);
                cosffi_string_free(Some(string.assume_init_mut()));
            }
            Call::Wait(at) => {
                let transfer = pick(&hands.transfers, at).map_or(null(), |t| t.cast_const());
                assert_ne!(cosffi_transfer_wait(transfer, 0, None), COSFFI_ERROR_PANIC);
            }
            Call::Look(at) => {
                let transfer = pick(&hands.transfers, at).map(|t| &**t);
                let (mut done, mut total) = (MaybeUninit::uninit(), MaybeUninit::uninit());
                let known = cosffi_transfer_progress(transfer, Some(&mut done), Some(&mut total));
                assert!(known == 0 || done.assume_init() <= total.assume_init());
                let state = cosffi_transfer_status(transfer);
                assert_eq!(state == cosffi_transfer_state::COSFFI_TRANSFER_NONE, transfer.is_none());
                let response = cosffi_transfer_response(transfer);
                assert_eq!(!response.is_null(), cosffi_transfer_status(transfer) == cosffi_transfer_state::COSFFI_TRANSFER_COMPLETED);
            }
            Call::Build { bucket, prefix, operation, count, size } => {
                let operations = [operation.str(); 3];
                let mut options = room::<cosffi_policy_options>(0);
                options.options.struct_size = said::<cosffi_policy_options>(size);
                options.options.bucket = bucket.str();
                options.options.region = bucket.str();
                options.options.prefix = prefix.str();
                options.options.operations = operations.as_ptr();
                options.options.operations_count = if count > 10_000 { count } else { count % 4 };
                text_made(cosffi_policy_build(&raw const options.options, Some(&mut string), None), string);
            }
            Call::FreeTransfer(at) => {
                if let Some(transfer) = take(&mut hands.transfers, at) {
                    // Left to itself it might read its stream for ever.
                    cosffi_transfer_cancel(Some(&*transfer));
                    cosffi_transfer_free(transfer);
                }
            }
            Call::Events => events(0),
            Call::StringTwice(text) => text_made(cosffi_policy_lint(text.str(), Some(&mut string), None, None), string),
            Call::LogLevel(level) => {
                assert_ne!(cosffi_log(level), COSFFI_ERROR_PANIC);
            }
        }
    }
}

fn cosffi_log(level: i32) -> cosffi_result {
    cos_ffi::log::cosffi_log_set(level, None, null_mut(), None, None)
}

/// Takes events until there are none for so many milliseconds.
fn events(wait_ms: i64) {
    let mut event = MaybeUninit::uninit();
    while cosffi_queue_next(Some(world().queue), wait_ms, Some(&mut event), None) == COSFFI_OK {
        // SAFETY: written on success, ours.
        cosffi_event_free(Some(unsafe { Box::from_raw(event.assume_init()) }));
    }
}

fuzz_target!(|calls: Vec<Call<'_>>| {
    let mut hands = Hands::default();
    for call in calls {
        run(&mut hands, call);
    }
    for transfer in hands.transfers.drain(..) {
        // SAFETY: ours, freed once.
        unsafe {
            cosffi_transfer_cancel(Some(&*transfer));
            cosffi_transfer_free(transfer);
        }
    }
    while DROPS.load(SeqCst) < STARTS.load(SeqCst) {
        events(1);
    }
    assert_eq!(DROPS.load(SeqCst), STARTS.load(SeqCst));
});
