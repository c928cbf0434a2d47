use std::fmt;

use super::InvalidValue;

/// How an object is kept (`x-cos-storage-class`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum StorageClass {
    /// `STANDARD`, the default; replies leave it out.
    #[default]
    Standard,
    /// `STANDARD_IA`, read seldom.
    StandardIa,
    /// `INTELLIGENT_TIERING`.
    IntelligentTiering,
    /// `ARCHIVE`: must be restored before reading.
    Archive,
    /// `DEEP_ARCHIVE`: must be restored before reading.
    DeepArchive,
    /// `MAZ_STANDARD`, several zones.
    MazStandard,
    /// `MAZ_STANDARD_IA`.
    MazStandardIa,
    /// `MAZ_INTELLIGENT_TIERING`.
    MazIntelligentTiering,
    /// A name this version does not know, sent and shown as it is.
    Other(String),
}

/// Names as the service spells them; one place for both directions.
const NAMES: [(&str, StorageClass); 8] = [
    ("STANDARD", StorageClass::Standard),
    ("STANDARD_IA", StorageClass::StandardIa),
    ("INTELLIGENT_TIERING", StorageClass::IntelligentTiering),
    ("ARCHIVE", StorageClass::Archive),
    ("DEEP_ARCHIVE", StorageClass::DeepArchive),
    ("MAZ_STANDARD", StorageClass::MazStandard),
    ("MAZ_STANDARD_IA", StorageClass::MazStandardIa),
    (
        "MAZ_INTELLIGENT_TIERING",
        StorageClass::MazIntelligentTiering,
    ),
];

impl StorageClass {
    /// Reads a name, whatever its letter case; unknown well-formed names become
    /// [`StorageClass::Other`].
    ///
    /// # Errors
    /// When the text is empty or holds anything but letters, digits, `_` and `-`.
    pub fn new(name: &str) -> Result<Self, InvalidValue> {
        let upper = name.to_ascii_uppercase();
        if let Some((_, class)) = NAMES.iter().find(|(text, _)| *text == upper) {
            return Ok(class.clone());
        }
        let well_formed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if upper.is_empty() || !upper.bytes().all(well_formed) {
            return Err(InvalidValue::new(
                "storage class",
                format!("{name:?} is not a name such as STANDARD_IA"),
            ));
        }
        Ok(Self::Other(upper))
    }

    /// The name as the service spells it.
    pub fn as_str(&self) -> &str {
        if let Self::Other(name) = self {
            return name;
        }
        NAMES
            .iter()
            .find(|(_, class)| class == self)
            .map_or("STANDARD", |(text, _)| text)
    }
}

impl fmt::Display for StorageClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for StorageClass {
    type Err = InvalidValue;
    fn from_str(s: &str) -> Result<Self, InvalidValue> {
        Self::new(s)
    }
}

#[cfg(test)]
mod tests {
    use super::{NAMES, StorageClass};

    #[test]
    fn names_go_both_ways() {
        for (text, class) in &NAMES {
            assert_eq!(&StorageClass::new(text).unwrap(), class);
            assert_eq!(class.as_str(), *text);
        }
        assert_eq!(StorageClass::new("cold").unwrap().as_str(), "COLD");
        assert!(StorageClass::new("a b").is_err());
        assert!(StorageClass::new("").is_err());
    }
}
