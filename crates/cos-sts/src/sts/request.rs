//! What is asked of STS, checked before anything is sent.

use std::fmt;

use serde_json::{Map, Value, json};

use super::limits::{Limits, check_duration};
use crate::policy::Policy;
use crate::{CredentialError, SecretKey};

/// `AssumeRole`: temporary credentials of a role, narrowed by a policy if one is given.
#[derive(Clone, Debug)]
#[must_use]
pub struct AssumeRoleRequest {
    role_arn: String,
    session_name: String,
    duration_s: Option<u64>,
    policy: Option<Policy>,
    /// A word agreed on between two parties: kept out of Debug and errors like a key.
    external_id: Option<SecretKey>,
    tags: Vec<(String, String)>,
    source_identity: Option<String>,
    /// Serial number and the code of this half minute.
    mfa: Option<(String, SecretKey)>,
}

impl AssumeRoleRequest {
    /// `role_arn` is `qcs::cam::uin/<owner uin>:roleName/<name>` (the uin, not the appid);
    /// `session_name` is 2 to 128 of letters, digits and `_+=,.@-`, and shows up in audit logs.
    pub fn new(role_arn: impl Into<String>, session_name: impl Into<String>) -> Self {
        Self {
            role_arn: role_arn.into(),
            session_name: session_name.into(),
            duration_s: None,
            policy: None,
            external_id: None,
            tags: Vec::new(),
            source_identity: None,
            mfa: None,
        }
    }

    /// Life of the credentials in seconds; the service's default is 7200, its maximum 43200.
    pub fn duration_s(mut self, seconds: u64) -> Self {
        self.duration_s = Some(seconds);
        self
    }

    /// Narrows the role: allowed is what both allow.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// The external id that the role's trust policy asks for.
    pub fn external_id(mut self, id: impl Into<String>) -> Self {
        self.external_id = Some(SecretKey::new(id));
        self
    }

    /// Adds a session tag; at most 50, key up to 128 and value up to 256 characters.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push((key.into(), value.into()));
        self
    }

    /// The uin of whoever is behind the call, for audit logs.
    pub fn source_identity(mut self, uin: impl Into<String>) -> Self {
        self.source_identity = Some(uin.into());
        self
    }

    /// Proves the caller's second factor: the device's serial number,
    /// `qcs::cam:uin/<owner uin>::mfa/softToken`, and the code it shows.
    pub fn mfa(mut self, serial_number: impl Into<String>, token_code: impl Into<String>) -> Self {
        self.mfa = Some((serial_number.into(), SecretKey::new(token_code)));
        self
    }
}

/// `GetFederationToken`: temporary credentials of the calling user, narrowed by a policy. The caller
/// must have permanent keys.
#[derive(Clone, Debug)]
#[must_use]
pub struct FederationTokenRequest {
    name: String,
    policy: Policy,
    duration_s: Option<u64>,
}

impl FederationTokenRequest {
    /// `name` shows up in audit logs; `policy` says what the credentials may do at most.
    pub fn new(name: impl Into<String>, policy: Policy) -> Self {
        Self {
            name: name.into(),
            policy,
            duration_s: None,
        }
    }

    /// Life of the credentials in seconds; the service's default is 1800, its maximum 129600 for a CAM
    /// user and 7200 for the account's owner.
    pub fn duration_s(mut self, seconds: u64) -> Self {
        self.duration_s = Some(seconds);
        self
    }
}

/// `AssumeRoleWithWebIdentity`: temporary credentials of a role for the holder of a web identity token
/// (OIDC). The call itself is not signed.
#[derive(Clone)]
#[must_use]
pub struct WebIdentityRequest {
    provider_id: String,
    token: SecretKey,
    role_arn: String,
    session_name: String,
    duration_s: Option<u64>,
    policy: Option<Policy>,
}

impl WebIdentityRequest {
    /// `provider_id` is the identity provider's name in CAM, `token` its JSON web token.
    pub fn new(
        provider_id: impl Into<String>,
        token: impl Into<String>,
        role_arn: impl Into<String>,
        session_name: impl Into<String>,
    ) -> Self {
        Self {
            provider_id: provider_id.into(),
            token: SecretKey::new(token),
            role_arn: role_arn.into(),
            session_name: session_name.into(),
            duration_s: None,
            policy: None,
        }
    }

    /// Life of the credentials in seconds; default 7200, maximum 43200.
    pub fn duration_s(mut self, seconds: u64) -> Self {
        self.duration_s = Some(seconds);
        self
    }

    /// Narrows the role.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = Some(policy);
        self
    }
}

impl fmt::Debug for WebIdentityRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebIdentityRequest")
            .field("provider_id", &self.provider_id)
            .field("role_arn", &self.role_arn)
            .field("session_name", &self.session_name)
            .finish_non_exhaustive()
    }
}

