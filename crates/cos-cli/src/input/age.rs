//! Lengths of time such as `7d`.

use std::time::Duration;

/// Reads `7d`, `12h`, `30m`, `45s`.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || "a length of time is a number with d, h, m or s: 7d".to_owned();
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        'd' => 86_400,
        'h' => 3_600,
        'm' => 60,
        's' => 1,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let seconds = number.checked_mul(seconds);
    let seconds = seconds.ok_or_else(|| "that is too long".to_owned())?;
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        for (text, seconds) in [("7d", 604_800), ("12h", 43_200), ("0m", 0), ("45s", 45)] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in [
            "",
            "7",
            "d",
            "-1d",
            "1.5h",
            "7 d",
            "7天",
            "999999999999999999d",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
