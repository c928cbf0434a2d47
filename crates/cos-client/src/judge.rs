//! After each attempt: done, again, new key, new clock, or give up? Values in, a verdict out.

use std::time::Duration;

use crate::config::RetryPolicy;
use crate::error::hint::NOTABLE_SKEW_S;
use crate::error::service::ServiceError;

/// What a code means for the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// The service failed for a moment.
    Transient,
    /// The service asks to slow down: wait longer.
    Throttled,
    /// The bytes were damaged on the way: once more.
    Damaged,
    /// The temporary key is over or unknown.
    CredentialDead,
    /// Our clock is wrong.
    Clock,
    /// Clock or key: facts decide.
    ClockOrCredential,
    /// Repeating cannot help.
    Final,
}

/// Codes with a meaning of their own (436/7730 and the policies of the official SDKs); every other
/// code is judged by its HTTP status.
const CODES: [(&str, Class); 17] = [
    ("InternalError", Class::Transient),
    ("KmsInternalException", Class::Transient),
    ("ServiceUnavailable", Class::Throttled),
    ("SlowDown", Class::Throttled),
    ("KmsFreqControl", Class::Throttled),
    ("TooManyRequests", Class::Throttled),
    ("RequestTimeout", Class::Transient),
    ("IncompleteBody", Class::Transient),
    ("UserNetworkTooSlow", Class::Transient),
    ("UploadConflict", Class::Transient),
    ("BadDigest", Class::Damaged),
    ("ExpiredToken", Class::CredentialDead),
    ("InvalidAccessKeyId", Class::CredentialDead),
    ("InvalidToken", Class::CredentialDead),
    ("RequestTimeTooSkewed", Class::Clock),
    ("RequestExpired", Class::ClockOrCredential),
    ("Request has expired", Class::ClockOrCredential),
];

/// What a message means where the code alone does not tell.
const MESSAGES: [(&str, &str, Class); 2] = [
    (
        "AccessDenied",
        "request has expired",
        Class::ClockOrCredential,
    ),
    ("AccessDenied", "token", Class::CredentialDead),
];

fn classify(answer: &ServiceError) -> Class {
    let code = answer.code.as_deref().unwrap_or("");
    if let Some((_, class)) = CODES.iter().find(|(c, _)| *c == code) {
        return *class;
    }
    let message = answer.message.as_deref().unwrap_or("").to_ascii_lowercase();
    if let Some((_, _, class)) = MESSAGES
        .iter()
        .find(|(c, part, _)| *c == code && message.contains(part))
    {
        return *class;
    }
    match answer.status {
        // An `<Error>` inside 200 with a code not listed above is final.
        408 => Class::Transient,
        429 => Class::Throttled,
        501 | 507 => Class::Final,
        500..=599 => Class::Transient,
        _ => Class::Final,
    }
}

/// How an attempt ended without success.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Failure<'a> {
    /// The service answered.
    Answer(&'a ServiceError),
    /// The connection could not be made: nothing was sent.
    Connect,
    /// Nothing was sent: the proxy on the way to every server failed.
    Proxy,
    /// It broke or stalled after something may have been sent.
    Broken,
    /// The answer's content did not match its checksum or length.
    Damaged,
}

/// What is known about the attempt and those before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Situation {
    /// Attempts made so far that count against the policy, this one included.
    pub attempt: u32,
    /// Whether sending it again does no harm when it was already carried out.
    pub idempotent: bool,
    /// A session token was sent.
    pub temporary: bool,
    /// The end of the credentials, Unix seconds.
    pub expired_time_s: Option<u64>,
    /// Our corrected clock, Unix seconds.
    pub now_s: u64,
    /// How often credentials were replaced for this call.
    pub refreshes: u32,
    /// The clock was already corrected for this call.
    pub clock_fixed: bool,
    /// The bucket can also be asked at the service's second domain.
    pub has_backup: bool,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    /// Wait, then again.
    Retry { after: Duration },
    /// Tell the provider that this generation is over, ask again, repeat at once if another came.
    RefreshCredential,
    /// Add this many seconds to the corrected clock, repeat at once.
    FixClock { by_s: i64 },
    /// Wait, then again at the service's second domain.
    SwitchDomain { after: Duration },
    /// Report it. `retryable`: a later call may succeed.
    GiveUp { retryable: bool },
}

/// More replacements than this in one call means that the source hands out bad keys.
const MAX_REFRESHES: u32 = 3;
/// A server that claims a date before 2020 or after 2100 is broken or not COS.
const PLAUSIBLE_S: std::ops::Range<u64> = 1_577_836_800..4_102_444_800;

