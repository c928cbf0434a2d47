//! The provider chain: options, environment, broker. The first that says anything is the one.

use std::sync::Arc;

use cos_sts::{CredentialProvider, Credentials, StaticProvider};

use crate::exit::{Failure, Result};
use crate::global::{GlobalOptions, env};

/// Where this command's credentials come from.
pub(crate) fn provider(global: &GlobalOptions) -> Result<Arc<dyn CredentialProvider>> {
    let options = Keys {
        what: "--secret-id and --secret-key",
        id: global.secret_id.clone(),
        key: global.secret_key.clone(),
        token: global.token.clone(),
    };
    let own = Keys {
        what: "COS_SECRET_ID and COS_SECRET_KEY",
        id: env("COS_SECRET_ID"),
        key: env("COS_SECRET_KEY"),
        token: env("COS_SESSION_TOKEN"),
    };
    let cloud = Keys {
        what: "TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY",
        id: env("TENCENTCLOUD_SECRET_ID"),
        key: env("TENCENTCLOUD_SECRET_KEY"),
        // The second is tccli's spelling.
        token: env("TENCENTCLOUD_SESSION_TOKEN").or_else(|| env("TENCENTCLOUD_TOKEN")),
    };
    for keys in [options, own, cloud] {
        if let Some(credentials) = keys.credentials()? {
            return Ok(Arc::new(StaticProvider::new(credentials)));
        }
    }
    if let Some(url) = env("COS_BROKER_URL") {
        return super::broker::provider(global, &url);
    }
    Err(Failure::usage("no credentials are given").hint(
        "set COS_SECRET_ID and COS_SECRET_KEY (and COS_SESSION_TOKEN), or COS_BROKER_URL and \
COS_BROKER_BEARER; `cos demo` needs none",
    ))
}

struct Keys {
    what: &'static str,
    id: Option<String>,
    key: Option<String>,
    token: Option<String>,
}

impl Keys {
    /// `None` if this place says nothing. Half a pair is a mistake, not a reason to look further: the command
    /// would run as somebody else.
    fn credentials(self) -> Result<Option<Credentials>> {
        let credentials = match (self.id, self.key, self.token) {
            (None, None, None) => return Ok(None),
            (Some(id), Some(key), None) => Credentials::permanent(id, key)?,
            (Some(id), Some(key), Some(token)) => {
                Credentials::temporary_with_unknown_end(id, key, token)?
            }
            (..) => {
                return Err(Failure::usage(format!(
                    "{} must be given together",
                    self.what
                )));
            }
        };
        Ok(Some(credentials))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(
        id: Option<&str>,
        key: Option<&str>,
        token: Option<&str>,
    ) -> Result<Option<Credentials>> {
        let own = |v: Option<&str>| v.map(str::to_owned);
        Keys {
            what: "A and B",
            id: own(id),
            key: own(key),
            token: own(token),
        }
        .credentials()
    }

    #[test]
    fn half_a_pair_is_a_mistake() {
        assert!(keys(None, None, None).unwrap().is_none());
        assert!(keys(Some("a"), Some("b"), None).unwrap().is_some());
        let temporary = keys(Some("a"), Some("b"), Some("t")).unwrap().unwrap();
        assert_eq!(temporary.session_token(), Some("t"));
        for (id, key, token) in [
            (Some("a"), None, None),
            (None, Some("b"), None),
            (None, None, Some("t")),
            (Some("a"), None, Some("t")),
        ] {
            let e = keys(id, key, token).unwrap_err();
            assert_eq!(e.exit(), crate::exit::Exit::Usage);
        }
    }
}
