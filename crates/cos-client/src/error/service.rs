//! What the service says when it says no, read from headers and body.

use std::time::UNIX_EPOCH;

use http::HeaderMap;

use super::ErrorKind;
use crate::{elements, time};

/// An error answer, before it becomes an [`super::Error`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ServiceError {
    pub status: u16,
    pub code: Option<String>,
    pub message: Option<String>,
    pub resource: Option<String>,
    pub request_id: Option<String>,
    pub trace_id: Option<String>,
    /// Seconds since 1970 on the service's clock, from `ServerTime` or `Date`.
    pub server_time_s: Option<u64>,
    /// Where the bucket really is, when that was told.
    pub bucket_region: Option<String>,
    /// What the service computed, on SignatureDoesNotMatch; holds no secret.
    pub string_to_sign: Option<String>,
}

#[derive(Default)]
struct Body {
    code: Option<String>,
    message: Option<String>,
    resource: Option<String>,
    request_id: Option<String>,
    trace_id: Option<String>,
    server_time: Option<String>,
    string_to_sign: Option<String>,
}

impl ServiceError {
    /// Reads an answer; every part may be missing.
    pub(crate) fn read(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let header = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?.trim();
            (!value.is_empty()).then(|| value.to_owned())
        };
        let xml = read_xml(body).unwrap_or_default();
        let filled = |text: Option<String>| text.filter(|t| !t.is_empty());
        let server_time_s = filled(xml.server_time)
            .and_then(|t| parse_time(&t))
            .or_else(|| header("date").and_then(|d| parse_time(&d)));
        Self {
            status,
            // Vector buckets and some gateways put the code into a header only.
            code: filled(xml.code).or_else(|| header("x-cos-error-code")),
            message: filled(xml.message),
            resource: filled(xml.resource),
            request_id: header("x-cos-request-id").or_else(|| filled(xml.request_id)),
            trace_id: header("x-cos-trace-id").or_else(|| filled(xml.trace_id)),
            server_time_s,
            bucket_region: header("x-cos-bucket-region"),
            string_to_sign: filled(xml.string_to_sign),
        }
    }

    /// Whether COS itself answered, not a proxy on the way.
    pub(crate) fn is_from_cos(&self) -> bool {
        self.request_id.is_some()
    }

    pub(crate) fn kind(&self) -> ErrorKind {
        match (self.status, self.code.as_deref()) {
            (_, Some("FileAlreadyExists" | "PreconditionFailed")) => ErrorKind::Precondition,
            (_, Some("ExpiredToken" | "InvalidAccessKeyId")) => ErrorKind::AccessDenied,
            (304 | 412, _) => ErrorKind::Precondition,
            (401 | 403, _) => ErrorKind::AccessDenied,
            (404, _) => ErrorKind::NotFound,
            _ => ErrorKind::Service,
        }
    }

    pub(crate) fn message_or_status(&self) -> String {
        if let Some(message) = &self.message {
            return message.clone();
        }
        let reason = http::StatusCode::from_u16(self.status)
            .ok()
            .and_then(|s| s.canonical_reason())
            .unwrap_or("unknown status");
        format!("the service answered {} {reason}", self.status)
    }
}

/// Whether a 200 body is an `<Error>` document: COPY, part copy and Complete may send one.
pub(crate) fn is_error_document(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&body[..body.len().min(512)]);
    let mut rest = text.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']);
    if rest.starts_with("<?") {
        rest = rest
            .split_once("?>")
            .map_or("", |(_, after)| after)
            .trim_start();
    }
    rest.starts_with("<Error>") || rest.starts_with("<Error ")
}

fn read_xml(body: &[u8]) -> Option<Body> {
    if !is_error_document(body) {
        return None;
    }
    Body::read(std::str::from_utf8(body).ok()?.trim_start())
}

impl Body {
    fn read(text: &str) -> Option<Self> {
        let mut body = Self::default();
        elements::read(text, &mut |depth, name, value| {
            if depth == 2
                && let Some(field) = body.field(name)
            {
                *field = Some(value.trim().to_owned());
            }
        })?;
        Some(body)
    }

