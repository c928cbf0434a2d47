//! What the way through the C API costs: 4 KiB puts at 32 in flight, and one signature, beside the same through
//! the Rust API. Rounds alternate, so that a busy machine disturbs both; the server is a process of its own, so
//! that its work is not counted.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on panics, and prints its table"
)]

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr::null;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use cos_client::Client;
use cos_ffi::client::{
    cosffi_client, cosffi_client_free, cosffi_client_new, cosffi_client_options,
};
use cos_ffi::credentials::{cosffi_credentials, cosffi_credentials_free, cosffi_credentials_new};
use cos_ffi::error::cosffi_error;
use cos_ffi::object::simple::cosffi_put_object;
use cos_ffi::pair::cosffi_pair;
use cos_ffi::provider::{cosffi_provider_free, cosffi_provider_static};
use cos_ffi::response::cosffi_response;
use cos_ffi::result::cosffi_result;
use cos_ffi::runtime::{
    cosffi_runtime, cosffi_runtime_free, cosffi_runtime_new, cosffi_runtime_shutdown,
};
use cos_ffi::sign::{cosffi_sign_options, cosffi_sign_request};
use cos_ffi::text::{cosffi_bytes, cosffi_str, cosffi_string, cosffi_string_free};
use cos_ffi::transfer::callbacks::cosffi_transfer_callbacks;
use cos_sign_core::{KeyTime, Request, SignKey, Signer};
use cos_sts::{Credentials, StaticProvider};
use futures_util::StreamExt as _;

const IN_FLIGHT: usize = 32;
const PUTS: usize = 1_000;
const SIGNATURES: usize = 20_000;
const ROUNDS: usize = 11;
const BODY: [u8; 4096] = [7; 4096];

fn main() {
    if std::env::args().any(|word| word == "--serve") {
        return serve();
    }
    let server = Server::start();
    println!("| what | Rust API | through C | ratio |\n|---|---:|---:|---:|");
    let (rust, c) = (RustSide::new(&server), CSide::new(&server));
    compare(
        "put of 4 KiB, 32 in flight",
        PUTS,
        || rust.puts(),
        || c.puts(),
    );
    compare(
        "signature of a request with 3 headers",
        SIGNATURES,
        rust_signatures,
        c_signatures,
    );
}

/// Alternating rounds; the medians of wall time and of processor time for one operation.
fn compare(what: &str, operations: usize, rust: impl Fn(), c: impl Fn()) {
    rust();
    c();
    let (mut by_rust, mut by_c) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        by_rust.push(measured(&rust));
        by_c.push(measured(&c));
    }
    for (kind, pick) in [("wall", 0), ("processor", 1)] {
        let of = |rounds: &[[Duration; 2]]| {
            let mut sorted: Vec<f64> = rounds
                .iter()
                .map(|round| round[pick].as_secs_f64() * 1e6 / operations as f64)
                .collect();
            sorted.sort_by(f64::total_cmp);
            sorted[sorted.len() / 2]
        };
        let (rust, c) = (of(&by_rust), of(&by_c));
        println!(
            "| {what}, {kind} time | {rust:.2} µs | {c:.2} µs | {:.2} |",
            c / rust
        );
    }
}

fn measured(work: impl Fn()) -> [Duration; 2] {
    let (wall, processor) = (Instant::now(), processor_time());
    work();
    [wall.elapsed(), processor_time() - processor]
}

/// Of all threads of this process.
fn processor_time() -> Duration {
    // In hundredths of a second, which rounds of some tenths can bear; schedstat is finer where it is there.
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let nanoseconds: u64 = tasks
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok())
        .filter_map(|text| text.split(' ').next()?.parse::<u64>().ok())
        .sum();
    Duration::from_nanos(nanoseconds)
}

struct Server {
    process: std::process::Child,
    url: String,
    id: String,
    key: String,
}

