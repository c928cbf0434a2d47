//! The last part of a resource, and its old form.

use std::borrow::Cow;

use super::pattern::wildcard_match;

/// A path as written in a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path<'a> {
    /// `<bucket>-<appid>/<key>`
    Modern(&'a str),
    /// `prefix//<appid>/<short bucket>/<key>`; without a key where no `/` follows the bucket.
    Old {
        app_id: &'a str,
        short: &'a str,
        key: Option<&'a str>,
    },
}

impl<'a> Path<'a> {
    pub(super) fn read(path: &'a str) -> Self {
        let old = path.strip_prefix("prefix//");
        let Some((app_id, rest)) = old.and_then(|rest| rest.split_once('/')) else {
            return Self::Modern(path);
        };
        let (short, key) = match rest.split_once('/') {
            Some((short, key)) => (short, Some(key)),
            None => (rest, None),
        };
        Self::Old { app_id, short, key }
    }

    /// The same in today's form.
    pub(super) fn modern(self) -> Cow<'a, str> {
        match self {
            Self::Modern(path) => Cow::Borrowed(path),
            Self::Old { app_id, short, key } => Cow::Owned(match key {
                Some(key) => format!("{short}-{app_id}/{key}"),
                // A star here stood for the rest of the bucket's name and all keys.
                None if short.ends_with('*') => format!("{short}-{app_id}/*"),
                None => format!("{short}-{app_id}"),
            }),
        }
    }

    /// Whether this pattern covers a path in today's form.
    pub(super) fn covers(self, path: &str) -> bool {
        match self {
            Self::Modern(pattern) => wildcard_match(pattern, path),
            // Most name their bucket: its letters and the key can be compared where they stand.
            Self::Old {
                app_id,
                short,
                key: Some(key),
            } if !short.contains('*') && !app_id.contains('*') => path
                .strip_prefix(short)
                .and_then(|rest| rest.strip_prefix('-')?.strip_prefix(app_id))
                .and_then(|rest| rest.strip_prefix('/'))
                .is_some_and(|rest| wildcard_match(key, rest)),
            Self::Old { .. } => wildcard_match(&self.modern(), path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_old_form_in_todays() {
        for (old, modern) in [
            ("prefix//1/demo/doc/a", "demo-1/doc/a"),
            ("prefix//1/demo/", "demo-1/"),
            ("prefix//1/demo", "demo-1"),
            ("prefix//1/de*", "de*-1/*"),
            ("prefix//1", "prefix//1"),
            ("demo-1/a", "demo-1/a"),
        ] {
            assert_eq!(Path::read(old).modern(), modern);
        }
    }

    proptest! {
        #[test]
        fn covers_what_todays_form_covers(
            old in "prefix//[1*]{1,2}/[ab*-]{0,3}(/[ab*/]{0,3})?", path in "[ab]{0,2}(-1)?(/[ab/]{0,3})?",
        ) {
            let old = Path::read(&old);
            prop_assert_eq!(old.covers(&path), wildcard_match(&old.modern(), &path));
        }
    }
}
