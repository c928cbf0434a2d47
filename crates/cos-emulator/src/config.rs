//! What the emulator starts with: accounts, users, roles, buckets.

mod default;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Everything the emulator knows when it starts. [`Config::default`] is one account, one bucket and one role.
#[derive(Debug, Clone)]
pub struct Config {
    /// The root accounts.
    pub accounts: Vec<Account>,
    /// The buckets that exist from the start.
    pub buckets: Vec<BucketConfig>,
    /// Fault rules that hold from the start, in the JSON form of the admin API.
    pub faults: Vec<serde_json::Value>,
}

/// A root account with its users and roles.
#[derive(Clone)]
pub struct Account {
    /// Digits at the end of this account's bucket names, and the `uid` of COS resources.
    pub app_id: String,
    /// The owner's account number; role names use it.
    pub uin: String,
    /// The permanent key's public half.
    pub secret_id: String,
    /// The permanent key's private half.
    pub secret_key: String,
    /// CAM policy (JSON) of the root account; `None` is full access.
    pub policy: Option<String>,
    /// Sub-accounts.
    pub users: Vec<User>,
    /// Roles that this account's callers may assume.
    pub roles: Vec<Role>,
}

/// A sub-account.
#[derive(Clone)]
pub struct User {
    /// The sub-account's number.
    pub uin: String,
    /// The permanent key's public half.
    pub secret_id: String,
    /// The permanent key's private half.
    pub secret_key: String,
    /// CAM policy (JSON); `None` is full access.
    pub policy: Option<String>,
}

/// A CAM role.
#[derive(Debug, Clone)]
pub struct Role {
    /// The role's name, as in `qcs::cam::uin/<uin>:roleName/<name>`.
    pub name: String,
    /// CAM policy (JSON); `None` is full access.
    pub policy: Option<String>,
    /// Longest session in seconds, at most 43200.
    pub max_duration_s: u64,
    /// Who may assume it with a web identity.
    pub trust: Option<Trust>,
}

/// The identity provider that a role trusts.
#[derive(Debug, Clone)]
pub struct Trust {
    /// The provider's id, as sent in `ProviderId`.
    pub oidc_provider: String,
    /// The provider's public keys.
    pub jwks_file: PathBuf,
}

/// A bucket that exists from the start.
#[derive(Debug, Clone)]
pub struct BucketConfig {
    /// `<name>-<appid>`.
    pub name: String,
    /// For example `ap-guangzhou`.
    pub region: String,
    /// `private`, `public-read` or `public-read-write`.
    pub acl: String,
    /// Whether everything sent must be signed.
    pub strict_signature: bool,
    /// `off`, `enabled` or `suspended`.
    pub versioning: String,
    /// Whether the global acceleration host serves it.
    pub accelerate: bool,
}

impl BucketConfig {
    /// A private bucket with every switch off.
    #[must_use]
    pub fn new(name: impl Into<String>, region: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            region: region.into(),
            acl: "private".to_owned(),
            strict_signature: false,
            versioning: "off".to_owned(),
            accelerate: false,
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("app_id", &self.app_id)
            .field("uin", &self.uin)
            .field("secret_id", &self.secret_id)
            .field("users", &self.users)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("uin", &self.uin)
            .field("secret_id", &self.secret_id)
            .finish_non_exhaustive()
    }
}

