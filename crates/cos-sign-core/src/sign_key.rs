//! The derived key: HMAC-SHA1 of the window under the secret key.

use core::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use zeroize::Zeroize as _;

use crate::{
    Digest, KeyTime, SignError, Signature,
    digest::{ascii, hex40},
    key_time::KeyTimeText,
};

/// A SignKey: good for every request of one credential inside one window.
///
/// Deriving costs two HMACs' worth of hashing; keep the value and sign many requests with it. It is
/// wiped on drop and absent from `Debug`. A server may hand it out *instead of* the secret key
/// ([`SignKey::expose`], [`SignKey::from_hex`]): the holder can sign inside the window and no longer.
#[derive(Clone)]
pub struct SignKey {
    hex: [u8; 40],
    /// HMAC with the key already absorbed: saves two of the hash blocks of every signature.
    mac: Hmac<Sha1>,
    key_time: KeyTime,
    key_time_text: KeyTimeText,
}

impl SignKey {
    /// Derives the key for `key_time`.
    ///
    /// # Errors
    /// [`SignError::EmptySecret`] or [`SignError::BlankInSecret`].
    pub fn derive(secret_key: &str, key_time: KeyTime) -> Result<Self, SignError> {
        check_secret(secret_key)?;
        let mut raw = hmac_sha1(secret_key.as_bytes(), &[key_time.text().as_bytes()]);
        let key = Self::from_digits(hex40(&raw), key_time);
        raw.zeroize();
        Ok(key)
    }

    /// A key that somebody else derived: 40 lower-case hex digits.
    ///
    /// # Errors
    /// [`SignError::EmptySecret`] unless there are exactly 40 lower-case hex digits.
    pub fn from_hex(hex: &str, key_time: KeyTime) -> Result<Self, SignError> {
        let digits: [u8; 40] = hex
            .as_bytes()
            .try_into()
            .map_err(|_| SignError::EmptySecret)?;
        if !digits
            .iter()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        {
            return Err(SignError::EmptySecret);
        }
        Ok(Self::from_digits(digits, key_time))
    }

    fn from_digits(hex: [u8; 40], key_time: KeyTime) -> Self {
        Self {
            mac: mac(&hex),
            hex,
            key_time,
            key_time_text: key_time.text(),
        }
    }

    /// The window this key is for.
    #[must_use]
    pub const fn key_time(&self) -> KeyTime {
        self.key_time
    }

    /// The 40 hex digits. A secret: whoever holds them signs anything inside the window.
    #[must_use]
    pub fn expose(&self) -> &str {
        ascii(&self.hex)
    }

    pub(crate) const fn key_time_text(&self) -> &KeyTimeText {
        &self.key_time_text
    }

    /// HMAC of the StringToSign made of `sign_time` and `digest`.
    pub(crate) fn sign(&self, sign_time: &KeyTimeText, digest: &Digest) -> Signature {
        let mut mac = self.mac.clone();
        mac.update(b"sha1\n");
        mac.update(sign_time.as_bytes());
        mac.update(b"\n");
        mac.update(digest.as_str().as_bytes());
        mac.update(b"\n");
        Signature::new(&mac.finalize().into_bytes().into())
    }

    /// HMAC of any text (the POST form signs a bare digest).
    pub(crate) fn sign_text(&self, text: &str) -> Signature {
        let mut mac = self.mac.clone();
        mac.update(text.as_bytes());
        Signature::new(&mac.finalize().into_bytes().into())
    }
}

impl Drop for SignKey {
    fn drop(&mut self) {
        // The HMAC state wipes itself.
        self.hex.zeroize();
    }
}

impl fmt::Debug for SignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignKey(.., {})", self.key_time)
    }
}

/// What the official SDKs find out only from a 403: an empty or carelessly pasted secret.
pub(crate) fn check_secret(secret: &str) -> Result<(), SignError> {
    if secret.is_empty() {
        return Err(SignError::EmptySecret);
    }
    let blank = |b: Option<&u8>| b.is_some_and(u8::is_ascii_whitespace);
    if blank(secret.as_bytes().first()) || blank(secret.as_bytes().last()) {
        return Err(SignError::BlankInSecret);
    }
    Ok(())
}

fn mac(key: &[u8]) -> Hmac<Sha1> {
    match Hmac::<Sha1>::new_from_slice(key) {
        Ok(mac) => mac,
        // HMAC takes keys of any length (RFC 2104 §2); the error type is there for other MACs.
        Err(_) => Hmac::<Sha1>::new(&Default::default()),
    }
}

pub(crate) fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    let mut mac = mac(key);
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