/// A call ready to be signed and sent.
pub(crate) struct Call {
    pub(crate) action: &'static str,
    pub(crate) body: String,
    /// Whether it carries a signature; the web identity calls do not.
    pub(crate) signed: bool,
    /// The life asked for, if one was.
    pub(crate) duration_s: Option<u64>,
}

impl AssumeRoleRequest {
    pub(crate) fn call(&self, limits: Limits) -> Result<Call, CredentialError> {
        check_duration("AssumeRole", limits, self.duration_s)?;
        check_role_arn(&self.role_arn)?;
        check_session_name(&self.session_name)?;
        let mut body = Map::new();
        body.insert("RoleArn".into(), json!(self.role_arn));
        body.insert("RoleSessionName".into(), json!(self.session_name));
        insert_common(&mut body, self.duration_s, self.policy.as_ref())?;
        if let Some(id) = &self.external_id {
            check_text("external id", id.expose(), 2, 128, "_+=,.@:/-")?;
            body.insert("ExternalId".into(), json!(id.expose()));
        }
        if !self.tags.is_empty() {
            check_tags(&self.tags)?;
            let tags: Vec<Value> = self
                .tags
                .iter()
                .map(|(key, value)| json!({"Key": key, "Value": value}))
                .collect();
            body.insert("Tags".into(), Value::Array(tags));
        }
        if let Some(uin) = &self.source_identity {
            check_text("source identity", uin, 1, 128, "_+=,.@-")?;
            body.insert("SourceIdentity".into(), json!(uin));
        }
        if let Some((serial_number, code)) = &self.mfa {
            check_text("MFA serial number", serial_number, 1, 256, "_+=,.@:/-")?;
            check_text("MFA code", code.expose(), 6, 8, "")?;
            body.insert("SerialNumber".into(), json!(serial_number));
            body.insert("TokenCode".into(), json!(code.expose()));
        }
        Ok(call("AssumeRole", body, true).lasting(self.duration_s))
    }
}

impl FederationTokenRequest {
    pub(crate) fn call(&self, limits: Limits) -> Result<Call, CredentialError> {
        check_duration("GetFederationToken", limits, self.duration_s)?;
        check_text("name", &self.name, 1, 128, "_+=,.@-")?;
        let mut body = Map::new();
        body.insert("Name".into(), json!(self.name));
        insert_common(&mut body, self.duration_s, Some(&self.policy))?;
        Ok(call("GetFederationToken", body, true).lasting(self.duration_s))
    }
}

impl WebIdentityRequest {
    pub(crate) fn call(&self, limits: Limits) -> Result<Call, CredentialError> {
        check_duration("AssumeRoleWithWebIdentity", limits, self.duration_s)?;
        check_role_arn(&self.role_arn)?;
        check_session_name(&self.session_name)?;
        let mut body = Map::new();
        body.insert("ProviderId".into(), json!(self.provider_id));
        body.insert("WebIdentityToken".into(), json!(self.token.expose()));
        body.insert("RoleArn".into(), json!(self.role_arn));
        body.insert("RoleSessionName".into(), json!(self.session_name));
        insert_common(&mut body, self.duration_s, self.policy.as_ref())?;
        Ok(call("AssumeRoleWithWebIdentity", body, false).lasting(self.duration_s))
    }
}

/// `GetCallerIdentity` takes nothing.
pub(crate) fn caller_identity() -> Call {
    call("GetCallerIdentity", Map::new(), true)
}

fn call(action: &'static str, body: Map<String, Value>, signed: bool) -> Call {
    Call {
        action,
        body: Value::Object(body).to_string(),
        signed,
        duration_s: None,
    }
}

impl Call {
    fn lasting(self, duration_s: Option<u64>) -> Self {
        Self { duration_s, ..self }
    }
}

fn insert_common(
    body: &mut Map<String, Value>,
    duration_s: Option<u64>,
    policy: Option<&Policy>,
) -> Result<(), CredentialError> {
    if let Some(seconds) = duration_s {
        body.insert("DurationSeconds".into(), json!(seconds));
    }
    if let Some(policy) = policy {
        policy.check_for_sts().map_err(|error| {
            let mut refused =
                CredentialError::config(format!("the policy cannot be sent: {error}"));
            if let Some(hint) = error.hint() {
                refused = refused.with_hint(hint);
            }
            refused
        })?;
        // Percent-encoded once, also inside JSON: the service decodes the field.
        body.insert("Policy".into(), json!(policy.to_param()));
    }
    Ok(())
}

