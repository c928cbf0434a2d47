//! The keys that are valid now: permanent ones from the configuration, temporary ones issued by STS.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use cos_sts::policy::{Identity, Policy};

use crate::config::{Config, ConfigError};

/// A key pair with everything it stands for.
pub(crate) struct Key {
    pub(crate) secret_id: String,
    pub(crate) secret_key: String,
    pub(crate) principal: Principal,
    /// What the identity behind the key may do; `None` is everything.
    pub(crate) policy: Option<Arc<Policy>>,
    pub(crate) session: Option<Session>,
}

impl Key {
    pub(crate) fn identity(&self) -> Identity<'_> {
        self.policy
            .as_deref()
            .map_or(Identity::FullAccess, Identity::from)
    }

    /// The policy given with the token.
    pub(crate) fn session_policy(&self) -> Option<&Policy> {
        self.session.as_ref()?.policy.as_ref()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("secret_id", &self.secret_id)
            .field("principal", &self.principal)
            .finish_non_exhaustive()
    }
}

/// Who a key speaks for.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    pub(crate) app_id: String,
    pub(crate) owner_uin: String,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Root,
    User {
        uin: String,
    },
    /// From GetFederationToken.
    Federated {
        uin: String,
        name: String,
    },
    /// From AssumeRole and its kin.
    Role {
        id: String,
        session_name: String,
    },
}

impl Principal {
    /// As object owners and initiators are written.
    pub(crate) fn qcs(&self) -> String {
        let owner = &self.owner_uin;
        let uin = match &self.kind {
            Kind::Root | Kind::Role { .. } => owner,
            Kind::User { uin } | Kind::Federated { uin, .. } => uin,
        };
        format!("qcs::cam::uin/{owner}:uin/{uin}")
    }
}

/// What makes a key temporary.
pub(crate) struct Session {
    pub(crate) token: String,
    pub(crate) expired_s: u64,
    pub(crate) policy: Option<Policy>,
}

/// How a key was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Revoked {
    Unknown,
    Expired,
}

#[derive(Debug, Default)]
pub(crate) struct Keys {
    keys: RwLock<HashMap<String, Arc<Key>>>,
    revoked: RwLock<HashMap<String, Revoked>>,
    /// Makes the public ids, so that the same seed gives the same log. Keys and tokens never repeat.
    ids: Mutex<fastrand::Rng>,
}

/// The configured policies, checked.
pub(crate) fn parse_policy(
    json: Option<&str>,
    whose: &str,
) -> Result<Option<Arc<Policy>>, ConfigError> {
    let parsed = json.map(Policy::parse).transpose();
    Ok(parsed
        .map_err(|e| ConfigError::Value(format!("policy of {whose}: {e}")))?
        .map(Arc::new))
}

impl Keys {
    /// Back to the configured keys.
    pub(crate) fn configure(&self, config: &Config, seed: u64) -> Result<(), ConfigError> {
        let mut keys = HashMap::new();
        let mut add = |secret_id: &str, secret_key: &str, policy, principal| {
            let key = Key {
                secret_id: secret_id.to_owned(),
                secret_key: secret_key.to_owned(),
                principal,
                policy,
                session: None,
            };
            keys.insert(key.secret_id.clone(), Arc::new(key));
        };
        for account in &config.accounts {
            let principal = |kind| Principal {
                app_id: account.app_id.clone(),
                owner_uin: account.uin.clone(),
                kind,
            };
            let policy = parse_policy(account.policy.as_deref(), &account.uin)?;
            add(
                &account.secret_id,
                &account.secret_key,
                policy,
                principal(Kind::Root),
            );
            for user in &account.users {
                let policy = parse_policy(user.policy.as_deref(), &user.uin)?;
                let kind = Kind::User {
                    uin: user.uin.clone(),
                };
                add(&user.secret_id, &user.secret_key, policy, principal(kind));
            }
            for role in &account.roles {
                // Parsed again whenever it is assumed; refused here, at start.
                parse_policy(role.policy.as_deref(), &role.name)?;
            }
        }
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        *self.ids.lock().unwrap_or_else(PoisonError::into_inner) = fastrand::Rng::with_seed(seed);
        self.revoked
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        Ok(())
    }

    pub(crate) fn get(&self, secret_id: &str) -> Option<Arc<Key>> {
        self.keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(secret_id)
            .cloned()
    }

    pub(crate) fn revoked(&self, secret_id: &str) -> Option<Revoked> {
        self.revoked
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(secret_id)
            .copied()
    }

    /// Returns whether the key was known.
    pub(crate) fn revoke(&self, secret_id: &str, how: Revoked) -> bool {
        let known = self.get(secret_id).is_some();
        if known {
            self.revoked
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(secret_id.to_owned(), how);
        }
        known
    }

    fn next_id(&self) -> String {
        let mut random = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let text: String = std::iter::repeat_with(|| random.alphanumeric())
            .take(60)
            .collect();
        format!("AKID{text}")
    }

    /// Makes a temporary key.
    pub(crate) fn issue(
        &self,
        principal: Principal,
        identity_policy: Option<Arc<Policy>>,
        session_policy: Option<Policy>,
        expired_s: u64,
    ) -> Arc<Key> {
        // Real tokens carry their policy and grow with it; sizes stay in the documented bounds.
        let grow = session_policy.as_ref().map_or(0, |p| p.to_json().len());
        let session = Session {
            token: random_text(180 + grow.min(3000)),
            expired_s,
            policy: session_policy,
        };
        let key = Arc::new(Key {
            secret_id: self.next_id(),
            secret_key: random_text(44),
            principal,
            policy: identity_policy,
            session: Some(session),
        });
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.insert(key.secret_id.clone(), Arc::clone(&key));
        key
    }
}

fn random_text(len: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric)
        .take(len)
        .collect()
}
