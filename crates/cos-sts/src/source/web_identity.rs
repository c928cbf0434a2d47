//! The identity of a pod: a token file that STS exchanges for a role's keys.

use std::path::PathBuf;
use std::sync::Arc;

use crate::{
    BoxFuture, CredentialError, CredentialErrorKind, CredentialRequest, CredentialSource,
    Credentials, SecretKey, StsClientBuilder, WebIdentityRequest,
};

/// Exchanges the web identity token in a file for a role's credentials. Reads the file again at every
/// fetch, because the cluster renews it.
#[derive(Clone, Debug)]
pub struct WebIdentitySource {
    settings: Option<Settings>,
    sts: Option<StsClientBuilder>,
}

#[derive(Clone, Debug)]
struct Settings {
    provider_id: String,
    token_file: PathBuf,
    role_arn: String,
    region: Option<String>,
    session_name: Option<String>,
}

impl WebIdentitySource {
    /// From the variables of a TKE pod, read at every fetch: `TKE_PROVIDER_ID`,
    /// `TKE_WEB_IDENTITY_TOKEN_FILE`, `TKE_ROLE_ARN`, and `TKE_REGION` if set. The session name is
    /// `TENCENTCLOUD_ROLE_SESSION_NAME` or made up.
    pub fn from_env() -> Self {
        Self {
            settings: None,
            sts: None,
        }
    }

    /// With these settings.
    pub fn new(
        provider_id: impl Into<String>,
        token_file: impl Into<PathBuf>,
        role_arn: impl Into<String>,
    ) -> Self {
        Self {
            settings: Some(Settings {
                provider_id: provider_id.into(),
                token_file: token_file.into(),
                role_arn: role_arn.into(),
                region: None,
                session_name: None,
            }),
            sts: None,
        }
    }

    /// How to reach STS; [`crate::StsClient::without_credentials`] unless set.
    #[must_use]
    pub fn sts(mut self, builder: StsClientBuilder) -> Self {
        self.sts = Some(builder);
        self
    }

    async fn get(&self) -> Result<Credentials, CredentialError> {
        let settings = match &self.settings {
            Some(settings) => settings.clone(),
            None => Settings::read(|name| std::env::var(name).ok())?,
        };
        let builder = self.sts.clone();
        let mut builder = builder.unwrap_or_else(crate::StsClient::without_credentials);
        if let Some(region) = &settings.region {
            builder = builder.region(region);
        }
        let client = builder.build()?;
        let session_name = settings.session_name.clone();
        let session_name = session_name.unwrap_or_else(super::session_name);
        let mut read_again = false;
        loop {
            let token = settings.token()?;
            let (provider, role) = (&settings.provider_id, &settings.role_arn);
            let request = WebIdentityRequest::new(provider, token.expose(), role, &session_name);
            match client.assume_role_with_web_identity(&request).await {
                Ok(issued) => return Ok(issued.credentials),
                // The file may have been renewed between reading and asking.
                Err(e)
                    if !read_again
                        && e.service_code() == Some("InvalidParameter.WebIdentityTokenError") =>
                {
                    read_again = true;
                }
                Err(e) => return Err(e),
            }
        }
    }
}

impl Settings {
    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, CredentialError> {
        let get = |name: &str| variable(name).filter(|value| !value.is_empty());
        let names = [
            "TKE_PROVIDER_ID",
            "TKE_WEB_IDENTITY_TOKEN_FILE",
            "TKE_ROLE_ARN",
        ];
        match names.map(get) {
            [Some(provider_id), Some(token_file), Some(role_arn)] => Ok(Self {
                provider_id,
                token_file: token_file.into(),
                role_arn,
                region: get("TKE_REGION"),
                session_name: get("TENCENTCLOUD_ROLE_SESSION_NAME"),
            }),
            [None, None, None] => Err(CredentialError::new(
                CredentialErrorKind::Unavailable,
                "TKE_WEB_IDENTITY_TOKEN_FILE is not set",
            )),
            some => {
                let missing = names.iter().zip(&some).filter(|(_, value)| value.is_none());
                let missing: Vec<_> = missing.map(|(name, _)| *name).collect();
                let are = if missing.len() == 1 { "is" } else { "are" };
                let message = format!("{} {are} not set", missing.join(" and "));
                Err(CredentialError::config(message)
                    .with_hint("the three TKE_… variables belong together"))
            }
        }
    }

