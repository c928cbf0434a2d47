//! One request and its answer, as STS spells them.

use cos_sign_core::tc3::Tc3Request;

use super::StsClient;
use crate::parse::check_reply;
use crate::sts::request::Call;
use crate::transport::{HttpRequest, HttpResponse};
use crate::{CredentialError, CredentialErrorKind, Credentials};

const SERVICE: &str = "sts";
const VERSION: &str = "2018-08-13";
/// Byte-equal in the header and in the signature.
const CONTENT_TYPE: &str = "application/json";

impl StsClient {
    pub(super) fn request(
        &self,
        call: &Call,
        caller: Option<&Credentials>,
    ) -> Result<HttpRequest, CredentialError> {
        let inner = &*self.inner;
        let timestamp_s = self.now_s();
        let authorization = match caller {
            Some(caller) => Tc3Request {
                service: SERVICE,
                method: "POST",
                host: &inner.host,
                query: "",
                content_type: CONTENT_TYPE,
                payload: call.body.as_bytes(),
                unsigned_payload: false,
                timestamp_s,
            }
            .authorization(caller.secret_id(), caller.secret_key().expose())
            .map_err(|e| CredentialError::config(e.to_string()))?,
            None => "SKIP".to_owned(),
        };
        let mut headers = vec![
            ("Authorization", authorization),
            ("Content-Type", CONTENT_TYPE.to_owned()),
            ("X-TC-Action", call.action.to_owned()),
            ("X-TC-Version", VERSION.to_owned()),
            ("X-TC-Timestamp", timestamp_s.to_string()),
            ("X-TC-Region", inner.region.clone()),
        ];
        if let Some(token) = caller.and_then(Credentials::session_token) {
            headers.push(("X-TC-Token", token.to_owned()));
        }
        Ok(HttpRequest {
            method: "POST",
            url: inner.url.clone(),
            host_override: Some(inner.host.clone()),
            headers,
            body: call.body.clone().into_bytes(),
            timeout: inner.timeout,
        })
    }
}

/// STS answers 200 also for its errors; any other status comes from something in between.
pub(super) fn judge(answer: HttpResponse) -> Result<Vec<u8>, CredentialError> {
    let status = answer.status;
    if let Err(error) = check_reply(&answer.body) {
        // A gateway's HTML is no reply of the service: its status says more.
        let spoke = error.service_code().is_some();
        if spoke || status == 200 {
            return Err(error.with_http_status(status));
        }
    }
    if status == 200 {
        return Ok(answer.body);
    }
    let retryable = status == 429 || status >= 500;
    Err(CredentialError::new(
        CredentialErrorKind::Service,
        format!("the answer has status {status}"),
    )
    .with_http_status(status)
    .with_retryable(retryable))
}
