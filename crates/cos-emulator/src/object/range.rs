//! The `Range` header.

use std::ops::Range;

use crate::error::{Code, Result};

/// The bytes asked for, or `None` for all of them. A header that is not one range of bytes is ignored, as RFC 9110
/// wants; one that lies behind the end is refused.
///
/// # Errors
/// `InvalidRange`.
pub(crate) fn parse(header: Option<&str>, size: u64) -> Result<Option<Range<u64>>> {
    let Some(spec) = header.and_then(|h| h.trim().strip_prefix("bytes=")) else {
        return Ok(None);
    };
    let Some((first, last)) = spec.split_once('-') else {
        return Ok(None);
    };
    let number = |text: &str| -> Option<u64> {
        let text = text.trim();
        (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
            .then(|| text.parse().unwrap_or(u64::MAX))
    };
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.trim().is_empty() => first..size,
        (None, Some(suffix)) if first.trim().is_empty() => size.saturating_sub(suffix)..size,
        _ => return Ok(None),
    };
    if range.is_empty() {
        return Err(Code::InvalidRange.into());
    }
    Ok(Some(range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let of = |header| parse(Some(header), 10).map_err(|e| e.code.into_owned());
        assert_eq!(of("bytes=0-0"), Ok(Some(0..1)));
        assert_eq!(of("bytes=2-"), Ok(Some(2..10)));
        assert_eq!(of("bytes=-3"), Ok(Some(7..10)));
        assert_eq!(of("bytes=-30"), Ok(Some(0..10)));
        assert_eq!(of("bytes=5-99999999999999999999999"), Ok(Some(5..10)));
        assert_eq!(of("bytes=10-"), Err("InvalidRange".to_owned()));
        assert_eq!(of("bytes=-0"), Err("InvalidRange".to_owned()));
        for ignored in [
            "bytes=3-2",
            "bytes=a-b",
            "bytes=0-1,3-4",
            "lines=1-2",
            "bytes=-",
        ] {
            assert_eq!(of(ignored), Ok(None), "{ignored}");
        }
        assert!(parse(Some("bytes=0-"), 0).is_err());
        assert_eq!(parse(None, 0).unwrap(), None);
    }
}
