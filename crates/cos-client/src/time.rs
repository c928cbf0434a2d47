//! The service's two spellings of a moment.
//!
//! Reading the `Date` of answers is ours and not `httpdate`'s, which also knows what nobody writes any more and weighs
//! 6 KB in every program (docs/size.md).

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

/// Reads `Fri, 24 May 2019 10:56:40 GMT`, the one spelling that servers may write (RFC 9110), as Unix seconds. The day
/// of the week is not looked at.
pub(crate) fn parse_imf(text: &str) -> Option<u64> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let (_, text) = text.trim().strip_suffix(" GMT")?.split_once(", ")?;
    let mut date = text.splitn(4, ' ');
    let number = |digits: &str| -> Option<u64> {
        let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| digits.parse().ok()).flatten()
    };
    let (day, month, year) = (number(date.next()?)?, date.next()?, number(date.next()?)?);
    let month = MONTHS
        .find(month)
        .filter(|at| month.len() == 3 && at % 3 == 0)?;
    let mut clock = date.next()?.splitn(3, ':');
    let (hour, minute) = (number(clock.next()?)?, number(clock.next()?)?);
    let second = number(clock.next()?)?;
    let is_moment = (1970..=9999).contains(&year)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    let days = || days_before(year, month as u64 / 3 + 1, day);
    is_moment.then(|| days() * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// Writes a moment as headers want it. What HTTP cannot say becomes the nearest that it can.
pub(crate) fn http_date(time: SystemTime) -> String {
    const LAST: Duration = Duration::from_secs(253_402_300_799); // The end of 9999.
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    httpdate::fmt_http_date(UNIX_EPOCH + since.min(LAST))
}

/// Days from 1970-01-01 to the given date of the Gregorian calendar.
fn days_before(year: u64, month: u64, day: u64) -> u64 {
    // Years begin in March here, so that the leap day is the last of its year.
    let shifted = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leap_days = shifted / 4 - shifted / 100 + shifted / 400;
    shifted * 365 + leap_days + day_of_year - 719_468
}

/// Writes Unix seconds as `2019-05-24T10:56:40.000Z`.
pub(crate) fn format_iso(unix_s: u64) -> String {
    let (days, second) = (unix_s / 86_400, unix_s % 86_400);
    // Counted from March of year 0 in cycles of 400 years, so that leap days come last.
    let days = days + 719_468;
    let (cycle, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = cycle * 400 + year + carry;
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for s in [
            0,
            951_782_400,
            951_868_799,
            1_558_695_400,
            1_735_603_200,
            4_107_542_400,
        ]
        .into_iter()
        .chain((0..200_000).map(|day| day * 86_399))
        {
            let text = format_iso(s);
            let read = parse_iso(&text).unwrap().duration_since(UNIX_EPOCH);
            assert_eq!(read.unwrap().as_secs(), s, "{text}");
        }
        assert_eq!(format_iso(1_558_695_400), "2019-05-24T10:56:40.000Z");
    }

    #[test]
    fn http_dates_of_any_moment() {
        let at = |s: u64| http_date(UNIX_EPOCH + Duration::from_secs(s));
        assert_eq!(at(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(at(1 << 40), "Fri, 31 Dec 9999 23:59:59 GMT");
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(http_date(before), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn dates_of_answers_as_httpdate_reads_them() {
        for day in 0..200_000 {
            let s = day * 86_399;
            let text = http_date(UNIX_EPOCH + Duration::from_secs(s));
            assert_eq!(parse_imf(&text), Some(s), "{text}");
        }
        for bad in [
            "",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1969 08:49:37 GMT",
            "Sun, 06 anF 1994 08:49:37 GMT",
            "Sun, 06 No 1994 08:49:37 GMT",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:+9:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse_imf(bad), None, "{bad}");
        }
    }

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
