//! What a user gets: pure decisions, no network.

use cos_sts::policy::{Operation, Policy, Scope};
use serde::Deserialize;

use crate::error::ApiError;
use crate::prefix::{PrefixTemplate, UserName};

/// The most any user may have: one bucket, one place in it per user, some operations, for some time.
#[derive(Clone, Debug)]
pub struct Grant {
    pub(crate) bucket: String,
    pub(crate) region: String,
    pub(crate) prefix: PrefixTemplate,
    pub(crate) operations: Vec<Operation>,
    pub(crate) duration_s: u64,
}

/// Shortest life we hand out; below it a slow phone would be renewing all the time.
pub(crate) const MIN_DURATION_S: u64 = 60;

/// The longest any STS action gives (1312/48195: GetFederationToken for a sub-account).
pub(crate) const MAX_DURATION_S: u64 = 129_600;

impl Grant {
    /// A grant for `operations` below `prefix` (for example `users/{user}/`) of a bucket (`<name>-<appid>`),
    /// for 1800 seconds.
    ///
    /// # Errors
    /// A malformed bucket, region or prefix, or no operation; in words.
    pub fn new(
        bucket: impl Into<String>,
        region: impl Into<String>,
        prefix: &str,
        operations: impl IntoIterator<Item = Operation>,
    ) -> Result<Self, String> {
        let mut operations: Vec<_> = operations.into_iter().collect();
        operations.sort_unstable();
        operations.dedup();
        if operations.is_empty() {
            return Err("no operation is allowed".to_owned());
        }
        let grant = Self {
            bucket: bucket.into(),
            region: region.into(),
            prefix: PrefixTemplate::parse(prefix)?,
            operations,
            duration_s: 1800,
        };
        // A dry run, so that a bad bucket shows at start and not at the first user.
        Scope::prefix(&grant.bucket, &grant.region, "u/").map_err(|e| e.to_string())?;
        Ok(grant)
    }

    /// How long credentials live, in seconds: 60 to 129600. STS has lower limits of its own: 43200 for a
    /// role, 7200 for the account's own keys without a role.
    ///
    /// # Errors
    /// A duration outside that range; in words.
    pub fn duration_s(mut self, seconds: u64) -> Result<Self, String> {
        if !(MIN_DURATION_S..=MAX_DURATION_S).contains(&seconds) {
            return Err(format!(
                "a duration of {seconds} s is not within {MIN_DURATION_S} to {MAX_DURATION_S}"
            ));
        }
        self.duration_s = seconds;
        Ok(self)
    }

    /// What `user` gets when asking for `wish`: the grant, narrowed. Never more than the grant.
    pub(crate) fn narrow(&self, user: &UserName, wish: &Wish) -> Result<Narrowed, ApiError> {
        let operations = match &wish.allow {
            None => self.operations.clone(),
            Some(names) => self.pick(names)?,
        };
        let own = self.prefix.prefix_of(user);
        let prefix = match &wish.prefix {
            None => own,
            Some(wanted) => narrower(&own, wanted)?,
        };
        let duration_s = match wish.duration_seconds {
            None => self.duration_s,
            Some(s) if s < MIN_DURATION_S => {
                return Err(ApiError::bad_request(format!(
                    "durationSeconds must be at least {MIN_DURATION_S}"
                )));
            }
            Some(s) if s > self.duration_s => {
                return Err(ApiError::forbidden(format!(
                    "durationSeconds may be at most {} here",
                    self.duration_s
                )));
            }
            Some(s) => s,
        };
        let policy = Scope::prefix(&self.bucket, &self.region, &prefix)
            .and_then(|scope| {
                Policy::builder()
                    .allow_all(operations.iter().copied(), &scope)
                    .build()
            })
            // Only a prefix from the request can still be wrong here.
            .map_err(|e| ApiError::bad_request(e.to_string()))?;
        Ok(Narrowed {
            policy,
            prefix,
            operations,
            duration_s,
        })
    }

    fn pick(&self, names: &[String]) -> Result<Vec<Operation>, ApiError> {
        let mut picked = Vec::with_capacity(names.len());
        for name in names {
            let operation: Operation = name
                .parse()
                .map_err(|_| ApiError::bad_request("`allow` holds an unknown operation"))?;
            if !self.operations.contains(&operation) {
                return Err(ApiError::forbidden(format!(
                    "the operation `{operation}` is not granted by this server"
                )));
            }
            picked.push(operation);
        }
        picked.sort_unstable();
        picked.dedup();
        if picked.is_empty() {
            return Err(ApiError::bad_request("`allow` is empty"));
        }
        Ok(picked)
    }
}

/// A prefix below the user's own one.
fn narrower(own: &str, wanted: &str) -> Result<String, ApiError> {
    if wanted.len() > 850 || wanted.chars().any(|c| c.is_control() || c == '*') {
        return Err(ApiError::bad_request(
            "`prefix` is too long or holds `*` or a control character",
        ));
    }
    if !wanted.starts_with(own) {
        return Err(ApiError::forbidden(format!(
            "`prefix` must begin with `{own}`"
        )));
    }
    // `users/alice/../bob/` is a key of its own for the service, but not for every tool before it.
    if wanted.split('/').any(|part| part == "." || part == "..") {
        return Err(ApiError::bad_request("`prefix` may not hold `.` or `..`"));
    }
    Ok(wanted.to_owned())
}

