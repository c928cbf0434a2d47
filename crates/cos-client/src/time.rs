//! The service's two spellings of a moment.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Reads `2019-05-24T10:56:40.000Z` (UTC only, fraction optional).
pub(crate) fn parse_iso(text: &str) -> Option<SystemTime> {
    let text = text.trim().strip_suffix('Z')?;
    let (date, clock) = text.split_once('T')?;
    let mut date = date.splitn(3, '-').map(|n| n.parse::<u64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut clock = clock.splitn(3, ':').map(|n| n.parse::<u64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let in_range = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !in_range || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let millis: u64 = match fraction.len() {
        0 => 0,
        n => fraction[..n.min(3)].parse::<u64>().ok()? * 10_u64.pow(3 - n.min(3) as u32),
    };
    let seconds = days_before(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    UNIX_EPOCH.checked_add(Duration::from_millis(seconds * 1000 + millis))
}

/// Days from 1970-01-01 to the given date of the Gregorian calendar.
fn days_before(year: u64, month: u64, day: u64) -> u64 {
    // Years begin in March here, so that the leap day is the last of its year.
    let shifted = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leap_days = shifted / 4 - shifted / 100 + shifted / 400;
    shifted * 365 + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments() {
        let at =
            |text: &str| parse_iso(text).map(|t| t.duration_since(UNIX_EPOCH).unwrap().as_millis());
        assert_eq!(at("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(at("2019-05-24T10:56:40.000Z"), Some(1_558_695_400_000));
        assert_eq!(at("2000-02-29T23:59:59.5Z"), Some(951_868_799_500));
        assert_eq!(at("2024-12-31T00:00:00.123456Z"), Some(1_735_603_200_123));
        for bad in [
            "",
            "2019-05-24",
            "2019-13-01T00:00:00Z",
            "2019-05-24T10:56Z",
            "x-y-zT1:2:3Z",
        ] {
            assert_eq!(at(bad), None, "{bad}");
        }
    }
}
