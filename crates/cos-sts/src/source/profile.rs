//! Keys from the profile file of the cloud's own tools.

use std::path::{Path, PathBuf};

use crate::{
    AssumeRoleRequest, BoxFuture, CredentialError, CredentialErrorKind, CredentialRequest,
    CredentialSource, Credentials, StsClientBuilder,
};

/// The machine's file, after the user's own.
const SYSTEM_FILE: &str = "/etc/tencentcloud/credentials";

/// Keys from `~/.tencentcloud/credentials`, else `/etc/tencentcloud/credentials`. INI: a section per
/// profile with `secret_id`, `secret_key`, optionally `token`, and `role_arn` for a role to assume with
/// them. The file is read at every fetch.
///
/// ```
/// use cos_sts::{CredentialRequest, CredentialSource, ProfileSource};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let file = std::env::temp_dir().join("cos-sts-profile-example");
/// std::fs::write(&file, "[default]\nsecret_id = AKIDexample\nsecret_key = key\n")?;
/// let source = ProfileSource::from_file(&file);
/// let credentials = source.fetch(&CredentialRequest::new()).await?;
/// assert_eq!(credentials.secret_id(), "AKIDexample");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ProfileSource {
    files: Vec<PathBuf>,
    profile: String,
    sts: Option<StsClientBuilder>,
}

impl Default for ProfileSource {
    fn default() -> Self {
        Self::new()
    }
}

impl ProfileSource {
    /// The profile `default` of the first of the two files that is there.
    pub fn new() -> Self {
        let home = super::home().map(|home| home.join(".tencentcloud").join("credentials"));
        Self {
            files: home.into_iter().chain([SYSTEM_FILE.into()]).collect(),
            profile: "default".to_owned(),
            sts: None,
        }
    }

    /// The profile `default` of this file.
    pub fn from_file(file: impl Into<PathBuf>) -> Self {
        Self {
            files: vec![file.into()],
            profile: "default".to_owned(),
            sts: None,
        }
    }

    /// Another profile.
    #[must_use]
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.profile = name.into();
        self
    }

    /// How to reach STS for a profile with a role; [`crate::StsClient::without_credentials`] unless set.
    #[must_use]
    pub fn sts(mut self, builder: StsClientBuilder) -> Self {
        self.sts = Some(builder);
        self
    }

    async fn get(&self) -> Result<Credentials, CredentialError> {
        let Some((file, text)) = self.read()? else {
            let files: Vec<_> = self.files.iter().map(|f| f.display().to_string()).collect();
            return Err(unavailable(format!("{} is not there", files.join(" or "))));
        };
        let place = format!("profile `{}` of {}", self.profile, file.display());
        let Some(section) = Section::find(&text, &self.profile) else {
            return Err(unavailable(format!("there is no {place}")));
        };
        let keys = match (section.get("secret_id"), section.get("secret_key")) {
            (Some(id), Some(key)) => match section.get("token") {
                None => Credentials::permanent(id, key),
                Some(token) => Credentials::temporary_with_unknown_end(id, key, token),
            },
            (None, None) => return Err(unavailable(format!("the {place} has no keys"))),
            (id, _) => {
                let missing = if id.is_none() {
                    "secret_id"
                } else {
                    "secret_key"
                };
                Err(CredentialError::config(format!("{missing} is missing")))
            }
        };
        let keys = keys.map_err(|e| e.with_operation(place))?;
        let Some(role) = section.get("role_arn") else {
            return Ok(keys);
        };
        let request = AssumeRoleRequest::new(role, super::session_name());
        super::assume(self.sts.clone(), keys, request).await
    }

    /// The first file that is there.
    fn read(&self) -> Result<Option<(&Path, String)>, CredentialError> {
        for file in &self.files {
            match std::fs::read_to_string(file) {
                Ok(text) => return Ok(Some((file, text))),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                // A file that is there and cannot be read was meant to be used.
                Err(e) => {
                    let message = format!("{} cannot be read: {e}", file.display());
                    return Err(CredentialError::new(CredentialErrorKind::Local, message));
                }
            }
        }
        Ok(None)
    }
}

