//! Checking a COS signature that somebody else made.
//!
//! A verifier parses the signature, looks the secret up by [`Parsed::secret_id`], gathers the headers
//! and parameters named in the two lists, and asks [`Parsed::check`]. Time and permissions are its
//! own business: nothing here reads a clock.

use core::fmt;

use crate::{KeyTime, Request, SignError, SignKey, encode::rank};

/// The seven fields of a COS signature, borrowed from where they stood.
#[derive(Clone, Copy)]
pub struct Parsed<'a> {
    /// `q-ak`.
    pub secret_id: &'a str,
    /// `q-sign-time`.
    pub sign_time: KeyTime,
    /// `q-key-time`.
    pub key_time: KeyTime,
    /// `q-header-list`, names joined with `;`.
    pub header_list: &'a str,
    /// `q-url-param-list`, names joined with `;`.
    pub url_param_list: &'a str,
    /// `q-signature`.
    pub signature: &'a str,
}

/// The signature stays out of logs.
impl fmt::Debug for Parsed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parsed")
            .field("secret_id", &self.secret_id)
            .field("sign_time", &self.sign_time)
            .field("key_time", &self.key_time)
            .field("header_list", &self.header_list)
            .field("url_param_list", &self.url_param_list)
            .finish_non_exhaustive()
    }
}

/// Why a text is not a COS signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseError {
    /// A field is missing; the name is given.
    Missing(&'static str),
    /// `q-sign-algorithm` is not `sha1`.
    UnknownAlgorithm,
    /// `q-sign-time` or `q-key-time` is not `start;end`; the name is given.
    BadTime(&'static str),
    /// A field occurs twice; the name is given.
    Repeated(&'static str),
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "the signature has no {name}"),
            Self::UnknownAlgorithm => f.write_str("q-sign-algorithm is not sha1"),
            Self::BadTime(name) => {
                write!(
                    f,
                    "{name} is not `start;end` in Unix seconds with start before end"
                )
            }
            Self::Repeated(name) => write!(f, "{name} occurs twice"),
        }
    }
}

impl core::error::Error for ParseError {}

const FIELDS: [&str; 7] = [
    "q-sign-algorithm",
    "q-ak",
    "q-sign-time",
    "q-key-time",
    "q-header-list",
    "q-url-param-list",
    "q-signature",
];

impl<'a> Parsed<'a> {
    /// Reads the value of an `Authorization` header (or of the older `sign=` parameter, decoded).
    ///
    /// # Errors
    /// What is missing or malformed.
    pub fn from_authorization(text: &'a str) -> Result<Self, ParseError> {
        let pairs = text
            .trim()
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        Self::from_pairs(pairs)
    }

    /// Reads the decoded query parameters of a presigned URL; other parameters are passed over.
    ///
    /// # Errors
    /// What is missing or malformed.
    pub fn from_params(params: &[(&'a str, &'a str)]) -> Result<Self, ParseError> {
        Self::from_pairs(params.iter().copied())
    }

    /// Whether decoded query parameters hold a signature at all.
    #[must_use]
    pub fn is_param(name: &str) -> bool {
        FIELDS.contains(&name)
    }

    fn from_pairs(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, ParseError> {
        let mut found: [Option<&'a str>; 7] = [None; 7];
        for (name, value) in pairs {
            if let Some(at) = FIELDS.iter().position(|field| *field == name) {
                if found[at].is_some() {
                    return Err(ParseError::Repeated(FIELDS[at]));
                }
                found[at] = Some(value);
            }
        }
        let field = |at: usize| found[at].ok_or(ParseError::Missing(FIELDS[at]));
        let time =
            |at: usize| KeyTime::parse(field(at)?).map_err(|_| ParseError::BadTime(FIELDS[at]));
        if field(0)? != "sha1" {
            return Err(ParseError::UnknownAlgorithm);
        }
        Ok(Self {
            secret_id: field(1)?,
            sign_time: time(2)?,
            key_time: time(3)?,
            header_list: field(4)?,
            url_param_list: field(5)?,
            signature: field(6)?,
        })
    }

    /// Whether the header `name` is in the signed list.
    #[must_use]
    pub fn lists_header(&self, name: &str) -> bool {
        self.header_list
            .split(';')
            .any(|item| is_encoded_name(item, name))
    }

    /// Whether the decoded query parameter `name` is in the signed list.
    #[must_use]
    pub fn lists_param(&self, name: &str) -> bool {
        self.url_param_list
            .split(';')
            .any(|item| is_encoded_name(item, name))
    }

    /// The signed headers' names, as listed.
    pub fn header_names(&self) -> impl Iterator<Item = &'a str> {
        self.header_list.split(';').filter(|name| !name.is_empty())
    }

    /// The signed parameters' names, as listed (escaped, lower case).
    pub fn param_names(&self) -> impl Iterator<Item = &'a str> {
        self.url_param_list
            .split(';')
            .filter(|name| !name.is_empty())
    }

    /// Whether the signature is that of `request` under `key`, compared in constant time. `request`
    /// holds exactly the headers and parameters that the lists name; `key` must have been derived
    /// for [`Parsed::key_time`].
    ///
    /// # Errors
    /// As [`Request::write_http_string`].
    pub fn check(&self, key: &SignKey, request: &Request<'_>) -> Result<bool, SignError> {
        if key.key_time() != self.key_time {
            return Err(SignError::InvalidKeyTime);
        }
        let signature = key.sign(&self.sign_time.text(), &request.digest()?);
        Ok(signature.matches(self.signature))
    }
}

/// Whether `item` is `lower(enc(name))`, whatever the case of its escapes.
fn is_encoded_name(item: &str, name: &str) -> bool {
    let mut rest = item.as_bytes();
    for byte in name.bytes() {
        let escaped = rank(byte) < 0x100;
        rest = match rest {
            [b'%', high, low, tail @ ..] if escaped => {
                let digit = |b: u8| char::from(b).to_digit(16);
                let same = match (digit(*high), digit(*low)) {
                    (Some(h), Some(l)) => h * 16 + l == u32::from(byte),
                    _ => false,
                };
                if !same {
                    return false;
                }
                tail
            }
            [first, tail @ ..] if !escaped && first.eq_ignore_ascii_case(&byte) => tail,
            _ => return false,
        };
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_matched_after_encoding() {
        assert!(is_encoded_name("x-cos-meta-a", "X-Cos-Meta-A"));
        assert!(is_encoded_name("a%2bb", "a+b") && is_encoded_name("a%2Bb", "A+b"));
        assert!(is_encoded_name("%e4%b8%ad", "中"));
        for (item, name) in [
            ("a%2b", "a"),
            ("a", "a+"),
            ("a%2", "a+"),
            ("%zz", "+"),
            ("", "a"),
        ] {
            assert!(!is_encoded_name(item, name), "{item} {name}");
        }
    }

    #[test]
    fn says_what_is_missing() {
        let whole = "q-sign-algorithm=sha1&q-ak=id&q-sign-time=1;2&q-key-time=1;2&q-header-list=host&q-url-param-list=&q-signature=00";
        assert!(Parsed::from_authorization(whole).is_ok());
        for (at, field) in FIELDS.iter().enumerate() {
            let mut parts: std::vec::Vec<&str> = whole.split('&').collect();
            parts.remove(at);
            assert_eq!(
                Parsed::from_authorization(&parts.join("&")).unwrap_err(),
                ParseError::Missing(field)
            );
        }
        let twice = std::format!("{whole}&q-ak=other");
        assert_eq!(
            Parsed::from_authorization(&twice).unwrap_err(),
            ParseError::Repeated("q-ak")
        );
    }
}
