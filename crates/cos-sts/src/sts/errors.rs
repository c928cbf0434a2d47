//! What each error code of STS means for the caller: the table, and how it is read.

use crate::{CredentialError, CredentialErrorKind};

/// Whether a call that failed with a code is worth repeating.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// The same call will fail again.
    No,
    /// Repeat after a pause.
    Backoff,
    /// Repeat once with the clock corrected from the answer's `Date`.
    AfterClockFix,
    /// Repeat once with the web identity token read anew.
    AfterTokenReread,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct CodeRow {
    /// The code, or its class (the part before the first dot).
    pub code: &'static str,
    /// What sort of failure it is.
    pub kind: CredentialErrorKind,
    /// Whether to repeat.
    pub retry: Retry,
    /// What a person can do; empty where the service's message says it all.
    pub hint: &'static str,
}

const fn row(
    code: &'static str,
    kind: CredentialErrorKind,
    retry: Retry,
    hint: &'static str,
) -> CodeRow {
    CodeRow {
        code,
        kind,
        retry,
        hint,
    }
}

use CredentialErrorKind::{Denied, Service};
use Retry::{AfterClockFix, AfterTokenReread, Backoff, No};

/// Exact codes first by [`lookup`], then classes.
pub const CODES: &[CodeRow] = &[
    row(
        "AuthFailure",
        Denied,
        No,
        "the keys, or the signature made with them, were not accepted",
    ),
    row(
        "AuthFailure.AccessKeyIllegal",
        Denied,
        No,
        "the secret id is malformed",
    ),
    row(
        "AuthFailure.SecretIdNotFound",
        Denied,
        No,
        "the secret id is unknown, deleted, or its token has ended",
    ),
    row(
        "AuthFailure.InvalidSecretId",
        Denied,
        No,
        "the secret id is not one of the cloud API",
    ),
    row(
        "AuthFailure.SignatureFailure",
        Denied,
        No,
        "the secret key does not belong to the secret id",
    ),
    row(
        "AuthFailure.SignatureExpire",
        Denied,
        AfterClockFix,
        "the clock is more than 5 minutes off",
    ),
    row(
        "AuthFailure.TokenFailure",
        Denied,
        No,
        "the token is wrong or has ended",
    ),
    row(
        "AuthFailure.InvalidAuthorization",
        Denied,
        No,
        "the Authorization header is not of the form the service reads; something in between may have changed it",
    ),
    row(
        "AuthFailure.MFAFailure",
        Denied,
        No,
        "the second factor is missing or wrong: give its serial number and the code it shows now",
    ),
    row(
        "AuthFailure.UnauthorizedOperation",
        Denied,
        No,
        "a policy of the calling user must allow this STS action (and sts:AssumeRole on the role)",
    ),
    row(
        "UnauthorizedOperation",
        Denied,
        No,
        "a policy of the calling user must allow this STS action (and sts:AssumeRole on the role)",
    ),
    row("FailedOperation", Service, No, ""),
    row(
        "FailedOperation.CheckMFAError",
        Denied,
        No,
        "the second factor's code is wrong or was used already: wait for the next one",
    ),
    row(
        "FailedOperation.MFATypeNotSupported",
        Denied,
        No,
        "this kind of second factor cannot be used here",
    ),
    row(
        "FailedOperation.TempKeyNotAllowed",
        Denied,
        No,
        "GetFederationToken takes permanent keys only; use AssumeRole with temporary ones",
    ),
    row(
        "InternalError",
        Service,
        Backoff,
        "the fault is the service's; if it lasts, give its support the request id",
    ),
    row(
        "InternalError.IllegalRole",
        Service,
        No,
        "the role cannot be assumed; check its trust policy",
    ),
    row("InvalidParameter", Service, No, ""),
    row(
        "InvalidParameter.OverLimit",
        Service,
        Backoff,
        "too many calls a second",
    ),
    row(
        "InvalidParameter.OverTimeError",
        Service,
        No,
        "ask for a shorter duration",
    ),
    row(
        "InvalidParameter.PolicyTooLong",
        Service,
        No,
        "merge statements or shorten prefixes",
    ),
    row(
        "InvalidParameter.ExtendStrategyOverSize",
        Service,
        No,
        "merge statements or shorten prefixes",
    ),
    row(
        "InvalidParameter.StrategyFormatError",
        Service,
        No,
        "the policy is no valid JSON policy; `cos policy lint` names the line",
    ),
    row(
        "InvalidParameter.StrategyInvalid",
        Service,
        No,
        "an element of the policy is wrong; `cos policy lint` names the line",
    ),
    row(
        "InvalidParameter.ResouceError",
        Service,
        No,
        "a resource is six parts, qcs::cos:<region>:uid/<appid>:<bucket>-<appid>/<key>, with the appid and not the uin",
    ),
    row(
        "InvalidParameter.GrantOtherResource",
        Service,
        No,
        "the appid in a resource must be the caller's own",
    ),
    row(
        "InvalidParameter.AccessKeyNotSupport",
        Service,
        No,
        "this kind of key cannot make this call",
    ),
    row(
        "InvalidParameter.AccountNotAvaliable",
        Service,
        No,
        "the account does not exist or is suspended",
    ),
    row(
        "InvalidParameter.ParamError",
        Service,
        No,
        "a parameter has a form the service does not take; its message may name it",
    ),
    row(
        "InvalidParameter.TempCodeNotAvaliable",
        Service,
        No,
        "the temporary code is wrong or over",
    ),
    row(
        "InvalidParameter.WebIdentityTokenError",
        Service,
        AfterTokenReread,
        "the web identity token is wrong or has ended",
    ),
    row("InvalidParameterValue", Service, No, ""),
    row("MissingParameter", Service, No, ""),
    row("UnknownParameter", Service, No, ""),
    row("InvalidAction", Service, No, ""),
    row("NoSuchVersion", Service, No, ""),
    row(
        "UnsupportedRegion",
        Service,
        No,
        "STS is not called by this region's name; try ap-guangzhou, its credentials are good in all regions",
    ),
    row("UnsupportedOperation", Service, No, ""),
    row(
        "UnsupportedProtocol",
        Service,
        No,
        "the service is reached by HTTPS",
    ),
    row(
        "RequestLimitExceeded",
        Service,
        Backoff,
        "too many calls a second",
    ),
    row("ResourceNotFound", Service, No, ""),
    row(
        "ResourceNotFound.RoleNotFound",
        Service,
        No,
        "the role ARN names the account's uin (not the appid) and the role",
    ),
    row(
        "ResourceUnavailable",
        Service,
        Backoff,
        "the service is overloaded or down for now",
    ),
    row(
        "ServiceUnavailable",
        Service,
        Backoff,
        "the service is overloaded or down for now",
    ),
];