/// Judges one failed attempt. `random` is a number in `0.0..1.0` for the jitter.
pub(crate) fn judge(
    failure: Failure<'_>,
    s: &Situation,
    policy: &RetryPolicy,
    random: f64,
) -> Verdict {
    let verdict = judge_here(failure, s, policy, random);
    if !s.has_backup || !is_silent(failure) || s.attempt >= policy.max_attempts {
        return verdict;
    }
    match verdict {
        // Once more at the same place first, unless there is no further chance.
        Verdict::Retry { after } if s.attempt >= 2 || s.attempt + 1 == policy.max_attempts => {
            Verdict::SwitchDomain { after }
        }
        // Somebody sends us elsewhere, and it is not the service.
        Verdict::GiveUp { .. } if is_redirect(failure) => Verdict::SwitchDomain {
            after: Duration::ZERO,
        },
        other => other,
    }
}

/// Whether the service itself said nothing: its answers carry a request id.
fn is_silent(failure: Failure<'_>) -> bool {
    match failure {
        Failure::Connect | Failure::Broken => true,
        Failure::Answer(answer) => !answer.is_from_cos(),
        // It says nothing about the service.
        Failure::Proxy | Failure::Damaged => false,
    }
}

fn is_redirect(failure: Failure<'_>) -> bool {
    matches!(failure, Failure::Answer(answer) if matches!(answer.status, 301 | 302 | 307 | 308))
}

fn judge_here(failure: Failure<'_>, s: &Situation, policy: &RetryPolicy, random: f64) -> Verdict {
    let class = match failure {
        Failure::Answer(answer) => classify(answer),
        Failure::Connect | Failure::Proxy | Failure::Broken => Class::Transient,
        Failure::Damaged => Class::Damaged,
    };
    match class {
        Class::Final => Verdict::GiveUp { retryable: false },
        Class::CredentialDead => refresh(s),
        Class::Clock | Class::ClockOrCredential => {
            let Failure::Answer(answer) = failure else {
                return Verdict::GiveUp { retryable: false };
            };
            let key_over = s.expired_time_s.is_some_and(|end| end <= s.now_s);
            if class == Class::ClockOrCredential && key_over {
                return refresh(s);
            }
            match clock_error(answer, s.now_s) {
                Some(by_s) if !s.clock_fixed => Verdict::FixClock { by_s },
                _ if class == Class::ClockOrCredential => refresh(s),
                _ => Verdict::GiveUp { retryable: false },
            }
        }
        Class::Transient | Class::Throttled | Class::Damaged => {
            let harmless = s.idempotent
                || matches!(failure, Failure::Connect | Failure::Proxy)
                // Refused before it was carried out.
                || matches!(class, Class::Throttled);
            let limit = if class == Class::Damaged {
                policy.max_attempts.min(2)
            } else {
                policy.max_attempts
            };
            if !harmless || s.attempt >= limit {
                return Verdict::GiveUp { retryable: true };
            }
            let factor = if class == Class::Throttled { 4 } else { 1 };
            Verdict::Retry {
                after: back_off(policy, s.attempt, factor, random),
            }
        }
    }
}

fn refresh(s: &Situation) -> Verdict {
    if !s.temporary || s.refreshes >= MAX_REFRESHES {
        return Verdict::GiveUp { retryable: false };
    }
    Verdict::RefreshCredential
}

/// Server time minus ours, when COS itself told it and the difference matters.
fn clock_error(answer: &ServiceError, now_s: u64) -> Option<i64> {
    let server = answer.server_time_s?;
    if !answer.is_from_cos() || !PLAUSIBLE_S.contains(&server) {
        return None;
    }
    let by_s = i64::try_from(server).ok()?.checked_sub_unsigned(now_s)?;
    (by_s.abs() >= NOTABLE_SKEW_S).then_some(by_s)
}

