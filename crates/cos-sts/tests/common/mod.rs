//! A transport that gives one answer and keeps what was sent.

use std::sync::{Arc, Mutex};

use cos_sts::{BoxFuture, HttpRequest, HttpResponse, Transport, TransportError};

#[derive(Clone, Debug)]
pub(crate) struct OneAnswer {
    answer: Result<HttpResponse, TransportError>,
    sent: Arc<Mutex<Vec<HttpRequest>>>,
}

impl OneAnswer {
    pub(crate) fn new(answer: Result<HttpResponse, TransportError>) -> Self {
        Self {
            answer,
            sent: Arc::default(),
        }
    }

    pub(crate) fn json(body: impl Into<Vec<u8>>) -> Self {
        Self::new(Ok(HttpResponse {
            status: 200,
            headers: Vec::new(),
            body: body.into(),
        }))
    }

    pub(crate) fn sent(&self) -> Vec<HttpRequest> {
        self.sent.lock().unwrap().clone()
    }
}

impl Transport for OneAnswer {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        self.sent.lock().unwrap().push(request);
        Box::pin(std::future::ready(self.answer.clone()))
    }
}
