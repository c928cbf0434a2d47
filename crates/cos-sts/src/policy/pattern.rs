//! `*` as any run of characters, `/` included.

/// Whether `text` matches `pattern`, in which `*` stands for any run of characters. No other character
/// is special. Time is at most the product of the lengths, whatever the pattern.
pub fn wildcard_match(pattern: &str, text: &str) -> bool {
    let (p, t) = (pattern.as_bytes(), text.as_bytes());
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

#[cfg(test)]
mod tests {
    use super::wildcard_match;
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
        fn agrees_with_the_definition(p in "[ab*/]{0,8}", t in "[ab/]{0,10}") {
            prop_assert_eq!(wildcard_match(&p, &t), slow(p.as_bytes(), t.as_bytes()));
        }
    }
}
