//! `cosffi_client`: access to one bucket.

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr;
use std::sync::Arc;
use std::time::Duration;

use cos_client::{Client, ClientBuilder, Domain, ErrorKind, RetryPolicy};

use crate::callback::{UserData, cosffi_drop_fn};
use crate::error::{Failure, cosffi_error};
use crate::guard;
use crate::metrics::{self, cosffi_metrics_fn};
use crate::options::{self, SizeTagged};
use crate::provider::cosffi_provider;
use crate::result::cosffi_result;
use crate::runtime::{app_data::AppData, cosffi_runtime, shared::Shared};
use crate::text::{Text, cosffi_str};

/// Access to one bucket: connections, credentials, limits. Use one per bucket and keep it.
pub struct cosffi_client {
    pub(crate) client: Client,
    pub(crate) shared: Arc<Shared>,
}

/// Settings of a client. Zero and empty mean default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_client_options {
    /// sizeof(cosffi_client_options) when the program was compiled.
    pub struct_size: usize,
    /// The bucket with its appid, e.g. "photos-1250000000". Required.
    pub bucket: cosffi_str,
    /// Its region, e.g. "ap-guangzhou". Required.
    pub region: cosffi_str,
    /// "scheme://host[:port]" to connect to instead of the bucket's own host, whose name is still sent
    /// and signed: a gateway or an emulator.
    pub endpoint: cosffi_str,
    /// Where credentials come from. Required.
    pub provider: *const cosffi_provider,
    /// Bytes per part of an upload or download, 1 MiB to 5 GiB. Default: 8 MiB.
    pub part_size_bytes: u64,
    /// Requests in flight at most, for all files of this client together, 1 to 1024. Default: 8.
    pub concurrency: u32,
    /// Requests sent at most for one call, 1 means never repeat. Default: 5.
    pub max_attempts: u32,
    /// For making a connection. Default: 10,000.
    pub connect_timeout_ms: u64,
    /// For an answer to begin, and between two pieces of it. Default: 60,000.
    pub read_timeout_ms: u64,
    /// For one call with all its attempts; a transfer is many calls. Default: no limit.
    pub operation_timeout_ms: u64,
    /// Certificates (PEM) to trust besides the built-in roots.
    pub ca_pem: cosffi_str,
    /// A forward proxy, "http://[user:password@]host:port". The environment is not looked at.
    pub proxy: cosffi_str,
    /// Hears of every request sent, with what it took. NULL for none.
    pub on_attempt: cosffi_metrics_fn,
    /// Handed to `on_attempt`; never looked at.
    pub on_attempt_user_data: *mut c_void,
    /// `on_attempt_user_data` is not needed any more: called once, on the callback thread, when the client
    /// and its transfers are gone; after the runtime has ended, on the thread that lets go last. When
    /// cosffi_client_new() fails, before it returns.
    pub on_attempt_drop: cosffi_drop_fn,
    /// A domain of your own that leads to the bucket, "https://files.example.com". (ABI 3)
    pub custom_domain: cosffi_str,
    /// Certificates (PEM) to trust and no others: to pin a root. (ABI 3)
    pub pinned_ca_pem: cosffi_str,
    /// Which of the service's domains to use, a cosffi_domain. Default: COSFFI_DOMAIN_DEFAULT. (ABI 3)
    pub domain: i32,
    /// Not 0: a bucket whose own domain does not answer is not asked at the service's second one. (ABI 3)
    pub no_backup_domain: u32,
    /// Bytes of content per second at most, everything this client sends and receives together. Default:
    /// no limit. (ABI 3)
    pub rate_limit_bytes_per_s: u64,
    /// Bytes that all uploads of streams together hold at most; a larger part goes alone. Default:
    /// 40 MiB. (ABI 3)
    pub memory_budget_bytes: u64,
    /// An upload's connection that took no byte for this long is cut. Default: 30,000. (ABI 3)
    pub stall_timeout_ms: u64,
    /// Files of at least this many bytes go in parts. Default: those larger than one part. (ABI 3)
    pub multipart_threshold_bytes: u64,
}

/// The service's domains.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum cosffi_domain {
    /// `<bucket>.cos.<region>.myqcloud.com`, the classic one.
    COSFFI_DOMAIN_DEFAULT = 0,
    /// `<bucket>.cos.<region>.tencentcos.cn`, the newer one.
    COSFFI_DOMAIN_TENCENTCOS = 1,
    /// `<bucket>.cos-internal.<region>.tencentcos.cn`, inside Tencent's network only.
    COSFFI_DOMAIN_INTERNAL = 2,
    /// `<bucket>.cos.accelerate.myqcloud.com`; acceleration must be on for the bucket.
    COSFFI_DOMAIN_ACCELERATE = 3,
}