/// Why a configuration was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The text is not the TOML we expect.
    #[error("configuration: {0}")]
    Toml(#[from] toml::de::Error),
    /// A file named in the configuration cannot be read.
    #[error("configuration: cannot read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A value that cannot be used.
    #[error("configuration: {0}")]
    Value(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfig {
    #[serde(default)]
    account: Vec<RawAccount>,
    #[serde(default)]
    bucket: Vec<RawBucket>,
    #[serde(default)]
    fault: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAccount {
    app_id: String,
    uin: String,
    secret_id: String,
    secret_key: String,
    policy_file: Option<PathBuf>,
    #[serde(default)]
    user: Vec<RawUser>,
    #[serde(default)]
    role: Vec<RawRole>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawUser {
    uin: String,
    secret_id: String,
    secret_key: String,
    policy_file: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRole {
    name: String,
    policy_file: Option<PathBuf>,
    max_duration_s: Option<u64>,
    trust: Option<RawTrust>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTrust {
    oidc_provider: String,
    jwks_file: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBucket {
    name: String,
    region: String,
    acl: Option<String>,
    #[serde(default)]
    strict_signature: bool,
    versioning: Option<String>,
    #[serde(default)]
    accelerate: bool,
}

/// Longest session that STS grants for a role, in seconds (1312/48197).
pub(crate) const ROLE_MAX_DURATION_S: u64 = 43_200;

impl Config {
    /// Reads a configuration; relative file names in it are looked up under `base_dir`.
    ///
    /// # Errors
    /// Unknown or missing fields, unreadable files, buckets that belong to no configured account.
    pub fn from_toml(text: &str, base_dir: &Path) -> Result<Self, ConfigError> {
        let raw: RawConfig = toml::from_str(text)?;
        let policy = |file: Option<PathBuf>| file.map(|f| read(&base_dir.join(f))).transpose();
        let mut accounts = Vec::with_capacity(raw.account.len());
        for a in raw.account {
            let mut users = Vec::with_capacity(a.user.len());
            for u in a.user {
                users.push(User {
                    uin: u.uin,
                    secret_id: u.secret_id,
                    secret_key: u.secret_key,
                    policy: policy(u.policy_file)?,
                });
            }
            let mut roles = Vec::with_capacity(a.role.len());
            for r in a.role {
                roles.push(Role {
                    name: r.name,
                    policy: policy(r.policy_file)?,
                    max_duration_s: r.max_duration_s.unwrap_or(ROLE_MAX_DURATION_S),
                    trust: r.trust.map(|t| Trust {
                        oidc_provider: t.oidc_provider,
                        jwks_file: base_dir.join(t.jwks_file),
                    }),
                });
            }
            accounts.push(Account {
                app_id: a.app_id,
                uin: a.uin,
                secret_id: a.secret_id,
                secret_key: a.secret_key,
                policy: policy(a.policy_file)?,
                users,
                roles,
            });
        }
        let buckets = raw.bucket.into_iter().map(|b| BucketConfig {
            acl: b.acl.unwrap_or_else(|| "private".to_owned()),
            strict_signature: b.strict_signature,
            versioning: b.versioning.unwrap_or_else(|| "off".to_owned()),
            accelerate: b.accelerate,
            ..BucketConfig::new(b.name, b.region)
        });
        let config = Self {
            accounts,
            buckets: buckets.collect(),
            faults: raw.fault,
        };
        config.check()?;
        Ok(config)
    }

    /// Refuses what could not work later.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let mut ids = std::collections::HashSet::new();
        for account in &self.accounts {
            let users = account.users.iter().map(|u| &u.secret_id);
            for id in users.chain([&account.secret_id]) {
                if id.is_empty() || !ids.insert(id) {
                    return Err(ConfigError::Value(format!(
                        "secret_id {id:?} is empty or used twice"
                    )));
                }
            }
        }
        for b in &self.buckets {
            let app_id = b.name.rsplit_once('-').map_or("", |(_, app_id)| app_id);
            if !self.accounts.iter().any(|a| a.app_id == app_id) {
                return Err(ConfigError::Value(format!(
                    "bucket {:?} must end in -<app_id> of a configured account",
                    b.name
                )));
            }
            if !["private", "public-read", "public-read-write"].contains(&b.acl.as_str()) {
                return Err(ConfigError::Value(format!(
                    "bucket {}: unknown acl {:?}",
                    b.name, b.acl
                )));
            }
            if !["off", "enabled", "suspended"].contains(&b.versioning.as_str()) {
                return Err(ConfigError::Value(format!(
                    "bucket {}: versioning is off, enabled or suspended, not {:?}",
                    b.name, b.versioning
                )));
            }
        }
        Ok(())
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::File {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contract_example_reads() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("user.json"), "{}").unwrap();
        let text = r#"
            [[account]]
            app_id = "1250000000"; uin = "1"; secret_id = "a"; secret_key = "b"
            [[account.user]]
            uin = "2"; secret_id = "c"; secret_key = "d"; policy_file = "user.json"
            [[account.role]]
            name = "uploader"; max_duration_s = 3600
            trust = { oidc_provider = "p", jwks_file = "k" }
            [[bucket]]
            name = "demo-1250000000"; region = "ap-guangzhou"; acl = "private"
            strict_signature = true
            versioning = "off"; accelerate = false
        "#
        .replace("; ", "\n");
        let config = Config::from_toml(&text, dir.path()).unwrap();
        assert_eq!(config.accounts[0].users[0].policy.as_deref(), Some("{}"));
        assert_eq!(config.accounts[0].roles[0].max_duration_s, 3600);
        assert!(config.buckets[0].strict_signature);
    }

    #[test]
    fn foreign_bucket_is_refused() {
        let text = "[[bucket]]\nname = \"x-1\"\nregion = \"r\"\n";
        assert!(matches!(
            Config::from_toml(text, Path::new(".")),
            Err(ConfigError::Value(_))
        ));
    }

    #[test]
    fn debug_hides_keys() {
        let config = Config::default();
        assert!(!format!("{config:?}").contains(&config.accounts[0].secret_key));
    }
}
