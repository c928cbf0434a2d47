use std::fmt::{self, Write as _};

use super::InvalidValue;

/// An object's name in its bucket: 1 to 850 bytes of UTF-8, no leading slash of its own.
///
/// `/` is only a convention, so `a//b`, `./a` and `a/../b` are names like any other and reach the
/// service unchanged. Control characters 0x18 to 0x1B are refused by the service and so here.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// The longest key, in bytes (436/13324).
    pub const MAX_BYTES: usize = 850;

    /// Checks `key`.
    ///
    /// # Errors
    /// When it is empty, too long, holds a forbidden control character, or is `.` or `..`, which
    /// no URL can carry.
    pub fn new(key: impl Into<String>) -> Result<Self, InvalidValue> {
        let text = key.into();
        let fail = |why: String| InvalidValue::new("object key", why);
        if text.is_empty() {
            return Err(fail("it is empty".into()));
        }
        if text.len() > Self::MAX_BYTES {
            return Err(fail(format!(
                "it has {} bytes; at most {} are allowed",
                text.len(),
                Self::MAX_BYTES
            )));
        }
        if let Some(b) = text.bytes().find(|b| (0x18..=0x1b).contains(b)) {
            return Err(fail(format!(
                "it holds the control character 0x{b:02x}, which the service refuses"
            )));
        }
        if text == "." || text == ".." {
            return Err(fail(format!("{text:?} cannot be carried in a URL")));
        }
        Ok(Self(text))
    }

    /// The key, decoded.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether path simplification would leave only `/`, as for `a/..` or `//`.
    ///
    /// Reading such a key could answer with the bucket's listing instead of an object, so GET and
    /// HEAD refuse it, as the official SDKs do (`path_simplify_check`).
    pub fn reduces_to_root(&self) -> bool {
        let mut depth = 0_usize;
        for segment in self.0.split('/') {
            match segment {
                "" | "." => {}
                ".." => depth = depth.saturating_sub(1),
                _ => depth += 1,
            }
        }
        depth == 0
    }

    /// Refuses keys that must not be read, see [`ObjectKey::reduces_to_root`].
    pub(crate) fn check_readable(&self) -> Result<(), InvalidValue> {
        if self.reduces_to_root() {
            return Err(InvalidValue::new(
                "object key",
                format!("{:?} reduces to \"/\", the bucket itself", self.0),
            ));
        }
        Ok(())
    }

    /// The path for the request line, after the leading `/`.
    ///
    /// Dot segments at the very end are protected too: URL parsers would drop them.
    pub(crate) fn encoded_path(&self) -> String {
        // The first slash decides what becomes of one after it.
        let decoded = format!("/{}", self.0);
        let mut path = String::with_capacity(decoded.len() + 16);
        // Writing to a String does not fail.
        let _ = write!(path, "{}", cos_sign_core::encode_path(&decoded));
        for tail in ["/.", "/.."] {
            if path.ends_with(tail) {
                let at = path.len() - tail.len();
                path.replace_range(at..=at, "%2F");
            }
        }
        path
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ObjectKey> for String {
    fn from(value: ObjectKey) -> Self {
        value.0
    }
}

impl std::str::FromStr for ObjectKey {
    type Err = InvalidValue;
    fn from_str(s: &str) -> Result<Self, InvalidValue> {
        Self::new(s)
    }
}

#[cfg(test)]
mod tests {
    use super::ObjectKey;

    #[test]
    fn length_is_counted_in_bytes() {
        assert!(ObjectKey::new("a".repeat(850)).is_ok());
        assert!(ObjectKey::new("a".repeat(851)).is_err());
        assert!(ObjectKey::new("字".repeat(283)).is_ok());
        assert!(ObjectKey::new("字".repeat(284)).is_err());
        assert!(ObjectKey::new("").is_err());
    }

    #[test]
    fn forbidden_characters() {
        assert!(ObjectKey::new("a\u{18}b").is_err());
        assert!(ObjectKey::new("a\u{1b}").is_err());
        assert!(ObjectKey::new("a\u{1c}b\u{17}").is_ok());
        assert!(ObjectKey::new("..").is_err());
    }

    #[test]
    fn knows_which_keys_reduce_to_the_bucket() {
        for root in ["/", "//", "a/..", "./", "../..", "a/../b/..", "/.", "../"] {
            assert!(ObjectKey::new(root).unwrap().reduces_to_root(), "{root}");
        }
        for fine in ["a", "/a", "a/../b", "...", ".a", "a/.", "../a"] {
            assert!(!ObjectKey::new(fine).unwrap().reduces_to_root(), "{fine}");
        }
    }

    #[test]
    fn encoded_paths_survive_url_parsing() {
        for key in [
            "a",
            "a b",
            "a+b",
            "/a",
            "a//b",
            "./a",
            "a/../b",
            "a/b/..",
            "a/.",
            "x/./y",
            "../a",
            "文/件 é",
            "a%2Fb",
            "a?b#c",
            "!'()*",
            "a\\b",
            "...",
            "a/...",
            "/..",
            "a\tb",
            "//",
        ] {
            let path = ObjectKey::new(key).unwrap().encoded_path();
            let url = reqwest::Url::parse(&format!("http://h{path}")).unwrap();
            assert_eq!(url.path(), path, "{key:?} must not be normalised");
            let endpoint = crate::types::Endpoint::custom_domain("https://h:8443").unwrap();
            let uri = endpoint.uri(format!("{path}?a=%26%3D%20&b")).unwrap();
            let whole = format!("https://h:8443{path}?a=%26%3D%20&b");
            assert_eq!(uri.to_string(), whole, "{key:?}");
            let url = reqwest::Url::parse(&whole).unwrap();
            assert_eq!(url.as_str(), whole, "{key:?} must mean the same to others");
            let decoded = percent_encoding::percent_decode_str(&path)
                .decode_utf8()
                .unwrap();
            assert_eq!(decoded, format!("/{key}"));
        }
    }
}
