//! Six-part resource names.

use std::borrow::Cow;
use std::fmt;

use super::PolicyError;
use super::path::Path;
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
        let (head, path) = split(text).ok_or_else(|| {
            PolicyError::new(format!("`{text}` is not a resource of six parts"))
                .with_hint("write qcs::cos:<region>:uid/<appid>:<bucket>-<appid>/<key>, or `*`")
        })?;
        Ok(Self {
            project: head.project,
            service: head.service,
            region: head.region,
            account: head.account,
            path: Path::read(path).modern(),
        })
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
        wildcard_match(&self.path, &resource.path) && self.head().covers(&resource.head())
    }

    fn head(&self) -> Head<'_> {
        Head {
            project: self.project,
            service: self.service,
            region: self.region,
            account: self.account,
        }
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

/// All parts but the path.
struct Head<'a> {
    project: &'a str,
    service: &'a str,
    region: &'a str,
    account: &'a str,
}

impl Head<'_> {
    fn covers(&self, other: &Head<'_>) -> bool {
        wildcard_match(self.project, other.project)
            && wildcard_match(self.service, other.service)
            && (self.region.is_empty() || wildcard_match(self.region, other.region))
            && (self.account.is_empty() || wildcard_match(self.account, other.account))
    }
}

/// The parts, with the path as written.
fn split(text: &str) -> Option<(Head<'_>, &str)> {
    let (project, rest) = part(text.strip_prefix("qcs:")?)?;
    let (service, rest) = part(rest)?;
    let (region, rest) = part(rest)?;
    let (account, path) = part(rest)?;
    let head = Head {
        project,
        service,
        region,
        account,
    };
    Some((head, path))
}

/// What stands before the next colon and what after it. A part is too short for a search to pay.
fn part(text: &str) -> Option<(&str, &str)> {
    let (part, rest) = text.split_at_checked(text.bytes().position(|b| b == b':')?)?;
    Some((part, rest.get(1..)?))
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
pub(crate) fn coverage(pattern: &str, target: &Target<'_>) -> Coverage {
    match target.is_covered_by(pattern) {
        Some(true) => Coverage::Covered,
        Some(false) => Coverage::NotCovered,
        None => Coverage::Unclear,
    }
}

/// The resource of a call, split once for all statements.
pub(crate) struct Target<'a> {
    text: &'a str,
    /// `None` where it has no six parts.
    parts: Option<Parts<'a>>,
}

struct Parts<'a> {
    /// The text before the path.
    before: &'a str,
    head: Head<'a>,
    /// In today's form.
    path: Cow<'a, str>,
}

impl<'a> Target<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let parts = split(text).map(|(head, path)| Parts {
            before: text.strip_suffix(path).unwrap_or_default(),
            head,
            path: Path::read(path).modern(),
        });
        Self { text, parts }
    }

    fn is_covered_by(&self, pattern: &str) -> Option<bool> {
        if pattern == "*" {
            return Some(true);
        }
        if let Some(Parts { before, head, path }) = &self.parts {
            // Nearly all name region and account just so. Then only the paths are left to compare.
            if let Some(pattern) = pattern.strip_prefix(before) {
                return Some(Path::read(pattern).covers(path));
            }
            if let Some((wanted, pattern)) = split(pattern) {
                return Some(Path::read(pattern).covers(path) && wanted.covers(head));
            }
        }
        let makes_sense = pattern.contains('*') || split(pattern).is_some();
        makes_sense.then(|| wildcard_match(pattern, self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    const TEXT: &str = "qcs:[a*]?:[ab*]?:[ab*]{0,2}:[ab*]?:(prefix//1/)?[ab*/:-]{0,4}";

    proptest! {
        #[test]
        fn a_pattern_covers_what_all_its_parts_cover(pattern in TEXT, text in TEXT) {
            let parts = |text| Resource::parse(text).unwrap();
            let wanted = parts(&pattern).covers(&parts(&text));
            prop_assert_eq!(covers(&pattern, &text) == Coverage::Covered, wanted);
            // The parts before the path the same, as nearly always.
            let path = text.splitn(6, ':').last().unwrap();
            let text = format!("{}{path}", before_path(&pattern));
            let wanted = parts(&pattern).covers(&parts(&text));
            prop_assert_eq!(covers(&pattern, &text) == Coverage::Covered, wanted);
        }
    }

    fn before_path(text: &str) -> &str {
        let (at, _) = text.match_indices(':').nth(4).unwrap();
        &text[..=at]
    }
}
