//! Points in time, for output.

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// `2019-05-24T10:56:40Z`.
pub(crate) fn iso8601(at: SystemTime) -> Option<String> {
    let at = OffsetDateTime::from(at);
    at.replace_nanosecond(0).ok()?.format(&Rfc3339).ok()
}

/// The same for Unix seconds.
pub(crate) fn iso8601_s(unix_s: u64) -> Option<String> {
    let at = OffsetDateTime::from_unix_timestamp(i64::try_from(unix_s).ok()?).ok()?;
    at.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn utc_seconds() {
        let at = UNIX_EPOCH + Duration::from_millis(1_700_000_000_900);
        assert_eq!(iso8601(at).as_deref(), Some("2023-11-14T22:13:20Z"));
        assert_eq!(
            iso8601_s(1_700_000_000).as_deref(),
            Some("2023-11-14T22:13:20Z")
        );
        assert_eq!(iso8601_s(u64::MAX), None);
    }
}
