//! The call to STS.

use cos_sts::{
    AssumeRoleRequest, BoxFuture, CredentialError, Credentials, FederationTokenRequest, StsClient,
};

use crate::config::{BrokerConfig, Issue};
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

/// The real one. It holds the permanent keys; nothing else in this crate does once it serves.
pub(crate) struct StsIssuer {
    client: StsClient,
    how: Issue,
}

impl StsIssuer {
    pub(crate) fn new(config: &BrokerConfig) -> Result<Self, BrokerError> {
        let mut builder = StsClient::builder(config.keys.clone())
            .region(config.sts_region.as_str())
            .clock(config.clock.clone());
        if let Some(url) = &config.sts_endpoint {
            builder = builder.endpoint(url.as_str());
        }
        if let Some(transport) = &config.transport {
            builder = builder.transport(transport.clone());
        }
        let client = builder
            .build()
            .map_err(|e| BrokerError::config(format!("[sts] {}", e.message())))?;
        Ok(Self {
            client,
            how: config.issue.clone(),
        })
    }
}

impl Issuer for StsIssuer {
    fn issue<'a>(
        &'a self,
        user: &'a UserName,
        narrowed: &'a Narrowed,
    ) -> BoxFuture<'a, Result<Issued, CredentialError>> {
        Box::pin(async move {
            let policy = narrowed.policy.clone();
            let issued = match &self.how {
                Issue::Role { arn, external_id } => {
                    // The session's name shows up in the owner's audit log.
                    let mut request = AssumeRoleRequest::new(arn, format!("cos-{user}"))
                        .duration_s(narrowed.duration_s)
                        .policy(policy);
                    if let Some(id) = external_id {
                        request = request.external_id(id);
                    }
                    self.client.assume_role(&request).await
                }
                Issue::Federation => {
                    // The service documents letters only for this name, so the user's is left out.
                    let request = FederationTokenRequest::new("cos-broker", policy)
                        .duration_s(narrowed.duration_s);
                    self.client.get_federation_token(&request).await
                }
            }?;
            Ok(Issued {
                credentials: issued.credentials,
                expiration: issued.expiration,
                request_id: issued.request_id,
            })
        })
    }
}
