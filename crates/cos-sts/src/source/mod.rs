//! Where credentials come from.

mod broker;
mod chain;
mod env;
mod function;
mod push;
mod role;

pub use broker::{BrokerSource, BrokerSourceBuilder};
pub use chain::ChainSource;
pub use env::EnvSource;
pub use function::FnSource;
pub use push::PushProvider;
pub use role::{FederationTokenSource, RoleSource};
