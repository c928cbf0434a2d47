//! The provider chain: options, environment, broker, then what the machine itself has. The first that says anything is the one.

use std::sync::Arc;

use cos_sts::{
    BoxFuture, CachingProvider, ChainSource, CredentialError, CredentialErrorKind,
    CredentialProvider, CredentialRequest, CredentialSource, Credentials, EnvRoleSource, EnvSource,
    InstanceRoleSource, ProfileSource, StaticProvider, StsClient, StsClientBuilder, TccliSource,
    WebIdentitySource,
};

use crate::exit::{Failure, Result};
use crate::global::{GlobalOptions, env};

/// Where this command's credentials come from.
pub(crate) fn provider(global: &GlobalOptions) -> Result<Arc<dyn CredentialProvider>> {
    if let Some(credentials) = given(global)? {
        return Ok(Arc::new(StaticProvider::new(credentials)));
    }
    if EnvRoleSource::is_set() {
        let role = EnvRoleSource::new().sts(sts(global)?);
        return Ok(Arc::new(CachingProvider::new(role)));
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

/// How to reach STS, for sources that need it.
fn sts(global: &GlobalOptions) -> Result<StsClientBuilder> {
    let mut builder = StsClient::without_credentials().transport(super::transport(global)?);
    if let Some(region) = global.region_if_given() {
        builder = builder.region(region);
    }
    if let Some(url) = global.sts_endpoint() {
        builder = builder.endpoint(url);
    }
    Ok(builder)
}

/// What the machine itself has: a pod's identity, the profile file, that of `tccli`, the role of the
/// instance.
fn machine(global: &GlobalOptions) -> Result<Machine> {
    let mut instance = InstanceRoleSource::builder();
    if let Some(url) = env("COS_METADATA_URL") {
        instance = instance.base_url(url);
    }
    Ok(Machine(
        ChainSource::new()
            .link(
                "web identity",
                WebIdentitySource::from_env().sts(sts(global)?),
            )
            .link("profile file", ProfileSource::new().sts(sts(global)?))
            .link("tccli", TccliSource::new().sts(sts(global)?))
            .link("instance role", instance.build()?),
    ))
}

/// A search that finds nothing ends in words that say where it looked and what to do.
#[derive(Debug)]
struct Machine(ChainSource);

impl CredentialSource for Machine {
    fn fetch<'a>(
        &'a self,
        request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(async move {
            let found = self.0.fetch(request).await;
            found.map_err(|error| {
                if error.kind() != CredentialErrorKind::Unavailable {
                    return error;
                }
                let message = format!("no credentials are given ({})", self.0.report());
                CredentialError::new(CredentialErrorKind::Config, message).with_hint(
                    "set COS_SECRET_ID and COS_SECRET_KEY (and COS_SESSION_TOKEN), or COS_BROKER_URL and \
COS_BROKER_BEARER; `cos demo` needs none",
                )
            })
        })
    }
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
            let failure = Failure::usage("--secret-id and --secret-key must be given together");
            return Err(failure.hint("or neither, with COS_SECRET_ID and COS_SECRET_KEY set"));
        }
    };
    Ok(Some(credentials))
}