/// A number from C.
fn domain_of(domain: i32) -> Result<Domain, Failure> {
    use cosffi_domain::*;
    match domain {
        n if n == COSFFI_DOMAIN_DEFAULT as i32 => Ok(Domain::Default),
        n if n == COSFFI_DOMAIN_TENCENTCOS as i32 => Ok(Domain::TencentCos),
        n if n == COSFFI_DOMAIN_INTERNAL as i32 => Ok(Domain::Internal),
        n if n == COSFFI_DOMAIN_ACCELERATE as i32 => Ok(Domain::Accelerate),
        other => Err(Failure::argument(format!(
            "options->domain is {other}, which is no cosffi_domain"
        ))),
    }
}

// SAFETY: repr(C), struct_size first; text, pointers and integers may be zero.
unsafe impl SizeTagged for cosffi_client_options {}

impl From<cos_client::Error> for Failure {
    fn from(error: cos_client::Error) -> Failure {
        Failure {
            http_status: error.http_status().map_or(0, u32::from),
            service_code: Text::optional(error.code()),
            request_id: Text::optional(error.request_id()),
            resource: Text::optional(error.resource()),
            hint: Text::optional(error.hint()),
            resume_record: error.resume_record().map_or_else(Text::default, |record| {
                Text::new(&String::from_utf8_lossy(&record.to_bytes()))
            }),
            is_retryable: error.is_retryable(),
            attempts: error.attempts(),
            ..Failure::new(code_of(error.kind()), error.message())
        }
    }
}

pub(crate) fn code_of(kind: ErrorKind) -> cosffi_result {
    use cosffi_result::*;
    match kind {
        ErrorKind::AccessDenied => COSFFI_ERROR_ACCESS_DENIED,
        ErrorKind::NotFound => COSFFI_ERROR_NOT_FOUND,
        ErrorKind::Precondition => COSFFI_ERROR_PRECONDITION,
        ErrorKind::Network => COSFFI_ERROR_NETWORK,
        ErrorKind::Timeout => COSFFI_ERROR_TIMEOUT,
        ErrorKind::Local => COSFFI_ERROR_LOCAL,
        ErrorKind::Integrity => COSFFI_ERROR_INTEGRITY,
        ErrorKind::Cancelled => COSFFI_ERROR_CANCELLED,
        ErrorKind::Config => COSFFI_ERROR_CONFIG,
        ErrorKind::Credential => COSFFI_ERROR_CREDENTIAL,
        _ => COSFFI_ERROR_SERVICE,
    }
}

/// Makes a client. Opens no connection and asks for no credentials yet.
///
/// Ownership: `*out` is yours; end it with cosffi_client_free(). `options` and its text are copied;
/// the runtime and the provider may be freed first (a freed runtime starts no more transfers).
/// Threads: any.
/// How often: any number of times; best once for each bucket, because connections are kept.
/// Errors: INVALID_ARGUMENT; CONFIG naming the option; SHUT_DOWN; FORKED.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_client_new(
    runtime: Option<&cosffi_runtime>,
    options: *const cosffi_client_options,
    out: Option<&mut MaybeUninit<*mut cosffi_client>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        // First of all, so that whatever fails drops the app's data.
        // SAFETY: the caller passes a struct that starts with its size.
        let options = unsafe { options::read(options, "options") };
        let user_data = options
            .as_ref()
            .ok()
            .map(|options| UserData::new(options.on_attempt_user_data, options.on_attempt_drop));
        let out = out
            .ok_or_else(|| Failure::null("out"))?
            .write(ptr::null_mut());
        let shared = runtime.ok_or_else(|| Failure::null("runtime"))?.shared();
        // Refused early rather than at the first transfer.
        drop(shared.hold()?);
        let options = options?;
        let mut builder = builder(&options)?;
        if let (Some(on_attempt), Some(user_data)) = (options.on_attempt, user_data) {
            let data = AppData::new(user_data, Arc::clone(shared));
            builder = builder.on_attempt(metrics::hook(on_attempt, data));
        }
        let client = builder.build()?;
        *out = Box::into_raw(Box::new(cosffi_client {
            client,
            shared: Arc::clone(shared),
        }));
        Ok(())
    })
}

