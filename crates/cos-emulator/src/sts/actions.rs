//! GetFederationToken, AssumeRole, AssumeRoleWithWebIdentity, GetCallerIdentity.

use std::sync::Arc;

use cos_sts::policy::Policy;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::call::Call;
use super::error;
use super::web_identity;
use crate::authorization::{self, Verdict};
use crate::clock::iso8601_s;
use crate::config::{Account, ROLE_MAX_DURATION_S, Role};
use crate::ctx::is_foreign_resource;
use crate::error::{Error, Result};
use crate::head::Head;
use crate::keys::{Key, Kind, Principal, parse_policy};
use crate::shared::Shared;

/// Longest policy text; the reply's token must stay below 4096 bytes.
const MAX_POLICY_BYTES: usize = 3 * 1024;
const VERSION: &str = "2018-08-13";

struct Action<'a> {
    shared: &'a Shared,
    head: &'a Head,
    call: &'a Call,
    caller: &'a Key,
}

/// Runs the action; the fields of the reply come back.
pub(super) fn run(
    shared: &Shared,
    head: &Head,
    call: &Call,
    caller: Option<&Key>,
    decision: &mut Option<String>,
) -> Result<Value> {
    let version = head
        .header("x-tc-version")
        .map(std::borrow::Cow::into_owned)
        .or_else(|| call.text("Version"));
    match version.as_deref() {
        Some(VERSION) => {}
        None => return Err(error("MissingParameter", "The version is missing.")),
        Some(_) => return Err(error("NoSuchVersion", format!("The version is {VERSION}."))),
    }
    if call.action() == "AssumeRoleWithWebIdentity" {
        return assume_role_with_web_identity(shared, call, decision);
    }
    let known = matches!(
        call.action(),
        "GetFederationToken" | "AssumeRole" | "GetCallerIdentity"
    );
    if !known {
        return Err(error(
            "InvalidAction",
            format!("The emulator does not know the action {}.", call.action()),
        ));
    }
    let Some(caller) = caller else {
        return Err(error(
            "AuthFailure.InvalidAuthorization",
            "This action needs a signature.",
        ));
    };
    let action = Action {
        shared,
        head,
        call,
        caller,
    };
    match call.action() {
        "GetFederationToken" => action.federation_token(decision),
        "AssumeRole" => action.assume_role(decision),
        _ => Ok(caller_identity(caller)),
    }
}

impl Action<'_> {
    fn judge(&self, action: &str, resource: &str) -> Verdict {
        let context = authorization::context(self.shared, self.head);
        authorization::judge(self.caller, "sts", &[action.to_owned()], resource, &context)
    }

    fn federation_token(&self, decision: &mut Option<String>) -> Result<Value> {
        let name = self.call.required("Name")?;
        let caller = self.caller;
        let (uin, max_s) = match &caller.principal.kind {
            Kind::Root => (&caller.principal.owner_uin, 7200),
            Kind::User { uin } => (uin, 129_600),
            Kind::Federated { .. } | Kind::Role { .. } => {
                return Err(error(
                    "FailedOperation.TempKeyNotAllowed",
                    "Temporary keys cannot get a federation token.",
                ));
            }
        };
        let duration_s = duration(self.call, 1800, max_s)?;
        self.call.required("Policy")?;
        let policy = session_policy(self.call, &self.caller.principal.app_id)?;
        // A token never does more than its caller, so everybody may narrow himself; a deny still counts.
        let verdict = self.judge("GetFederationToken", "*");
        let denied = verdict.denied_explicitly;
        *decision = Some(verdict.text.clone());
        if denied {
            return Err(unauthorized(&verdict));
        }
        let kind = Kind::Federated {
            uin: uin.clone(),
            name,
        };
        let principal = Principal {
            kind,
            ..caller.principal.clone()
        };
        let expired_s = self.shared.clock.now_s() + duration_s;
        let key = self
            .shared
            .keys
            .issue(principal, caller.policy.clone(), policy, expired_s);
        Ok(credentials(&key))
    }

    fn assume_role(&self, decision: &mut Option<String>) -> Result<Value> {
        let arn = self.call.required("RoleArn")?;
        let session_name = self.call.required("RoleSessionName")?;
        check_session_name(&session_name)?;
        let (account, role) = find_role(self.shared, &arn)?;
        let duration_s = duration(
            self.call,
            7200.min(role.max_duration_s),
            role.max_duration_s.min(ROLE_MAX_DURATION_S),
        )?;
        let policy = session_policy(self.call, &self.caller.principal.app_id)?;
        let verdict = self.judge("AssumeRole", &arn);
        *decision = Some(verdict.text.clone());
        // Another account's callers would need the role's trust, which the configuration cannot give them.
        if !verdict.allowed || account.app_id != self.caller.principal.app_id {
            return Err(unauthorized(&verdict));
        }
        let expired_s = self.shared.clock.now_s() + duration_s;
        Ok(credentials(&issue_for_role(
            self.shared,
            account,
            role,
            &session_name,
            policy,
            expired_s,
        )))
    }
}

