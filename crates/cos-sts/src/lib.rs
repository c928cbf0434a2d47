#![forbid(unsafe_code)]
//! Temporary credentials for Tencent Cloud: fetch, hold, renew; build and evaluate CAM policies.
//!
//! Permanent keys stay on a server. The server asks STS for temporary ones ([`StsClient`]), narrowed by
//! a policy ([`policy`]); apps get them from the server ([`BrokerSource`], or [`FnSource`] around the
//! app's own way to ask), hold them and renew them before they end ([`CachingProvider`]). Whoever signs
//! asks a [`CredentialProvider`] before every request.
//!
//! On a server: a role's credentials for one user's folder. Nothing but `Ada`'s uploads will be allowed,
//! whatever else the role may do.
//!
//! ```no_run
//! use cos_sts::policy::{Operation, Policy, Scope};
//! use cos_sts::{AssumeRoleRequest, Credentials, StsClient};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = Scope::prefix("photos-1250000000", "ap-guangzhou", "users/ada/")?;
//! let policy = Policy::builder().allow(Operation::Upload, folder).build()?;
//! let keys = Credentials::permanent("AKID…", "the server's own key")?;
//! let sts = StsClient::builder(keys).build()?;
//! let role = "qcs::cam::uin/100000000001:roleName/uploader";
//! let issued = sts
//!     .assume_role(&AssumeRoleRequest::new(role, "ada").policy(policy).duration_s(1800))
//!     .await?;
//! println!("good until {:?}", issued.expiration);
//! # Ok(())
//! # }
//! ```
//!
//! In an app: held and renewed.
//!
//! ```
//! use cos_sts::{CachingProvider, CredentialProvider, CredentialRequest, Credentials, FnSource};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), cos_sts::CredentialError> {
//! let source = FnSource::new(|_request| async {
//!     // The JSON of the app's own server.
//!     Credentials::parse_sts_json(
//!         r#"{"credentials":{"tmpSecretId":"AKIDtmp","tmpSecretKey":"key","sessionToken":"token"},
//!             "expiredTime":4102444800}"#,
//!     )
//! });
//! let provider = CachingProvider::new(source);
//! let request = CredentialRequest::new().with_action("name/cos:PutObject");
//! let credentials = match provider.cached(&request) {
//!     Some(at_hand) => at_hand,
//!     None => provider.credentials(&request).await?,
//! };
//! assert_eq!(credentials.session_token(), Some("token"));
//! // The service said that the token is no longer good: exactly one new fetch follows.
//! provider.invalidate(credentials.generation());
//! # Ok(())
//! # }
//! ```
//!
//! # Where credentials come from
//!
//! | from | type |
//! |---|---|
//! | keys at hand | [`StaticProvider`] |
//! | the app, whenever it has new ones | [`PushProvider`] |
//! | the app's own server; the app's own code | [`BrokerSource`]; [`FnSource`] |
//! | environment variables, a role named there | [`EnvSource`], [`EnvRoleSource`] |
//! | profile file, the files of `tccli` | [`ProfileSource`], [`TccliSource`] |
//! | a pod's web identity, a machine's role | [`WebIdentitySource`], [`InstanceRoleSource`] |
//! | STS, with whatever keys its client has | [`RoleSource`], [`FederationTokenSource`] |
//! | the first of several that has any, and why others had none | [`ChainSource`] |
//!
//! A source is asked anew every time; [`CachingProvider`] makes a provider of one, and [`ScopedProvider`]
//! one that holds a credential for each part of the work.
//!
//! # Spellings
//!
//! [`Credentials::parse_sts_json`] and [`BrokerSource`] read what STS, the official STS helpers, the
//! metadata service and usual token servers send. Names compare without case, `_` and `-`:
//!
//! | part | names, in order of preference |
//! |---|---|
//! | secret id, key | `tmpSecretId`, `secretId`; `tmpSecretKey`, `secretKey` |
//! | token | `sessionToken`, `token`, `securityToken`, `x-cos-security-token` |
//! | times | `startTime`; `expiredTime`, `expireTime`, `expiration`: Unix seconds or ISO 8601 |
//! | around them | `credentials`; around all, `Response` or `data` |
//!
//! A time in milliseconds is refused by name; an error in the JSON becomes a [`CredentialError`] with
//! the service's code, message and request id.
//!
//! # Features
//!
//! `https` (default) brings [`HttpsTransport`]: HTTPS with `rustls` and bundled roots. Without it the
//! crate opens no socket; give [`StsClient`] and [`BrokerSource`] a [`Transport`]. `reqwest` makes one of a
//! `reqwest` client that a program has anyway.

mod cache;
mod clock;
mod credentials;
mod error;
#[cfg(feature = "https")]
mod https_transport;
mod parse;
pub mod policy;
mod provider;
#[cfg(feature = "reqwest")]
mod reqwest_transport;
mod scoped;
mod source;
mod sts;
mod transport;

use std::future::Future;
use std::pin::Pin;

pub use cache::{BackgroundRenewal, CachingProvider, CachingProviderBuilder};
pub use clock::{Clock, ManualClock, SystemClock};
pub use credentials::{Credentials, SecretKey};
pub use error::{CredentialError, CredentialErrorKind};
#[cfg(feature = "https")]
pub use https_transport::{HttpsTransport, HttpsTransportBuilder};
pub use provider::{
    CredentialProvider, CredentialRequest, CredentialSource, Reason, StaticProvider,
};
#[cfg(feature = "reqwest")]
pub use reqwest_transport::ReqwestTransport;

pub use scoped::{CredentialScope, ScopedProvider, ScopedProviderBuilder};
pub use source::{
    BrokerSource, BrokerSourceBuilder, ChainReport, ChainSource, EnvRoleSource, EnvSource,
    FederationTokenSource, FnSource, InstanceRoleSource, InstanceRoleSourceBuilder, ProfileSource,
    PushProvider, RoleSource, TccliSource, WebIdentitySource,
};
pub use sts::{
    AccountKind, AssumeRoleRequest, CODES, CallerIdentity, CodeRow, DURATION_LIMITS, DurationLimit,
    FederationTokenRequest, Issued, Retry, StsClient, StsClientBuilder, StsEndpoint,
    WebIdentityRequest, duration_limit, lookup,
};
pub use transport::{HttpRequest, HttpResponse, Transport, TransportError, TransportErrorKind};

/// A boxed future that may move between threads; what the object-safe traits of this crate return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The example of README.md, compiled like the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