impl Server {
    fn start() -> Server {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .arg("--serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let mut words = line.split_whitespace().map(str::to_owned);
        let mut word = || words.next().unwrap();
        Server {
            url: word(),
            id: word(),
            key: word(),
            process,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn serve() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let emulator = runtime
        .block_on(cos_emulator::Emulator::builder().start())
        .unwrap();
    let account = &emulator.accounts()[0];
    println!(
        "{} {} {}",
        emulator.http_url(),
        account.secret_id,
        account.secret_key
    );
    std::io::stdout().flush().unwrap();
    // Until the other side ends.
    let _ = std::io::stdin().lines().next();
}

struct RustSide {
    runtime: tokio::runtime::Runtime,
    client: Client,
}

impl RustSide {
    fn new(server: &Server) -> RustSide {
        let credentials = Credentials::permanent(&server.id, &server.key).unwrap();
        RustSide {
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap(),
            client: Client::builder()
                .bucket("demo-1250000000")
                .region("ap-guangzhou")
                .endpoint(&server.url)
                .credentials(StaticProvider::new(credentials))
                .build()
                .unwrap(),
        }
    }

    fn puts(&self) {
        let client = self.client.clone();
        let all = async move {
            futures_util::stream::iter(0..PUTS)
                .map(|n| {
                    let put = client.put_object(format!("rust/{}", n % 64), BODY.to_vec());
                    tokio::spawn(put.send())
                })
                .buffer_unordered(IN_FLIGHT)
                .for_each(|put| async move {
                    put.unwrap().unwrap();
                })
                .await;
        };
        self.runtime.block_on(all);
    }
}

struct CSide {
    runtime: Option<Box<cosffi_runtime>>,
    client: Option<Box<cosffi_client>>,
}

/// One row of puts; each completion starts the next.
struct Row {
    client: *const cosffi_client,
    started: AtomicUsize,
    done: Mutex<usize>,
    all_done: Condvar,
}

// SAFETY: the client outlives the row and may be used by any thread.
unsafe impl Send for Row {}
// SAFETY: as above.
unsafe impl Sync for Row {}

impl Row {
    fn start(self: &Arc<Row>) {
        let n = self.started.fetch_add(1, Ordering::Relaxed);
        if n >= PUTS {
            return;
        }
        let callbacks = cosffi_transfer_callbacks {
            struct_size: size_of::<cosffi_transfer_callbacks>(),
            user_data: Arc::into_raw(Arc::clone(self)).cast_mut().cast(),
            on_progress: None,
            on_complete: Some(on_complete),
            drop: Some(on_drop),
            queue: null(),
        };
        let key = format!("c/{}", n % 64);
        let body = cosffi_bytes {
            data: BODY.as_ptr(),
            len: BODY.len(),
        };
        // SAFETY: the client lives, everything else for this call.
        let result = unsafe {
            cosffi_put_object(
                self.client.as_ref(),
                text(&key),
                body,
                null(),
                &callbacks,
                None,
                None,
            )
        };
        assert_eq!(result, cosffi_result::COSFFI_OK);
    }
}

unsafe extern "C" fn on_complete(
    user_data: *mut c_void,
    result: cosffi_result,
    _: *const cosffi_response,
    _: *const cosffi_error,
) {
    assert_eq!(result, cosffi_result::COSFFI_OK);
    // SAFETY: an Arc that on_drop takes back.
    let row = unsafe {
        Arc::increment_strong_count(user_data.cast::<Row>());
        Arc::from_raw(user_data.cast::<Row>())
    };
    row.start();
    let mut done = row.done.lock().unwrap();
    *done += 1;
    // As on the Rust side, the one who waits is woken for the last one only.
    if *done == PUTS {
        row.all_done.notify_one();
    }
}

unsafe extern "C" fn on_drop(user_data: *mut c_void) {
    // SAFETY: given in start().
    drop(unsafe { Arc::from_raw(user_data.cast::<Row>()) });
}

fn text(text: &str) -> cosffi_str {
    cosffi_str {
        data: text.as_ptr().cast(),
        len: text.len(),
    }
}

fn c_credentials(id: &str, key: &str) -> Box<cosffi_credentials> {
    let mut out = MaybeUninit::uninit();
    // SAFETY: live text; written on success.
    unsafe {
        let none = text("");
        let made = cosffi_credentials_new(text(id), text(key), none, 0, 0, Some(&mut out), None);
        assert_eq!(made, cosffi_result::COSFFI_OK);
        Box::from_raw(out.assume_init())
    }
}

impl CSide {
    fn new(server: &Server) -> CSide {
        let credentials = c_credentials(&server.id, &server.key);
        let (mut runtime, mut provider, mut client) = (
            MaybeUninit::uninit(),
            MaybeUninit::uninit(),
            MaybeUninit::uninit(),
        );
        // SAFETY: live text and handles; outputs are written on success.
        unsafe {
            let ok = cosffi_result::COSFFI_OK;
            let mut settings: cos_ffi::runtime::cosffi_runtime_options =
                MaybeUninit::zeroed().assume_init();
            settings.struct_size = size_of_val(&settings);
            settings.worker_threads = 2;
            assert_eq!(cosffi_runtime_new(&settings, Some(&mut runtime), None), ok);
            let runtime = Box::from_raw(runtime.assume_init());
            let fixed = cosffi_provider_static(Some(&credentials), Some(&mut provider), None);
            assert_eq!(fixed, ok);
            let mut options: cosffi_client_options = MaybeUninit::zeroed().assume_init();
            options.struct_size = size_of_val(&options);
            options.bucket = text("demo-1250000000");
            options.region = text("ap-guangzhou");
            options.endpoint = text(&server.url);
            options.provider = provider.assume_init();
            let made = cosffi_client_new(Some(&runtime), &options, Some(&mut client), None);
            assert_eq!(made, ok);
            cosffi_provider_free(Some(Box::from_raw(provider.assume_init())));
            cosffi_credentials_free(Some(credentials));
            CSide {
                runtime: Some(runtime),
                client: Some(Box::from_raw(client.assume_init())),
            }
        }
    }

    fn puts(&self) {
        let row = Arc::new(Row {
            client: &raw const **self.client.as_ref().unwrap(),
            started: AtomicUsize::new(0),
            done: Mutex::new(0),
            all_done: Condvar::new(),
        });
        for _ in 0..IN_FLIGHT {
            row.start();
        }
        let mut done = row.done.lock().unwrap();
        while *done < PUTS {
            done = row.all_done.wait(done).unwrap();
        }
    }
}

impl Drop for CSide {
    fn drop(&mut self) {
        cosffi_client_free(self.client.take());
        let runtime = self.runtime.take().unwrap();
        // SAFETY: a live handle.
        unsafe {
            cosffi_runtime_shutdown(&raw const *runtime, -1, None, core::ptr::null_mut(), None)
        };
        cosffi_runtime_free(Some(runtime));
    }
}

const HEADERS: [(&str, &str); 3] = [
    ("host", "demo-1250000000.cos.ap-guangzhou.myqcloud.com"),
    ("content-length", "4096"),
    ("content-type", "image/jpeg"),
];
const TIMES: (u64, u64) = (1_700_000_000, 1_700_003_600);

fn rust_signatures() {
    let credentials = Credentials::permanent("AKIDexample", "example-secret-key").unwrap();
    for _ in 0..SIGNATURES {
        // A key for each, as the stateless C function derives it.
        let time = KeyTime::new(TIMES.0, TIMES.1).unwrap();
        let key = SignKey::derive(credentials.secret_key().expose(), time).unwrap();
        let signed = Signer::new(credentials.secret_id(), &key).authorization(&Request {
            method: "PUT",
            path: "/photos/a b.jpg",
            params: &[],
            headers: &HEADERS,
        });
        std::hint::black_box(signed.unwrap());
    }
}

fn c_signatures() {
    let credentials = c_credentials("AKIDexample", "example-secret-key");
    let headers = HEADERS.map(|(name, value)| cosffi_pair {
        name: text(name),
        value: text(value),
    });
    // SAFETY: zero is a valid value of every field.
    let mut options: cosffi_sign_options = unsafe { MaybeUninit::zeroed().assume_init() };
    options.struct_size = size_of_val(&options);
    options.credentials = &raw const *credentials;
    options.method = text("PUT");
    options.path = text("/photos/a b.jpg");
    options.headers = headers.as_ptr();
    options.headers_count = headers.len();
    options.key_time_start_s = TIMES.0;
    options.key_time_end_s = TIMES.1;
    for _ in 0..SIGNATURES {
        let mut out = MaybeUninit::<cosffi_string>::uninit();
        // SAFETY: everything lives for the call; the output is always written.
        unsafe {
            let result = cosffi_sign_request(&options, Some(&mut out), None);
            assert_eq!(result, cosffi_result::COSFFI_OK);
            cosffi_string_free(Some(out.assume_init_mut()));
        }
    }
    cosffi_credentials_free(Some(credentials));
}
