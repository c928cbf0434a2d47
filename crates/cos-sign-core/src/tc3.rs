//! `TC3-HMAC-SHA256`, the signature of STS and the other cloud APIs (version 3).
//!
//! Signed are `content-type` and `host`, as the official SDKs do; action, version, region and token
//! headers are not part of the signature. The service tolerates a clock 5 minutes off.

use core::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroize as _;

use crate::{
    SignError,
    digest::{ascii, hex_into},
    sign_key::check_secret,
    v1::{hmac_sha256, mac_sha256},
};

const ALGORITHM: &str = "TC3-HMAC-SHA256";
const SIGNED_HEADERS: &str = "content-type;host";

/// A cloud API call to sign.
#[derive(Clone, Copy, Debug)]
pub struct Tc3Request<'a> {
    /// Product, for example `sts`.
    pub service: &'a str,
    /// `POST` or `GET`.
    pub method: &'a str,
    /// The `Host` header, exactly as sent.
    pub host: &'a str,
    /// The query exactly as sent, without `?`; empty for `POST`.
    pub query: &'a str,
    /// The `Content-Type` header, exactly as sent (an added `; charset=utf-8` breaks the signature).
    pub content_type: &'a str,
    /// The body's bytes; empty for `GET`.
    pub payload: &'a [u8],
    /// Whether the body is left out (`X-TC-Content-SHA256: UNSIGNED-PAYLOAD` is sent).
    pub unsigned_payload: bool,
    /// `X-TC-Timestamp`, Unix seconds; the date in the signature is this second's UTC date.
    pub timestamp_s: u64,
}

/// Sixty-four lower-case hex digits. Not shown by `Debug`.
#[derive(Clone, Copy)]
pub struct Tc3Signature([u8; 64]);

impl Tc3Signature {
    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }

    /// Compares in constant time.
    #[must_use]
    pub fn matches(&self, other: &str) -> bool {
        self.0.as_slice().ct_eq(other.as_bytes()).into()
    }
}

impl fmt::Debug for Tc3Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tc3Signature(..)")
    }
}

impl Tc3Request<'_> {
    /// Writes the CanonicalRequest.
    ///
    /// # Errors
    /// [`SignError::ControlCharacter`] for host (0) or content type (1), [`SignError::Format`] when
    /// `out` refuses the text.
    pub fn write_canonical_request<W: fmt::Write + ?Sized>(
        &self,
        out: &mut W,
    ) -> Result<(), SignError> {
        for (header, text) in [self.host, self.content_type].into_iter().enumerate() {
            if text.bytes().any(|b| b < b' ' || b == 0x7f) {
                return Err(SignError::ControlCharacter { header });
            }
        }
        let payload_hash = if self.unsigned_payload {
            sha256_hex(b"UNSIGNED-PAYLOAD")
        } else {
            sha256_hex(self.payload)
        };
        write!(
            out,
            "{}\n/\n{}\ncontent-type:{}\nhost:{}\n\n{SIGNED_HEADERS}\n{}",
            self.method,
            self.query,
            self.content_type.trim(),
            self.host.trim(),
            ascii(&payload_hash),
        )?;
        Ok(())
    }

    /// Writes the StringToSign.
    ///
    /// # Errors
    /// As [`Tc3Request::write_canonical_request`].
    pub fn write_string_to_sign<W: fmt::Write + ?Sized>(
        &self,
        out: &mut W,
    ) -> Result<(), SignError> {
        let mut hash = HashText(Sha256::new());
        self.write_canonical_request(&mut hash)?;
        let mut digest = [0; 64];
        hex_into(&hash.0.finalize(), &mut digest);
        write!(
            out,
            "{ALGORITHM}\n{}\n{}/{}/tc3_request\n{}",
            self.timestamp_s,
            ascii(&utc_date(self.timestamp_s)),
            self.service,
            ascii(&digest),
        )?;
        Ok(())
    }

    /// The signature alone.
    ///
    /// # Errors
    /// As above, and an empty or blank-framed secret key.
    pub fn signature(&self, secret_key: &str) -> Result<Tc3Signature, SignError> {
        check_secret(secret_key)?;
        let mut text = MacText(chain(secret_key, &utc_date(self.timestamp_s), self.service));
        self.write_string_to_sign(&mut text)?;
        let mut digits = [0; 64];
        hex_into(&text.finish(), &mut digits);
        Ok(Tc3Signature(digits))
    }

    /// Writes the value of the `Authorization` header.
    ///
    /// # Errors
    /// As [`Tc3Request::signature`].
    pub fn write_authorization<W: fmt::Write + ?Sized>(
        &self,
        secret_id: &str,
        secret_key: &str,
        out: &mut W,
    ) -> Result<(), SignError> {
        check_secret(secret_id)?;
        let signature = self.signature(secret_key)?;
        write!(
            out,
            "{ALGORITHM} Credential={secret_id}/{}/{}/tc3_request, SignedHeaders={SIGNED_HEADERS}, Signature={}",
            ascii(&utc_date(self.timestamp_s)),
            self.service,
            signature.as_str(),
        )?;
        Ok(())
    }

    /// [`Tc3Request::write_authorization`] into a new string.
    ///
    /// # Errors
    /// As there.
    #[cfg(feature = "alloc")]
    pub fn authorization(
        &self,
        secret_id: &str,
        secret_key: &str,
    ) -> Result<alloc::string::String, SignError> {
        let mut out = alloc::string::String::with_capacity(256);
        self.write_authorization(secret_id, secret_key, &mut out)?;
        Ok(out)
    }
}

