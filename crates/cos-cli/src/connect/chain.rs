//! The provider chain: options, environment, broker, then what the machine itself has. The first that says anything is the one.

use std::sync::Arc;

use cos_sts::{
    CachingProvider, ChainSource, CredentialError, CredentialErrorKind, CredentialProvider,
    Credentials, EnvSource, FnSource, InstanceRoleSource, ProfileSource, StaticProvider, StsClient,
    StsClientBuilder, WebIdentitySource,
};

use crate::exit::{Failure, Result};
use crate::global::{GlobalOptions, env};

/// Where this command's credentials come from.
pub(crate) fn provider(global: &GlobalOptions) -> Result<Arc<dyn CredentialProvider>> {
    if let Some(credentials) = given(global)? {
        return Ok(Arc::new(StaticProvider::new(credentials)));
    }
    match EnvSource::read() {
        Ok(credentials) => return Ok(Arc::new(StaticProvider::new(credentials))),
        Err(e) if e.kind() == CredentialErrorKind::Unavailable => {}
        Err(e) => return Err(e.into()),
    }
    if let Some(url) = env("COS_BROKER_URL") {
        return super::broker::provider(global, &url);
    }
    Ok(Arc::new(CachingProvider::new(machine(global)?)))
}

/// What the machine itself has: a pod's identity, the profile file, the role of the instance. The last link
/// ends a search that found nothing, in words that say what to do.
fn machine(global: &GlobalOptions) -> Result<ChainSource> {
    let sts = || -> Result<StsClientBuilder> {
        let builder = StsClient::without_credentials().transport(super::transport(global)?);
        Ok(match global.sts_endpoint() {
            Some(url) => builder.endpoint(url),
            None => builder,
        })
    };
    let mut instance = InstanceRoleSource::builder();
    if let Some(url) = env("COS_METADATA_URL") {
        instance = instance.base_url(url);
    }
    let nothing = FnSource::new(|_| {
        std::future::ready(Err(CredentialError::new(
            CredentialErrorKind::Config,
            "no credentials are given",
        )
        .with_hint(
            "set COS_SECRET_ID and COS_SECRET_KEY (and COS_SESSION_TOKEN), or COS_BROKER_URL and \
COS_BROKER_BEARER; `cos demo` needs none",
        )))
    });
    Ok(ChainSource::new()
        .link("web identity", WebIdentitySource::from_env().sts(sts()?))
        .link("profile file", ProfileSource::new().sts(sts()?))
        .link("instance role", instance.build()?)
        .link("nothing", nothing))
}

/// The options. Half a pair is a mistake, not a reason to look further: the command would run as somebody else.
fn given(global: &GlobalOptions) -> Result<Option<Credentials>> {
    let (id, key, token) = (&global.secret_id, &global.secret_key, &global.token);
    let credentials = match (id, key, token) {
        (None, None, None) => return Ok(None),
        (Some(id), Some(key), None) => Credentials::permanent(id, key)?,
        (Some(id), Some(key), Some(token)) => {
            Credentials::temporary_with_unknown_end(id, key, token)?
        }
        (..) => {
            return Err(Failure::usage(
                "--secret-id and --secret-key must be given together",
            ));
        }
    };
    Ok(Some(credentials))
}
