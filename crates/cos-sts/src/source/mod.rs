//! Where credentials come from.

mod broker;
mod chain;
mod env;
mod function;
mod instance;
mod profile;
mod push;
mod role;
#[cfg(test)]
mod testing;
mod web_identity;

pub use broker::{BrokerSource, BrokerSourceBuilder};
pub use chain::{ChainReport, ChainSource};
pub use env::EnvSource;
pub use function::FnSource;
pub use instance::{InstanceRoleSource, InstanceRoleSourceBuilder};
pub use profile::ProfileSource;
pub use push::PushProvider;
pub use role::{FederationTokenSource, RoleSource};
pub use web_identity::WebIdentitySource;

/// A name for a role's session that nobody gave a name.
fn session_name() -> String {
    format!("cos-sts-{}", fastrand::u32(..))
}