    fn token(&self) -> Result<Arc<SecretKey>, CredentialError> {
        let file = self.token_file.display();
        let text = std::fs::read_to_string(&self.token_file).map_err(|e| {
            let message = format!("the token file {file} cannot be read: {e}");
            CredentialError::new(CredentialErrorKind::Local, message)
        })?;
        match text.trim() {
            "" => Err(CredentialError::config(format!(
                "the token file {file} is empty"
            ))),
            token => Ok(Arc::new(SecretKey::new(token))),
        }
    }
}

impl CredentialSource for WebIdentitySource {
    fn fetch<'a>(
        &'a self,
        _request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(self.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::Answers;

    const ROLE: &str = "qcs::cam::uin/1:roleName/pod";
    const KEYS: &str = r#"{"Response":{"Credentials":{"Token":"t","TmpSecretId":"i","TmpSecretKey":"k"},"ExpiredTime":4102444800,"RequestId":"r"}}"#;
    const OLD: &str = r#"{"Response":{"Error":{"Code":"InvalidParameter.WebIdentityTokenError","Message":"m"},"RequestId":"r"}}"#;

    #[test]
    fn the_variables_belong_together() {
        let with = |names: &[&str]| {
            Settings::read(|name| names.contains(&name).then(|| format!("value of {name}")))
        };
        let all = [
            "TKE_PROVIDER_ID",
            "TKE_WEB_IDENTITY_TOKEN_FILE",
            "TKE_ROLE_ARN",
            "TKE_REGION",
        ];
        assert_eq!(
            with(&all).unwrap().region.as_deref(),
            Some("value of TKE_REGION")
        );
        assert!(with(&all[..3]).unwrap().region.is_none());
        assert_eq!(
            with(&all[3..]).unwrap_err().kind(),
            CredentialErrorKind::Unavailable
        );
        let half = with(&all[..2]).unwrap_err();
        assert_eq!(half.kind(), CredentialErrorKind::Config);
        assert!(half.message().contains("TKE_ROLE_ARN is not set"), "{half}");
    }

    #[tokio::test]
    async fn the_file_is_read_each_time_and_once_more_when_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let answers = Answers::of(&[(200, KEYS), (200, OLD), (200, KEYS), (200, OLD), (200, OLD)]);
        let sts = crate::StsClient::without_credentials().transport(answers.clone());
        let source = WebIdentitySource::new("oidc", &file, ROLE).sts(sts);
        let fetch = async || source.fetch(&CredentialRequest::new()).await;
        assert_eq!(
            fetch().await.unwrap_err().kind(),
            CredentialErrorKind::Local
        );
        for token in ["PLANTED1\n", "PLANTED2", "PLANTED3"] {
            std::fs::write(&file, token).unwrap();
            match fetch().await {
                Ok(found) => assert_eq!(found.secret_id(), "i"),
                Err(e) => {
                    assert_eq!(
                        e.service_code(),
                        Some("InvalidParameter.WebIdentityTokenError")
                    );
                    assert_eq!(token, "PLANTED3");
                    assert!(!format!("{e:?}{e}").contains("PLANTED"));
                }
            }
        }
        let bodies = answers
            .sent()
            .into_iter()
            .map(|r| String::from_utf8(r.body).unwrap());
        let tokens: Vec<_> = bodies
            .map(|b| b.split("PLANTED").nth(1).unwrap()[..1].to_owned())
            .collect();
        assert_eq!(tokens, ["1", "2", "2", "3", "3"]);
        assert!(
            answers
                .sent()
                .iter()
                .all(|r| r.headers.contains(&("Authorization", "SKIP".into())))
        );
        assert!(!format!("{source:?}").contains("PLANTED"));
    }
}
