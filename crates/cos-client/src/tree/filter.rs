//! Which names of a tree take part.

use glob::{MatchOptions, Pattern};

use crate::error::{Error, Result};

const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// Include and exclude patterns; see the setters of the builders.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

impl Filter {
    pub(crate) fn new(include: &[String], exclude: &[String]) -> Result<Self> {
        let all = |patterns: &[String]| patterns.iter().map(|p| pattern(p)).collect::<Result<_>>();
        Ok(Self {
            include: all(include)?,
            exclude: all(exclude)?,
        })
    }

    /// Whether a file or folder (with `/` at its end) takes part.
    pub(crate) fn takes(&self, name: &str) -> bool {
        !self.excludes(name) && (self.include.is_empty() || any(&self.include, name))
    }

    /// Whether everything below this folder can be left out without a look.
    pub(crate) fn excludes(&self, name: &str) -> bool {
        any(&self.exclude, name)
    }
}

/// Whether a pattern fits `name` or a folder above it.
fn any(patterns: &[Pattern], name: &str) -> bool {
    if patterns.is_empty() {
        return false;
    }
    let name = name.strip_suffix('/').unwrap_or(name);
    let ends = name.match_indices('/').map(|(at, _)| at);
    ends.chain([name.len()]).any(|end| {
        patterns
            .iter()
            .any(|p| p.matches_with(&name[..end], OPTIONS))
    })
}

/// A pattern without a slash fits at any depth.
fn pattern(text: &str) -> Result<Pattern> {
    let bare = text.strip_suffix('/').unwrap_or(text);
    let anchored = match bare.strip_prefix('/') {
        Some(anchored) => anchored.to_owned(),
        None if bare.contains('/') => bare.to_owned(),
        None => format!("**/{bare}"),
    };
    Pattern::new(&anchored)
        .map_err(|e| Error::config(format!("pattern {text:?} is malformed: {}", e.msg)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(include: &[&str], exclude: &[&str], name: &str) -> bool {
        let own = |p: &[&str]| p.iter().map(ToString::to_string).collect::<Vec<_>>();
        Filter::new(&own(include), &own(exclude))
            .unwrap()
            .takes(name)
    }

    #[test]
    fn patterns() {
        assert!(takes(&[], &[], "a/b"));
        for (pattern, fits, not) in [
            ("*.jpg", "a/b/c.jpg", "a/b/c.png"),
            ("*.jpg", ".jpg", "c.jpg2"),
            ("node_modules", "x/node_modules/y/z", "x/node_modules2"),
            ("node_modules/", "x/node_modules/y", "x/my"),
            ("/build", "build/x", "a/build/x"),
            ("a/*", "a/b", "b/a/b"),
            ("a/*/c", "a/b/c", "a/b/d/c"),
            ("a/**/c", "a/b/d/c", "a/b/d"),
            ("**/tmp/*.o", "x/y/tmp/z.o", "x/y/tmp2/z.o"),
            ("文?", "a/文件", "a/文"),
            ("[ab].txt", "x/b.txt", "x/c.txt"),
            ("a", "a/", "b/"),
        ] {
            assert!(!takes(&[], &[pattern], fits), "{pattern} {fits}");
            assert!(takes(&[], &[pattern], not), "{pattern} {not}");
            assert!(takes(&[pattern], &[], fits), "{pattern} {fits}");
            assert!(!takes(&[pattern], &[], not), "{pattern} {not}");
        }
        assert!(!takes(&["*.jpg"], &["a"], "a/b.jpg"), "exclude wins");
        assert!(takes(&["*.jpg", "*.png"], &[], "b.png"));
        assert!(Filter::new(&["a[".into()], &[]).is_err());
    }
}
