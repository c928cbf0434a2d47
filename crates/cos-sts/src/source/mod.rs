//! Where credentials come from.

mod broker;
mod chain;
mod env;
mod function;
mod instance;
mod profile;
mod push;
mod role;
mod tccli;
#[cfg(test)]
mod testing;
mod web_identity;

pub use broker::{BrokerSource, BrokerSourceBuilder};
pub use chain::{ChainReport, ChainSource};
pub use env::{EnvRoleSource, EnvSource};
pub use function::FnSource;
pub use instance::{InstanceRoleSource, InstanceRoleSourceBuilder};
pub use profile::ProfileSource;
pub use push::PushProvider;
pub use role::{FederationTokenSource, RoleSource};
pub use tccli::TccliSource;
pub use web_identity::WebIdentitySource;

use crate::{AssumeRoleRequest, CredentialError, Credentials, StsClient, StsClientBuilder};

/// A role's credentials, got with the keys found beside its name.
async fn assume(
    sts: Option<StsClientBuilder>,
    keys: Credentials,
    request: AssumeRoleRequest,
) -> Result<Credentials, CredentialError> {
    let builder = sts.unwrap_or_else(StsClient::without_credentials);
    let client = builder.credentials(keys).build()?;
    Ok(client.assume_role(&request).await?.credentials)
}

/// The user's own folder.
fn home() -> Option<std::path::PathBuf> {
    ["HOME", "USERPROFILE"].into_iter().find_map(|name| {
        let folder = std::env::var_os(name).filter(|folder| !folder.is_empty())?;
        Some(folder.into())
    })
}

/// A name for a role's session that nobody gave a name.
fn session_name() -> String {
    format!("cos-sts-{}", fastrand::u32(..))
}
