use std::fmt;

use super::InvalidValue;

/// A region such as `ap-guangzhou`. The list is open: any well-formed name is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Region(String);

impl Region {
    /// Checks `name` against `[A-Za-z0-9][A-Za-z0-9.-]*[A-Za-z0-9]`.
    ///
    /// # Errors
    /// When the name has another shape.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidValue> {
        let text = name.into();
        let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = text.as_bytes();
        let inside = bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
        if !(edge(bytes.first()) && edge(bytes.last()) && inside && bytes.len() <= 64) {
            return Err(InvalidValue::new(
                "region",
                format!("{text:?} is not a region name such as ap-guangzhou"),
            ));
        }
        Ok(Self(text))
    }

    /// The name as the service spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Region> for String {
    fn from(value: Region) -> Self {
        value.0
    }
}

impl std::str::FromStr for Region {
    type Err = InvalidValue;
    fn from_str(s: &str) -> Result<Self, InvalidValue> {
        Self::new(s)
    }
}

#[cfg(test)]
mod tests {
    use super::Region;

    #[test]
    fn accepts_names_and_refuses_the_rest() {
        for good in [
            "ap-guangzhou",
            "ap-beijing-1",
            "ap-shenzhen-fsi",
            "accelerate",
        ] {
            assert_eq!(Region::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "-ap", "ap-", "ap/gz", "ap gz", "ap.gz:80", "é"] {
            assert!(Region::new(bad).is_err(), "{bad}");
        }
    }
}
