//! Settings from environment variables, with the names the `cos` command uses.

use cos_sts::{
    BrokerSource, CachingProvider, CredentialError, EnvRoleSource, EnvSource, HttpsTransport,
    StsClient,
};

use crate::builder::{ClientBuilder, named};
use crate::error::Result;

impl ClientBuilder {
    /// Begins with what the environment says; every setting can be changed afterwards.
    ///
    /// | variable | setting |
    /// |---|---|
    /// | `COS_BUCKET`, `COS_REGION` | bucket and region |
    /// | `COS_ENDPOINT` | [`ClientBuilder::endpoint`] |
    /// | `COS_CA_FILE` | a PEM file for [`ClientBuilder::ca_pem`] |
    /// | `https_proxy` (`http_proxy` for an endpoint without TLS), else `all_proxy`; `no_proxy`; also in upper case | [`ClientBuilder::proxy_from_env`] |
    /// | `COS_SECRET_ID`, `COS_SECRET_KEY`, `COS_SESSION_TOKEN`, else `TENCENTCLOUD_…` | credentials |
    /// | `TENCENTCLOUD_ROLE_ARN` beside `TENCENTCLOUD_…` keys | a role to assume with them |
    /// | `COS_BROKER_URL`, `COS_BROKER_BEARER` | where credentials come from when no key is set |
    ///
    /// Empty variables count as unset. Without any credentials, give a provider before
    /// [`ClientBuilder::build`].
    ///
    /// ```no_run
    /// # fn example() -> cos_client::Result<()> {
    /// let client = cos_client::ClientBuilder::from_env()?.build()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Config`, naming the variable: an unreadable file, half a key, a malformed URL.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(&|name| std::env::var(name).ok())
    }

    fn from_variables(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let get = |name: &str| variable(name).filter(|v| !v.is_empty());
        let mut builder = Self::new();
        if let Some(bucket) = get("COS_BUCKET") {
            builder = builder.bucket(bucket);
        }
        if let Some(region) = get("COS_REGION") {
            builder = builder.region(region);
        }
        if let Some(url) = get("COS_ENDPOINT") {
            builder = builder.endpoint(url);
        }
        let ca = get("COS_CA_FILE");
        let ca = ca.map(|path| {
            std::fs::read(&path).map_err(|e| named("COS_CA_FILE", format!("{path}: {e}")))
        });
        let ca = ca.transpose()?;
        if let Some(pem) = &ca {
            builder = builder.ca_pem(pem);
        }
        builder = builder.proxy_from(variable);
        let has_key = ["COS_SECRET_ID", "COS_SECRET_KEY"]
            .into_iter()
            .chain(["TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"])
            .any(|name| get(name).is_some());
        if has_key {
            // Read for every renewal: a parent may not change them, but half a key is told now.
            EnvSource::read().map_err(|e| named("COS_SECRET_ID", e))?;
            if EnvRoleSource::is_set() {
                let role = role(ca).map_err(|e| named("TENCENTCLOUD_ROLE_ARN", e))?;
                return Ok(builder.credentials(CachingProvider::new(role)));
            }
            return Ok(builder.credentials(CachingProvider::new(EnvSource)));
        }
        if let Some(url) = get("COS_BROKER_URL") {
            let source = broker(url, get("COS_BROKER_BEARER"), ca);
            let source = source.map_err(|e| named("COS_BROKER_URL", e))?;
            builder = builder.credentials(CachingProvider::new(source));
        }
        Ok(builder)
    }
}

fn role(ca: Option<Vec<u8>>) -> Result<EnvRoleSource, CredentialError> {
    let sts = match ca {
        Some(pem) => StsClient::without_credentials()
            .transport(HttpsTransport::builder().ca_pem(pem).build()?),
        None => StsClient::without_credentials(),
    };
    Ok(EnvRoleSource::new().sts(sts))
}

fn broker(
    url: String,
    bearer: Option<String>,
    ca: Option<Vec<u8>>,
) -> Result<BrokerSource, CredentialError> {
    let mut source = BrokerSource::builder(url);
    if let Some(bearer) = bearer {
        source = source.bearer(bearer);
    }
    if let Some(pem) = ca {
        source = source.transport(HttpsTransport::builder().ca_pem(pem).build()?);
    }
    source.build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn keys() -> cos_sts::StaticProvider {
        cos_sts::StaticProvider::new(cos_sts::Credentials::permanent("i", "k").unwrap())
    }

    fn from(pairs: &[(&str, &str)]) -> Result<ClientBuilder> {
        ClientBuilder::from_variables(&|name| {
            let found = pairs.iter().find(|(n, _)| *n == name)?;
            Some(found.1.to_owned())
        })
    }

    #[test]
    fn places_and_a_broker() {
        let builder = from(&[
            ("COS_BUCKET", "demo-1250000000"),
            ("COS_REGION", "ap-guangzhou"),
            ("COS_ENDPOINT", "http://127.0.0.1:9"),
            ("COS_BROKER_URL", "https://example.com/credentials"),
            ("COS_BROKER_BEARER", "secret"),
            ("http_proxy", "http://proxy:3128"),
            ("NO_PROXY", "localhost"),
            ("COS_CA_FILE", ""),
        ]);
        let client = builder.unwrap().build().unwrap();
        assert_eq!(client.bucket().as_str(), "demo-1250000000");
        assert_eq!(client.endpoint().base(), "http://127.0.0.1:9");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (pairs, name) in [
            (&[("COS_CA_FILE", "/does/not/exist")][..], "COS_CA_FILE"),
            (&[("COS_BROKER_URL", "nonsense")], "COS_BROKER_URL"),
        ] {
            let error = from(pairs).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.message().starts_with(name), "{error}");
        }
        let place = [
            ("COS_BUCKET", "d-1"),
            ("COS_REGION", "r1"),
            ("HTTPS_PROXY", "socks5://u:PLANTED@h:1"),
        ];
        let builder = from(&place).unwrap().credentials(keys());
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(
            error
                .message()
                .starts_with("HTTPS_PROXY: it names a SOCKS proxy"),
            "{error}"
        );
        // Where nothing goes that way it is nobody's business.
        let plain = [&place[..], &[("COS_ENDPOINT", "http://127.0.0.1:9")]].concat();
        from(&plain).unwrap().credentials(keys()).build().unwrap();
        let builder = from(&place).unwrap().no_proxy(".myqcloud.com");
        builder.credentials(keys()).build().unwrap();
        let error = from(&[]).unwrap().build().unwrap_err();
        assert!(error.message().starts_with("bucket"), "{error}");
        let place = [("COS_BUCKET", "d-1"), ("COS_REGION", "r1")];
        let error = from(&place).unwrap().build().unwrap_err();
        assert!(error.message().starts_with("credentials"), "{error}");
    }
}
