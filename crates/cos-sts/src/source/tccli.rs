//! Keys from the files of the cloud's command line, `tccli`.

use std::path::PathBuf;

use serde::Deserialize;

use crate::{
    AssumeRoleRequest, BoxFuture, Clock, CredentialError, CredentialErrorKind, CredentialRequest,
    CredentialSource, Credentials, StsClientBuilder, SystemClock,
};

/// Keys that `tccli configure` or `tccli auth login` left in `~/.tccli/<profile>.credential`. The profile
/// is `TCCLI_PROFILE`, else `default`. A role named there is assumed with the keys. The file is read at
/// every fetch.
///
/// Keys of a login end after a while and only `tccli` can renew them; the error says so. A profile that
/// leaves it to the machine's role has no keys of its own: that is [`crate::InstanceRoleSource`]'s.
#[derive(Clone, Debug)]
pub struct TccliSource {
    file: Option<PathBuf>,
    sts: Option<StsClientBuilder>,
}

/// As `tccli` writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    secret_id: Option<String>,
    secret_key: Option<String>,
    token: Option<String>,
    expires_at: Option<u64>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(rename = "role-arn")]
    role_arn: Option<String>,
    #[serde(rename = "role-session-name")]
    role_session_name: Option<String>,
}

impl Default for TccliSource {
    fn default() -> Self {
        Self::new()
    }
}

impl TccliSource {
    /// The profile in `TCCLI_PROFILE`, else `default`.
    pub fn new() -> Self {
        let profile = std::env::var("TCCLI_PROFILE").ok();
        let profile = profile.filter(|name| !name.is_empty());
        let name = format!("{}.credential", profile.as_deref().unwrap_or("default"));
        Self {
            file: super::home().map(|home| home.join(".tccli").join(name)),
            sts: None,
        }
    }

    /// This file.
    pub fn from_file(file: impl Into<PathBuf>) -> Self {
        Self {
            file: Some(file.into()),
            sts: None,
        }
    }

    /// How to reach STS for a profile with a role; [`crate::StsClient::without_credentials`] unless set.
    #[must_use]
    pub fn sts(mut self, builder: StsClientBuilder) -> Self {
        self.sts = Some(builder);
        self
    }

    async fn get(&self) -> Result<Credentials, CredentialError> {
        let Some(path) = &self.file else {
            return Err(unavailable("the user has no folder of his own"));
        };
        let place = path.display();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(unavailable(format!("{place} is not there")));
            }
            // A file that is there and cannot be read was meant to be used.
            Err(e) => {
                let message = format!("{place} cannot be read: {e}");
                return Err(CredentialError::new(CredentialErrorKind::Local, message));
            }
        };
        // The parser's own words may quote a key.
        let file: File = serde_json::from_str(&text).map_err(|e| {
            CredentialError::config(format!(
                "{place} is not what tccli writes (line {}, column {})",
                e.line(),
                e.column()
            ))
        })?;
        let role = given(&file.role_arn).map(|arn| {
            let session = given(&file.role_session_name).map(str::to_owned);
            AssumeRoleRequest::new(arn, session.unwrap_or_else(super::session_name))
        });
        let keys = file.keys(SystemClock.now_s());
        let keys = keys.map_err(|e| e.with_operation(place.to_string()))?;
        match role {
            None => Ok(keys),
            Some(request) => super::assume(self.sts.clone(), keys, request).await,
        }
    }
}

impl File {
    fn keys(&self, now_s: u64) -> Result<Credentials, CredentialError> {
        let (id, key) = match (given(&self.secret_id), given(&self.secret_key)) {
            (Some(id), Some(key)) => (id, key),
            (None, None) if self.kind.as_deref() == Some("cvm-role") => {
                return Err(unavailable("the profile leaves it to the machine's role"));
            }
            (None, None) => return Err(unavailable("the profile has no keys")),
            (id, _) => {
                let missing = if id.is_none() {
                    "secretId"
                } else {
                    "secretKey"
                };
                return Err(CredentialError::config(format!("{missing} is missing")));
            }
        };
        match (given(&self.token), self.expires_at) {
            (None, _) => Credentials::permanent(id, key),
            (Some(token), None) => Credentials::temporary_with_unknown_end(id, key, token),
            (Some(_), Some(end)) if end <= now_s => Err(CredentialError::new(
                CredentialErrorKind::Expired,
                format!("the keys of the login ended {} s ago", now_s - end),
            )
            .with_hint("any tccli command renews them, else log in again: tccli auth login")),
            (Some(token), Some(end)) => Credentials::temporary(id, key, token, None, end),
        }
    }
}

