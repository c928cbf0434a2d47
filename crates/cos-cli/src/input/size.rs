//! Sizes such as `8MiB`.

/// Reads bytes: `1048576`, `8M`, `8MiB` (1024-based), `8MB` (1000-based).
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return Err("a size is a number with an optional K, M or G (KiB … GB)".to_owned()),
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| "a size begins with a number".to_owned())?;
    number
        .checked_mul(factor)
        .ok_or_else(|| "that size is too large".to_owned())
}

/// `64.0 MiB`, for people.
pub(crate) fn spell(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("0", 0),
            ("8M", 8 << 20),
            ("8MiB", 8 << 20),
            ("8 mib", 8 << 20),
            ("1MB", 1_000_000),
            ("5G", 5 << 30),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for bad in [
            "",
            "M",
            "-1",
            "1.5M",
            "8X",
            "99999999999999999999",
            "99999999999G",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
