//! Answers in the service's form.

use http::{HeaderValue, Response, StatusCode};

use crate::body::Body;
use crate::error::header_value;
use crate::xml::Xml;

/// An answer that is built up header by header.
pub(crate) trait Reply: Sized {
    fn with(self, name: &'static str, value: &str) -> Self;

    fn maybe(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

impl Reply for Response<Body> {
    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers_mut().insert(name, header_value(value));
        self
    }
}

pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

pub(crate) fn xml(document: Xml) -> Response<Body> {
    let mut response = Response::new(Body::from(document.finish()));
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/xml"),
    );
    response
}

pub(crate) fn json(value: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string()));
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}
