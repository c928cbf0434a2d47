//! The client of a call, and how its answer is printed.

use std::sync::Arc;

use cos_sts::{
    CredentialError, CredentialProvider, Credentials, Issued, StaticProvider, StsClient, Transport,
};
use serde_json::json;

use super::Format;
use super::dry_run::DryRun;
use crate::commands::Context;
use crate::connect;
use crate::exit::{Failure, Result};
use crate::global::GlobalOptions;

/// One call to STS.
pub(super) struct Caller<'a> {
    cx: &'a Context,
    format: Format,
    client: StsClient,
    dry_run: Option<DryRun>,
}

impl<'a> Caller<'a> {
    /// A call with the credentials of the provider chain.
    pub(super) fn new(cx: &'a Context, dry_run: bool, format: Format) -> Result<Self> {
        Self::with(cx, dry_run, format, connect::provider(&cx.global)?)
    }

    /// A call that is not signed.
    pub(super) fn without_keys(cx: &'a Context, dry_run: bool, format: Format) -> Result<Self> {
        let nobody = Credentials::permanent("unsigned", "unsigned")?;
        Self::with(cx, dry_run, format, Arc::new(StaticProvider::new(nobody)))
    }

    fn with(
        cx: &'a Context,
        dry_run: bool,
        format: Format,
        provider: Arc<dyn CredentialProvider>,
    ) -> Result<Self> {
        let dry_run = dry_run.then(DryRun::default);
        let transport = dry_run.clone().map(|d| Arc::new(d) as Arc<dyn Transport>);
        Ok(Self {
            cx,
            format,
            client: client(&cx.global, provider, transport)?,
            dry_run,
        })
    }

    pub(super) fn client(&self) -> &StsClient {
        &self.client
    }

    /// Prints the request that was not sent, if it was not to be.
    pub(super) fn print_request(&self) -> Result<bool> {
        let Some(request) = self.dry_run.as_ref().and_then(DryRun::request) else {
            return Ok(false);
        };
        let output = &self.cx.output;
        if output.json {
            output.json(&request.to_json())?;
        } else {
            output.line(request.to_text())?;
        }
        Ok(true)
    }

    /// Prints the credentials, or the request that was not sent.
    pub(super) fn print(&self, issued: Result<Issued, CredentialError>) -> Result {
        if self.print_request()? {
            return Ok(());
        }
        let output = &self.cx.output;
        let issued = issued?;
        let keys = &issued.credentials;
        let Some(token) = keys.session_token() else {
            return Err(Failure::internal("STS gave no session token"));
        };
        let secret_key = keys.secret_key().expose();
        if self.format == Format::Env && !output.json {
            for (name, value) in [
                ("COS_SECRET_ID", keys.secret_id()),
                ("COS_SECRET_KEY", secret_key),
                ("COS_SESSION_TOKEN", token),
            ] {
                output.line(format!("export {name}='{}'", value.replace('\'', r"'\''")))?;
            }
            return Ok(());
        }
        output.json(&json!({
            "credentials": {
                "tmpSecretId": keys.secret_id(),
                "tmpSecretKey": secret_key,
                "sessionToken": token,
            },
            "startTime": keys.start_time_s(),
            "expiredTime": keys.expired_time_s(),
            "expiration": issued.expiration,
            "requestId": issued.request_id,
        }))
    }
}

/// A client by the global options; `transport` replaces the network.
pub(super) fn client(
    global: &GlobalOptions,
    provider: Arc<dyn CredentialProvider>,
    transport: Option<Arc<dyn Transport>>,
) -> Result<StsClient> {
    let endpoint = global.sts_endpoint();
    let transport = match transport {
        Some(given) => given,
        None => Arc::new(connect::transport(global)?),
    };
    let mut builder = StsClient::with_provider(provider).transport(transport);
    if let Some(region) = global.region_if_given() {
        builder = builder.region(region);
    }
    if let Some(url) = endpoint {
        builder = builder.endpoint(url);
    }
    Ok(builder.build()?)
}
