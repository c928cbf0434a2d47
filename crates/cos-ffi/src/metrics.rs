//! What each request took, for the app's own counters.

use core::ffi::c_void;
use std::sync::Arc;
use std::time::Duration;

use cos_client::{AttemptMetrics, ErrorKind};

use crate::client::code_of;
use crate::result::cosffi_result;
use crate::runtime::app_data::AppData;
use crate::text::{Text, cosffi_str};

/// One request that was sent, repetitions included. Holds no secret and no object key. Later versions may
/// add fields at the end; use it by pointer only.
#[repr(C)]
pub struct cosffi_attempt {
    /// What was asked, e.g. "PutObject".
    pub operation: cosffi_str,
    /// The HTTP method.
    pub method: cosffi_str,
    /// The host that was asked.
    pub host: cosffi_str,
    /// The service's code, when it refused.
    pub service_code: cosffi_str,
    /// What it came to: a cosffi_result.
    pub result: i32,
    /// The HTTP status; 0 when no answer came.
    pub http_status: u32,
    /// From 1; above 1 for repetitions.
    pub attempt: u32,
    /// 0.
    pub reserved: u32,
    /// Waiting for credentials, microseconds.
    pub credential_us: u64,
    /// From then to the first byte of the answer (or until it was given up), microseconds.
    pub first_byte_us: u64,
    /// Reading the content, microseconds.
    pub body_us: u64,
    /// Bytes of the request's content.
    pub sent_bytes: u64,
    /// Bytes of the answer's content.
    pub received_bytes: u64,
}

/// Hears of every request sent. `attempt` is borrowed for the call. Called on the callback thread; quick
/// is good, because other callbacks wait.
pub type cosffi_metrics_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, attempt: *const cosffi_attempt)>;

/// The client's hook: has the callback thread tell the app.
pub(crate) fn hook(
    call: unsafe extern "C" fn(*mut c_void, *const cosffi_attempt),
    data: AppData,
) -> impl Fn(&AttemptMetrics) + Send + Sync + 'static {
    let data = Arc::new(data);
    move |metrics| {
        let (metrics, data) = (metrics.clone(), Arc::clone(&data));
        let queue = Arc::clone(&data.shared().queue);
        // After the end of the runtime there is nobody to tell.
        let _ = queue.post(Box::new(move || tell(call, &data, &metrics)));
    }
}

fn tell(
    call: unsafe extern "C" fn(*mut c_void, *const cosffi_attempt),
    data: &AppData,
    metrics: &AttemptMetrics,
) {
    let texts = [
        Text::new(metrics.operation.as_str()),
        Text::new(metrics.method.as_str()),
        Text::new(&metrics.host),
        Text::optional(metrics.code.as_deref()),
    ];
    let [operation, method, host, service_code] = &texts;
    let attempt = cosffi_attempt {
        operation: operation.lend(),
        method: method.lend(),
        host: host.lend(),
        service_code: service_code.lend(),
        result: result(metrics.error) as i32,
        http_status: metrics.status.map_or(0, u32::from),
        attempt: metrics.attempt,
        reserved: 0,
        credential_us: microseconds(metrics.credential),
        first_byte_us: microseconds(metrics.first_byte),
        body_us: microseconds(metrics.body),
        sent_bytes: metrics.sent_bytes,
        received_bytes: metrics.received_bytes,
    };
    // SAFETY: the app gave this function with this pointer; everything lent outlives the call.
    unsafe { call(data.pointer(), &raw const attempt) }
}

fn result(error: Option<ErrorKind>) -> cosffi_result {
    error.map_or(cosffi_result::COSFFI_OK, code_of)
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
