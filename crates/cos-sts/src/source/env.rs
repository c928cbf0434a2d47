//! Keys from environment variables.

use crate::{
    BoxFuture, CredentialError, CredentialErrorKind, CredentialRequest, CredentialSource,
    Credentials,
};

/// The variables that are read: id, key and token, whole sets in this order. Empty is unset.
const SETS: [(&str, &str, &[&str]); 2] = [
    ("COS_SECRET_ID", "COS_SECRET_KEY", &["COS_SESSION_TOKEN"]),
    (
        "TENCENTCLOUD_SECRET_ID",
        "TENCENTCLOUD_SECRET_KEY",
        &["TENCENTCLOUD_SESSION_TOKEN", "TENCENTCLOUD_TOKEN"],
    ),
];

/// Keys from `COS_SECRET_ID`, `COS_SECRET_KEY`, `COS_SESSION_TOKEN`, else from the
/// `TENCENTCLOUD_…` variables of the cloud's own tools.
#[derive(Clone, Copy, Debug, Default)]
pub struct EnvSource;

impl EnvSource {
    /// Reads the process's environment now.
    ///
    /// # Errors
    /// `Unavailable` if no set is there; `Config` if only half of one is.
    pub fn read() -> Result<Credentials, CredentialError> {
        read(|name| std::env::var(name).ok())
    }
}

fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Credentials, CredentialError> {
    let get = |name: &str| variable(name).filter(|value| !value.is_empty());
    for (id_name, key_name, token_names) in SETS {
        let token = token_names.iter().find_map(|name| get(name));
        match (get(id_name), get(key_name), token) {
            (None, None, _) => {}
            (Some(id), Some(key), None) => return Credentials::permanent(id, key),
            (Some(id), Some(key), Some(token)) => {
                return Credentials::temporary_with_unknown_end(id, key, token);
            }
            // Looking further would run as somebody else than was meant.
            (id, _, _) => {
                let missing = if id.is_none() { id_name } else { key_name };
                return Err(CredentialError::config(format!("{missing} is not set"))
                    .with_hint(format!("{id_name} and {key_name} belong together")));
            }
        }
    }
    Err(CredentialError::new(
        CredentialErrorKind::Unavailable,
        "neither COS_SECRET_ID nor TENCENTCLOUD_SECRET_ID is set",
    ))
}

impl CredentialSource for EnvSource {
    fn fetch<'a>(
        &'a self,
        _request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(std::future::ready(Self::read()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Result<Credentials, CredentialError> {
        read(|name| {
            let found = pairs.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| (*value).to_owned())
        })
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
    }
}
