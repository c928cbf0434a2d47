//! The validity window `start;end` (`q-key-time`, `q-sign-time`).

use core::fmt;

use crate::SignError;

/// 9999-12-31T23:59:59Z. Anything later is a mistake, most often milliseconds passed for seconds.
const LATEST_S: u64 = 253_402_300_799;

/// A window in Unix seconds, `start < end`, written `start;end`.
///
/// ```
/// use cos_sign_core::KeyTime;
/// let window = KeyTime::parse("1557989151;1557996351")?;
/// assert!(window.contains(1_557_990_000));
/// assert_eq!(window.to_string(), "1557989151;1557996351");
/// assert!(KeyTime::new(1_700_000_000_000, 1_700_003_600_000).is_err(), "milliseconds");
/// # Ok::<(), cos_sign_core::SignError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyTime {
    start_s: u64,
    end_s: u64,
}

/// A window that may have been shortened; see [`KeyTime::capped_at`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capped {
    /// The window to use.
    pub key_time: KeyTime,
    /// Seconds taken off the end that was asked for; 0 when nothing was.
    pub shortened_by_s: u64,
}

impl KeyTime {
    /// A window from `start_s` to `end_s`, Unix seconds.
    ///
    /// # Errors
    /// [`SignError::InvalidKeyTime`] unless `start_s < end_s` and both lie before the year 10000.
    pub const fn new(start_s: u64, end_s: u64) -> Result<Self, SignError> {
        if start_s < end_s && end_s <= LATEST_S {
            Ok(Self { start_s, end_s })
        } else {
            Err(SignError::InvalidKeyTime)
        }
    }

    /// Reads `start;end`, decimal digits only.
    ///
    /// # Errors
    /// [`SignError::InvalidKeyTime`] for anything else.
    pub fn parse(text: &str) -> Result<Self, SignError> {
        let digits = |part: &str| -> Option<u64> {
            if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            part.parse().ok()
        };
        let (start, end) = text.split_once(';').ok_or(SignError::InvalidKeyTime)?;
        match (digits(start), digits(end)) {
            (Some(start_s), Some(end_s)) => Self::new(start_s, end_s),
            _ => Err(SignError::InvalidKeyTime),
        }
    }

    /// First second of the window.
    #[must_use]
    pub const fn start_s(self) -> u64 {
        self.start_s
    }

    /// Last second of the window.
    #[must_use]
    pub const fn end_s(self) -> u64 {
        self.end_s
    }

    /// Whether `now_s` lies in the window, both ends included.
    #[must_use]
    pub const fn contains(self, now_s: u64) -> bool {
        self.start_s <= now_s && now_s <= self.end_s
    }

    /// The window cut to end no later than `expired_time_s`, the end of the credential's life, and by
    /// how much it was cut. A presigned URL cannot outlive the token inside it (436/14116).
    ///
    /// # Errors
    /// [`SignError::InvalidKeyTime`] when the credential is over before the window begins.
    pub const fn capped_at(self, expired_time_s: u64) -> Result<Capped, SignError> {
        if expired_time_s >= self.end_s {
            return Ok(Capped {
                key_time: self,
                shortened_by_s: 0,
            });
        }
        match Self::new(self.start_s, expired_time_s) {
            Ok(key_time) => Ok(Capped {
                key_time,
                shortened_by_s: self.end_s - expired_time_s,
            }),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn text(self) -> KeyTimeText {
        let mut text = KeyTimeText {
            bytes: [0; KeyTimeText::MAX],
            len: 0,
        };
        text.push_number(self.start_s);
        text.push(b';');
        text.push_number(self.end_s);
        text
    }
}

impl fmt::Display for KeyTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};{}", self.start_s, self.end_s)
    }
}

/// `start;end` as text on the stack, so that signing does not format numbers again and again.
#[derive(Clone, Copy)]
pub(crate) struct KeyTimeText {
    bytes: [u8; Self::MAX],
    len: usize,
}

impl KeyTimeText {
    /// Two numbers of at most 12 digits (see `LATEST_S`) and a semicolon.
    const MAX: usize = 25;

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    fn push_number(&mut self, number: u64) {
        let mut digits = [0; 12];
        let mut at = digits.len();
        let mut rest = number;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        for &digit in &digits[at..] {
            self.push(digit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn parses_only_two_decimal_numbers_in_order() {
        for bad in [
            "",
            ";",
            "1",
            "1;",
            ";2",
            "2;1",
            "1;1",
            "+1;2",
            "1; 2",
            "1;2;3",
            "-1;2",
            "99999999999999999999;2",
            "1;253402300800",
        ] {
            assert_eq!(KeyTime::parse(bad), Err(SignError::InvalidKeyTime), "{bad}");
        }
        assert!(KeyTime::parse("0;253402300799").is_ok());
    }

    #[test]
    fn text_equals_display() {
        for (start, end) in [
            (0, 1),
            (9, 10),
            (1_700_000_000, 1_700_003_600),
            (0, LATEST_S),
        ] {
            let window = KeyTime::new(start, end).unwrap();
            assert_eq!(window.text().as_bytes(), window.to_string().as_bytes());
        }
        let widest = KeyTime::new(LATEST_S - 1, LATEST_S).unwrap();
        assert_eq!(widest.text().as_bytes().len(), KeyTimeText::MAX);
    }

    #[test]
    fn a_window_never_outlives_the_credential() {
        let window = KeyTime::new(100, 200).unwrap();
        assert_eq!(window.capped_at(200).unwrap().shortened_by_s, 0);
        let cut = window.capped_at(150).unwrap();
        assert_eq!((cut.key_time.end_s(), cut.shortened_by_s), (150, 50));
        assert_eq!(window.capped_at(100), Err(SignError::InvalidKeyTime));
    }
}
