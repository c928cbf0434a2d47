//! What a broker is told: [`BrokerConfig`], from TOML or from code.

mod file;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use cos_sts::{Clock, Credentials, SystemClock, Transport};

use crate::auth::{Authenticator, JwtHs256, TokenHash};
use crate::error::BrokerError;
use crate::grant::Grant;
use crate::prefix::UserName;

/// How temporary credentials are got from STS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Issue {
    /// `AssumeRole`, so the keys need no rights on objects themselves.
    Role {
        arn: String,
        external_id: Option<String>,
    },
    /// `GetFederationToken`: the policy narrows the rights of the permanent keys' owner.
    Federation,
}

/// Everything a broker needs to know. [`BrokerConfig::from_toml`] reads a file; programs build one with
/// [`BrokerConfig::new`].
#[derive(Clone)]
pub struct BrokerConfig {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) keys: Credentials,
    pub(crate) sts_endpoint: Option<String>,
    pub(crate) sts_region: String,
    pub(crate) issue: Issue,
    pub(crate) grant: Grant,
    pub(crate) auth: Authenticator,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) transport: Option<Arc<dyn Transport>>,
}

impl BrokerConfig {
    /// A broker that calls STS with `keys` (the owner's permanent ones, or a server role's temporary ones) and
    /// gives each user at most `grant`. Without a role it uses `GetFederationToken`. No user is known yet.
    pub fn new(keys: Credentials, grant: Grant) -> Self {
        Self {
            listen: None,
            keys,
            sts_endpoint: None,
            sts_region: grant.region.clone(),
            issue: Issue::Federation,
            grant,
            auth: Authenticator::default(),
            clock: Arc::new(SystemClock),
            transport: None,
        }
    }

    /// Reads a configuration file's text; keys named by environment variable are taken from this process.
    ///
    /// # Errors
    /// [`BrokerError::Config`], naming the line or the variable; never with a secret inside.
    pub fn from_toml(text: &str) -> Result<Self, BrokerError> {
        Self::from_toml_with_env(text, &|name| std::env::var(name).ok())
    }

    /// As [`BrokerConfig::from_toml`], with another source of environment variables.
    ///
    /// # Errors
    /// As [`BrokerConfig::from_toml`].
    pub fn from_toml_with_env(
        text: &str,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, BrokerError> {
        file::read(text, env)
    }

    /// Sends STS requests to this `scheme://host:port`, keeping the real `Host` header.
    #[must_use]
    pub fn sts_endpoint(mut self, url: impl Into<String>) -> Self {
        self.sts_endpoint = Some(url.into());
        self
    }

    /// Uses `AssumeRole` with this role (`qcs::cam::uin/<uin>:roleName/<name>`).
    #[must_use]
    pub fn role_arn(mut self, arn: impl Into<String>) -> Self {
        self.issue = Issue::Role {
            arn: arn.into(),
            external_id: None,
        };
        self
    }

    /// Lets in a user with a fixed bearer token, of which only the hash is kept.
    #[must_use]
    pub fn user(mut self, name: UserName, token: TokenHash) -> Self {
        self.auth.tokens.push((name, token));
        self
    }

    /// Lets in the users named by web tokens.
    #[must_use]
    pub fn jwt(mut self, jwt: JwtHs256) -> Self {
        self.auth.jwt = Some(jwt);
        self
    }

    /// Reaches STS in another way than directly or through the environment's proxy.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Takes the time from this clock instead of the system's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The address named in the file, if any.
    pub fn listen(&self) -> Option<SocketAddr> {
        self.listen
    }

    /// Refuses what would let in nobody or mix up users.
    pub(crate) fn check(&self) -> Result<(), BrokerError> {
        if self.auth.tokens.is_empty() && self.auth.jwt.is_none() {
            return Err(BrokerError::config(
                "no user can get in: add [[user]] entries or [jwt]",
            ));
        }
        let mut hashes: Vec<_> = self.auth.tokens.iter().collect();
        while let Some((name, hash)) = hashes.pop() {
            if let Some((other, _)) = hashes.iter().find(|(_, h)| h == hash) {
                return Err(BrokerError::config(format!(
                    "the users `{other}` and `{name}` have the same token"
                )));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for BrokerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokerConfig")
            .field("listen", &self.listen)
            .field("sts_endpoint", &self.sts_endpoint)
            .field("sts_region", &self.sts_region)
            .field("issue", &self.issue)
            .field("grant", &self.grant)
            .field("auth", &self.auth)
            .finish_non_exhaustive()
    }
}
