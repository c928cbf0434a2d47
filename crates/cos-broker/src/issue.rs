//! The call to STS.

use cos_sts::{BoxFuture, CredentialError, Credentials};

use crate::config::BrokerConfig;
use crate::error::BrokerError;
use crate::grant::Narrowed;
use crate::prefix::UserName;

/// What STS gave.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) credentials: Credentials,
    pub(crate) expiration: Option<String>,
    pub(crate) request_id: Option<String>,
}

/// Where temporary credentials come from. A trait, so that the routes are tested without STS.
pub(crate) trait Issuer: Send + Sync {
    fn issue<'a>(
        &'a self,
        user: &'a UserName,
        narrowed: &'a Narrowed,
    ) -> BoxFuture<'a, Result<Issued, CredentialError>>;
}
