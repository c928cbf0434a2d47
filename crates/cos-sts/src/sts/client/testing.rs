//! A transport that answers by a script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use super::{Issued, StsClient};
use crate::sts::AssumeRoleRequest;
use crate::transport::{HttpRequest, HttpResponse, Transport, TransportError};
use crate::{BoxFuture, CredentialError, Credentials, ManualClock};

pub(super) const ROLE: &str = "qcs::cam::uin/100000000001:roleName/uploader";
pub(super) const NOW: u64 = 1_700_000_000;

#[derive(Debug, Clone, Default)]
pub(super) struct Script {
    answers: Arc<Mutex<VecDeque<Result<HttpResponse, TransportError>>>>,
    pub(super) sent: Arc<Mutex<Vec<HttpRequest>>>,
}

impl Script {
    pub(super) fn of(
        answers: impl IntoIterator<Item = Result<HttpResponse, TransportError>>,
    ) -> Self {
        let script = Self::default();
        script.answers.lock().unwrap().extend(answers);
        script
    }

    pub(super) fn timestamps(&self) -> Vec<String> {
        let sent = self.sent.lock().unwrap();
        sent.iter()
            .map(|r| {
                r.headers
                    .iter()
                    .find(|(n, _)| *n == "X-TC-Timestamp")
                    .unwrap()
                    .1
                    .clone()
            })
            .collect()
    }
}

impl Transport for Script {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        self.sent.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().pop_front();
        Box::pin(std::future::ready(
            answer.expect("more requests than the script has"),
        ))
    }
}

pub(super) fn answer(status: u16, body: &str) -> Result<HttpResponse, TransportError> {
    Ok(HttpResponse {
        status,
        headers: vec![("date".into(), "Tue, 14 Nov 2023 23:13:20 GMT".into())],
        body: body.as_bytes().to_vec(),
    })
}

pub(super) fn issued() -> Result<HttpResponse, TransportError> {
    answer(
        200,
        r#"{"Response":{"Credentials":{"Token":"t","TmpSecretId":"AKIDt","TmpSecretKey":"k"},"ExpiredTime":1700001800,"Expiration":"2023-11-14T22:43:20Z","RequestId":"r-1"}}"#,
    )
}

pub(super) fn failed(code: &str) -> Result<HttpResponse, TransportError> {
    answer(
        200,
        &format!(
            r#"{{"Response":{{"Error":{{"Code":"{code}","Message":"no"}},"RequestId":"r-2"}}}}"#
        ),
    )
}

pub(super) fn client(script: &Script) -> StsClient {
    StsClient::builder(Credentials::permanent("AKIDowner", "PLANTEDkey").unwrap())
        .transport(script.clone())
        .clock(ManualClock::skipping_sleep(NOW))
        .build()
        .unwrap()
}

pub(super) async fn assume(client: &StsClient) -> Result<Issued, CredentialError> {
    client
        .assume_role(&AssumeRoleRequest::new(ROLE, "app"))
        .await
}
