//! Keys from environment variables.

use std::fmt;
use std::sync::Arc;

use crate::{
    AssumeRoleRequest, BoxFuture, CredentialError, CredentialErrorKind, CredentialRequest,
    CredentialSource, Credentials, StsClientBuilder,
};

/// The variables that are read: id, key and tokens, whole sets in this order. Empty is unset. The second
/// one is how the service's own Go samples spell the first.
const SETS: [(&str, &str, &[&str]); 3] = [
    ("COS_SECRET_ID", "COS_SECRET_KEY", &["COS_SESSION_TOKEN"]),
    ("COS_SECRETID", "COS_SECRETKEY", &["COS_SESSION_TOKEN"]),
    (
        "TENCENTCLOUD_SECRET_ID",
        "TENCENTCLOUD_SECRET_KEY",
        &[
            "TENCENTCLOUD_SESSION_TOKEN",
            "TENCENTCLOUD_TOKEN",
            "TENCENTCLOUD_SECURITY_TOKEN",
        ],
    ),
];

/// The set that the role below belongs to.
const CLOUD: &str = "TENCENTCLOUD_SECRET_ID";
const ROLE: &str = "TENCENTCLOUD_ROLE_ARN";
const SESSION: &str = "TENCENTCLOUD_ROLE_SESSION_NAME";

/// Keys from `COS_SECRET_ID`, `COS_SECRET_KEY`, `COS_SESSION_TOKEN`, else from the `TENCENTCLOUD_…`
/// variables of the cloud's own tools: `…_SECRET_ID`, `…_SECRET_KEY`, `…_SESSION_TOKEN` (or `…_TOKEN`,
/// `…_SECURITY_TOKEN`).
///
/// [`EnvRoleSource`] heeds `TENCENTCLOUD_ROLE_ARN` beside them, which this one does not.
#[derive(Clone, Copy, Debug, Default)]
pub struct EnvSource;

impl EnvSource {
    /// Reads the process's environment now.
    ///
    /// # Errors
    /// `Unavailable` if no set is there; `Config` if only half of one is.
    pub fn read() -> Result<Credentials, CredentialError> {
        read(&of_process).map(|(_, keys)| keys)
    }
}

/// The role in `TENCENTCLOUD_ROLE_ARN`, assumed with the `TENCENTCLOUD_…` keys beside it, as the cloud's
/// own tools do. The session's name is `TENCENTCLOUD_ROLE_SESSION_NAME` or made up.
///
/// `Unavailable` where there is no such role, or where `COS_…` keys come first: ask [`EnvSource`] then.
#[derive(Clone)]
pub struct EnvRoleSource {
    sts: Option<StsClientBuilder>,
    variable: Arc<Variable>,
}

type Variable = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Default for EnvRoleSource {
    fn default() -> Self {
        Self::new()
    }
}

impl EnvRoleSource {
    /// Reads the process's environment at every fetch.
    pub fn new() -> Self {
        Self {
            sts: None,
            variable: Arc::new(of_process),
        }
    }

    /// How to reach STS; [`crate::StsClient::without_credentials`] unless set.
    #[must_use]
    pub fn sts(mut self, builder: StsClientBuilder) -> Self {
        self.sts = Some(builder);
        self
    }

    /// Whether the environment names a role to assume.
    pub fn is_set() -> bool {
        of_process(ROLE).is_some_and(|arn| !arn.is_empty())
            && read(&of_process).is_ok_and(|(set, _)| set == CLOUD)
    }

    async fn get(&self) -> Result<Credentials, CredentialError> {
        let get = |name: &str| (self.variable)(name).filter(|value| !value.is_empty());
        let Some(role) = get(ROLE) else {
            return Err(unavailable("TENCENTCLOUD_ROLE_ARN is not set"));
        };
        let (set, keys) = read(&*self.variable)?;
        if set != CLOUD {
            return Err(unavailable(
                "TENCENTCLOUD_ROLE_ARN belongs to TENCENTCLOUD_SECRET_ID, and other keys come first",
            ));
        }
        let session = get(SESSION).unwrap_or_else(super::session_name);
        super::assume(
            self.sts.clone(),
            keys,
            AssumeRoleRequest::new(role, session),
        )
        .await
    }
}

impl fmt::Debug for EnvRoleSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvRoleSource")
            .field("sts", &self.sts)
            .finish_non_exhaustive()
    }
}

fn of_process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The keys, and the name of their set.
fn read(
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<(&'static str, Credentials), CredentialError> {
    let get = |name: &str| variable(name).filter(|value| !value.is_empty());
    for (id_name, key_name, token_names) in SETS {
        let token = token_names.iter().find_map(|name| get(name));
        let keys = match (get(id_name), get(key_name), token) {
            (None, None, _) => continue,
            (Some(id), Some(key), None) => Credentials::permanent(id, key),
            (Some(id), Some(key), Some(token)) => {
                Credentials::temporary_with_unknown_end(id, key, token)
            }
            // Looking further would run as somebody else than was meant.
            (id, _, _) => {
                let missing = if id.is_none() { id_name } else { key_name };
                Err(CredentialError::config(format!("{missing} is not set"))
                    .with_hint(format!("{id_name} and {key_name} belong together")))
            }
        };
        return keys.map(|keys| (id_name, keys));
    }
    Err(unavailable(
        "neither COS_SECRET_ID nor TENCENTCLOUD_SECRET_ID is set",
    ))
}

fn unavailable(message: &str) -> CredentialError {
    CredentialError::new(CredentialErrorKind::Unavailable, message)
}

impl CredentialSource for EnvSource {
    fn fetch<'a>(
        &'a self,
        _request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(std::future::ready(Self::read()))
    }
}

