//! One immutable set of keys.

use std::fmt;
use std::sync::{Arc, Weak};

use zeroize::Zeroizing;

use crate::CredentialError;

/// The private half of a key pair: never sent, never printed, wiped from memory on drop.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<String>);

impl SecretKey {
    /// Wraps a secret key.
    pub fn new(secret_key: impl Into<String>) -> Self {
        Self(Zeroizing::new(secret_key.into()))
    }

    /// The key itself, for signing. Do not print or store what this returns.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(***)")
    }
}

/// A set of keys, permanent or temporary.
///
/// Immutable and cheap to clone; the secret parts are wiped when the last clone goes. Times are Unix
/// seconds. Whether temporary credentials are still good is always asked with the time at hand
/// ([`Credentials::is_valid_at`]): this type has no clock.
#[derive(Clone)]
pub struct Credentials {
    inner: Arc<Counted>,
    generation: u64,
}

/// Where clones are counted: memory of its own, apart from the keys and from other counts, as threads on
/// several cores that count in one place wait for each other there.
#[repr(align(64))]
struct Counted {
    keys: Arc<Keys>,
}

impl std::ops::Deref for Counted {
    type Target = Keys;

    fn deref(&self) -> &Keys {
        &self.keys
    }
}

struct Keys {
    secret_id: String,
    secret_key: SecretKey,
    session_token: Option<Zeroizing<String>>,
    start_time_s: Option<u64>,
    expired_time_s: Option<u64>,
}

/// Unix seconds of the year 5138; any larger "seconds" are milliseconds.
const MILLISECONDS_FROM: u64 = 100_000_000_000;

impl Credentials {
    /// Permanent keys (a CAM user's or the account's own). They belong on servers and in tests, not in
    /// apps.
    ///
    /// # Errors
    /// `Config` if either part is empty or holds blanks or characters no key has.
    pub fn permanent(
        secret_id: impl Into<String>,
        secret_key: impl Into<String>,
    ) -> Result<Self, CredentialError> {
        Self::build(
            secret_id.into(),
            SecretKey::new(secret_key),
            None,
            None,
            None,
        )
    }

    /// Temporary keys as issued by STS, valid until `expired_time_s` (Unix seconds).
    ///
    /// `start_time_s` is when the issuer says they began; signers use it as the start of the key time,
    /// so that a slow device clock does no harm.
    ///
    /// # Errors
    /// `Config` if a part is empty or malformed, if the end is not after the start, or if a time is
    /// plainly in milliseconds.
    pub fn temporary(
        secret_id: impl Into<String>,
        secret_key: impl Into<String>,
        session_token: impl Into<String>,
        start_time_s: Option<u64>,
        expired_time_s: u64,
    ) -> Result<Self, CredentialError> {
        Self::build(
            secret_id.into(),
            SecretKey::new(secret_key),
            Some(Zeroizing::new(session_token.into())),
            start_time_s,
            Some(expired_time_s),
        )
    }

    /// Keys with a token whose end is unknown, as found in environment variables: used until the
    /// service refuses them.
    ///
    /// # Errors
    /// As [`Credentials::temporary`].
    pub fn temporary_with_unknown_end(
        secret_id: impl Into<String>,
        secret_key: impl Into<String>,
        session_token: impl Into<String>,
    ) -> Result<Self, CredentialError> {
        Self::build(
            secret_id.into(),
            SecretKey::new(secret_key),
            Some(Zeroizing::new(session_token.into())),
            None,
            None,
        )
    }

    fn build(
        secret_id: String,
        secret_key: SecretKey,
        session_token: Option<Zeroizing<String>>,
        start_time_s: Option<u64>,
        expired_time_s: Option<u64>,
    ) -> Result<Self, CredentialError> {
        check_text("secret id", &secret_id)?;
        check_text("secret key", secret_key.expose())?;
        if let Some(token) = &session_token {
            check_text("session token", token)?;
        }
        check_seconds("start time", start_time_s)?;
        check_seconds("expired time", expired_time_s)?;
        if let (Some(start), Some(end)) = (start_time_s, expired_time_s)
            && end <= start
        {
            return Err(CredentialError::config(format!(
                "the expired time {end} is not after the start time {start}"
            )));
        }
        let keys = Arc::new(Keys {
            secret_id,
            secret_key,
            session_token,
            start_time_s,
            expired_time_s,
        });
        Ok(Self {
            inner: Arc::new(Counted { keys }),
            generation: 0,
        })
    }

    /// Reads the JSON of STS, of an official STS helper library, of an app's own token server or of the
    /// instance metadata service; see [`crate`] for the spellings.
    ///
    /// # Errors
    /// `InvalidResponse` if something is missing or malformed (a time in milliseconds is named as such);
    /// `Service` or `Denied` if the JSON is the service's error.
    pub fn parse_sts_json(json: &str) -> Result<Self, CredentialError> {
        crate::parse::parse_credentials(json.as_bytes()).map(|reply| reply.credentials)
    }

    /// The public half of the key pair (`q-ak`).
    pub fn secret_id(&self) -> &str {
        &self.inner.secret_id
    }

    /// The private half.
    pub fn secret_key(&self) -> &SecretKey {
        &self.inner.secret_key
    }

    /// The session token (`x-cos-security-token`); `None` for permanent keys.
    pub fn session_token(&self) -> Option<&str> {
        self.inner.session_token.as_ref().map(|t| t.as_str())
    }

    /// When they began, Unix seconds, if the issuer said so.
    pub fn start_time_s(&self) -> Option<u64> {
        self.inner.start_time_s
    }