/// Exponential, with "full jitter" over the upper half so that crowds spread and nobody hurries.
pub(crate) fn back_off(policy: &RetryPolicy, attempt: u32, factor: u32, random: f64) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let ceiling = policy
        .base_delay
        .saturating_mul(factor)
        .saturating_mul(1 << doublings)
        .min(policy.max_delay);
    ceiling.mul_f64(0.5 + 0.5 * random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn situation() -> Situation {
        Situation {
            attempt: 1,
            idempotent: true,
            temporary: true,
            expired_time_s: Some(NOW + 600),
            now_s: NOW,
            refreshes: 0,
            clock_fixed: false,
            has_backup: false,
        }
    }

    fn answer(status: u16, code: &str, message: &str) -> ServiceError {
        ServiceError {
            status,
            code: (!code.is_empty()).then(|| code.to_owned()),
            message: Some(message.to_owned()),
            request_id: Some("id".into()),
            server_time_s: Some(NOW),
            ..ServiceError::default()
        }
    }

    fn verdict(answer: &ServiceError, s: &Situation) -> Verdict {
        judge(Failure::Answer(answer), s, &RetryPolicy::default(), 0.5)
    }

    fn is_retry(v: Verdict) -> bool {
        matches!(v, Verdict::Retry { .. })
    }

    const FINAL: Verdict = Verdict::GiveUp { retryable: false };

    /// The rows of the service's error list that say "retry", and some that do not.
    #[test]
    fn statuses_and_codes() {
        let s = situation();
        for (status, code) in [
            (500, "InternalError"),
            (500, "KmsInternalException"),
            (503, "SlowDown"),
            (503, "ServiceUnavailable"),
            (503, "KmsFreqControl"),
            (400, "RequestTimeout"),
            (400, "IncompleteBody"),
            (400, "UserNetworkTooSlow"),
            (400, "BadDigest"),
            (409, "UploadConflict"),
            (502, ""),
            (504, "Unheard"),
            (429, ""),
            (408, ""),
            (200, "InternalError"),
            (200, "SlowDown"),
        ] {
            assert!(
                is_retry(verdict(&answer(status, code, ""), &s)),
                "{status} {code}"
            );
        }
        for (status, code) in [
            (304, ""),
            (400, "InvalidArgument"),
            (400, "MalformedXML"),
            (402, "PaymentRequired"),
            (403, "AccessDenied"),
            (403, "SignatureDoesNotMatch"),
            (403, "InvalidObjectState"),
            (404, "NoSuchKey"),
            (404, "NoSuchUpload"),
            (404, ""),
            (405, "MethodNotAllowed"),
            (409, "FileAlreadyExists"),
            (411, "MissingContentLength"),
            (412, "PreconditionFailed"),
            (416, "InvalidRange"),
            (451, "UnavailableForLegalReasons"),
            (501, "NotImplemented"),
            (507, ""),
            (301, ""),
            (200, "Unheard"),
            (403, ""),
        ] {
            assert_eq!(
                verdict(&answer(status, code, ""), &s),
                FINAL,
                "{status} {code}"
            );
        }
    }

    #[test]
    fn dead_keys_are_replaced_once_per_generation() {
        let s = situation();
        for (status, code, message) in [
            (400, "ExpiredToken", ""),
            (403, "ExpiredToken", ""),
            (403, "InvalidAccessKeyId", ""),
            (403, "AccessDenied", "The token is invalid."),
            // Not a wrong clock: Date agrees with ours, so the key was revoked or cut short.
            (403, "AccessDenied", "Request has expired"),
        ] {
            let a = answer(status, code, message);
            assert_eq!(
                verdict(&a, &s),
                Verdict::RefreshCredential,
                "{code} {message}"
            );
            let endless = Situation {
                refreshes: MAX_REFRESHES,
                ..s
            };
            assert_eq!(verdict(&a, &endless), FINAL);
            let permanent = Situation {
                temporary: false,
                expired_time_s: None,
                ..s
            };
            assert_eq!(
                verdict(&a, &permanent),
                FINAL,
                "permanent keys are never replaced"
            );
        }
    }

    #[test]
    fn expiry_by_our_own_clock_needs_a_key_not_a_clock() {
        let over = Situation {
            expired_time_s: Some(NOW - 1),
            ..situation()
        };
        let mut a = answer(403, "AccessDenied", "Request has expired");
        a.server_time_s = Some(NOW + 3_600);
        assert_eq!(verdict(&a, &over), Verdict::RefreshCredential);
    }

    #[test]
    fn the_clock_is_fixed_once_and_only_by_cos() {
        let s = situation();
        let mut a = answer(403, "RequestTimeTooSkewed", "");
        assert_eq!(verdict(&a, &s), FINAL, "the clocks agree: nothing to fix");
        a.server_time_s = Some(NOW + 420);
        assert_eq!(verdict(&a, &s), Verdict::FixClock { by_s: 420 });
        a.server_time_s = Some(NOW - 90_000);
        assert_eq!(verdict(&a, &s), Verdict::FixClock { by_s: -90_000 });
        assert_eq!(
            verdict(
                &a,
                &Situation {
                    clock_fixed: true,
                    ..s
                }
            ),
            FINAL
        );
        for nonsense in [1_000, 9_000_000_000, u64::MAX] {
            a.server_time_s = Some(nonsense);
            assert_eq!(verdict(&a, &s), FINAL, "nobody lives then: {nonsense}");
        }
        a.server_time_s = Some(NOW + 420);
        a.request_id = None;
        assert_eq!(verdict(&a, &s), FINAL, "a proxy's clock does not count");
        let mut expired = answer(403, "AccessDenied", "Request has expired");
        expired.server_time_s = Some(NOW + 420);
        assert_eq!(verdict(&expired, &s), Verdict::FixClock { by_s: 420 });
        let fixed = Situation {
            clock_fixed: true,
            ..s
        };
        assert_eq!(verdict(&expired, &fixed), Verdict::RefreshCredential);
    }

    #[test]
    fn what_may_have_happened_is_not_repeated_blindly() {
        let once = Situation {
            idempotent: false,
            ..situation()
        };
        let p = RetryPolicy::default();
        assert_eq!(
            judge(Failure::Broken, &once, &p, 0.0),
            Verdict::GiveUp { retryable: true }
        );
        assert!(is_retry(judge(Failure::Connect, &once, &p, 0.0)));
        assert!(is_retry(judge(Failure::Proxy, &once, &p, 0.0)));
        assert!(is_retry(verdict(&answer(503, "SlowDown", ""), &once)));
        assert!(!is_retry(verdict(&answer(500, "InternalError", ""), &once)));
    }

    #[test]
    fn damage_is_repeated_once() {
        let p = RetryPolicy::default();
        assert!(is_retry(judge(Failure::Damaged, &situation(), &p, 0.0)));
        let second = Situation {
            attempt: 2,
            ..situation()
        };
        assert_eq!(
            judge(Failure::Damaged, &second, &p, 0.0),
            Verdict::GiveUp { retryable: true }
        );
    }

    #[test]
    fn the_second_domain_is_asked_when_the_first_is_silent() {
        let p = RetryPolicy::default();
        let at = |attempt| Situation {
            attempt,
            has_backup: true,
            ..situation()
        };
        let switches = |v: Verdict| matches!(v, Verdict::SwitchDomain { .. });
        let mut gateway = answer(502, "", "");
        gateway.request_id = None;
        for failure in [Failure::Connect, Failure::Broken, Failure::Answer(&gateway)] {
            assert!(is_retry(judge(failure, &at(1), &p, 0.5)));
            assert!(switches(judge(failure, &at(2), &p, 0.5)));
            let two = p.with_max_attempts(2);
            assert!(switches(judge(failure, &at(1), &two, 0.5)));
            let one = p.with_max_attempts(1);
            assert!(!switches(judge(failure, &at(1), &one, 0.5)));
        }
        let mut redirect = answer(302, "", "");
        redirect.request_id = None;
        let now = Verdict::SwitchDomain {
            after: Duration::ZERO,
        };
        assert_eq!(judge(Failure::Answer(&redirect), &at(1), &p, 0.5), now);
        // What may have been carried out is not repeated elsewhere either.
        let once = Situation {
            idempotent: false,
            ..at(2)
        };
        assert_eq!(
            judge(Failure::Broken, &once, &p, 0.5),
            Verdict::GiveUp { retryable: true }
        );
    }

    proptest! {
        #[test]
        fn a_request_id_or_no_backup_keeps_the_domain(status in 100_u16..600, attempt in 1_u32..9, max in 1_u32..9,
                                                      idempotent: bool, has_backup: bool, has_id: bool) {
            let policy = RetryPolicy::default().with_max_attempts(max);
            let s = Situation { attempt, idempotent, has_backup, ..situation() };
            let mut a = answer(status, "", "");
            if !has_id {
                a.request_id = None;
            }
            let v = judge(Failure::Answer(&a), &s, &policy, 0.5);
            if let Verdict::SwitchDomain { after } = v {
                prop_assert!(has_backup && !has_id && attempt < max);
                prop_assert!(after <= policy.max_delay);
                prop_assert!(status >= 300);
            }
            // Without the choice the same failure is repeated here, or is a stranger's redirect.
            let here = judge(Failure::Answer(&a), &Situation { has_backup: false, ..s }, &policy, 0.5);
            let stays = matches!(here, Verdict::Retry { .. } | Verdict::GiveUp { .. });
            prop_assert!(stays);
            if v != here {
                prop_assert!(is_retry(here) || (300..400).contains(&status));
            }
            for nothing_of_the_service in [Failure::Damaged, Failure::Proxy] {
                prop_assert_eq!(judge(nothing_of_the_service, &s, &policy, 0.5),
                                judge(nothing_of_the_service, &Situation { has_backup: false, ..s }, &policy, 0.5));
            }
        }

        #[test]
        fn retries_end_and_delays_stay_in_bounds(attempt in 1_u32..100, random in 0.0..1.0_f64,
                                                 status in 100_u16..600, max in 1_u32..20) {
            let policy = RetryPolicy { max_attempts: max, ..RetryPolicy::default() };
            let s = Situation { attempt, ..situation() };
            let v = judge(Failure::Answer(&answer(status, "", "")), &s, &policy, random);
            match v {
                Verdict::Retry { after } => {
                    prop_assert!(attempt < max);
                    prop_assert!(after <= policy.max_delay);
                    prop_assert!(after >= policy.base_delay / 2);
                }
                Verdict::GiveUp { .. } => {}
                other => prop_assert!(false, "no code, yet {:?}", other),
            }
        }
    }
}
