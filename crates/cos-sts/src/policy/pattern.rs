//! `*` as any run of characters, `/` included.

/// Whether `text` matches `pattern`, in which `*` stands for any run of characters. No other character
/// is special. Time is at most the product of the lengths, whatever the pattern.
pub fn wildcard_match(pattern: &str, text: &str) -> bool {
    let (p, t) = (pattern.as_bytes(), text.as_bytes());
    // Most patterns differ from most texts before their first star.
    let same = p.iter().zip(t).take_while(|(p, t)| p == t && **p != b'*');
    let same = same.count();
    match (p.get(same), p.get(same..), t.get(same..)) {
        (Some(b'*'), Some([b'*']), _) => true,
        (Some(b'*'), Some(p), Some(t)) => runs_match(p, t),
        (None, _, _) => same == t.len(),
        _ => false,
    }
}

/// The same, for a pattern that begins with a star.
fn runs_match(p: &[u8], t: &[u8]) -> bool {
    let (mut pi, mut ti) = (0, 0);
    // Where to go on if the run of the last `*` has to grow.
    let mut retry: Option<(usize, usize)> = None;
    while ti < t.len() {
        if p.get(pi) == Some(&b'*') {
            pi += 1;
            retry = Some((pi, ti));
        } else if p.get(pi) == t.get(ti) {
            pi += 1;
            ti += 1;
        } else if let Some((after_star, run_end)) = retry {
            pi = after_star;
            ti = run_end + 1;
            retry = Some((after_star, ti));
        } else {
            return false;
        }
    }
    p.get(pi..)
        .is_some_and(|rest| rest.iter().all(|b| *b == b'*'))
}

/// Whether any text matches both patterns.
pub(crate) fn patterns_meet(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    // row[j]: whether the rest of `a` from i and the rest of `b` from j meet; built from the ends.
    let only_stars = |rest: &[u8]| rest.iter().all(|c| *c == b'*');
    let mut row: Vec<bool> = (0..=b.len())
        .map(|j| b.get(j..).is_some_and(only_stars))
        .collect();
    for (i, x) in a.iter().enumerate().rev() {
        let mut last = a.get(i..).is_some_and(only_stars);
        // `below` is row[j + 1] of the line before.
        let mut below = row.last().copied().unwrap_or_default();
        if let Some(end) = row.last_mut() {
            *end = last;
        }
        for (cell, y) in row.iter_mut().rev().skip(1).zip(b.iter().rev()) {
            let straight = *cell;
            let meets = match (x, y) {
                // The star ends here, or takes one more of the other side.
                (b'*', _) | (_, b'*') => straight || last,
                _ => x == y && below,
            };
            below = straight;
            *cell = meets;
            last = meets;
        }
    }
    row.first().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{patterns_meet, wildcard_match};
    use proptest::prelude::*;

    #[test]
    fn stars_cover_slashes_and_nothing() {
        for (pattern, text, wanted) in [
            ("*", "", true),
            ("*", "a/b", true),
            ("", "", true),
            ("", "a", false),
            ("doc/*", "doc/", true),
            ("doc/*", "doc/a/b.txt", true),
            ("doc/*", "doc", false),
            ("doc/*", "docs/a", false),
            ("a*c", "abbc", true),
            ("a*c", "abbcd", false),
            ("a**c", "ac", true),
            ("*.jpg", "x.jpg.jpg", true),
            ("a?c", "abc", false),
            ("a[b]c", "abc", false),
            ("中*", "中文", true),
        ] {
            assert_eq!(wildcard_match(pattern, text), wanted, "{pattern} {text}");
        }
    }

    /// The definition, with no regard to time.
    fn slow(p: &[u8], t: &[u8]) -> bool {
        match (p.first(), t.first()) {
            (None, None) => true,
            (Some(b'*'), _) => slow(&p[1..], t) || (!t.is_empty() && slow(p, &t[1..])),
            (Some(a), Some(b)) if a == b => slow(&p[1..], &t[1..]),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn patterns_meet_where_some_text_matches_both(a in "[ab*]{0,4}", b in "[ab*]{0,4}") {
            // A shortest common text is no longer than both patterns together.
            let mut texts = vec![String::new()];
            let mut found = false;
            for _ in 0..=8 {
                found |= texts.iter().any(|t| wildcard_match(&a, t) && wildcard_match(&b, t));
                let longer = texts.iter().flat_map(|t| [format!("{t}a"), format!("{t}b")]);
                texts = longer.collect();
            }
            prop_assert_eq!(patterns_meet(&a, &b), found);
        }

        #[test]
        fn agrees_with_the_definition(p in "[ab*/]{0,8}", t in "[ab/]{0,10}") {
            prop_assert_eq!(wildcard_match(&p, &t), slow(p.as_bytes(), t.as_bytes()));
        }
    }
}
