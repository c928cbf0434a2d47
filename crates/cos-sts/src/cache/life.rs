//! When a credential is to be renewed and when it is over, on this device's clock.

use crate::{CredentialError, CredentialErrorKind, Credentials};

/// A device's clock may be off this much before the times in a reply are read as a span instead of as
/// dates. Smaller differences come from a token server that hands out a credential it made earlier.
const CLOCK_TRUST_MS: u64 = 5 * 60 * 1000;

/// The moments of a credential, local milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    /// A date before this one is a clock that was set back: how much time has passed is unknown then.
    pub(crate) since_ms: u64,
    pub(crate) renew_ms: u64,
    pub(crate) end_ms: u64,
}

impl Life {
    /// A credential that arrived at `now_ms`. `jitter` lies in 0.0..1.0.
    pub(crate) fn new(
        credentials: &Credentials,
        now_ms: u64,
        margin_ms: u64,
        jitter: f64,
    ) -> Result<Self, CredentialError> {
        let Some(end_s) = credentials.expired_time_s() else {
            return Ok(Self {
                since_ms: 0,
                renew_ms: u64::MAX,
                end_ms: u64::MAX,
            });
        };
        let end_ms = end_s.saturating_mul(1000);
        // A start far from "now" is the server's clock against a device's that is wrong: then only the
        // span between the two can be believed.
        let end_ms = match credentials.start_time_s().map(|s| s.saturating_mul(1000)) {
            Some(start_ms) if start_ms.abs_diff(now_ms) > CLOCK_TRUST_MS && start_ms < end_ms => {
                let span = now_ms.saturating_add(end_ms - start_ms);
                // A start in the past may also be a credential that was kept on the server. Then the
                // date is right and earlier than the span.
                if now_ms < end_ms && start_ms < now_ms {
                    end_ms.min(span)
                } else {
                    span
                }
            }
            _ => end_ms,
        };
        let Some(left_ms) = end_ms.checked_sub(now_ms).filter(|left| *left > 0) else {
            return Err(CredentialError::new(
                CredentialErrorKind::Expired,
                format!(
                    "the source gave a credential that ended {} s ago",
                    now_ms.saturating_sub(end_ms) / 1000
                ),
            )
            .with_hint("check the clocks of this device and of the server that issued it"));
        };
        let quarter = left_ms / 4;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a margin is far below 2^52 ms and the factor is positive"
        )]
        let margin_ms = (margin_ms.min(quarter) as f64 * (0.8 + 0.4 * jitter)) as u64;
        Ok(Self {
            since_ms: now_ms.saturating_sub(CLOCK_TRUST_MS),
            renew_ms: end_ms - margin_ms.min(quarter),
            end_ms,
        })
    }

    /// Whether renewal is not due yet.
    pub(crate) fn is_fresh(&self, now_ms: u64) -> bool {
        self.since_ms <= now_ms && now_ms < self.renew_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW_S: u64 = 1_700_000_000;

    fn life(start: Option<u64>, end: u64, now_s: u64) -> Result<Life, CredentialError> {
        let credentials = Credentials::temporary("id", "key", "token", start, end).unwrap();
        Life::new(&credentials, now_s * 1000, 300_000, 0.5)
    }

    #[test]
    fn dates_are_believed_while_the_clock_is_plausible() {
        let found = life(Some(NOW_S), NOW_S + 1800, NOW_S + 10).unwrap();
        assert_eq!(found.end_ms, (NOW_S + 1800) * 1000);
        assert_eq!(found.renew_ms, (NOW_S + 1500) * 1000);
        // Kept on the server for 20 minutes: the date still holds.
        let found = life(Some(NOW_S - 1200), NOW_S + 600, NOW_S).unwrap();
        assert_eq!(found.end_ms, (NOW_S + 600) * 1000);
        assert_eq!(
            found.renew_ms,
            (NOW_S + 450) * 1000,
            "a quarter of what is left"
        );
    }

    #[test]
    fn spans_are_believed_when_it_is_not() {
        for wrong in [NOW_S - 26 * 3600, NOW_S + 26 * 3600] {
            let found = life(Some(NOW_S), NOW_S + 1800, wrong).unwrap();
            assert_eq!(found.end_ms, (wrong + 1800) * 1000, "clock at {wrong}");
        }
    }

    #[test]
    fn what_is_over_is_refused() {
        let error = life(None, NOW_S - 12, NOW_S).unwrap_err();
        assert!(error.to_string().contains("12 s ago"), "{error}");
        let permanent = Credentials::permanent("id", "key").unwrap();
        assert_eq!(Life::new(&permanent, 5, 5, 0.0).unwrap().end_ms, u64::MAX);
    }

    proptest! {
        #[test]
        fn renewal_begins_in_the_last_quarter_and_before_the_end(
            left in 1_u64..200_000, margin_ms in 0_u64..1_000_000_000, jitter in 0.0_f64..1.0,
        ) {
            let credentials =
                Credentials::temporary("id", "key", "token", None, NOW_S + left).unwrap();
            let found = Life::new(&credentials, NOW_S * 1000, margin_ms, jitter).unwrap();
            prop_assert!(found.renew_ms <= found.end_ms);
            prop_assert!(found.end_ms - found.renew_ms <= left * 1000 / 4);
            prop_assert!(found.end_ms - found.renew_ms <= margin_ms.saturating_mul(12) / 10 + 1);
        }
    }
}
