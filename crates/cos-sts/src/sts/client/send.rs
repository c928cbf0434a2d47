//! Sending: what is repeated, and what is put right before.

use std::sync::atomic::Ordering;
use std::time::Duration;

use zeroize::Zeroizing;

use super::StsClient;
use super::wire::judge;
use crate::sts::errors::{Retry, lookup};
use crate::sts::request::Call;
use crate::{CredentialError, CredentialRequest, Credentials};

impl StsClient {
    /// Sends until there is an answer without an error; the body of that answer.
    pub(super) async fn send(&self, call: &Call) -> Result<Zeroizing<Vec<u8>>, CredentialError> {
        let mut clock_fixed = false;
        let mut renewed = false;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let caller = match call.signed {
                true => Some(
                    self.inner
                        .provider
                        .credentials(&CredentialRequest::new())
                        .await?,
                ),
                false => None,
            };
            let result = self.once(call, caller.as_ref()).await;
            let (error, date_s) = match result {
                Ok(body) => return Ok(Zeroizing::new(body)),
                Err(failed) => failed,
            };
            let error = error
                .with_operation(self.operation(call))
                .with_attempts(attempt);
            let retry = error.service_code().and_then(lookup).map(|row| row.retry);
            let token_refused = caller.as_ref().filter(|c| {
                c.session_token().is_some()
                    && matches!(
                        error.service_code(),
                        Some("AuthFailure.TokenFailure" | "AuthFailure.SecretIdNotFound")
                    )
            });
            if let (Some(Retry::AfterClockFix), Some(date_s), false) = (retry, date_s, clock_fixed)
            {
                clock_fixed = true;
                let local = i64::try_from(self.inner.clock.now_s()).unwrap_or(i64::MAX);
                let offset = i64::try_from(date_s).unwrap_or(i64::MAX) - local;
                self.inner.offset_s.store(offset, Ordering::Relaxed);
                tracing::warn!(offset_s = offset, "clock corrected from the answer of STS");
                continue;
            }
            if let (Some(caller), false) = (token_refused, renewed) {
                renewed = true;
                self.inner.provider.invalidate(caller.generation());
                continue;
            }
            if !error.is_retryable() || attempt >= self.inner.attempts {
                return Err(error);
            }
            tracing::debug!(
                action = call.action,
                attempt,
                code = error.service_code(),
                "STS call is repeated"
            );
            self.inner.clock.sleep(backoff(attempt)).await;
        }
    }

    /// One request. An error comes with the service's time, if it said it.
    async fn once(
        &self,
        call: &Call,
        caller: Option<&Credentials>,
    ) -> Result<Vec<u8>, (CredentialError, Option<u64>)> {
        let request = self.request(call, caller).map_err(|e| (e, None))?;
        let answer = self.inner.transport.send(request).await;
        let answer = answer.map_err(|e| (CredentialError::from(e), None))?;
        let date_s = answer.date_s();
        judge(answer).map_err(|e| (e, date_s))
    }
}

/// 200 ms, 400 ms, 800 ms … up to 5 s, each between half and all of it.
fn backoff(attempt: u32) -> Duration {
    let full_ms = 200_u64
        .saturating_mul(1 << attempt.saturating_sub(1).min(10))
        .min(5_000);
    Duration::from_millis(fastrand::u64(full_ms / 2..=full_ms))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Script, answer, assume, client, failed, issued};
    use crate::CredentialErrorKind;
    use crate::transport::{TransportError, TransportErrorKind};

    #[tokio::test]
    async fn only_what_is_worth_it_is_repeated() {
        let script = Script::of([
            failed("InternalError.DbError"),
            answer(502, "<html>"),
            issued(),
        ]);
        assert!(assume(&client(&script)).await.is_ok());
        for (code, attempts) in [
            ("AuthFailure.SignatureFailure", 1),
            ("InvalidParameter.OverTimeError", 1),
            ("RequestLimitExceeded.UinLimitExceeded", 3),
        ] {
            let script = Script::of((0..3).map(|_| failed(code)));
            let error = assume(&client(&script)).await.unwrap_err();
            assert_eq!(error.service_code(), Some(code));
            assert_eq!(error.request_id(), Some("r-2"));
            assert_eq!(error.attempts(), attempts, "{code}");
            assert!(error.to_string().contains("AssumeRole"), "{error}");
            assert!(!format!("{error} {error:?}").contains("PLANTED"));
        }
    }

    #[tokio::test]
    async fn a_clock_that_is_off_is_corrected_once() {
        let script = Script::of([failed("AuthFailure.SignatureExpire"), issued()]);
        assume(&client(&script)).await.unwrap();
        assert_eq!(script.timestamps(), ["1700000000", "1700003600"]);
        let script = Script::of((0..2).map(|_| failed("AuthFailure.SignatureExpire")));
        assert!(assume(&client(&script)).await.is_err());
    }

    #[tokio::test]
    async fn no_answer_is_an_error_that_says_so() {
        let lost = || Err(TransportError::new(TransportErrorKind::Connect, "refused"));
        let script = Script::of((0..3).map(|_| lost()));
        let error = assume(&client(&script)).await.unwrap_err();
        assert_eq!(error.kind(), CredentialErrorKind::Network);
        assert_eq!(error.attempts(), 3);
        let untrusted = TransportError::new(TransportErrorKind::Tls, "untrusted");
        let script = Script::of([Err(untrusted)]);
        let error = assume(&client(&script)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (CredentialErrorKind::Network, 1)
        );
        let script = Script::of([answer(403, "<html>")]);
        let error = assume(&client(&script)).await.unwrap_err();
        assert_eq!(
            (error.http_status(), error.is_retryable()),
            (Some(403), false)
        );
    }
}
