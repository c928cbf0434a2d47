//! `If-Match` and its kin.

use std::borrow::Cow;
use std::time::UNIX_EPOCH;

use crate::error::{Code, Result};
use crate::store::Version;

/// Judges the conditions of a read. `header` gives the value of a condition by its lower-case name (`if-match` …).
///
/// # Errors
/// `PreconditionFailed`, or `NotModified`.
pub(crate) fn check<'h>(
    version: &Version,
    header: impl Fn(&str) -> Option<Cow<'h, str>>,
) -> Result<()> {
    let modified_s = version.modified_ms / 1000;
    match (
        header("if-match"),
        header("if-unmodified-since").and_then(|d| unix_s(&d)),
    ) {
        (Some(list), _) if !lists(&list, &version.etag) => {
            return Err(Code::PreconditionFailed.into());
        }
        (None, Some(date)) if modified_s > date => return Err(Code::PreconditionFailed.into()),
        _ => {}
    }
    match (
        header("if-none-match"),
        header("if-modified-since").and_then(|d| unix_s(&d)),
    ) {
        (Some(list), _) if lists(&list, &version.etag) => Err(Code::NotModified.into()),
        (None, Some(date)) if modified_s <= date => Err(Code::NotModified.into()),
        _ => Ok(()),
    }
}

/// The same for the source of a copy, where every refusal is 412.
pub(crate) fn check_copy_source(version: &Version, head: &crate::head::Head) -> Result<()> {
    check(version, |name| {
        head.header(&format!("x-cos-copy-source-{name}"))
    })
    .map_err(|_| Code::PreconditionFailed.into())
}

fn lists(list: &str, etag: &str) -> bool {
    list.split(',').any(|item| {
        let item = item.trim();
        item == "*" || item.strip_prefix("W/").unwrap_or(item).trim_matches('"') == etag
    })
}

fn unix_s(date: &str) -> Option<u64> {
    let time = httpdate::parse_http_date(date).ok()?;
    time.duration_since(UNIX_EPOCH).ok().map(|d| d.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Content, Meta};

    fn judge(headers: &[(&str, &'static str)]) -> Option<String> {
        let version = Version::new(
            "abc".to_owned(),
            0,
            Content::default(),
            Meta::default(),
            784_111_777_500,
        );
        let get = |name: &str| {
            headers
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| Cow::Borrowed(*v))
        };
        check(&version, get).err().map(|e| e.code.into_owned())
    }

    #[test]
    fn table() {
        const AT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
        let failed = Some("PreconditionFailed".to_owned());
        let same = Some("NotModified".to_owned());
        assert_eq!(judge(&[]), None);
        assert_eq!(judge(&[("if-match", "\"abc\"")]), None);
        assert_eq!(judge(&[("if-match", "\"x\", *")]), None);
        assert_eq!(judge(&[("if-match", "\"x\"")]), failed);
        assert_eq!(judge(&[("if-unmodified-since", BEFORE)]), failed);
        assert_eq!(
            judge(&[("if-match", "abc"), ("if-unmodified-since", BEFORE)]),
            None
        );
        assert_eq!(judge(&[("if-none-match", "\"abc\"")]), same);
        assert_eq!(judge(&[("if-modified-since", AT)]), same);
        assert_eq!(judge(&[("if-modified-since", BEFORE)]), None);
        assert_eq!(
            judge(&[("if-none-match", "\"x\""), ("if-modified-since", AT)]),
            None
        );
        assert_eq!(judge(&[("if-modified-since", "rubbish")]), None);
    }
}
