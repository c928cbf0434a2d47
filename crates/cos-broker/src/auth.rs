//! Who is asking.

mod jwt;
mod tokens;

use cos_sts::Clock;

pub use jwt::JwtHs256;
pub use tokens::TokenHash;

use crate::error::ApiError;
use crate::prefix::UserName;

/// The app users and how they prove who they are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Authenticator {
    pub(crate) tokens: Vec<(UserName, TokenHash)>,
    pub(crate) jwt: Option<JwtHs256>,
}

impl Authenticator {
    /// The user behind an `Authorization` header value. Why a token was refused is logged by the caller's
    /// request id only and not told: it would help nobody but an attacker.
    pub(crate) fn authenticate(
        &self,
        header: Option<&[u8]>,
        clock: &dyn Clock,
    ) -> Result<UserName, ApiError> {
        let token = header
            .and_then(bearer)
            .ok_or_else(|| ApiError::unauthorized("send `Authorization: Bearer <token>`"))?;
        tokens::find(&self.tokens, token)
            .cloned()
            .or_else(|| self.jwt.as_ref()?.verify(token, clock.now_s()))
            .ok_or_else(|| ApiError::unauthorized("the bearer token is not valid"))
    }
}

/// The token of `Bearer <token>`; the scheme's case does not matter (RFC 9110 §11.1).
fn bearer(header: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = header.split_at_checked(7)?;
    if !scheme.eq_ignore_ascii_case(b"bearer ") {
        return None;
    }
    let token = rest.trim_ascii();
    (!token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use cos_sts::ManualClock;

    use super::*;

    #[test]
    fn bearer_values() {
        assert_eq!(bearer(b"Bearer abc"), Some(&b"abc"[..]));
        assert_eq!(bearer(b"bearer  abc "), Some(&b"abc"[..]));
        for bad in ["", "Bearer", "Bearer ", "Basic abc", "Bearerabc", "abc"] {
            assert_eq!(bearer(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn only_known_tokens_open() {
        let auth = Authenticator {
            tokens: vec![(
                UserName::new("alice").unwrap(),
                TokenHash::of(b"alice-token"),
            )],
            jwt: None,
        };
        let clock = ManualClock::new(1_700_000_000);
        let ask = |h: Option<&str>| auth.authenticate(h.map(str::as_bytes), &clock);
        assert_eq!(ask(Some("Bearer alice-token")).unwrap().as_str(), "alice");
        for bad in [
            None,
            Some("Bearer alice-toke"),
            Some("Bearer a.b.c"),
            Some("x"),
        ] {
            let e = ask(bad).unwrap_err();
            assert_eq!(e.status(), 401);
            assert!(!format!("{e:?}").contains("alice"));
        }
    }
}