fn check_role_arn(arn: &str) -> Result<(), CredentialError> {
    let rest = arn.strip_prefix("qcs::cam::uin/");
    let good = rest
        .and_then(|rest| rest.split_once(':'))
        .is_some_and(|(uin, role)| {
            let named = ["roleName/", "role/"].iter().any(|prefix| {
                role.strip_prefix(prefix)
                    .is_some_and(|name| !name.is_empty())
            });
            !uin.is_empty() && uin.bytes().all(|b| b.is_ascii_digit()) && named
        });
    if good {
        return Ok(());
    }
    Err(
        CredentialError::config(format!("`{arn}` is not a role's ARN")).with_hint(
            "it is qcs::cam::uin/<owner uin>:roleName/<name>, with the uin and not the appid",
        ),
    )
}

fn check_session_name(name: &str) -> Result<(), CredentialError> {
    check_text("session name", name, 2, 128, "_+=,.@-")
}

fn check_text(
    what: &str,
    text: &str,
    min: usize,
    max: usize,
    also: &str,
) -> Result<(), CredentialError> {
    let chars = text.chars().count();
    let known = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || also.contains(c));
    if known && (min..=max).contains(&chars) {
        return Ok(());
    }
    Err(CredentialError::config(format!(
        "the {what} has {chars} characters; it must be {min} to {max} of A-Z a-z 0-9 {also}"
    )))
}

fn check_tags(tags: &[(String, String)]) -> Result<(), CredentialError> {
    if tags.len() > 50 {
        return Err(CredentialError::config("more than 50 session tags"));
    }
    for (at, (key, value)) in tags.iter().enumerate() {
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(CredentialError::config(format!(
                "the session tag `{key}` is too long (key 128, value 256 characters) or empty"
            )));
        }
        if tags[..at].iter().any(|(other, _)| other == key) {
            return Err(CredentialError::config(format!(
                "the session tag `{key}` is given twice"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Operation, Scope};

    const ROLE: &str = "qcs::cam::uin/100000000001:roleName/uploader";

    fn policy() -> Policy {
        let scope = Scope::prefix("demo-1250000000", "ap-guangzhou", "users/ada/").unwrap();
        Policy::builder()
            .allow(Operation::Upload, scope)
            .build()
            .unwrap()
    }

    #[test]
    fn bodies_hold_what_was_asked() {
        let call = AssumeRoleRequest::new(ROLE, "app")
            .duration_s(1800)
            .policy(policy())
            .external_id("ex")
            .tag("team", "a")
            .source_identity("100000000001")
            .mfa("qcs::cam:uin/100000000001::mfa/softToken", "123456")
            .call(Limits::default())
            .unwrap();
        let body: Value = serde_json::from_str(&call.body).unwrap();
        assert_eq!((call.action, call.signed), ("AssumeRole", true));
        assert_eq!(body["DurationSeconds"], 1800);
        assert_eq!(body["Tags"][0]["Key"], "team");
        assert_eq!(body["SourceIdentity"], "100000000001");
        assert_eq!(body["TokenCode"], "123456");
        let sent = body["Policy"].as_str().unwrap();
        assert!(sent.starts_with("%7B%22"), "encoded once: {sent}");
        let call = FederationTokenRequest::new("app", policy())
            .call(Limits::default())
            .unwrap();
        let body: Value = serde_json::from_str(&call.body).unwrap();
        assert!(body.get("DurationSeconds").is_none());
    }

    #[test]
    fn mistakes_are_named_before_anything_is_sent() {
        let refused = |request: AssumeRoleRequest| match request.call(Limits::default()) {
            Ok(_) => panic!("accepted"),
            Err(error) => error.to_string(),
        };
        assert!(refused(AssumeRoleRequest::new("role", "app")).contains("ARN"));
        assert!(
            refused(AssumeRoleRequest::new("qcs::cam::uin/x:roleName/a", "app")).contains("ARN")
        );
        assert!(refused(AssumeRoleRequest::new(ROLE, "a")).contains("session name"));
        assert!(refused(AssumeRoleRequest::new(ROLE, "a b")).contains("session name"));
        assert!(refused(AssumeRoleRequest::new(ROLE, "app").duration_s(50_000)).contains("43200"));
        let twice = AssumeRoleRequest::new(ROLE, "app")
            .tag("k", "1")
            .tag("k", "2");
        assert!(refused(twice).contains("twice"));
        let mfa = AssumeRoleRequest::new(ROLE, "app").mfa("softToken", "PLANTED code");
        let text = refused(mfa);
        assert!(
            text.contains("MFA code") && !text.contains("PLANTED"),
            "{text}"
        );
    }

    #[test]
    fn the_identity_token_stays_out_of_debug() {
        let request = WebIdentityRequest::new("p", "PLANTED", ROLE, "app");
        assert!(!format!("{request:?}").contains("PLANTED"));
        let call = request.call(Limits::default()).unwrap();
        assert!(!call.signed && call.body.contains("PLANTED"));
    }
}