/// A value; empty is unset.
fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().map(str::trim).filter(|v| !v.is_empty())
}

fn unavailable(message: impl Into<String>) -> CredentialError {
    CredentialError::new(CredentialErrorKind::Unavailable, message)
}

impl CredentialSource for TccliSource {
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
    use crate::source::testing::{Answers, ISSUED};

    async fn of(text: &str, answers: &Answers) -> Result<Credentials, CredentialError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("default.credential");
        std::fs::write(&file, text).unwrap();
        let sts = crate::StsClient::without_credentials().transport(answers.clone());
        let source = TccliSource::from_file(&file).sts(sts);
        source.fetch(&CredentialRequest::new()).await
    }

    #[tokio::test]
    async fn what_tccli_writes() {
        let nobody = Answers::of(&[]);
        let plain = of(r#"{"secretId":" AKID1 ","secretKey":"k"}"#, &nobody).await;
        let plain = plain.unwrap();
        assert_eq!((plain.secret_id(), plain.session_token()), ("AKID1", None));
        let session = r#"{"secretId":"a","secretKey":"k","token":"t","role-arn":""}"#;
        let session = of(session, &nobody).await.unwrap();
        assert_eq!(
            (session.session_token(), session.expired_time_s()),
            (Some("t"), None)
        );
        let login = r#"{"type":"oauth","secretId":"a","secretKey":"k","token":"t","expiresAt":4102444800,"oauth":{"accessToken":"x","expiresAt":1}}"#;
        let login = of(login, &nobody).await.unwrap();
        assert_eq!(login.expired_time_s(), Some(4_102_444_800));
    }

    #[tokio::test]
    async fn a_role_is_assumed() {
        let answers = Answers::of(&[(200, ISSUED)]);
        let text = r#"{"secretId":"AKID1","secretKey":"k","role-arn":"qcs::cam::uin/1:roleName/r","role-session-name":"nightly"}"#;
        assert_eq!(of(text, &answers).await.unwrap().secret_id(), "i");
        let body = String::from_utf8(answers.sent()[0].body.clone()).unwrap();
        assert!(
            body.contains("roleName/r") && body.contains("nightly"),
            "{body}"
        );
    }

    #[tokio::test]
    async fn what_is_missing_is_named_and_nothing_is_quoted() {
        use CredentialErrorKind::{Config, Expired, Unavailable};
        for (text, kind, words) in [
            ("{}", Unavailable, "has no keys"),
            (r#"{"type":"cvm-role"}"#, Unavailable, "machine's role"),
            (r#"{"secretId":"PLANTED"}"#, Config, "secretKey is missing"),
            (r#"{"secretKey":"PLANTED" "x"}"#, Config, "line 1"),
            (r#"{"secretKey":["PLANTED"]}"#, Config, "line 1"),
            (
                r#"{"secretId":"a","secretKey":"PLANTED","token":"PLANTED","expiresAt":1}"#,
                Expired,
                "tccli auth login",
            ),
        ] {
            let error = of(text, &Answers::of(&[])).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{text}: {error}");
            assert!(error.to_string().contains(words), "{text}: {error}");
            assert!(!format!("{error} {error:?}").contains("PLANTED"), "{error}");
        }
        let folder = tempfile::tempdir().unwrap();
        let folder = TccliSource::from_file(folder.path());
        let error = folder.fetch(&CredentialRequest::new()).await.unwrap_err();
        assert_eq!(error.kind(), CredentialErrorKind::Local);
        let absent = TccliSource::from_file("/nonexistent/default.credential");
        let error = absent.fetch(&CredentialRequest::new()).await.unwrap_err();
        assert_eq!(error.kind(), Unavailable);
    }
}
