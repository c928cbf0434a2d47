//! Which names of one tree cannot stand side by side in one folder.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use icu_normalizer::ComposingNormalizerBorrowed;

use super::safe_path::UnsafeKey;

/// Names seen so far, in ascending byte order.
///
/// A key below another key is found with a handful of names in memory, as everything that begins
/// alike comes together. Names that differ only by case can be far apart: where the target folder
/// does not tell them apart, 16 bytes per name are kept.
pub(crate) struct Names {
    /// Files that the names still to come may be below, each the beginning of the next.
    files: Prefixes,
    folded: Option<Folded>,
}

impl Names {
    /// `fold`: the folder takes names for the same that differ only by case or composition.
    pub(crate) fn new(fold: bool) -> Self {
        Self {
            files: Prefixes::default(),
            folded: fold.then(Folded::default),
        }
    }

    /// Takes the next name (a folder's ends with `/`), or says why it has no place.
    pub(crate) fn take(&mut self, name: &str) -> Result<(), UnsafeKey> {
        if self.files.has_above(name) {
            return Err(UnsafeKey::FileAndFolder);
        }
        if let Some(folded) = &mut self.folded {
            folded.take(name)?;
        }
        if !name.ends_with('/') {
            self.files.push(name);
        }
        Ok(())
    }

    /// Whether a name that was taken would be the same file as this other one.
    pub(crate) fn hides(&self, name: &str) -> bool {
        self.folded.as_ref().is_some_and(|f| f.hides(name))
    }
}

#[derive(Default)]
struct Folded {
    hasher: RandomState,
    /// From the sum of a folded name to that of the name as it is, for folders on the way too.
    exact: HashMap<u64, u64>,
}

impl Folded {
    fn take(&mut self, name: &str) -> Result<(), UnsafeKey> {
        let name = name.strip_suffix('/').unwrap_or(name);
        let ends = name.match_indices('/').map(|(at, _)| at);
        for end in ends.chain([name.len()]) {
            let (folded, exact) = self.sums(&name[..end]);
            if *self.exact.entry(folded).or_insert(exact) != exact {
                return Err(UnsafeKey::CaseCollision);
            }
        }
        Ok(())
    }

    fn hides(&self, name: &str) -> bool {
        let (folded, exact) = self.sums(name);
        self.exact.get(&folded).is_some_and(|e| *e != exact)
    }

    fn sums(&self, name: &str) -> (u64, u64) {
        let exact = self.hasher.hash_one(name);
        // Upper case first: it unites what has several lower forms, such as ß and ss, σ and ς.
        let folded = name.to_uppercase().to_lowercase();
        let folded = ComposingNormalizerBorrowed::new_nfc().normalize(&folded);
        (self.hasher.hash_one(&*folded), exact)
    }
}

/// Names of an ascending sequence that what is still to come may be below.
#[derive(Default)]
pub(crate) struct Prefixes(Vec<String>);

impl Prefixes {
    /// Remembers a name; those that nothing to come begins with are forgotten.
    pub(crate) fn push(&mut self, name: &str) {
        self.forget(name);
        self.0
            .push(name.strip_suffix('/').unwrap_or(name).to_owned());
    }

    /// Whether a remembered name is a folder above `name`.
    pub(crate) fn has_above(&mut self, name: &str) -> bool {
        self.forget(name);
        let below = |n: &String| name.as_bytes().get(n.len()) == Some(&b'/');
        self.0.iter().any(below)
    }

    /// Whether a remembered name is `name` or a folder above it.
    pub(crate) fn cover(&mut self, name: &str) -> bool {
        let bare = name.strip_suffix('/').unwrap_or(name);
        self.has_above(name) || self.0.iter().any(|n| n == bare)
    }

    fn forget(&mut self, name: &str) {
        while self.0.last().is_some_and(|n| !name.starts_with(n.as_str())) {
            self.0.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(fold: bool, names: &[&str]) -> Vec<Option<UnsafeKey>> {
        assert!(names.is_sorted());
        let mut seen = Names::new(fold);
        names.iter().map(|n| seen.take(n).err()).collect()
    }

    #[test]
    fn files_are_no_folders() {
        let c = Some(UnsafeKey::FileAndFolder);
        assert_eq!(
            taken(
                false,
                &[
                    "a", "a!", "a-b", "a-b/c", "a.txt", "a/", "a/b", "a/b/c", "b/a"
                ]
            ),
            [None, None, None, c, None, c, c, c, None]
        );
        assert_eq!(taken(false, &["a/", "a/b", "a/c"]), [None; 3]);
    }

    #[test]
    fn case_and_composition() {
        let c = Some(UnsafeKey::CaseCollision);
        let names = [
            "A", "B/x", "a", "b/y", "e\u{301}", "straße", "straße/", "strasse", "\u{e9}",
        ];
        let mut names = names.to_vec();
        names.sort_unstable();
        let found = taken(true, &names);
        let of = |name| found[names.iter().position(|n| *n == name).unwrap()];
        assert_eq!(
            (of("A"), of("B/x"), of("e\u{301}"), of("strasse")),
            (None, None, None, None)
        );
        assert_eq!(
            (of("a"), of("b/y"), of("\u{e9}"), of("straße")),
            (c, c, c, c)
        );
        assert_eq!(taken(false, &["A", "a", "e\u{301}", "\u{e9}"]), [None; 4]);
        let mut seen = Names::new(true);
        seen.take("A/b").unwrap();
        assert!(seen.hides("a/B") && seen.hides("a") && !seen.hides("A/b") && !seen.hides("c"));
    }
}
