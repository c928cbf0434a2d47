//! From options and environment to credentials, providers and clients.

mod broker;
mod chain;

use std::sync::Arc;

use cos_client::{BucketName, Client, ClientBuilder};
use cos_sts::{CredentialProvider, CredentialRequest, Credentials, HttpsTransport};

use crate::exit::Result;
use crate::global::{GlobalOptions, proxy_exceptions};

pub(crate) use chain::provider;

/// The credentials of this moment.
pub(crate) async fn credentials(global: &GlobalOptions) -> Result<Credentials> {
    let provider = provider(global)?;
    Ok(provider.credentials(&CredentialRequest::new()).await?)
}

/// A client for one bucket.
pub(crate) fn client(global: &GlobalOptions, bucket: &BucketName) -> Result<Client> {
    client_with(global, bucket, provider(global)?)
}

/// A client for one bucket with these credentials.
pub(crate) fn client_with(
    global: &GlobalOptions,
    bucket: &BucketName,
    provider: Arc<dyn CredentialProvider>,
) -> Result<Client> {
    Ok(builder(global, bucket, provider)?.build()?)
}

/// A client for one bucket that has so many requests of transfers in flight at most, and moves at most so many
/// bytes per second.
pub(crate) fn client_for_transfers(
    global: &GlobalOptions,
    bucket: &BucketName,
    concurrency: Option<usize>,
    bytes_per_second: Option<u64>,
) -> Result<Client> {
    let mut builder = builder(global, bucket, provider(global)?)?;
    if let Some(requests) = concurrency {
        builder = builder.concurrency(requests);
    }
    if let Some(limit) = bytes_per_second {
        builder = builder.rate_limit(limit);
    }
    Ok(builder.build()?)
}

fn builder(
    global: &GlobalOptions,
    bucket: &BucketName,
    provider: Arc<dyn CredentialProvider>,
) -> Result<ClientBuilder> {
    let mut builder = Client::builder()
        .bucket(bucket.as_str())
        .region(global.region()?)
        .user_agent(concat!("cos-cli/", env!("CARGO_PKG_VERSION")))
        .credentials(provider);
    match global.given_proxy() {
        None => builder = builder.proxy_from_env(),
        Some(url) => {
            builder = builder.proxy(url);
            if let Some(hosts) = proxy_exceptions() {
                builder = builder.no_proxy(hosts);
            }
        }
    }
    if let Some(url) = global.endpoint() {
        builder = builder.endpoint(url);
    }
    if let Some(pem) = global.ca_pem()? {
        builder = builder.ca_pem(pem);
    }
    Ok(builder)
}

/// The way to STS and to a broker.
pub(crate) fn transport(global: &GlobalOptions) -> Result<HttpsTransport> {
    let mut builder = HttpsTransport::builder();
    if let Some(url) = global.given_proxy() {
        builder = builder.proxy(url);
        if let Some(hosts) = proxy_exceptions() {
            builder = builder.proxy_exceptions(hosts);
        }
    }
    if let Some(pem) = global.ca_pem()? {
        builder = builder.ca_pem(pem);
    }
    Ok(builder.build()?)
}
