//! Calls to STS, API version 2018-08-13 (1312/48195, 1312/48197).

mod client;
mod endpoint;
mod errors;
mod limits;
mod request;

pub use client::{CallerIdentity, Issued, StsClient, StsClientBuilder};
pub use endpoint::StsEndpoint;
pub use errors::{CODES, CodeRow, Retry, lookup};
pub use limits::{AccountKind, DURATION_LIMITS, DurationLimit, duration_limit};
pub use request::{AssumeRoleRequest, FederationTokenRequest, WebIdentityRequest};

pub(crate) use client::default_transport;
pub(crate) use errors::service_error;