fn builder(options: &cosffi_client_options) -> Result<ClientBuilder, Failure> {
    // SAFETY: the caller of cosffi_client_new() promises that text and provider live for that call.
    let (bucket, region, endpoint, ca_pem, proxy, custom_domain, pinned_ca_pem, provider) = unsafe {
        (
            options.bucket.read_required("options->bucket")?,
            options.region.read_required("options->region")?,
            options.endpoint.read_optional("options->endpoint")?,
            options.ca_pem.read_optional("options->ca_pem")?,
            options.proxy.read_optional("options->proxy")?,
            options
                .custom_domain
                .read_optional("options->custom_domain")?,
            options
                .pinned_ca_pem
                .read_optional("options->pinned_ca_pem")?,
            options
                .provider
                .as_ref()
                .ok_or_else(|| Failure::null("options->provider"))?,
        )
    };
    let mut builder = Client::builder()
        .bucket(bucket)
        .region(region)
        .domain(domain_of(options.domain)?)
        .backup_domain(options.no_backup_domain == 0)
        .credentials(Arc::clone(provider.get()));
    if let Some(endpoint) = endpoint {
        builder = builder.endpoint(endpoint);
    }
    if let Some(ca_pem) = ca_pem {
        builder = builder.ca_pem(ca_pem);
    }
    if let Some(proxy) = proxy {
        builder = builder.proxy(proxy);
    }
    if let Some(url) = custom_domain {
        builder = builder.custom_domain(url);
    }
    if let Some(pem) = pinned_ca_pem {
        builder = builder.pinned_ca_pem(pem);
    }
    if options.rate_limit_bytes_per_s != 0 {
        builder = builder.rate_limit(options.rate_limit_bytes_per_s);
    }
    if options.memory_budget_bytes != 0 {
        builder = builder.memory_budget(options.memory_budget_bytes);
    }
    if options.multipart_threshold_bytes != 0 {
        builder = builder.multipart_threshold(options.multipart_threshold_bytes);
    }
    if let Some(limit) = milliseconds(options.stall_timeout_ms) {
        builder = builder.stall_timeout(limit);
    }
    if options.part_size_bytes != 0 {
        builder = builder.part_size(options.part_size_bytes);
    }
    if options.concurrency != 0 {
        builder = builder.concurrency(options.concurrency as usize);
    }
    if options.max_attempts != 0 {
        builder = builder.retry(RetryPolicy::default().with_max_attempts(options.max_attempts));
    }
    if let Some(limit) = milliseconds(options.connect_timeout_ms) {
        builder = builder.connect_timeout(limit);
    }
    if let Some(limit) = milliseconds(options.read_timeout_ms) {
        builder = builder.read_timeout(limit);
    }
    if let Some(limit) = milliseconds(options.operation_timeout_ms) {
        builder = builder.operation_timeout(limit);
    }
    Ok(builder)
}

fn milliseconds(ms: u64) -> Option<Duration> {
    (ms != 0).then(|| Duration::from_millis(ms))
}

/// What may happen to an app.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum cosffi_app_event {
    /// It goes to the background: connections that are idle would be dead when it comes back.
    COSFFI_APP_BACKGROUND = 1,
    /// It comes back: what waits before a repetition tries at once, on new connections.
    COSFFI_APP_FOREGROUND = 2,
    /// The network is another, e.g. mobile data instead of Wi-Fi: the same.
    COSFFI_APP_NETWORK_CHANGED = 3,
}

/// Tells a client what happened to the app; `event` is a cosffi_app_event. Idle connections are closed;
/// unless the app goes to the background, requests that wait before they are repeated go at once.
/// Requests under way are left alone: a connection that died under them ends by its time-out and is then
/// repeated.
///
/// Ownership: borrows `client`.
/// Threads: any, also inside a callback.
/// How often: any number of times.
/// Errors: INVALID_ARGUMENT for NULL or an unknown event; FORKED.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_client_notify(
    client: Option<&cosffi_client>,
    event: i32,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        let client = client.ok_or_else(|| Failure::null("client"))?;
        client.shared.check_process()?;
        if !(1..=3).contains(&event) {
            return Err(Failure::argument(format!("there is no app event {event}")));
        }
        client.client.drop_idle_connections();
        if event != cosffi_app_event::COSFFI_APP_BACKGROUND as i32 {
            client.client.retry_now();
        }
        Ok(())
    })
}

/// Frees a client. Transfers in flight keep what they need and go on.
///
/// Ownership: takes `client`; NULL is fine.
/// Threads: any, also inside a callback. In a forked child it does nothing.
/// How often: once for each; NULL any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_client_free(client: Option<Box<cosffi_client>>) {
    guard::value((), || {
        let Some(client) = client else { return };
        if client.shared.is_forked() {
            core::mem::forget(client);
        }
    })
}