impl CredentialSource for EnvRoleSource {
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

    fn of(pairs: &[(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> + use<> {
        let pairs = pairs.to_vec();
        move |name| {
            let found = pairs.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }

    fn with(pairs: &[(&'static str, &'static str)]) -> Result<Credentials, CredentialError> {
        read(&of(pairs)).map(|(_, keys)| keys)
    }

    #[test]
    fn whole_sets_in_order() {
        let both = [
            ("TENCENTCLOUD_SECRET_ID", "t"),
            ("TENCENTCLOUD_SECRET_KEY", "k"),
            ("TENCENTCLOUD_TOKEN", "token"),
            ("COS_SECRET_ID", "c"),
            ("COS_SECRET_KEY", "k"),
        ];
        let cos = with(&both).unwrap();
        assert_eq!((cos.secret_id(), cos.session_token()), ("c", None));
        let cloud = with(&both[..3]).unwrap();
        assert_eq!(
            (cloud.secret_id(), cloud.session_token()),
            ("t", Some("token"))
        );
        assert_eq!(
            with(&[]).unwrap_err().kind(),
            CredentialErrorKind::Unavailable
        );
        let empty = [("COS_SECRET_ID", ""), ("COS_SECRET_KEY", "")];
        assert_eq!(
            with(&empty).unwrap_err().kind(),
            CredentialErrorKind::Unavailable
        );
        let half = with(&both[3..4]).unwrap_err();
        assert!(
            half.to_string().contains("COS_SECRET_KEY is not set"),
            "{half}"
        );
        // Half of the first set does not let the second one through.
        let half = [both[0], both[1], both[4]];
        let half = with(&half).unwrap_err();
        assert_eq!(half.kind(), CredentialErrorKind::Config);
    }

    #[test]
    fn the_other_spellings() {
        let samples = [
            ("COS_SECRETID", "s"),
            ("COS_SECRETKEY", "k"),
            ("COS_SESSION_TOKEN", "t"),
        ];
        assert_eq!(with(&samples).unwrap().session_token(), Some("t"));
        for name in [
            "TENCENTCLOUD_SESSION_TOKEN",
            "TENCENTCLOUD_TOKEN",
            "TENCENTCLOUD_SECURITY_TOKEN",
        ] {
            let keys = [
                ("TENCENTCLOUD_SECRET_ID", "i"),
                ("TENCENTCLOUD_SECRET_KEY", "k"),
                (name, "t"),
            ];
            assert_eq!(with(&keys).unwrap().session_token(), Some("t"), "{name}");
        }
    }

    const KEYS: [(&str, &str); 3] = [
        ("TENCENTCLOUD_SECRET_ID", "AKID1"),
        ("TENCENTCLOUD_SECRET_KEY", "k"),
        (ROLE, "qcs::cam::uin/1:roleName/r"),
    ];

    async fn role_of(
        pairs: &[(&'static str, &'static str)],
    ) -> (Result<Credentials, CredentialError>, Answers) {
        let answers = Answers::of(&[(200, crate::source::testing::ISSUED)]);
        let sts = crate::StsClient::without_credentials().transport(answers.clone());
        let source = EnvRoleSource {
            variable: Arc::new(of(pairs)),
            ..EnvRoleSource::new().sts(sts)
        };
        let got = source.fetch(&CredentialRequest::new()).await;
        assert!(!format!("{source:?}").contains("AKID1"));
        (got, answers)
    }

    #[tokio::test]
    async fn a_role_is_assumed_with_the_keys_beside_it() {
        let mut pairs = KEYS.to_vec();
        pairs.push((SESSION, "nightly"));
        let (got, answers) = role_of(&pairs).await;
        assert_eq!(got.unwrap().secret_id(), "i");
        let body = String::from_utf8(answers.sent()[0].body.clone()).unwrap();
        assert!(
            body.contains("roleName/r") && body.contains("nightly"),
            "{body}"
        );
        let (got, answers) = role_of(&KEYS).await;
        assert!(got.is_ok());
        let body = String::from_utf8(answers.sent()[0].body.clone()).unwrap();
        assert!(body.contains("cos-sts-"), "{body}");
    }

    #[tokio::test]
    async fn without_a_role_there_is_nothing_here() {
        let unavailable = CredentialErrorKind::Unavailable;
        let (got, _) = role_of(&KEYS[..2]).await;
        assert_eq!(got.unwrap_err().kind(), unavailable);
        let (got, _) = role_of(&KEYS[2..]).await;
        assert_eq!(got.unwrap_err().kind(), unavailable);
        let mut pairs = KEYS.to_vec();
        pairs.extend([("COS_SECRET_ID", "c"), ("COS_SECRET_KEY", "k")]);
        let (got, answers) = role_of(&pairs).await;
        assert_eq!(got.unwrap_err().kind(), unavailable);
        assert!(answers.sent().is_empty());
        let (got, _) = role_of(&[KEYS[0], KEYS[2]]).await;
        assert_eq!(got.unwrap_err().kind(), CredentialErrorKind::Config);
    }
}
