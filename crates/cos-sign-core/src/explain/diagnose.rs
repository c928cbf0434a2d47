//! Which mistake produces exactly the signature that arrived.

use core::fmt;

use super::habits::{HABITS, Recipe};
use crate::{KeyTime, Request, SignError, verify::Parsed};

/// What is the matter with a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// Nothing: it matches and its time is now.
    Matches,
    /// It matches, but the window has ended.
    KeyTimeOver {
        /// Seconds since the end.
        since_s: u64,
    },
    /// It matches, but the window has not begun.
    KeyTimeNotBegun {
        /// Seconds until the start.
        in_s: u64,
    },
    /// It matches, but the sign time reaches outside the key time.
    SignTimeOutsideKeyTime,
    /// The SignKey's 20 raw bytes were used; its 40 hex digits are the key.
    RawSignKey,
    /// The SignKey was derived from the sign time instead of the key time.
    KeyFromSignTime,
    /// The StringToSign holds the key time instead of the sign time.
    SignTimeNotUsed,
    /// The secret key was used with a blank or line end after it.
    SecretWithBlank,
    /// The method was signed in capitals.
    MethodUpperCase,
    /// The percent-encoded path was signed.
    PathSignedEncoded,
    /// The path was signed with `%2F` for its slashes.
    PathSlashEscaped,
    /// The path was signed without its first slash.
    PathWithoutSlash,
    /// The path was signed with two slashes in front.
    PathDoubleSlash,
    /// Names were signed with their capitals.
    NamesNotLowered,
    /// Values were signed unescaped.
    ValuesNotEscaped,
    /// Values were signed with lower-case escapes.
    EscapesLowerCase,
    /// Values were lower-cased.
    ValuesLowerCase,
    /// Values were form-encoded: `+` for a space.
    SpaceAsPlus,
    /// Values were signed with `/` unescaped.
    SlashKept,
    /// Values were escaped twice.
    ValuesEscapedTwice,
    /// Names were not sorted.
    NotSorted,
    /// Listed parameters were not signed.
    ParamsLeftOut,
    /// Listed headers were not signed.
    HeadersLeftOut,
    /// The HttpString lacks its last line feed.
    HttpStringWithoutLastLine,
    /// The StringToSign lacks its last line feed.
    StringToSignWithoutLastLine,
    /// The HttpString stands in the StringToSign instead of its SHA-1.
    HttpStringNotHashed,
    /// The host was signed without the port that was sent.
    HostWithoutPort,
    /// The signature is not 40 hex digits.
    Malformed,
    /// No known mistake explains it: most likely another secret key, or a request that was changed
    /// after signing.
    WrongKeyOrChangedRequest,
}

impl Cause {
    /// Whether the request should be let through.
    #[must_use]
    pub const fn is_match(self) -> bool {
        matches!(self, Self::Matches)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Matches => "the signature matches",
            Self::KeyTimeOver { since_s } => {
                return write!(f, "the signature matches, but its key time ended {since_s} s ago: sign again, or correct the clock");
            }
            Self::KeyTimeNotBegun { in_s } => {
                return write!(f, "the signature matches, but its key time begins in {in_s} s: correct the signer's clock");
            }
            Self::SignTimeOutsideKeyTime => {
                "the signature matches, but q-sign-time reaches outside q-key-time"
            }
            Self::RawSignKey => {
                "the SignKey was used as 20 raw bytes: use its 40 hex digits as text"
            }
            Self::KeyFromSignTime => {
                "the SignKey was derived from q-sign-time: derive it from q-key-time"
            }
            Self::SignTimeNotUsed => {
                "the StringToSign holds q-key-time: its second line is q-sign-time"
            }
            Self::SecretWithBlank => "the secret key was used with a blank or line end after it: trim it",
            Self::MethodUpperCase => "the method was signed in capitals: lower-case it",
            Self::PathSignedEncoded => {
                "the percent-encoded path was signed: sign the decoded path"
            }
            Self::PathSlashEscaped => "the path's slashes were signed as %2F: sign the decoded path",
            Self::PathWithoutSlash => "the path was signed without its first slash",
            Self::PathDoubleSlash => "the path was signed with two slashes in front",
            Self::NamesNotLowered => {
                "parameter or header names were signed with capitals: lower-case them in the signature only"
            }
            Self::ValuesNotEscaped => "values were signed unescaped: percent-encode them first",
            Self::EscapesLowerCase => "values were signed with lower-case escapes: use %2F, not %2f",
            Self::ValuesLowerCase => "values were lower-cased: only names are",
            Self::SpaceAsPlus => "values were form-encoded: a space is %20, never +",
            Self::SlashKept => "values were signed with a bare slash: it becomes %2F",
            Self::ValuesEscapedTwice => "values were escaped twice",
            Self::NotSorted => "names were not sorted: sort by the escaped, lower-cased name",
            Self::ParamsLeftOut => "q-url-param-list names parameters that were not signed",
            Self::HeadersLeftOut => "q-header-list names headers that were not signed",
            Self::HttpStringWithoutLastLine => "the HttpString was signed without its last line feed",
            Self::StringToSignWithoutLastLine => {
                "the StringToSign was signed without its last line feed"
            }
            Self::HttpStringNotHashed => {
                "the StringToSign holds the HttpString itself: it holds its SHA-1 in hex"
            }
            Self::HostWithoutPort => "the host was signed without its port: sign it as sent",
            Self::Malformed => "q-signature is not 40 hex digits",
            Self::WrongKeyOrChangedRequest => {
                "no known mistake explains it: another secret key, or the request was changed after signing"
            }
        })
    }
}

