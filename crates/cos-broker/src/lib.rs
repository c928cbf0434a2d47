#![forbid(unsafe_code)]
//! The owner's server: decides which app user may have which temporary credentials.
//!
//! An app never sees permanent keys. It asks this server (`POST /v1/credentials` with
//! `Authorization: Bearer <its user's token>`), which checks who is asking, builds the least policy that user
//! needs (some operations below the user's own prefix of one bucket), has STS issue temporary credentials
//! under that policy, and passes them on. A request may ask for less (`{"allow":["download"]}`), never for more.
//!
//! ```toml
//! listen = "127.0.0.1:8080"             # behind a TLS proxy
//!
//! [sts]
//! secret_id_env = "BROKER_SECRET_ID"    # the permanent keys come from the environment
//! secret_key_env = "BROKER_SECRET_KEY"
//! role_arn = "qcs::cam::uin/100000000001:roleName/uploader"  # without it: GetFederationToken
//!
//! [grant]
//! bucket = "demo-1250000000"
//! region = "ap-guangzhou"
//! prefix = "users/{user}/"
//! allow = ["upload", "download", "list"]  # official SDKs look for unfinished uploads first: they need "list-uploads" too
//! duration_s = 1800
//!
//! [[user]]                              # fixed tokens: printf %s "$TOKEN" | sha256sum
//! name = "alice"
//! token_sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
//!
//! [jwt]                                 # and/or HS256 web tokens of your own login
//! secret_env = "JWT_SECRET"
//! user_claim = "sub"
//! issuer = "https://login.example.com"
//! audience = "cos-broker"
//! ```
//!
//! The answer is the JSON that COS SDKs know from the official STS helpers, and never cached by anyone in
//! between (`Cache-Control: no-store`). Errors are `{"error":{"code","message","requestId"}}`: 401 who are
//! you, 403 not granted, 400 malformed, 502 STS refused, 503 STS not reachable or busy (try again).

mod auth;
mod broker;
mod config;
mod error;
mod grant;
mod issue;
mod prefix;
mod reply;
mod routes;
mod server;

pub use auth::{JwtHs256, TokenHash};
pub use broker::Broker;
pub use config::BrokerConfig;
pub use error::BrokerError;
pub use grant::Grant;
pub use prefix::{PrefixTemplate, UserName};