impl CredentialSource for ProfileSource {
    fn fetch<'a>(
        &'a self,
        _request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(self.get())
    }
}

fn unavailable(message: String) -> CredentialError {
    CredentialError::new(CredentialErrorKind::Unavailable, message)
}

/// The lines of one section.
struct Section<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Section<'a> {
    fn find(text: &'a str, name: &str) -> Option<Self> {
        let mut found: Option<Self> = None;
        let mut inside = false;
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(title) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                inside = title.trim() == name;
                if inside {
                    found.get_or_insert_with(|| Self(Vec::new()));
                }
            } else if let (true, Some((key, value)), Some(section)) =
                (inside, line.split_once(['=', ':']), found.as_mut())
            {
                section.0.push((key.trim(), value.trim()));
            }
        }
        found
    }

    /// A value; empty is unset.
    fn get(&self, name: &str) -> Option<&'a str> {
        let found = self
            .0
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(found.1).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::{Answers, ISSUED};

    async fn of(text: &str, profile: &str) -> Result<Credentials, CredentialError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials");
        std::fs::write(&file, text).unwrap();
        let source = ProfileSource::from_file(&file).profile(profile);
        source.fetch(&CredentialRequest::new()).await
    }

    #[tokio::test]
    async fn sections_and_what_is_missing() {
        let text = "\u{feff}# mine\n[other]\nsecret_id=no\n\n[ default ]\r\n secret_id = AKID1 \r\nSecret_Key: k=1\n; end\n[t]\nsecret_id=a\nsecret_key=b\ntoken=c\n[half]\nsecret_id=a\n[none]\nsecret_id=\n";
        let found = of(text, "default").await.unwrap();
        assert_eq!(
            (found.secret_id(), found.secret_key().expose()),
            ("AKID1", "k=1")
        );
        assert_eq!(of(text, "t").await.unwrap().session_token(), Some("c"));
        for (profile, kind, words) in [
            ("half", CredentialErrorKind::Config, "secret_key is missing"),
            ("none", CredentialErrorKind::Unavailable, "has no keys"),
            (
                "absent",
                CredentialErrorKind::Unavailable,
                "there is no profile `absent`",
            ),
        ] {
            let error = of(text, profile).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
        let folder = tempfile::tempdir().unwrap();
        let absent = ProfileSource::from_file(folder.path().join("nothing"));
        let error = absent.fetch(&CredentialRequest::new()).await.unwrap_err();
        assert_eq!(error.kind(), CredentialErrorKind::Unavailable);
        // A folder is there and cannot be read.
        let folder = ProfileSource::from_file(folder.path());
        let error = folder.fetch(&CredentialRequest::new()).await.unwrap_err();
        assert_eq!(error.kind(), CredentialErrorKind::Local);
    }

    #[tokio::test]
    async fn a_role_is_assumed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials");
        let text =
            "[default]\nsecret_id=AKID1\nsecret_key=k\nrole_arn=qcs::cam::uin/1:roleName/r\n";
        std::fs::write(&file, text).unwrap();
        let answers = Answers::of(&[(200, ISSUED)]);
        let sts = crate::StsClient::without_credentials().transport(answers.clone());
        let source = ProfileSource::from_file(&file).sts(sts);
        let found = source.fetch(&CredentialRequest::new()).await.unwrap();
        assert_eq!(found.secret_id(), "i");
        let sent = answers.sent();
        let authorization = sent[0].headers.iter().find(|(n, _)| *n == "Authorization");
        assert!(authorization.unwrap().1.contains("AKID1/"));
        assert!(String::from_utf8_lossy(&sent[0].body).contains("roleName/r"));
    }
}
