//! A transport with prepared answers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use crate::BoxFuture;
use crate::transport::{HttpRequest, HttpResponse, Transport, TransportError, TransportErrorKind};

/// What STS answers to a call for credentials.
pub(crate) const ISSUED: &str = r#"{"Response":{"Credentials":{"Token":"t","TmpSecretId":"i","TmpSecretKey":"k"},"ExpiredTime":4102444800,"RequestId":"r"}}"#;

/// Gives its answers in order, then nobody answers any more.
#[derive(Clone, Debug)]
pub(crate) struct Answers {
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
    sent: Arc<Mutex<Vec<HttpRequest>>>,
}

impl Answers {
    pub(crate) fn of(answers: &[(u16, &str)]) -> Self {
        let answers = answers.iter().map(|(s, b)| (*s, (*b).to_owned()));
        Self {
            answers: Arc::new(Mutex::new(answers.collect())),
            sent: Arc::default(),
        }
    }

    pub(crate) fn sent(&self) -> Vec<HttpRequest> {
        self.sent.lock().unwrap().clone()
    }
}

impl Transport for Answers {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        self.sent.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().pop_front();
        let answer = answer.map(|(status, body)| HttpResponse {
            status,
            headers: Vec::new(),
            body: body.into_bytes(),
        });
        let nobody = || TransportError::new(TransportErrorKind::Connect, "nobody answers");
        Box::pin(std::future::ready(answer.ok_or_else(nobody)))
    }
}
