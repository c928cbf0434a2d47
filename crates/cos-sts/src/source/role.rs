//! STS as a source: for servers that hold keys, and for tests.

use crate::{
    AssumeRoleRequest, BoxFuture, CredentialError, CredentialRequest, CredentialSource,
    Credentials, FederationTokenRequest, StsClient,
};

/// Assumes a role at every fetch, with credentials from wherever the client has them.
///
/// ```no_run
/// use cos_sts::{AssumeRoleRequest, CachingProvider, ChainSource, RoleSource, StsClient};
///
/// // Whatever this machine has, and on top of it a role.
/// let machine = CachingProvider::new(ChainSource::usual()?);
/// let sts = StsClient::with_provider(machine).build()?;
/// let role = "qcs::cam::uin/100000000001:roleName/uploader";
/// let provider = CachingProvider::new(RoleSource::new(sts, AssumeRoleRequest::new(role, "nightly")));
/// # Ok::<(), cos_sts::CredentialError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RoleSource {
    client: StsClient,
    request: AssumeRoleRequest,
}

impl RoleSource {
    /// `request` is sent as it is, each time.
    pub fn new(client: StsClient, request: AssumeRoleRequest) -> Self {
        Self { client, request }
    }
}

impl CredentialSource for RoleSource {
    fn fetch<'a>(
        &'a self,
        _request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(async move { Ok(self.client.assume_role(&self.request).await?.credentials) })
    }
}

/// Asks for a federation token at every fetch.
#[derive(Clone, Debug)]
pub struct FederationTokenSource {
    client: StsClient,
    request: FederationTokenRequest,
}

impl FederationTokenSource {
    /// `request` is sent as it is, each time.
    pub fn new(client: StsClient, request: FederationTokenRequest) -> Self {
        Self { client, request }
    }
}

impl CredentialSource for FederationTokenSource {
    fn fetch<'a>(
        &'a self,
        _request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(async move {
            Ok(self
                .client
                .get_federation_token(&self.request)
                .await?
                .credentials)
        })
    }
}
