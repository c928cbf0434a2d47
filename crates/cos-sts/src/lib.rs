#![forbid(unsafe_code)]
//! Temporary credentials for Tencent Cloud: fetch, hold, renew; build and evaluate CAM policies.

mod cache;
mod clock;
mod credentials;
mod error;
mod parse;
pub mod policy;
mod provider;
#[cfg(feature = "reqwest")]
mod reqwest_transport;
mod source;
mod sts;
mod transport;

use std::future::Future;
use std::pin::Pin;

pub use cache::{CachingProvider, CachingProviderBuilder};
pub use clock::{Clock, ManualClock, SystemClock};
pub use credentials::{Credentials, SecretKey};
pub use error::{CredentialError, CredentialErrorKind};
pub use provider::{
    CredentialProvider, CredentialRequest, CredentialSource, Reason, StaticProvider,
};
#[cfg(feature = "reqwest")]
pub use reqwest_transport::{ReqwestTransport, ReqwestTransportBuilder};

pub use source::{
    BrokerSource, BrokerSourceBuilder, ChainSource, EnvSource, FederationTokenSource, FnSource,
    PushProvider, RoleSource,
};
pub use sts::{
    AccountKind, AssumeRoleRequest, CODES, CallerIdentity, CodeRow, DURATION_LIMITS, DurationLimit,
    FederationTokenRequest, Issued, Retry, StsClient, StsClientBuilder, WebIdentityRequest,
    duration_limit, lookup,
};
pub use transport::{HttpRequest, HttpResponse, Transport, TransportError, TransportErrorKind};

/// A boxed future that may move between threads; what the object-safe traits of this crate return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