    /// When they end, Unix seconds; `None` for permanent keys and where it is unknown.
    pub fn expired_time_s(&self) -> Option<u64> {
        self.inner.expired_time_s
    }

    /// The number a cache gave to this set: it grows with every fetch, 0 outside a cache.
    /// [`crate::CredentialProvider::invalidate`] takes it, and a key cache compares it.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The same keys under another generation number; for caches.
    #[must_use]
    pub fn with_generation(self, generation: u64) -> Self {
        Self { generation, ..self }
    }

    /// The same keys, with clones counted apart from these.
    pub(crate) fn counted_apart(&self) -> Self {
        let keys = Arc::clone(&self.inner.keys);
        Self {
            inner: Arc::new(Counted { keys }),
            generation: self.generation,
        }
    }

    /// Leads to them as long as somebody else has them.
    pub(crate) fn downgrade(&self) -> WeakCredentials {
        WeakCredentials {
            inner: Arc::downgrade(&self.inner),
            generation: self.generation,
        }
    }

    /// Whether the service should still take them at `now_s` (Unix seconds). Permanent keys always are.
    pub fn is_valid_at(&self, now_s: u64) -> bool {
        self.inner.expired_time_s.is_none_or(|end| now_s < end)
    }

    /// Seconds left at `now_s`; `None` if they have no known end.
    pub fn seconds_left_at(&self, now_s: u64) -> Option<u64> {
        self.inner
            .expired_time_s
            .map(|end| end.saturating_sub(now_s))
    }
}

/// Credentials remembered without being kept: the secret parts are wiped when the last clone goes, also
/// while these are there.
pub(crate) struct WeakCredentials {
    inner: Weak<Counted>,
    generation: u64,
}

impl WeakCredentials {
    pub(crate) fn upgrade(&self) -> Option<Credentials> {
        Some(Credentials {
            inner: self.inner.upgrade()?,
            generation: self.generation,
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("secret_id", &mask(self.secret_id()))
            .field("secret_key", &"***")
            .field("session_token", &self.session_token().map(|_| "***"))
            .field("start_time_s", &self.start_time_s())
            .field("expired_time_s", &self.expired_time_s())
            .field("generation", &self.generation)
            .finish()
    }
}

/// The first few characters of a key id: enough to tell two apart, not enough to be one.
pub(crate) fn mask(secret_id: &str) -> String {
    let shown: String = secret_id.chars().take(8).collect();
    if shown.len() < secret_id.len() {
        format!("{shown}***")
    } else {
        "***".to_owned()
    }
}

/// Keys and tokens go into HTTP headers: they are printable ASCII without blanks. The usual culprit is
/// a line break copied along with the key.
fn check_text(what: &str, value: &str) -> Result<(), CredentialError> {
    if value.is_empty() {
        return Err(CredentialError::config(format!("the {what} is empty")));
    }
    if value.chars().any(char::is_whitespace) {
        return Err(CredentialError::config(format!(
            "the {what} contains a blank or a line break"
        ))
        .with_hint("trim what was read from a file or an environment variable"));
    }
    if !value.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(CredentialError::config(format!(
            "the {what} contains a character that no key has"
        )));
    }
    Ok(())
}

fn check_seconds(what: &str, value: Option<u64>) -> Result<(), CredentialError> {
    match value {
        Some(v) if v >= MILLISECONDS_FROM => Err(CredentialError::config(format!(
            "the {what} {v} is in milliseconds, Unix seconds are needed"
        ))
        .with_hint(format!("divide it by 1000: {}", v / 1000))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_it_is_given() {
        let c = Credentials::temporary("AKIDx", "k", "t", Some(10), 20).unwrap();
        assert_eq!(c.secret_id(), "AKIDx");
        assert_eq!(c.secret_key().expose(), "k");
        assert_eq!(c.session_token(), Some("t"));
        assert_eq!((c.start_time_s(), c.expired_time_s()), (Some(10), Some(20)));
        assert!(c.is_valid_at(19) && !c.is_valid_at(20));
        assert_eq!(c.seconds_left_at(15), Some(5));
        assert_eq!(c.generation(), 0);
        assert_eq!(c.clone().with_generation(3).generation(), 3);
        assert!(
            Credentials::permanent("a", "b")
                .unwrap()
                .is_valid_at(u64::MAX)
        );
    }

    #[test]
    fn names_what_is_wrong() {
        let message = |r: Result<Credentials, CredentialError>| r.unwrap_err().to_string();
        assert!(message(Credentials::permanent("", "k")).contains("secret id is empty"));
        assert!(message(Credentials::permanent("a", "k\n")).contains("line break"));
        assert!(message(Credentials::permanent("ä", "k")).contains("no key has"));
        assert!(message(Credentials::temporary("a", "k", "", None, 5)).contains("token is empty"));
        assert!(message(Credentials::temporary("a", "k", "t", Some(5), 5)).contains("not after"));
        let ms = message(Credentials::temporary(
            "a",
            "k",
            "t",
            None,
            1_700_000_000_000,
        ));
        assert!(
            ms.contains("milliseconds") && ms.contains("1700000000"),
            "{ms}"
        );
    }

    #[test]
    fn debug_shows_no_secret() {
        let c = Credentials::temporary("AKIDabcdefghijk", "PLANTEDkey", "PLANTEDtoken", None, 9);
        let text = format!("{:?} {:?}", c, SecretKey::new("PLANTEDother"));
        assert!(
            !text.contains("PLANTED") && text.contains("AKIDabcd***"),
            "{text}"
        );
    }
}
