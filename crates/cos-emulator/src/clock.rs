//! The emulator's clock: the system's, moved by an offset.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A clock that runs at normal speed but can be moved, so that a token expires without waiting.
#[derive(Debug, Default)]
pub struct EmulatorClock {
    offset_ms: AtomicI64,
}

impl EmulatorClock {
    /// A clock `offset_s` seconds ahead of the system's (behind it, if negative).
    #[must_use]
    pub fn new(offset_s: i64) -> Self {
        Self {
            offset_ms: AtomicI64::new(offset_s.saturating_mul(1000)),
        }
    }

    /// Unix time in milliseconds.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        let now = i64::try_from(system_ms()).unwrap_or(i64::MAX);
        u64::try_from(now.saturating_add(self.offset_ms.load(Ordering::Relaxed))).unwrap_or(0)
    }

    /// Unix time in seconds.
    #[must_use]
    pub fn now_s(&self) -> u64 {
        self.now_ms() / 1000
    }

    /// Moves the clock by `seconds`, which may be negative.
    pub fn advance_s(&self, seconds: i64) {
        let ms = seconds.saturating_mul(1000);
        // fetch_update never fails when the closure always returns a value.
        let _ = self
            .offset_ms
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| {
                Some(old.saturating_add(ms))
            });
    }

    /// Makes it `unix_s` now.
    pub fn set(&self, unix_s: u64) {
        let target = i64::try_from(unix_s.saturating_mul(1000)).unwrap_or(i64::MAX);
        let now = i64::try_from(system_ms()).unwrap_or(i64::MAX);
        self.offset_ms
            .store(target.saturating_sub(now), Ordering::Relaxed);
    }

    /// Sets the distance to the system's clock, in seconds.
    pub fn set_offset_s(&self, seconds: i64) {
        self.offset_ms
            .store(seconds.saturating_mul(1000), Ordering::Relaxed);
    }

    /// The distance to the system's clock, in whole seconds.
    #[must_use]
    pub fn offset_s(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed).div_euclid(1000)
    }
}

/// For clients that shall share the emulator's time. Sleeping takes real time.
impl cos_sts::Clock for EmulatorClock {
    fn now_ms(&self) -> u64 {
        Self::now_ms(self)
    }

    fn sleep(&self, duration: std::time::Duration) -> cos_sts::BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

fn system_ms() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_millis())
}

/// `2019-05-24T10:56:40.000Z`, as listings write it.
pub(crate) fn iso8601_ms(unix_ms: u64) -> String {
    let (date, time) = parts(unix_ms / 1000);
    format!("{date}T{time}.{:03}Z", unix_ms % 1000)
}

/// `2018-12-04T09:06:16Z`, as STS and error bodies write it.
pub(crate) fn iso8601_s(unix_s: u64) -> String {
    let (date, time) = parts(unix_s);
    format!("{date}T{time}Z")
}

fn parts(unix_s: u64) -> (String, String) {
    let t = i64::try_from(unix_s)
        .ok()
        .and_then(|s| time::OffsetDateTime::from_unix_timestamp(s).ok())
        .unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    (
        format!("{:04}-{:02}-{:02}", t.year(), u8::from(t.month()), t.day()),
        format!("{:02}:{:02}:{:02}", t.hour(), t.minute(), t.second()),
    )
}

/// RFC 1123 date of HTTP headers.
pub(crate) fn http_date(unix_s: u64) -> String {
    // httpdate panics beyond the year 9999, which a moved clock could reach.
    let s = unix_s.min(253_402_300_799);
    httpdate::fmt_http_date(UNIX_EPOCH + std::time::Duration::from_secs(s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_both_ways() {
        let clock = EmulatorClock::new(100);
        clock.advance_s(-250);
        assert_eq!(clock.offset_s(), -150);
        clock.set(1_000);
        assert!((1_000..1_010).contains(&clock.now_s()));
        clock.set_offset_s(i64::MIN);
        assert_eq!(clock.now_s(), 0);
        clock.set(u64::MAX);
        assert!(!http_date(clock.now_s()).is_empty());
    }

    #[test]
    fn formats() {
        assert_eq!(iso8601_ms(1_558_695_400_007), "2019-05-24T10:56:40.007Z");
        assert_eq!(iso8601_s(1_543_914_376), "2018-12-04T09:06:16Z");
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