/// The body of a request: all parts optional, each narrowing the grant. Unknown parts are refused, so that
/// a misspelt one does not silently give more than was meant.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Wish {
    /// Names of operations, for example `upload`.
    pub(crate) allow: Option<Vec<String>>,
    /// A prefix below the user's own.
    pub(crate) prefix: Option<String>,
    /// A shorter life.
    pub(crate) duration_seconds: Option<u64>,
}

impl Wish {
    /// Reads a body; an empty one wishes for everything granted.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::default());
        }
        serde_json::from_slice(body).map_err(|e| {
            ApiError::bad_request(format!(
                "the body is not a JSON object with `allow`, `prefix` or `durationSeconds` (line {}, column {})",
                e.line(),
                e.column()
            ))
        })
    }
}

/// What one request will get.
#[derive(Clone, Debug)]
pub(crate) struct Narrowed {
    pub(crate) policy: Policy,
    pub(crate) prefix: String,
    pub(crate) operations: Vec<Operation>,
    pub(crate) duration_s: u64,
}

#[cfg(test)]
mod tests {
    use cos_sts::policy::{Call, Context, Identity, evaluate};

    use super::*;

    fn grant() -> Grant {
        let operations = [Operation::Download, Operation::Upload, Operation::Upload];
        Grant::new(
            "demo-1250000000",
            "ap-guangzhou",
            "users/{user}/",
            operations,
        )
        .unwrap()
    }

    fn narrow(body: &str) -> Result<Narrowed, ApiError> {
        let alice = UserName::new("alice").unwrap();
        grant().narrow(&alice, &Wish::parse(body.as_bytes())?)
    }

    fn allows(narrowed: &Narrowed, action: &str, key: &str) -> bool {
        let context = Context::new();
        let resource = format!("qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/{key}");
        let call = Call {
            action,
            resource: &resource,
            context: &context,
        };
        evaluate(Identity::FullAccess, Some(&narrowed.policy), &call).allowed
    }

    #[test]
    fn an_empty_wish_is_the_whole_grant_and_nothing_else() {
        for body in ["", "  \n", "{}"] {
            let n = narrow(body).unwrap();
            assert_eq!(n.prefix, "users/alice/");
            assert_eq!(n.duration_s, 1800);
            assert_eq!(n.operations, [Operation::Upload, Operation::Download]);
            assert!(allows(&n, "name/cos:PutObject", "users/alice/a.txt"));
            assert!(allows(&n, "name/cos:GetObject", "users/alice/a.txt"));
            assert!(!allows(&n, "name/cos:DeleteObject", "users/alice/a.txt"));
            assert!(!allows(&n, "name/cos:PutObject", "users/bob/a.txt"));
            assert!(!allows(&n, "name/cos:PutObject", "users/aliceX/a.txt"));
        }
    }

    #[test]
    fn a_wish_narrows() {
        let n = narrow(r#"{"allow":["download"],"prefix":"users/alice/in/","durationSeconds":60}"#)
            .unwrap();
        assert_eq!((n.prefix.as_str(), n.duration_s), ("users/alice/in/", 60));
        assert!(allows(&n, "name/cos:GetObject", "users/alice/in/x"));
        assert!(!allows(&n, "name/cos:GetObject", "users/alice/x"));
        assert!(!allows(&n, "name/cos:PutObject", "users/alice/in/x"));
    }

    #[test]
    fn a_wish_never_widens() {
        for (body, status) in [
            (r#"{"allow":["delete"]}"#, 403),
            (r#"{"allow":["upload","list"]}"#, 403),
            (r#"{"prefix":"users/"}"#, 403),
            (r#"{"prefix":""}"#, 403),
            (r#"{"prefix":"users/alice"}"#, 403),
            (r#"{"prefix":"users/bob/"}"#, 403),
            (r#"{"prefix":"/users/alice/"}"#, 403),
            (r#"{"prefix":"users/alice/../bob/"}"#, 400),
            (r#"{"prefix":"users/alice/*/x"}"#, 400),
            (r#"{"durationSeconds":1801}"#, 403),
            (r#"{"durationSeconds":1}"#, 400),
            (r#"{"durationSeconds":-1}"#, 400),
            (r#"{"allow":[]}"#, 400),
            (r#"{"allow":["*"]}"#, 400),
            (r#"{"allow":"upload"}"#, 400),
            (r#"{"actions":["upload"]}"#, 400),
            ("[]", 400),
            ("{", 400),
            ("\u{0}", 400),
        ] {
            assert_eq!(narrow(body).unwrap_err().status(), status, "{body}");
        }
    }

    #[test]
    fn bad_grants_show_at_start() {
        let one = [Operation::Upload];
        assert!(Grant::new("demo", "ap-guangzhou", "{user}/", one).is_err());
        assert!(Grant::new("demo-1", "", "{user}/", one).is_err());
        assert!(Grant::new("demo-1", "r", "all/", one).is_err());
        assert!(Grant::new("demo-1", "r", "{user}/", []).is_err());
        assert!(grant().duration_s(59).is_err());
        assert!(grant().duration_s(129_601).is_err());
    }
}