/// The row of a code: its own, or that of its class (the part before the first dot).
pub fn lookup(code: &str) -> Option<&'static CodeRow> {
    let find = |wanted: &str| CODES.iter().find(|row| row.code == wanted);
    find(code).or_else(|| find(code.split('.').next().unwrap_or_default()))
}

/// The service's error, with what the table knows about its code.
pub(crate) fn service_error(code: Option<&str>, message: Option<&str>) -> CredentialError {
    let message = message.unwrap_or("the answer is an error without a message");
    let Some(code) = code else {
        return CredentialError::new(Service, message);
    };
    let found = lookup(code);
    let kind = found.map_or(Service, |row| row.kind);
    let retry = found.map_or(No, |row| row.retry);
    let error = CredentialError::new(kind, message)
        .with_service_code(code)
        .with_retryable(retry == Backoff);
    match found {
        Some(row) if !row.hint.is_empty() => error.with_hint(row.hint),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_codes_beat_classes() {
        let retry = |code| lookup(code).map(|row| row.retry);
        assert_eq!(retry("InternalError.DbError"), Some(Backoff));
        assert_eq!(retry("InternalError.IllegalRole"), Some(No));
        assert_eq!(retry("InternalError.NeverSeen"), Some(Backoff));
        assert_eq!(retry("InvalidParameter.OverLimit"), Some(Backoff));
        assert_eq!(retry("InvalidParameter.OverTimeError"), Some(No));
        assert_eq!(retry("InvalidParameter.NeverSeen"), Some(No));
        assert_eq!(retry("RequestLimitExceeded.IPLimitExceeded"), Some(Backoff));
        assert_eq!(retry("AuthFailure.SignatureExpire"), Some(AfterClockFix));
        assert_eq!(retry("Unheard.Of"), None);
    }

    /// Every code of 1312/48195 and 1312/48197, and the common ones.
    #[test]
    fn every_documented_code_has_its_verdict() {
        let table: &[(Retry, &[&str])] = &[
            (
                No,
                &[
                    "AuthFailure.AccessKeyIllegal",
                    "AuthFailure.InvalidAuthorization",
                    "AuthFailure.InvalidSecretId",
                    "AuthFailure.MFAFailure",
                    "AuthFailure.SecretIdNotFound",
                    "AuthFailure.SignatureFailure",
                    "AuthFailure.TokenFailure",
                    "AuthFailure.UnauthorizedOperation",
                    "UnauthorizedOperation",
                    "FailedOperation.CheckMFAError",
                    "FailedOperation.MFATypeNotSupported",
                    "FailedOperation.TempKeyNotAllowed",
                    "InternalError.IllegalRole",
                    "InvalidParameter.AccessKeyNotSupport",
                    "InvalidParameter.AccountNotAvaliable",
                    "InvalidParameter.ExtendStrategyOverSize",
                    "InvalidParameter.GrantOtherResource",
                    "InvalidParameter.OverTimeError",
                    "InvalidParameter.ParamError",
                    "InvalidParameter.PolicyTooLong",
                    "InvalidParameter.ResouceError",
                    "InvalidParameter.StrategyFormatError",
                    "InvalidParameter.StrategyInvalid",
                    "InvalidParameter.TempCodeNotAvaliable",
                    "InvalidParameterValue",
                    "MissingParameter",
                    "UnknownParameter",
                    "InvalidAction",
                    "NoSuchVersion",
                    "UnsupportedRegion",
                    "UnsupportedOperation",
                    "UnsupportedProtocol",
                    "ResourceNotFound.RoleNotFound",
                ],
            ),
            (
                Backoff,
                &[
                    "InternalError",
                    "InternalError.DbError",
                    "InternalError.EncryptError",
                    "InternalError.GetAppIdError",
                    "InternalError.GetRoleError",
                    "InternalError.GetSeedTokenError",
                    "InternalError.PbSerializeError",
                    "InternalError.SystemError",
                    "InternalError.UnknownError",
                    "InvalidParameter.OverLimit",
                    "RequestLimitExceeded",
                    "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
                    "RequestLimitExceeded.IPLimitExceeded",
                    "RequestLimitExceeded.UinLimitExceeded",
                    "ResourceUnavailable",
                    "ServiceUnavailable",
                ],
            ),
            (AfterClockFix, &["AuthFailure.SignatureExpire"]),
            (
                AfterTokenReread,
                &["InvalidParameter.WebIdentityTokenError"],
            ),
        ];
        for (retry, codes) in table {
            for code in *codes {
                let row = lookup(code).unwrap();
                assert_eq!(row.retry, *retry, "{code}");
                // What the service says about a parameter is enough; all else is explained.
                let names_itself = ["Parameter", "Action", "Version", "UnsupportedOperation"];
                let explained = !row.hint.is_empty()
                    || names_itself
                        .iter()
                        .any(|n| !code.contains('.') && code.contains(n));
                assert!(explained, "{code}");
                if code.starts_with("AuthFailure") || code.starts_with("Unauthorized") {
                    assert_eq!(row.kind, Denied, "{code}");
                }
            }
        }
    }

    #[test]
    fn no_code_stands_twice() {
        for (i, row) in CODES.iter().enumerate() {
            assert!(
                CODES[i + 1..].iter().all(|r| r.code != row.code),
                "{}",
                row.code
            );
        }
    }

    #[test]
    fn errors_carry_kind_and_hint() {
        let e = service_error(Some("FailedOperation.TempKeyNotAllowed"), Some("no"));
        assert_eq!(e.kind(), Denied);
        assert!(e.hint().unwrap().contains("AssumeRole") && !e.is_retryable());
        assert!(service_error(Some("InternalError.SystemError"), None).is_retryable());
        assert_eq!(service_error(Some("Odd"), Some("m")).kind(), Service);
    }
}
