//! Signing keys kept across requests, and the header form of a signature.

use std::sync::{Mutex, PoisonError};

use cos_sign_core::{KeyTime, Request, SignError, SignKey, Signer};
use cos_sts::Credentials;

/// Windows begin on these seconds, so that one derived key serves many requests.
const GRID_S: u64 = 300;
/// A window reaches this far back: a clock may be this fast without harm.
const BACK_S: u64 = 300;
/// Length of a window from the grid point on.
const AHEAD_S: u64 = 3_600;
/// More would only help a client that mixes more scopes than this.
const KEPT: usize = 8;

/// The window of a request made at `now_s`: at least 55 minutes ahead, at least 5 back.
fn window(now_s: u64) -> Result<KeyTime, SignError> {
    let grid = now_s - now_s % GRID_S;
    KeyTime::new(grid.saturating_sub(BACK_S), grid + AHEAD_S)
}

/// Derived keys by (credential, window).
#[derive(Debug, Default)]
pub(crate) struct KeyCache(Mutex<Vec<Entry>>);

#[derive(Debug)]
struct Entry {
    secret_id: String,
    generation: u64,
    key: SignKey,
}

impl KeyCache {
    /// The key of `credentials` for a request at `now_s`.
    pub(crate) fn key(&self, credentials: &Credentials, now_s: u64) -> Result<SignKey, SignError> {
        let key_time = window(now_s)?;
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let hit = entries.iter().position(|e| {
            e.key.key_time() == key_time
                && e.generation == credentials.generation()
                && e.secret_id == credentials.secret_id()
        });
        if let Some(at) = hit {
            return Ok(entries[at].key.clone());
        }
        let key = SignKey::derive(credentials.secret_key().expose(), key_time)?;
        if entries.len() == KEPT {
            entries.remove(0);
        }
        entries.push(Entry {
            secret_id: credentials.secret_id().to_owned(),
            generation: credentials.generation(),
            key: key.clone(),
        });
        Ok(key)
    }
}

/// The `Authorization` value of `request`.
pub(crate) fn authorization(
    credentials: &Credentials,
    key: &SignKey,
    request: &Request<'_>,
) -> Result<String, SignError> {
    let mut out = String::with_capacity(512);
    Signer::new(credentials.secret_id(), key).write_authorization(request, &mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(id: &str) -> Credentials {
        Credentials::permanent(id, "secret").unwrap()
    }

    #[test]
    fn one_key_per_credential_and_window() {
        let cache = KeyCache::default();
        let c = credentials("AKIDone");
        let first = cache.key(&c, 1_700_000_100).unwrap();
        let same = cache.key(&c, 1_700_000_350).unwrap();
        assert_eq!(first.key_time(), same.key_time());
        assert_eq!(cache.0.lock().unwrap().len(), 1);
        let later = cache.key(&c, 1_700_000_500).unwrap();
        assert_ne!(first.key_time(), later.key_time());
        cache
            .key(&c.clone().with_generation(2), 1_700_000_500)
            .unwrap();
        cache.key(&credentials("AKIDtwo"), 1_700_000_500).unwrap();
        assert_eq!(cache.0.lock().unwrap().len(), 4);
        for i in 0..20 {
            cache.key(&c, 1_800_000_000 + i * GRID_S).unwrap();
        }
        assert_eq!(cache.0.lock().unwrap().len(), KEPT);
    }

    #[test]
    fn windows_hold_the_moment_with_slack() {
        for now in [0, 1, 299, 300, 1_700_000_123, 4_000_000_000] {
            let w = window(now).unwrap();
            assert!(w.end_s() >= now + AHEAD_S - GRID_S);
            assert!(w.start_s() <= now.saturating_sub(BACK_S));
        }
    }
}