/// `DurationSeconds`, refused (not shortened) above `max_s`.
fn duration(call: &Call, default_s: u64, max_s: u64) -> Result<u64> {
    let Some(text) = call.text("DurationSeconds").filter(|t| !t.is_empty()) else {
        return Ok(default_s);
    };
    let seconds: u64 = text.parse().map_err(|_| {
        error(
            "InvalidParameter.ParamError",
            "DurationSeconds is not a number of seconds.",
        )
    })?;
    match seconds {
        0 => Err(error(
            "InvalidParameter.ParamError",
            "DurationSeconds must be above 0.",
        )),
        s if s > max_s => Err(error(
            "InvalidParameter.OverTimeError",
            format!("time set too long: at most {max_s} seconds"),
        )),
        s => Ok(s),
    }
}

/// The policy that narrows the token.
fn session_policy(call: &Call, app_id: &str) -> Result<Option<Policy>> {
    let Some(text) = call.text("Policy").filter(|t| !t.trim().is_empty()) else {
        return Ok(None);
    };
    let policy = decode_policy(&text)?;
    if policy.to_json().len() > MAX_POLICY_BYTES {
        return Err(error(
            "InvalidParameter.PolicyTooLong",
            "The policy is too long.",
        ));
    }
    policy
        .check_for_sts()
        .map_err(|e| error("InvalidParameter.StrategyFormatError", e.to_string()))?;
    for resource in policy.statement.iter().flat_map(|s| s.resource.iter()) {
        if resource != "*" && cos_sts::policy::Resource::parse(resource).is_err() {
            return Err(error(
                "InvalidParameter.ResouceError",
                format!("The resource {resource} is malformed."),
            ));
        }
        if is_foreign_resource(resource, app_id) {
            return Err(error(
                "InvalidParameter.GrantOtherResource",
                "[QC_STS] cant grant other resource",
            ));
        }
    }
    Ok(Some(policy))
}

/// The token of the provider that the role trusts takes the place of a signature.
fn assume_role_with_web_identity(
    shared: &Shared,
    call: &Call,
    decision: &mut Option<String>,
) -> Result<Value> {
    let provider = call.required("ProviderId")?;
    let token = call.required("WebIdentityToken")?;
    let arn = call.required("RoleArn")?;
    // Go's helper leaves it out.
    let session_name = call
        .text("RoleSessionName")
        .filter(|n| !n.is_empty())
        .unwrap_or_else(|| "web".to_owned());
    check_session_name(&session_name)?;
    let (account, role) = find_role(shared, &arn)?;
    let refused = |why: &str| error("InvalidParameter.WebIdentityTokenError", why);
    let trust = role.trust.as_ref().filter(|t| t.oidc_provider == provider);
    let trust = trust.ok_or_else(|| {
        error(
            "UnauthorizedOperation",
            "The role does not trust this provider.",
        )
    })?;
    let jwks = std::fs::read(&trust.jwks_file)
        .ok()
        .and_then(|json| serde_json::from_slice(&json).ok());
    let jwks: Value = jwks.ok_or_else(|| refused("The provider's key file cannot be read."))?;
    let claims = web_identity::verify(&token, &jwks, shared.clock.now_s()).map_err(refused)?;
    let subject = claims["sub"].as_str().unwrap_or_default();
    *decision = Some(format!(
        "allowed by trust in {provider}; subject={subject}; resource={arn}"
    ));
    let max_s = role.max_duration_s.min(ROLE_MAX_DURATION_S);
    let duration_s = duration(call, 7200.min(max_s), max_s)?;
    let policy = session_policy(call, &account.app_id)?;
    let expired_s = shared.clock.now_s() + duration_s;
    Ok(credentials(&issue_for_role(
        shared,
        account,
        role,
        &session_name,
        policy,
        expired_s,
    )))
}

/// The policy is percent-encoded once, except by clients that send plain JSON.
fn decode_policy(text: &str) -> Result<Policy> {
    let broken = |e: String| error("InvalidParameter.StrategyFormatError", e);
    if text.trim_start().starts_with('{') {
        return Policy::parse(text).map_err(|e| broken(e.to_string()));
    }
    // Go's encoding writes blanks as `+`.
    let spaced = text.replace('+', " ");
    let json = percent_decode_str(&spaced)
        .decode_utf8()
        .map_err(|_| broken("The policy is not UTF-8.".to_owned()))?;
    Policy::parse(&json).map_err(|e| broken(e.to_string()))
}