    fn field(&mut self, element: &str) -> Option<&mut Option<String>> {
        Some(match element {
            "Code" => &mut self.code,
            "Message" => &mut self.message,
            "Resource" => &mut self.resource,
            "RequestId" => &mut self.request_id,
            "TraceId" => &mut self.trace_id,
            "ServerTime" => &mut self.server_time,
            "StringToSign" => &mut self.string_to_sign,
            _ => return None,
        })
    }
}

/// HTTP dates and ISO 8601 (`2019-05-24T10:56:40.000Z`) to Unix seconds.
fn parse_time(text: &str) -> Option<u64> {
    time::parse_imf(text).or_else(|| {
        let iso = time::parse_iso(text)?;
        Some(iso.duration_since(UNIX_EPOCH).ok()?.as_secs())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_body_and_prefers_headers_for_ids() {
        let mut headers = HeaderMap::new();
        headers.insert("x-cos-request-id", "head".parse().unwrap());
        headers.insert("date", "Fri, 24 May 2019 10:56:40 GMT".parse().unwrap());
        let body = b"<?xml version='1.0' encoding='utf-8' ?>\n<Error>\n<Code>NoSuchKey</Code>\
            <Message>The &amp; key.</Message><Resource>h/k</Resource><RequestId>body</RequestId>\
            <TraceId>t</TraceId><New>x</New></Error>";
        let e = ServiceError::read(404, &headers, body);
        assert_eq!(e.code.as_deref(), Some("NoSuchKey"));
        assert_eq!(e.message.as_deref(), Some("The & key."));
        assert_eq!(e.request_id.as_deref(), Some("head"));
        assert_eq!(e.trace_id.as_deref(), Some("t"));
        assert_eq!(e.server_time_s, Some(1_558_695_400));
        assert_eq!(e.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn server_time_of_the_body_comes_first() {
        let body = b"<Error><Code>RequestTimeTooSkewed</Code>\
            <ServerTime>2019-05-24T10:56:40Z</ServerTime></Error>";
        let e = ServiceError::read(403, &HeaderMap::new(), body);
        assert_eq!(e.server_time_s, Some(1_558_695_400));
        assert!(!e.is_from_cos());
    }

    #[test]
    fn reads_what_xml_allows() {
        let body = "<?xml version='1.0'?><Error a='b'><!-- c --><Code> <![CDATA[No<&]]> </Code>\
            <Message>&lt;&#x6587;&#20214;&quot;\n</Message><Details><Code>inner</Code></Details>\
            <Resource/><StringToSign>sha1\n1;2\nabc\n</StringToSign></Error>";
        let e = ServiceError::read(400, &HeaderMap::new(), body.as_bytes());
        assert_eq!(e.code.as_deref(), Some("No<&"));
        assert_eq!(e.message.as_deref(), Some("<文件\""));
        assert_eq!(e.resource, None);
        assert_eq!(e.string_to_sign.as_deref(), Some("sha1\n1;2\nabc"));
    }

    #[test]
    fn survives_any_body() {
        for body in [
            &b""[..],
            b"\xff\xfe",
            b"<Error><Code>",
            b"<html>no</html>",
            b"<Error",
            b"<Error><Code>a</Message></Error>",
            b"<Error><Code>a</Code></Error></Error>",
            b"<Error><Code>&unknown;</Code></Error>",
        ] {
            let e = ServiceError::read(502, &HeaderMap::new(), body);
            assert_eq!(e.code, None);
            assert!(e.message_or_status().contains("502"));
        }
    }

    #[test]
    fn error_documents_are_told_apart() {
        assert!(is_error_document(
            b"  \n\n<?xml version=\"1.0\"?>\n<Error><Code>x</Code></Error>"
        ));
        assert!(is_error_document(b"<Error></Error>"));
        assert!(!is_error_document(b"<ErrorFree/>"));
        assert!(!is_error_document(b"<CopyObjectResult/>"));
        assert!(!is_error_document(b""));
    }
}
