use std::fmt;

use super::InvalidValue;

/// A bucket's full name, `<name>-<appid>`, for example `photos-1250000000`.
///
/// Lower-case letters, digits and `-`; the digits after the last `-` are the AppId (436/13312).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BucketName {
    text: String,
    dash: usize,
}

impl BucketName {
    /// Checks `name`.
    ///
    /// # Errors
    /// When it is not `<name>-<appid>`, holds other characters, or is too long for a host name.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidValue> {
        let text = name.into();
        let fail = |why: String| InvalidValue::new("bucket name", why);
        let Some(dash) = text.rfind('-') else {
            return Err(fail(format!(
                "{text:?} must be <name>-<appid>, such as photos-1250000000"
            )));
        };
        let (short, app_id) = (&text[..dash], &text[dash + 1..]);
        if app_id.is_empty() || !app_id.bytes().all(|b| b.is_ascii_digit()) {
            return Err(fail(format!(
                "{text:?} must end in -<appid>, the account's AppId in digits"
            )));
        }
        if short.is_empty() || short.starts_with('-') || short.ends_with('-') {
            return Err(fail(format!(
                "{text:?} must not begin or end its name with '-'"
            )));
        }
        if let Some(c) = short
            .chars()
            .find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-'))
        {
            return Err(fail(format!(
                "{text:?} holds {c:?}; only lower-case letters, digits and '-' are allowed"
            )));
        }
        if text.len() > 60 {
            return Err(fail(format!(
                "{text:?} is {} bytes long; a request host has at most 60",
                text.len()
            )));
        }
        Ok(Self { text, dash })
    }

    /// The whole name as the service spells it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part the owner chose, without the AppId.
    pub fn name(&self) -> &str {
        &self.text[..self.dash]
    }

    /// The owner's AppId, in digits.
    pub fn app_id(&self) -> &str {
        &self.text[self.dash + 1..]
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<BucketName> for String {
    fn from(value: BucketName) -> Self {
        value.text
    }
}

impl std::str::FromStr for BucketName {
    type Err = InvalidValue;
    fn from_str(s: &str) -> Result<Self, InvalidValue> {
        Self::new(s)
    }
}

#[cfg(test)]
mod tests {
    use super::BucketName;

    #[test]
    fn splits_at_the_last_dash() {
        let b = BucketName::new("my-photos-1250000000").unwrap();
        assert_eq!(b.name(), "my-photos");
        assert_eq!(b.app_id(), "1250000000");
        assert_eq!(b.to_string(), "my-photos-1250000000");
    }

    #[test]
    fn refuses_what_the_service_refuses() {
        for (bad, part) in [
            ("", "<name>-<appid>"),
            ("photos", "<name>-<appid>"),
            ("photos-", "digits"),
            ("photos-12x", "digits"),
            ("-photos-1", "begin or end"),
            ("photos--1", "begin or end"),
            ("Photos-1", "lower-case"),
            ("pho_tos-1", "lower-case"),
            ("a/b-1", "lower-case"),
        ] {
            let error = BucketName::new(bad).unwrap_err();
            assert!(error.to_string().contains(part), "{bad}: {error}");
        }
        assert!(BucketName::new(format!("{}-1", "a".repeat(60))).is_err());
    }
}