fn check_session_name(name: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if (2..=128).contains(&name.len()) && name.chars().all(fits) {
        return Ok(());
    }
    Err(error(
        "InvalidParameter.ParamError",
        "RoleSessionName has 2 to 128 characters of letters, digits and _+=,.@-",
    ))
}

/// `qcs::cam::uin/<uin>:roleName/<name>`, or the role's id instead of its name.
fn find_role<'s>(shared: &'s Shared, arn: &str) -> Result<(&'s Account, &'s Role)> {
    let missing = || error("ResourceNotFound.RoleNotFound", "The role does not exist.");
    let rest = arn.strip_prefix("qcs::cam::uin/").ok_or_else(missing)?;
    let (uin, role) = rest.split_once(':').ok_or_else(missing)?;
    let account = shared
        .config
        .accounts
        .iter()
        .find(|a| a.uin == uin)
        .ok_or_else(missing)?;
    let found = account.roles.iter().enumerate().find(|(index, r)| {
        role.strip_prefix("roleName/") == Some(r.name.as_str())
            || role.strip_prefix("role/") == Some(&role_id(account, *index))
    });
    found.map(|(_, role)| (account, role)).ok_or_else(missing)
}

fn role_id(account: &Account, index: usize) -> String {
    format!("46116860184{}{:02}", account.app_id, index)
}

/// Credentials that speak for a role.
pub(crate) fn issue_for_role(
    shared: &Shared,
    account: &Account,
    role: &Role,
    session_name: &str,
    policy: Option<Policy>,
    expired_s: u64,
) -> Arc<Key> {
    let index = account
        .roles
        .iter()
        .position(|r| r.name == role.name)
        .unwrap_or_default();
    let principal = Principal {
        app_id: account.app_id.clone(),
        owner_uin: account.uin.clone(),
        kind: Kind::Role {
            id: role_id(account, index),
            session_name: session_name.to_owned(),
        },
    };
    // Checked when the emulator started.
    let identity = parse_policy(role.policy.as_deref(), &role.name).unwrap_or_default();
    shared.keys.issue(principal, identity, policy, expired_s)
}

fn unauthorized(verdict: &Verdict) -> Error {
    let denied = authorization::denied(&verdict.text);
    Error {
        headers: denied.headers,
        ..error(
            "UnauthorizedOperation",
            "You are not authorized to perform this operation.",
        )
    }
}

fn credentials(key: &Key) -> Value {
    let expired_s = key.session.as_ref().map_or(0, |s| s.expired_s);
    json!({
        "Credentials": {
            "Token": key.session.as_ref().map(|s| s.token.as_str()),
            "TmpSecretId": key.secret_id,
            "TmpSecretKey": key.secret_key,
        },
        "ExpiredTime": expired_s,
        "Expiration": iso8601_s(expired_s),
    })
}

fn caller_identity(caller: &Key) -> Value {
    let owner = &caller.principal.owner_uin;
    let (kind, arn, user, principal) = match &caller.principal.kind {
        Kind::Root => (
            "CAMUser",
            format!("qcs::cam:{owner}:uin/{owner}"),
            owner.clone(),
            owner.clone(),
        ),
        Kind::User { uin } => (
            "CAMUser",
            format!("qcs::cam:{owner}:uin/{uin}"),
            uin.clone(),
            uin.clone(),
        ),
        Kind::Federated { uin, name } => (
            "CAMUser",
            format!("qcs::sts:{owner}:federated-user/{uin}"),
            format!("{uin}:{name}"),
            uin.clone(),
        ),
        Kind::Role { id, session_name } => (
            "CAMRole",
            format!("qcs::sts:{owner}:assumed-role/{id}"),
            format!("{id}:{session_name}"),
            id.clone(),
        ),
    };
    json!({"Arn": arn, "AccountId": owner, "UserId": user, "PrincipalId": principal, "Type": kind})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_in_every_encoding() {
        let json =
            r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"*"}]}"#;
        let escaped = cos_sign_core::encode(json).to_string();
        for text in [json, &escaped, &escaped.replace("%20", "+")] {
            assert_eq!(decode_policy(text).unwrap().statement.len(), 1);
        }
        assert_eq!(
            decode_policy("{").unwrap_err().code,
            "InvalidParameter.StrategyFormatError"
        );
    }

    #[test]
    fn session_names() {
        assert!(check_session_name("app.user-1@x").is_ok());
        assert!(check_session_name("a").is_err());
        assert!(check_session_name("a b").is_err());
    }
}
