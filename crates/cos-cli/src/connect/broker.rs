//! Credentials from the app owner's server.

use std::sync::Arc;

use cos_sts::{CredentialProvider, SystemClock};

use super::FromBroker;
use crate::exit::{Failure, Result};
use crate::global::{GlobalOptions, env};

/// The server named by `COS_BROKER_URL`, asked with the token in `COS_BROKER_BEARER`.
pub(super) fn provider(global: &GlobalOptions, url: &str) -> Result<Arc<dyn CredentialProvider>> {
    let bearer = env("COS_BROKER_BEARER").ok_or_else(|| {
        Failure::usage("COS_BROKER_URL is set, but COS_BROKER_BEARER is not")
            .hint("set it to the token that the server knows you by")
    })?;
    let transport = super::transport(global)?;
    let clock = Arc::new(SystemClock);
    Ok(Arc::new(FromBroker::new(url, bearer, transport, clock)))
}
