//! Query signature of the cloud API version 1, which every official COS STS helper still sends.

use core::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{SignError, block::MacKey, digest::ascii, sign_key::check_secret};

/// The hash of a version 1 signature; the request's `SignatureMethod` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureMethod {
    /// `HmacSHA1`, also when `SignatureMethod` is absent.
    HmacSha1,
    /// `HmacSHA256`.
    HmacSha256,
}

/// A version 1 signature: base64 text of 28 or 44 characters. Not shown by `Debug`.
#[derive(Clone, Copy)]
pub struct SignatureV1 {
    text: [u8; 44],
    len: usize,
}

impl SignatureV1 {
    /// The base64 text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        ascii(&self.text[..self.len])
    }

    /// Compares in constant time.
    #[must_use]
    pub fn matches(&self, other: &str) -> bool {
        use subtle::ConstantTimeEq as _;
        self.as_str().as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl fmt::Debug for SignatureV1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignatureV1(..)")
    }
}

/// Writes the text that is signed: `POSThost/?k=v&…`, keys in ASCII order with `_` as `.`, values
/// raw. A `Signature` parameter, if present, is left out.
///
/// # Errors
/// [`SignError::Format`] when `out` refuses the text.
pub fn write_source<W: fmt::Write + ?Sized>(
    method: &str,
    host: &str,
    path: &str,
    params: &[(&str, &str)],
    out: &mut W,
) -> Result<(), SignError> {
    write!(out, "{method}{host}{path}?")?;
    // A handful of parameters: picking the next one each time needs no memory.
    let mut last: Option<(&str, usize)> = None;
    let mut first = true;
    loop {
        let next = params
            .iter()
            .enumerate()
            .filter(|(_, (name, _))| *name != "Signature")
            .map(|(at, (name, _))| (*name, at))
            .filter(|candidate| last.is_none_or(|last| *candidate > last))
            .min();
        let Some((name, at)) = next else {
            return Ok(());
        };
        if !first {
            out.write_char('&')?;
        }
        first = false;
        for c in name.chars() {
            out.write_char(if c == '_' { '.' } else { c })?;
        }
        write!(out, "={}", params[at].1)?;
        last = Some((name, at));
    }
}

/// Signs the text of [`write_source`].
///
/// # Errors
/// [`SignError::EmptySecret`] or [`SignError::BlankInSecret`].
pub fn signature(
    method: SignatureMethod,
    secret_key: &str,
    source: &str,
) -> Result<SignatureV1, SignError> {
    check_secret(secret_key)?;
    let mut text = [0; 44];
    let encoded = match method {
        SignatureMethod::HmacSha1 => {
            let raw = MacKey::new(secret_key.as_bytes()).mac(&[source.as_bytes()]);
            STANDARD.encode_slice(raw, &mut text)
        }
        SignatureMethod::HmacSha256 => {
            let raw = hmac_sha256(secret_key.as_bytes(), source.as_bytes());
            STANDARD.encode_slice(raw, &mut text)
        }
    };
    let len = encoded.map_err(|_| SignError::Format)?;
    Ok(SignatureV1 { text, len })
}

/// [`write_source`] into a new string.
#[cfg(feature = "alloc")]
#[must_use]
pub fn source(
    method: &str,
    host: &str,
    path: &str,
    params: &[(&str, &str)],
) -> alloc::string::String {
    let mut out = alloc::string::String::new();
    // A String refuses nothing.
    let _ = write_source(method, host, path, params, &mut out);
    out
}

pub(crate) fn hmac_sha256(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = mac_sha256(key);
    mac.update(text);
    mac.finalize().into_bytes().into()
}

pub(crate) fn mac_sha256(key: &[u8]) -> Hmac<Sha256> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac,
        // HMAC takes keys of any length (RFC 2104 §2); the error type is there for other MACs.
        Err(_) => Hmac::<Sha256>::new(&Default::default()),
    }
}
