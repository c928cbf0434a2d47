//! What an app does. It is built from addresses and its user's token only: no permanent key is in reach of
//! this file.

use std::path::Path;
use std::sync::Arc;

use cos_client::{Client, DownloadOutput, UploadOutput};
use cos_sts::{
    BrokerSource, CachingProvider, Clock, CredentialProvider, CredentialRequest, Credentials,
    HttpsTransport, StaticProvider,
};

use super::cloud::{BUCKET, ForApp, REGION, USER};
use super::material::Material;
use crate::exit::{Failure, Result};
use crate::output::Output;
use crate::progress::Bar;

/// Below this size, smaller parts, so that there is something to see.
const SMALL_BYTES: u64 = 16 << 20;

/// An app of one user.
pub(super) struct App {
    endpoint: String,
    clock: Arc<dyn Clock>,
    provider: Arc<dyn CredentialProvider>,
    client: Client,
}

impl App {
    /// An app that asks its owner's server for credentials and renews them there.
    pub(super) fn new(given: &ForApp) -> Result<Self> {
        // The server is on this machine, whatever proxy it is told to use.
        let source = BrokerSource::builder(&given.broker_url)
            .bearer(&given.bearer)
            .transport(HttpsTransport::builder().no_proxy().build()?)
            .build()?;
        let provider = CachingProvider::builder(source)
            .clock(Arc::clone(&given.clock))
            .build();
        let provider: Arc<dyn CredentialProvider> = Arc::new(provider);
        let client = client(&given.endpoint, &given.clock, Arc::clone(&provider))?;
        Ok(Self {
            endpoint: given.endpoint.clone(),
            clock: Arc::clone(&given.clock),
            provider,
            client,
        })
    }

    /// The same app with its renewal switched off: it goes on with these credentials whatever happens.
    pub(super) fn without_renewal(&self, credentials: &Credentials) -> Result<Client> {
        let provider = Arc::new(StaticProvider::new(credentials.clone()));
        client(&self.endpoint, &self.clock, provider)
    }

    /// The credentials of this moment.
    pub(super) async fn credentials(&self) -> Result<Credentials> {
        let credentials = self.provider.credentials(&CredentialRequest::new()).await?;
        if credentials.session_token().is_none() || credentials.expired_time_s().is_none() {
            return Err(Failure::internal(
                "the app was given keys that are not temporary",
            ));
        }
        Ok(credentials)
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The key of a file in the user's own place.
    pub(super) fn key(name: &str) -> String {
        format!("users/{USER}/{name}")
    }

    pub(super) async fn upload(
        &self,
        output: &Output,
        material: &Material,
    ) -> Result<UploadOutput> {
        let bar = Bar::new(output, "upload");
        let mut upload = self
            .client
            .upload_file(Self::key(&material.name), &material.path)
            .on_progress(bar.callback());
        if material.bytes < SMALL_BYTES {
            upload = upload.part_size(1 << 20);
        }
        let done = upload.send().await;
        bar.clear();
        Ok(done?)
    }

    pub(super) async fn download(
        &self,
        output: &Output,
        material: &Material,
        to: &Path,
    ) -> Result<DownloadOutput> {
        let bar = Bar::new(output, "download");
        let download = self
            .client
            .download_file(Self::key(&material.name), to)
            .on_progress(bar.callback());
        let done = download.send().await;
        bar.clear();
        Ok(done?)
    }
}

fn client(
    endpoint: &str,
    clock: &Arc<dyn Clock>,
    provider: Arc<dyn CredentialProvider>,
) -> Result<Client> {
    Ok(Client::builder()
        .bucket(BUCKET)
        .region(REGION)
        .endpoint(endpoint)
        .clock(Arc::clone(clock))
        .credentials(provider)
        .build()?)
}
