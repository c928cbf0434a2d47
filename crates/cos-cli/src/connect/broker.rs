//! Credentials from the app owner's server.
use std::sync::Arc;
use cos_sts::CredentialProvider;
use crate::exit::{Failure, Result};
use crate::global::GlobalOptions;
pub(super) fn provider(_global: &GlobalOptions, _url: &str) -> Result<Arc<dyn CredentialProvider>> {
    Err(Failure::usage("not yet"))
}
