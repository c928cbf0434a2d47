//! Fixed tokens, kept only as hashes.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::prefix::UserName;

/// The SHA-256 of a bearer token. A plain hash is enough because tokens are long random text, not
/// passwords: make them with `openssl rand -hex 32` or the like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Hashes a token.
    pub fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// Reads 64 hexadecimal digits, as `sha256sum` prints them.
    ///
    /// # Errors
    /// If it is anything else; in words.
    pub fn from_hex(hex: &str) -> Result<Self, &'static str> {
        const WRONG: &str = "a token hash is 64 hexadecimal digits (SHA-256)";
        let mut hash = [0; 32];
        if hex.len() != 64 {
            return Err(WRONG);
        }
        for (byte, pair) in hash.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            let digit = |b: u8| char::from(b).to_digit(16);
            let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else {
                return Err(WRONG);
            };
            *byte = u8::try_from(high * 16 + low).map_err(|_| WRONG)?;
        }
        Ok(Self(hash))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(***)")
    }
}

/// The user of a token. Every hash is compared to its end, so the time taken tells nothing.
pub(super) fn find<'a>(users: &'a [(UserName, TokenHash)], token: &[u8]) -> Option<&'a UserName> {
    let hash = TokenHash::of(token);
    let mut found = None;
    for (name, known) in users {
        let same: Choice = known.0.ct_eq(&hash.0);
        if bool::from(same) {
            found = Some(name);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_what_sha256sum_prints() {
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(TokenHash::from_hex(hex).unwrap() == TokenHash::of(b"abc"));
        assert!(TokenHash::from_hex(&hex.to_uppercase()).unwrap() == TokenHash::of(b"abc"));
        for bad in [
            "",
            "abc",
            &hex[1..],
            &format!("{hex}0"),
            &hex.replace('b', "g"),
            &"é".repeat(32),
        ] {
            assert!(TokenHash::from_hex(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn finds_the_right_user() {
        let user = |n: &str| (UserName::new(n).unwrap(), TokenHash::of(n.as_bytes()));
        let users = [user("a"), user("b"), user("c")];
        assert_eq!(find(&users, b"b").unwrap().as_str(), "b");
        assert!(find(&users, b"d").is_none());
        assert!(find(&[], b"").is_none());
    }
}
