//! The part of the bucket that belongs to one user.

use std::fmt;

/// Longest user name. With `cos-` before it, it must stay a valid `RoleSessionName` (2 to 128 characters).
const MAX_USER_LEN: usize = 100;

const PLACE: &str = "{user}";

/// The name of an app user: 1 to 100 characters of `A-Z a-z 0-9 . _ -`, without `..` and not `.`.
///
/// It becomes part of object keys and of a policy, so nothing that means something there (`/`, `*`, `:`)
/// can be in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(String);

impl UserName {
    /// Checks a name.
    ///
    /// # Errors
    /// What is wrong with it, in words. The name is not repeated: it may come from a stranger.
    pub fn new(name: impl Into<String>) -> Result<Self, &'static str> {
        let name = name.into();
        if name.is_empty() {
            return Err("a user name is empty");
        }
        if name.len() > MAX_USER_LEN {
            return Err("a user name is longer than 100 characters");
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if !name.bytes().all(plain) {
            return Err("a user name may hold only A-Z a-z 0-9 . _ -");
        }
        if name == "." || name.contains("..") {
            return Err("a user name may not be `.` nor hold `..`");
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a user's objects are, for example `users/{user}/`.
///
/// `{user}` is there exactly once and the template ends with `/`. So no user's prefix begins with another
/// user's: `users/al/` does not cover `users/alice/`, as `users/al` would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefixTemplate {
    before: String,
    after: String,
}

impl PrefixTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(template: &str) -> Result<Self, String> {
        let Some((before, after)) = template.split_once(PLACE) else {
            return Err(format!(
                "the prefix `{template}` must hold {{user}}, or every user could reach everything"
            ));
        };
        if after.contains(PLACE) {
            return Err(format!("the prefix `{template}` holds {{user}} twice"));
        }
        if !after.ends_with('/') {
            return Err(format!(
                "the prefix `{template}` must end with `/`, or user `al` could reach what belongs to `alice`"
            ));
        }
        let bad = |c: char| c.is_control() || matches!(c, '*' | '{' | '}');
        if before.contains(bad) || after.contains(bad) {
            return Err(format!(
                "the prefix `{template}` holds `*`, a brace or a control character"
            ));
        }
        if before.starts_with('/') {
            return Err(format!(
                "the prefix `{template}` must not begin with `/`: object keys do not"
            ));
        }
        let whole = format!("{before}u{after}");
        if whole.trim_end_matches('/').split('/').any(is_not_a_name) || whole.ends_with("//") {
            return Err(format!(
                "the prefix `{template}` holds an empty part, `.` or `..`"
            ));
        }
        Ok(Self {
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }

    /// The prefix of one user.
    pub fn prefix_of(&self, user: &UserName) -> String {
        format!("{}{}{}", self.before, user.as_str(), self.after)
    }
}

fn is_not_a_name(part: &str) -> bool {
    matches!(part, "" | "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names() {
        for good in [
            "a",
            "alice",
            "42",
            "a.b_c-D",
            "x@".trim_end_matches('@'),
            "-",
        ] {
            assert!(UserName::new(good).is_ok(), "{good}");
        }
        let long = "x".repeat(101);
        for bad in [
            "", ".", "..", "a..b", "a/b", "../x", "a*", "a b", "ä", "a:b", "a%2fb", "a\0", "a\n",
            "{user}", &long,
        ] {
            assert!(UserName::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn template_gives_each_user_a_place() {
        let t = PrefixTemplate::parse("apps/one/{user}/files/").unwrap();
        let alice = UserName::new("alice").unwrap();
        assert_eq!(t.prefix_of(&alice), "apps/one/alice/files/");
        let t = PrefixTemplate::parse("{user}/").unwrap();
        assert_eq!(t.prefix_of(&alice), "alice/");
    }

    #[test]
    fn no_prefix_begins_with_another() {
        let names = ["a", "al", "alice", "a-x", "a.x", "-", "a-x-x"];
        for template in ["{user}/", "users/{user}/", "u/{user}-x/y/", "u/x-{user}/"] {
            let t = PrefixTemplate::parse(template).unwrap();
            for one in names {
                for other in names.into_iter().filter(|o| *o != one) {
                    let one = t.prefix_of(&UserName::new(one).unwrap());
                    let other = t.prefix_of(&UserName::new(other).unwrap());
                    assert!(!one.starts_with(&other), "{template}: {one} {other}");
                }
            }
        }
    }

    #[test]
    fn dangerous_templates_are_refused() {
        for bad in [
            "",
            "users/",
            "users/{user}",
            "{user}{user}/",
            "users/*/{user}/",
            "/users/{user}/",
            "users//{user}/",
            "users/../{user}/",
            "./{user}/",
            "{user}//",
            "{user}/*",
            "{}{user}/",
        ] {
            assert!(PrefixTemplate::parse(bad).is_err(), "{bad}");
        }
    }
}