/// A parsed `Authorization` header, for the side that checks.
#[derive(Clone, Copy)]
pub struct Authorization<'a> {
    /// Whose key signed.
    pub secret_id: &'a str,
    /// `YYYY-MM-DD`.
    pub date: &'a str,
    /// Product.
    pub service: &'a str,
    /// Names of the signed headers, joined with `;`.
    pub signed_headers: &'a str,
    /// What the client computed.
    pub signature: &'a str,
}

impl fmt::Debug for Authorization<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("secret_id", &self.secret_id)
            .field("date", &self.date)
            .field("service", &self.service)
            .field("signed_headers", &self.signed_headers)
            .finish_non_exhaustive()
    }
}

impl<'a> Authorization<'a> {
    /// Reads the header; `None` when it is of another form.
    #[must_use]
    pub fn parse(header: &'a str) -> Option<Self> {
        let rest = header.trim().strip_prefix(ALGORITHM)?.trim_start();
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for part in rest.split(',') {
            let (name, value) = part.trim().split_once('=')?;
            match name {
                "Credential" => credential = Some(value),
                "SignedHeaders" => signed_headers = Some(value),
                "Signature" => signature = Some(value),
                _ => return None,
            }
        }
        let mut scope = credential?.rsplitn(4, '/');
        if scope.next()? != "tc3_request" {
            return None;
        }
        let (service, date, secret_id) = (scope.next()?, scope.next()?, scope.next()?);
        Some(Self {
            secret_id,
            date,
            service,
            signed_headers: signed_headers?,
            signature: signature?,
        })
    }

    /// Whether the signature is `request`'s under `secret_key`, in constant time. The signed headers
    /// may be any list that holds `content-type` and `host`; `headers` gives the request's headers.
    ///
    /// # Errors
    /// As [`Tc3Request::signature`].
    pub fn check(
        &self,
        request: &Tc3Request<'_>,
        headers: &[(&str, &str)],
        secret_key: &str,
    ) -> Result<bool, SignError> {
        if self.signed_headers == SIGNED_HEADERS {
            let same_scope = ascii(&utc_date(request.timestamp_s)) == self.date
                && self.service == request.service;
            return Ok(same_scope && request.signature(secret_key)?.matches(self.signature));
        }
        self.check_listed(request, headers, secret_key)
    }

    /// The documents' own examples sign more headers than the SDKs do (`x-tc-action`, lower-cased).
    fn check_listed(
        &self,
        request: &Tc3Request<'_>,
        headers: &[(&str, &str)],
        secret_key: &str,
    ) -> Result<bool, SignError> {
        use core::fmt::Write as _;
        check_secret(secret_key)?;
        let date = utc_date(request.timestamp_s);
        if ascii(&date) != self.date || self.service != request.service {
            return Ok(false);
        }
        let mut hash = HashText(Sha256::new());
        write!(hash, "{}\n/\n{}\n", request.method, request.query)?;
        for name in self.signed_headers.split(';') {
            let Some((_, value)) = headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))
            else {
                return Ok(false);
            };
            write!(hash, "{name}:")?;
            // Content-Type and Host are signed as sent, the others lower-cased.
            let as_sent = matches!(name, "content-type" | "host");
            for c in value.trim().chars() {
                hash.write_char(if as_sent { c } else { c.to_ascii_lowercase() })?;
            }
            hash.write_char('\n')?;
        }
        let payload: &[u8] = if request.unsigned_payload {
            b"UNSIGNED-PAYLOAD"
        } else {
            request.payload
        };
        write!(
            hash,
            "\n{}\n{}",
            self.signed_headers,
            ascii(&sha256_hex(payload))
        )?;
        let mut digest = [0; 64];
        hex_into(&hash.0.finalize(), &mut digest);
        let mut mac = MacText(chain(secret_key, &date, request.service));
        write!(
            mac,
            "{ALGORITHM}\n{}\n{}/{}/tc3_request\n{}",
            request.timestamp_s,
            ascii(&date),
            request.service,
            ascii(&digest)
        )?;
        let mut digits = [0; 64];
        hex_into(&mac.finish(), &mut digits);
        Ok(Tc3Signature(digits).matches(self.signature))
    }
}

