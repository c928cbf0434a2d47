//! `cosffi_log_set`: what the library has to say while it works.
//!
//! A small `tracing` subscriber instead of the `tracing-subscriber` crate: one line per event, no
//! spans. Only our own crates speak, because only their lines are known to be free of secrets.

use core::ffi::c_void;
use core::fmt::{self, Write as _};
use core::mem::MaybeUninit;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use once_cell::sync::OnceCell;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::callback::{UserData, cosffi_drop_fn};
use crate::error::{Failure, cosffi_error};
use crate::guard;
use crate::result::cosffi_result;
use crate::text::{Text, cosffi_str};

/// How much is said. Each level includes those before it.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum cosffi_log_level {
    /// Nothing.
    COSFFI_LOG_OFF = 0,
    /// What failed for good.
    COSFFI_LOG_ERROR = 1,
    /// What was odd but overcome.
    COSFFI_LOG_WARN = 2,
    /// What happened.
    COSFFI_LOG_INFO = 3,
    /// Each request.
    COSFFI_LOG_DEBUG = 4,
    /// Everything.
    COSFFI_LOG_TRACE = 5,
}

/// Takes one line. `level` is a cosffi_log_level; the texts are borrowed for the call.
pub type cosffi_log_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        level: i32,
        target: cosffi_str,
        message: cosffi_str,
    ),
>;

/// Where lines go. Shared with calls that are under way, so that `drop` waits for them.
struct Sink {
    write: unsafe extern "C" fn(*mut c_void, i32, cosffi_str, cosffi_str),
    user_data: UserData,
}

static SINK: RwLock<Option<Arc<Sink>>> = RwLock::new(None);
static LEVEL: AtomicI32 = AtomicI32::new(0);
static INSTALLED: OnceCell<()> = OnceCell::new();

/// Sends the library's log lines to `log`, or nowhere when it is NULL. Lines hold no secret, token or
/// signature. Replaces what was set before, whose `drop` runs when its last call is over. One setting
/// for the whole process.
///
/// `log` is called from any thread, several at once; it must be quick and must not wait for the
/// library. `drop` may be NULL.
///
/// Ownership: `user_data` is the library's until its `drop`, also when this call fails.
/// Threads: any.
/// How often: one call per line.
/// Errors: INVALID_ARGUMENT for a level that does not exist; CONFIG when the program has a Rust log
/// collector of its own.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_log_set(
    level: i32,
    log: cosffi_log_fn,
    user_data: *mut c_void,
    drop: cosffi_drop_fn,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    let user_data = UserData::new(user_data, drop);
    guard::call(err, || {
        if !(0..=cosffi_log_level::COSFFI_LOG_TRACE as i32).contains(&level) {
            return Err(Failure::argument(format!("there is no log level {level}")));
        }
        INSTALLED.get_or_try_init(|| {
            tracing::subscriber::set_global_default(Collector).map_err(|_| {
                Failure::new(
                    cosffi_result::COSFFI_ERROR_CONFIG,
                    "the program collects log lines itself already",
                )
            })
        })?;
        let sink = log.map(|write| Arc::new(Sink { write, user_data }));
        LEVEL.store(if sink.is_some() { level } else { 0 }, Ordering::Relaxed);
        let before = core::mem::replace(
            &mut *SINK.write().unwrap_or_else(PoisonError::into_inner),
            sink,
        );
        // Outside the lock: this may call the app.
        core::mem::drop(before);
        tracing::callsite::rebuild_interest_cache();
        Ok(())
    })
}

struct Collector;

fn number(level: Level) -> i32 {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event()
            && metadata.target().starts_with("cos_")
            && number(*metadata.level()) <= LEVEL.load(Ordering::Relaxed)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match LEVEL.load(Ordering::Relaxed) {
            1 => LevelFilter::ERROR,
            2 => LevelFilter::WARN,
            3 => LevelFilter::INFO,
            4 => LevelFilter::DEBUG,
            5 => LevelFilter::TRACE,
            _ => LevelFilter::OFF,
        })
    }

    fn event(&self, event: &Event<'_>) {
        let sink = SINK
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .map(Arc::clone);
        let Some(sink) = sink else { return };
        let mut line = Line(String::new());
        event.record(&mut line);
        let (target, message) = (Text::new(event.metadata().target()), Text::new(&line.0));
        // SAFETY: the app gave this function for this pointer, which `sink` keeps alive.
        unsafe {
            (sink.write)(
                sink.user_data.pointer(),
                number(*event.metadata().level()),
                target.lend(),
                message.lend(),
            );
        }
    }

    // Spans are not reported; `enabled` refuses them all.
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// An event as text: its message, then `name=value` for each field.
struct Line(String);

impl Line {
    fn add(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => self.0.write_fmt(value),
            name => write!(self.0, "{name}={value}"),
        };
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, format_args!("{value}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Default)]
    struct App {
        lines: Mutex<Vec<String>>,
        dropped: AtomicI32,
    }

    unsafe extern "C" fn write(
        user_data: *mut c_void,
        level: i32,
        target: cosffi_str,
        message: cosffi_str,
    ) {
        // SAFETY: the test keeps its App until the end; the texts live for this call.
        unsafe {
            let app = &*user_data.cast::<App>();
            let line = format!(
                "{level} {} {}",
                target.read("target").unwrap(),
                message.read("message").unwrap()
            );
            app.lines.lock().unwrap().push(line);
        }
    }

    unsafe extern "C" fn dropped(user_data: *mut c_void) {
        // SAFETY: as above.
        unsafe { &*user_data.cast::<App>() }
            .dropped
            .fetch_add(1, Ordering::SeqCst);
    }

    /// One test, because the setting is one for the process.
    #[test]
    fn lines_reach_the_app_until_it_is_replaced() {
        let app = App::default();
        let pointer: *mut c_void = (&raw const app).cast_mut().cast();
        let set = |level, log| cosffi_log_set(level, log, pointer, Some(dropped), None);
        assert_eq!(
            set(6, Some(write)),
            cosffi_result::COSFFI_ERROR_INVALID_ARGUMENT
        );
        assert_eq!(app.dropped.load(Ordering::SeqCst), 1);
        assert_eq!(set(3, Some(write)), cosffi_result::COSFFI_OK);
        tracing::info!(target: "cos_test", bytes = 5, what = "x", "sent");
        tracing::debug!(target: "cos_test", "too fine");
        tracing::error!(target: "other", "not ours");
        assert_eq!(set(5, None), cosffi_result::COSFFI_OK);
        tracing::error!(target: "cos_test", "nobody hears");
        assert_eq!(
            *app.lines.lock().unwrap(),
            ["3 cos_test sent bytes=5 what=x"]
        );
        assert_eq!(app.dropped.load(Ordering::SeqCst), 3);
    }
}
