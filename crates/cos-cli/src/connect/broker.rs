//! Credentials from the app owner's server, renewed before they end.

use std::sync::Arc;

use cos_sts::{BrokerSource, CachingProvider, CredentialProvider};

use crate::exit::{Failure, Result};
use crate::global::{GlobalOptions, env};

/// The server named by `COS_BROKER_URL`, asked with the token in `COS_BROKER_BEARER`.
pub(super) fn provider(global: &GlobalOptions, url: &str) -> Result<Arc<dyn CredentialProvider>> {
    let bearer = env("COS_BROKER_BEARER").ok_or_else(|| {
        Failure::usage("COS_BROKER_URL is set, but COS_BROKER_BEARER is not")
            .hint("set it to the token that the server knows you by")
    })?;
    let source = BrokerSource::builder(url)
        .bearer(bearer)
        .transport(super::transport(global)?)
        .build()?;
    Ok(Arc::new(CachingProvider::new(source)))
}