fn sha256_hex(bytes: &[u8]) -> [u8; 64] {
    let mut out = [0; 64];
    hex_into(&Sha256::digest(bytes), &mut out);
    out
}

/// The signing key's HMAC: secret → date → service → `tc3_request`.
fn chain(secret_key: &str, date: &[u8; 10], service: &str) -> hmac::Hmac<Sha256> {
    use hmac::Mac as _;
    // HMAC pads a key of up to one block with zeros and hashes a longer one. Feeding "TC3" + secret
    // without a heap means choosing the same way here.
    let mut block = [0; 64];
    let mut first = if secret_key.len() + 3 <= block.len() {
        block[..3].copy_from_slice(b"TC3");
        block[3..3 + secret_key.len()].copy_from_slice(secret_key.as_bytes());
        mac_sha256(&block[..3 + secret_key.len()])
    } else {
        let mut hash = Sha256::new();
        hash.update(b"TC3");
        hash.update(secret_key.as_bytes());
        mac_sha256(&hash.finalize())
    };
    block.zeroize();
    first.update(date);
    let mut key: [u8; 32] = first.finalize().into_bytes().into();
    let mut next = hmac_sha256(&key, service.as_bytes());
    key.zeroize();
    key = hmac_sha256(&next, b"tc3_request");
    next.zeroize();
    let mac = mac_sha256(&key);
    key.zeroize();
    mac
}

struct HashText(Sha256);

impl fmt::Write for HashText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

struct MacText(hmac::Hmac<Sha256>);

impl MacText {
    fn finish(self) -> [u8; 32] {
        use hmac::Mac as _;
        self.0.finalize().into_bytes().into()
    }
}

impl fmt::Write for MacText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        use hmac::Mac as _;
        self.0.update(text.as_bytes());
        Ok(())
    }
}

/// `YYYY-MM-DD` of a Unix second, proleptic Gregorian (H. Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms", `civil_from_days`).
fn utc_date(unix_s: u64) -> [u8; 10] {
    let days = unix_s / 86_400 + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    // Four digits are enough for the next eight thousand years; later years wrap rather than panic.
    let year = (year_of_era + era * 400 + u64::from(month <= 2)) % 10_000;
    let digit = |number: u64, place: u64| b'0' + (number / place % 10) as u8;
    [
        digit(year, 1000),
        digit(year, 100),
        digit(year, 10),
        digit(year, 1),
        b'-',
        digit(month, 10),
        digit(month, 1),
        b'-',
        digit(day, 10),
        digit(day, 1),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_at_the_edges() {
        for (unix_s, date) in [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_699_999_999, "2023-11-14"),
            (1_704_067_199, "2023-12-31"),
            (1_704_067_200, "2024-01-01"),
            (4_107_542_400, "2100-03-01"),
            (253_402_300_799, "9999-12-31"),
        ] {
            assert_eq!(ascii(&utc_date(unix_s)), date, "{unix_s}");
        }
        assert_eq!(utc_date(u64::MAX).len(), 10);
    }

    #[test]
    fn a_long_secret_is_hashed_as_hmac_does() {
        let request = Tc3Request {
            service: "sts",
            method: "POST",
            host: "h",
            query: "",
            content_type: "application/json",
            payload: b"{}",
            unsigned_payload: false,
            timestamp_s: 1_700_000_000,
        };
        for len in [60, 61, 62, 200] {
            let secret = "k".repeat(len);
            let mut key = std::vec::Vec::from(*b"TC3");
            key.extend_from_slice(secret.as_bytes());
            let date = hmac_sha256(&key, b"2023-11-14");
            let signing = hmac_sha256(&hmac_sha256(&date, b"sts"), b"tc3_request");
            let mut text = std::string::String::new();
            request.write_string_to_sign(&mut text).unwrap();
            let mut digits = [0; 64];
            hex_into(&hmac_sha256(&signing, text.as_bytes()), &mut digits);
            assert!(
                request.signature(&secret).unwrap().matches(ascii(&digits)),
                "{len}"
            );
        }
    }
}
