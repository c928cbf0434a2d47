//! Error codes of the service, their HTTP status, and the XML that carries them.

mod code;

use std::borrow::Cow;

use http::{HeaderName, HeaderValue, Response, StatusCode};

pub(crate) use code::Code;

use crate::body::Body;
use crate::xml::Xml;

/// An answer that says no.
#[derive(Debug)]
pub(crate) struct Error {
    /// The service's code.
    pub(crate) code: Cow<'static, str>,
    pub(crate) status: StatusCode,
    pub(crate) message: Cow<'static, str>,
    /// More elements of the body, such as `StringToSign`.
    pub(crate) elements: Vec<(&'static str, String)>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self {
            code: Cow::Borrowed(code.name()),
            status: code.status(),
            message: Cow::Borrowed(code.message()),
            elements: Vec::new(),
            headers: Vec::new(),
        }
    }
}

impl Code {
    /// The code with a message that says more than its usual one.
    pub(crate) fn because(self, message: impl Into<Cow<'static, str>>) -> Error {
        Error {
            message: message.into(),
            ..Error::from(self)
        }
    }
}

impl Error {
    pub(crate) fn element(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.elements.push((name, text.into()));
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers
            .push((HeaderName::from_static(name), header_value(value)));
        self
    }

    /// The XML body, in the order of the service's own replies.
    pub(crate) fn xml(&self, resource: &str, request_id: &str, trace_id: &str) -> String {
        let mut xml = Xml::new();
        xml.open("Error")
            .text("Code", &self.code)
            .text("Message", &self.message);
        for (name, text) in &self.elements {
            xml.text(name, text);
        }
        xml.text("Resource", resource)
            .text("RequestId", request_id)
            .text("TraceId", trace_id);
        xml.close("Error");
        xml.finish()
    }

    /// The whole answer. A HEAD request gets no body, and neither does a 304.
    pub(crate) fn response(
        self,
        head: bool,
        resource: &str,
        request_id: &str,
        trace_id: &str,
    ) -> Response<Body> {
        let bodyless = head || self.status == StatusCode::NOT_MODIFIED;
        let mut response = if bodyless {
            Response::new(Body::empty())
        } else {
            let mut response = Response::new(Body::from(self.xml(resource, request_id, trace_id)));
            response.headers_mut().insert(
                http::header::CONTENT_TYPE,
                HeaderValue::from_static("application/xml"),
            );
            response
        };
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value);
        }
        if self.status != StatusCode::NOT_MODIFIED {
            response
                .headers_mut()
                .insert("x-cos-trace-id", header_value(trace_id));
        }
        response
    }
}

/// Text as a header value; what no header may hold becomes `?`.
pub(crate) fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text)
        .or_else(|_| HeaderValue::from_bytes(text.as_bytes()))
        .unwrap_or_else(|_| {
            let clean: String = text
                .chars()
                .map(|c| if c.is_control() { '?' } else { c })
                .collect();
            HeaderValue::from_bytes(clean.as_bytes())
                .unwrap_or_else(|_| HeaderValue::from_static("?"))
        })
}

/// A backend that could not read or write.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        tracing::error!(%error, "storage failed");
        if error.kind() == std::io::ErrorKind::StorageFull {
            return Code::InsufficientStorage.into();
        }
        Code::InternalError.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_is_escaped() {
        let error = Code::NoSuchKey
            .because("<&>")
            .element("StringToSign", "a\nb");
        let xml = error.xml("h/k&", "r", "t");
        assert!(
            xml.contains("<Message>&lt;&amp;&gt;</Message><StringToSign>a\nb</StringToSign>"),
            "{xml}"
        );
        assert!(xml.contains("<Resource>h/k&amp;</Resource>"), "{xml}");
    }

    #[test]
    fn any_text_becomes_a_header() {
        assert_eq!(header_value("a\nb"), "a?b");
        assert_eq!(header_value("ü").as_bytes(), "ü".as_bytes());
    }
}
