//! How long a token may live: per call and kind of caller, checked before anything is sent.

use crate::CredentialError;

/// What kind of account calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AccountKind {
    /// Not known; the wider limit is assumed and the service decides.
    #[default]
    Unknown,
    /// The account's owner.
    Root,
    /// A CAM user of the account.
    SubAccount,
}

/// One row: what a call gives by default and at most, in seconds (1312/48195, 1312/48197, 436/40947).
#[derive(Clone, Copy, Debug)]
pub struct DurationLimit {
    /// The call.
    pub action: &'static str,
    /// Who calls; `Unknown` is any.
    pub account: AccountKind,
    /// What the service gives if nothing is asked for.
    pub default_s: u64,
    /// The longest it gives.
    pub max_s: u64,
}

const fn limit(
    action: &'static str,
    account: AccountKind,
    default_s: u64,
    max_s: u64,
) -> DurationLimit {
    DurationLimit {
        action,
        account,
        default_s,
        max_s,
    }
}

/// The table. "30 minutes to 36 hours" is GetFederationToken's default and its maximum for a CAM user.
pub const DURATION_LIMITS: &[DurationLimit] = &[
    limit("GetFederationToken", AccountKind::Root, 1800, 7200),
    limit("GetFederationToken", AccountKind::SubAccount, 1800, 129_600),
    limit("AssumeRole", AccountKind::Unknown, 7200, 43_200),
    limit(
        "AssumeRoleWithWebIdentity",
        AccountKind::Unknown,
        7200,
        43_200,
    ),
    limit("AssumeRoleWithSAML", AccountKind::Unknown, 7200, 43_200),
    limit("GetSessionToken", AccountKind::Root, 1800, 7200),
    limit("GetSessionToken", AccountKind::SubAccount, 1800, 129_600),
];

/// The limit for a call by a kind of account: the widest that may apply. `None` for a call that issues
/// nothing.
pub fn duration_limit(action: &str, account: AccountKind) -> Option<&'static DurationLimit> {
    let any = AccountKind::Unknown;
    DURATION_LIMITS
        .iter()
        .filter(|l| l.action == action)
        .filter(|l| account == any || l.account == any || l.account == account)
        .max_by_key(|l| l.max_s)
}

/// What the caller knows about itself; the table knows the rest.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) account: AccountKind,
    /// Replaces the table's maximum: a role's own session limit, a changed rule of the service.
    pub(crate) longest_s: Option<u64>,
}

/// Refuses what the service would refuse; it does not shorten by itself.
pub(crate) fn check_duration(
    action: &str,
    limits: Limits,
    asked_s: Option<u64>,
) -> Result<(), CredentialError> {
    let Some(asked) = asked_s else { return Ok(()) };
    if asked == 0 {
        return Err(CredentialError::config("a duration of 0 s makes no token")
            .with_hint("leave it out for the service's default"));
    }
    let (most, who) = match (limits.longest_s, duration_limit(action, limits.account)) {
        (Some(longest), _) => (longest, " by this client's own setting".to_owned()),
        (None, Some(limit)) => (limit.max_s, who(limit)),
        (None, None) => return Ok(()),
    };
    if asked <= most {
        return Ok(());
    }
    Err(CredentialError::config(format!(
        "a duration of {asked} s is too long: {action} gives at most {most} s{who}"
    ))
    .with_hint("the service rejects a longer one, it does not shorten it"))
}

/// Whom a limit holds for, and where more can be had.
fn who(limit: &DurationLimit) -> String {
    let most = |action: &str, account| duration_limit(action, account).map_or(0, |l| l.max_s);
    match limit.account {
        AccountKind::Root => format!(
            " for the account's owner (a CAM user may ask for {} s)",
            most(limit.action, AccountKind::SubAccount)
        ),
        AccountKind::SubAccount => format!(
            " for a CAM user ({} s for the account's owner)",
            most(limit.action, AccountKind::Root)
        ),
        AccountKind::Unknown if limit.action == "AssumeRole" => format!(
            ", and less if the role's own session limit is lower (GetFederationToken gives a CAM user {} s)",
            most("GetFederationToken", AccountKind::SubAccount)
        ),
        AccountKind::Unknown => ", and less if the role's own session limit is lower".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_has_its_limit() {
        let of = |account| Limits {
            account,
            longest_s: None,
        };
        let ok = |action, account, s| check_duration(action, of(account), Some(s)).is_ok();
        use AccountKind::{Root, SubAccount, Unknown};
        assert!(ok("GetFederationToken", Root, 7200));
        assert!(!ok("GetFederationToken", Root, 7201));
        assert!(ok("GetFederationToken", SubAccount, 129_600));
        assert!(ok("GetFederationToken", Unknown, 129_600));
        assert!(!ok("GetFederationToken", Unknown, 129_601));
        assert!(ok("AssumeRole", SubAccount, 43_200));
        assert!(!ok("AssumeRole", Unknown, 43_201));
        assert!(!ok("AssumeRole", Unknown, 0));
        assert!(check_duration("AssumeRole", Limits::default(), None).is_ok());
        assert!(duration_limit("GetCallerIdentity", Unknown).is_none());
    }

    #[test]
    fn the_refusal_explains_itself() {
        let e = check_duration("AssumeRole", Limits::default(), Some(129_600)).unwrap_err();
        let text = e.to_string();
        for words in ["43200", "session limit", "129600"] {
            assert!(text.contains(words), "{text}");
        }
        let root = Limits {
            account: AccountKind::Root,
            longest_s: None,
        };
        let e = check_duration("GetFederationToken", root, Some(10_000)).unwrap_err();
        assert!(e.to_string().contains("129600"), "{e}");
        let e = check_duration("GetFederationToken", Limits::default(), Some(200_000)).unwrap_err();
        assert!(e.to_string().contains("7200 s for the account"), "{e}");
    }
    #[test]
    fn what_the_caller_knows_better_counts() {
        let own = |longest_s| Limits {
            account: AccountKind::Unknown,
            longest_s: Some(longest_s),
        };
        // A role whose sessions last an hour at most.
        let e = check_duration("AssumeRole", own(3600), Some(3601)).unwrap_err();
        assert!(e.to_string().contains("at most 3600 s"), "{e}");
        assert!(check_duration("AssumeRole", own(3600), Some(3600)).is_ok());
        // A service that gives more than the table says.
        assert!(check_duration("AssumeRole", own(86_400), Some(86_400)).is_ok());
        assert!(check_duration("AssumeRole", own(86_400), Some(0)).is_err());
    }
}
