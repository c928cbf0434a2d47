//! Six-part resource names.

use std::borrow::Cow;
use std::fmt;

use super::PolicyError;
use super::pattern::wildcard_match;

/// A resource in six parts, `qcs:<project>:<service>:<region>:<account>:<path>`, or a pattern of one.
///
/// The old form `prefix//<appid>/<short bucket>/<key>` of the path is read as
/// `<short bucket>-<appid>/<key>`, so both forms match each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource<'a> {
    /// Almost always empty.
    pub project: &'a str,
    /// `cos` or `ci`.
    pub service: &'a str,
    /// Empty in a pattern means all regions.
    pub region: &'a str,
    /// `uid/<appid>`. Empty in a pattern means any account.
    pub account: &'a str,
    /// `<bucket>-<appid>/<key>`; an empty key means the bucket itself.
    pub path: Cow<'a, str>,
}

impl<'a> Resource<'a> {
    /// Splits a resource. The path may itself hold colons.
    ///
    /// # Errors
    /// If it does not start with `qcs:` or has fewer than six parts.
    pub fn parse(text: &'a str) -> Result<Self, PolicyError> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next();
        match (next(), next(), next(), next(), next(), next()) {
            (
                Some("qcs"),
                Some(project),
                Some(service),
                Some(region),
                Some(account),
                Some(path),
            ) => Ok(Self {
                project,
                service,
                region,
                account,
                path: modern_path(path),
            }),
            _ => Err(
                PolicyError::new(format!("`{text}` is not a resource of six parts")).with_hint(
                    "write qcs::cos:<region>:uid/<appid>:<bucket>-<appid>/<key>, or `*`",
                ),
            ),
        }
    }

    /// The bucket with its appid: the path up to the first `/`.
    pub fn bucket(&self) -> &str {
        self.path.split_once('/').map_or(&*self.path, |(b, _)| b)
    }

    /// The key, or `None` if the path has no `/`.
    pub fn key(&self) -> Option<&str> {
        self.path.split_once('/').map(|(_, k)| k)
    }

    /// Whether this pattern covers `resource`.
    pub fn covers(&self, resource: &Resource<'_>) -> bool {
        wildcard_match(self.project, resource.project)
            && wildcard_match(self.service, resource.service)
            && (self.region.is_empty() || wildcard_match(self.region, resource.region))
            && (self.account.is_empty() || wildcard_match(self.account, resource.account))
            && wildcard_match(&self.path, &resource.path)
    }
}

impl fmt::Display for Resource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "qcs:{}:{}:{}:{}:{}",
            self.project, self.service, self.region, self.account, self.path
        )
    }
}

/// `prefix//<appid>/<short>/<key>` → `<short>-<appid>/<key>`.
fn modern_path(path: &str) -> Cow<'_, str> {
    let Some(rest) = path.strip_prefix("prefix//") else {
        return Cow::Borrowed(path);
    };
    let Some((app_id, rest)) = rest.split_once('/') else {
        return Cow::Borrowed(path);
    };
    match rest.split_once('/') {
        Some((short, key)) => Cow::Owned(format!("{short}-{app_id}/{key}")),
        // A star here stood for the rest of the bucket's name and all keys.
        None if rest.ends_with('*') => Cow::Owned(format!("{rest}-{app_id}/*")),
        None => Cow::Owned(format!("{rest}-{app_id}")),
    }
}

/// How a resource element of a statement relates to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coverage {
    Covered,
    NotCovered,
    /// The pattern makes no sense, so nobody can tell.
    Unclear,
}

/// Compares a resource element, `*` or a shortened form with `*` included, with a resource.
pub(crate) fn coverage(pattern: &str, resource: &Target<'_>) -> Coverage {
    if pattern == "*" {
        return Coverage::Covered;
    }
    let covered = match (Resource::parse(pattern), &resource.parts) {
        (Ok(pattern), Some(parts)) => pattern.covers(parts),
        (Ok(_), None) => wildcard_match(pattern, resource.text),
        (Err(_), _) if pattern.contains('*') => wildcard_match(pattern, resource.text),
        (Err(_), _) => return Coverage::Unclear,
    };
    if covered {
        Coverage::Covered
    } else {
        Coverage::NotCovered
    }
}

/// The resource of a call, split once for all statements.
pub(crate) struct Target<'a> {
    text: &'a str,
    parts: Option<Resource<'a>>,
}

impl<'a> Target<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            parts: Resource::parse(text).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/doc/a:b.txt";

    fn covers(pattern: &str, text: &str) -> Coverage {
        coverage(pattern, &Target::new(text))
    }

    #[test]
    fn splits_into_parts() {
        let r = Resource::parse(KEY).unwrap();
        assert_eq!(
            (r.service, r.region, r.account),
            ("cos", "ap-guangzhou", "uid/1250000000")
        );
        assert_eq!(
            (r.bucket(), r.key()),
            ("demo-1250000000", Some("doc/a:b.txt"))
        );
        assert_eq!(r.to_string(), KEY);
        assert!(Resource::parse("qcs::cos:x").is_err());
        assert!(Resource::parse("arn:aws:s3:::demo/*").is_err());
    }

    #[test]
    fn patterns() {
        use Coverage::{Covered, NotCovered, Unclear};
        for (pattern, wanted) in [
            ("*", Covered),
            (
                "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/*",
                Covered,
            ),
            (
                "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/doc/*",
                Covered,
            ),
            (
                "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/doc/a:b.txt",
                Covered,
            ),
            ("qcs::cos::uid/1250000000:demo-1250000000/doc/*", Covered),
            ("qcs::cos:*:uid/1250000000:*", Covered),
            ("qcs::cos:::demo-1250000000/doc/*", Covered),
            ("qcs::cos:*", Covered),
            (
                "qcs::cos:ap-beijing:uid/1250000000:demo-1250000000/*",
                NotCovered,
            ),
            (
                "qcs::cos:ap-guangzhou:uid/1250000001:demo-1250000000/*",
                NotCovered,
            ),
            (
                "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/docs/*",
                NotCovered,
            ),
            (
                "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/",
                NotCovered,
            ),
            (
                "qcs::ci:ap-guangzhou:uid/1250000000:demo-1250000000/*",
                NotCovered,
            ),
            ("demo-1250000000/doc/a:b.txt", Unclear),
        ] {
            assert_eq!(covers(pattern, KEY), wanted, "{pattern}");
        }
    }

    #[test]
    fn old_and_new_form_match_each_other() {
        let old = "qcs::cos:ap-guangzhou:uid/1250000000:prefix//1250000000/demo/doc/a:b.txt";
        assert_eq!(covers(old, KEY), Coverage::Covered);
        assert_eq!(covers(KEY, old), Coverage::Covered);
        for pattern in ["demo/*", "demo/doc/*", "*", "de*"] {
            let pattern =
                format!("qcs::cos:ap-guangzhou:uid/1250000000:prefix//1250000000/{pattern}");
            assert_eq!(covers(&pattern, KEY), Coverage::Covered, "{pattern}");
        }
        let other = "qcs::cos:ap-guangzhou:uid/1250000000:prefix//1250000000/other/*";
        assert_eq!(covers(other, KEY), Coverage::NotCovered);
    }

    #[test]
    fn a_star_covers_the_bucket_itself() {
        let bucket = "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/";
        let whole = "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/*";
        let part = "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/doc/*";
        assert_eq!(covers(whole, bucket), Coverage::Covered);
        assert_eq!(covers(bucket, bucket), Coverage::Covered);
        assert_eq!(covers(part, bucket), Coverage::NotCovered);
    }
}
