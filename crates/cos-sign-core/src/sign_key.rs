//! The derived key: HMAC-SHA1 of the window under the secret key.

use core::fmt;

use zeroize::Zeroize as _;

use crate::{
    Digest, KeyTime, SignError, Signature,
    block::MacKey,
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
    mac: MacKey,
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
        let mut raw = MacKey::new(secret_key.as_bytes()).mac(&[key_time.text().as_bytes()]);
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
            mac: MacKey::new(&hex),
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
        let digest = digest.as_bytes();
        Signature::new(
            &self
                .mac
                .mac(&[b"sha1\n", sign_time.as_bytes(), b"\n", digest, b"\n"]),
        )
    }

    /// HMAC of any text (the POST form signs a bare digest).
    pub(crate) fn sign_text(&self, text: &str) -> Signature {
        Signature::new(&self.mac.mac(&[text.as_bytes()]))
    }
}

impl Drop for SignKey {
    fn drop(&mut self) {
        // The MAC's state wipes itself.
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