/// Says what is the matter with a signature whose secret is known.
///
/// `request` holds what arrived: the headers and parameters named in the lists. `now_s` is the
/// checker's time, Unix seconds; `None` leaves the time out.
///
/// # Errors
/// As [`Request::write_http_string`], and an empty or blank-framed `secret_key`.
pub fn diagnose(
    parsed: &Parsed<'_>,
    secret_key: &str,
    request: &Request<'_>,
    now_s: Option<u64>,
) -> Result<Cause, SignError> {
    let digits = parsed.signature;
    if digits.len() != 40 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(Cause::Malformed);
    }
    let key = crate::SignKey::derive(secret_key, parsed.key_time)?;
    if parsed.check(&key, request)? {
        return Ok(time_cause(parsed.key_time, parsed.sign_time, now_s));
    }
    let recipe = Recipe::new(secret_key, parsed.key_time, parsed.sign_time, request);
    for (cause, habit) in HABITS {
        let mut wrong = recipe.clone();
        habit(&mut wrong);
        if wrong.signature().matches(digits) {
            return Ok(*cause);
        }
    }
    Ok(Cause::WrongKeyOrChangedRequest)
}

fn time_cause(key_time: KeyTime, sign_time: KeyTime, now_s: Option<u64>) -> Cause {
    if sign_time.start_s() < key_time.start_s() || sign_time.end_s() > key_time.end_s() {
        return Cause::SignTimeOutsideKeyTime;
    }
    match now_s {
        Some(now) if now > sign_time.end_s() => Cause::KeyTimeOver {
            since_s: now - sign_time.end_s(),
        },
        Some(now) if now < sign_time.start_s() => Cause::KeyTimeNotBegun {
            in_s: sign_time.start_s() - now,
        },
        _ => Cause::Matches,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SignKey, Signer};
    use std::{format, string::String, vec::Vec};

    const SECRET: &str = "vectorSecretKeyPermanent0123456";

    fn request<'a>() -> Request<'a> {
        Request {
            method: "PUT",
            path: "/dir/a b+c.txt",
            params: &[("uploadId", "X/y z"), ("partNumber", "1")],
            headers: &[
                ("Host", "b-1.cos.r.example:8080"),
                ("x-cos-meta-Note", "A b/c"),
            ],
        }
    }

    fn windows() -> (KeyTime, KeyTime) {
        (
            KeyTime::new(1000, 5000).unwrap(),
            KeyTime::new(1500, 4000).unwrap(),
        )
    }

    fn authorization(signature: &str) -> String {
        let (key_time, sign_time) = windows();
        format!(
            "q-sign-algorithm=sha1&q-ak=id&q-sign-time={sign_time}&q-key-time={key_time}&q-header-list={}&q-url-param-list={}&q-signature={signature}",
            request().header_list(),
            request().url_param_list()
        )
    }

    fn found(signature: &str, now_s: Option<u64>) -> Cause {
        let text = authorization(signature);
        let parsed = Parsed::from_authorization(&text).unwrap();
        diagnose(&parsed, SECRET, &request(), now_s).unwrap()
    }

    #[test]
    fn each_habit_is_recognised_by_its_signature() {
        let (key_time, sign_time) = windows();
        let recipe = Recipe::new(SECRET, key_time, sign_time, &request());
        assert_eq!(found(recipe.signature().as_str(), None), Cause::Matches);
        let mut seen = Vec::new();
        for (cause, habit) in HABITS {
            let mut wrong = recipe.clone();
            habit(&mut wrong);
            let signature = wrong.signature();
            assert!(
                !seen.contains(&String::from(signature.as_str())),
                "{cause:?} changes nothing new"
            );
            seen.push(signature.as_str().into());
            assert_eq!(found(signature.as_str(), None), *cause);
        }
    }

    #[test]
    fn time_and_form_come_first() {
        let (key_time, sign_time) = windows();
        let key = SignKey::derive(SECRET, key_time).unwrap();
        let good = Signer::new("id", &key)
            .with_sign_time(sign_time)
            .signature(&request())
            .unwrap();
        let good = good.as_str();
        assert_eq!(found(good, Some(1500)), Cause::Matches);
        assert_eq!(found(good, Some(4007)), Cause::KeyTimeOver { since_s: 7 });
        assert_eq!(found(good, Some(1499)), Cause::KeyTimeNotBegun { in_s: 1 });
        assert_eq!(found("zz", None), Cause::Malformed);
        assert_eq!(
            found("0000000000000000000000000000000000000000", None),
            Cause::WrongKeyOrChangedRequest
        );
        let text = authorization(good).replace("q-key-time=1000;5000", "q-key-time=1600;5000");
        let parsed = Parsed::from_authorization(&text).unwrap();
        // Another key time means another key: nothing matches any more.
        assert!(
            !diagnose(&parsed, SECRET, &request(), None)
                .unwrap()
                .is_match()
        );
        let narrow = KeyTime::new(1600, 5000).unwrap();
        let key = SignKey::derive(SECRET, narrow).unwrap();
        let signature = Signer::new("id", &key)
            .with_sign_time(sign_time)
            .signature(&request())
            .unwrap();
        let text = text.replace(good, signature.as_str());
        let parsed = Parsed::from_authorization(&text).unwrap();
        assert_eq!(
            diagnose(&parsed, SECRET, &request(), None).unwrap(),
            Cause::SignTimeOutsideKeyTime
        );
    }
}
