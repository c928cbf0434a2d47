//! One call before it is signed: what to ask, with which body, and how to read the answer.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;
use md5::{Digest, Md5};

use crate::body::Payload;
use crate::error::{Error, Result};
use crate::limits::Pace;
use crate::operation::Operation;
use crate::transfer::progress::Share;
use crate::types::{Endpoint, ObjectKey};

/// How the answer's content is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Read whole within the attempt, so that a broken answer is repeated; an `<Error>` document
    /// inside 200 is an error.
    Whole,
    /// Handed to the caller as it arrives.
    Stream,
}

/// Everything `execute` needs; attempts only borrow it.
pub(crate) struct Call {
    pub operation: Operation,
    pub method: Method,
    pub key: Option<ObjectKey>,
    /// Another address than the bucket's.
    pub endpoint: Option<Endpoint>,
    /// Decoded; an empty value is a bare name. The first one selects the sub-resource.
    pub params: Vec<(String, String)>,
    /// Besides host, length and credentials.
    pub headers: Vec<(String, String)>,
    pub payload: Payload,
    pub share: Option<Share>,
    /// Limits of the content's speed; without any, the client's own.
    pub pace: Pace,
    pub content: Content,
    pub idempotent: bool,
    /// Whether it needs credentials; a form carries its own.
    pub signed: bool,
    /// Compare the CRC-64 of what was sent with the answer's.
    pub check_crc: bool,
    pub read_timeout: Option<Duration>,
    pub max_attempts: Option<u32>,
}

impl Call {
    pub(crate) fn new(operation: Operation, method: Method) -> Self {
        Self {
            operation,
            method,
            key: None,
            endpoint: None,
            params: Vec::new(),
            headers: Vec::new(),
            payload: Payload::None,
            share: None,
            pace: Pace::default(),
            content: Content::Whole,
            idempotent: operation.idempotent(),
            signed: true,
            check_crc: false,
            read_timeout: None,
            max_attempts: None,
        }
    }

    pub(crate) fn key(mut self, key: ObjectKey) -> Self {
        self.key = Some(key);
        self
    }

    pub(crate) fn param(mut self, name: &str, value: impl Into<String>) -> Self {
        self.params.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn headers(mut self, headers: Headers) -> Self {
        self.headers.extend(headers.0);
        self
    }

    pub(crate) fn payload(mut self, payload: Payload) -> Self {
        self.payload = payload;
        self
    }

    /// Carries `Content-MD5` of its payload, instead of one that was set.
    pub(crate) async fn with_content_md5(mut self) -> Result<Self> {
        if let Some(md5) = self.payload.content_md5().await? {
            self.headers.retain(|(name, _)| name != CONTENT_MD5);
            self.headers.push((CONTENT_MD5.into(), md5));
        }
        Ok(self)
    }

    /// Asks for a certain version, when one is given.
    pub(crate) fn version(self, version_id: Option<String>) -> Self {
        match version_id {
            Some(version) => self.param("versionId", version),
            None => self,
        }
    }

    /// Carries a document with the MD5 that the service wants for some of them.
    pub(crate) fn document(mut self, content_type: &str, text: String) -> Self {
        let md5 = STANDARD.encode(Md5::digest(text.as_bytes()));
        self.headers.push((CONTENT_MD5.into(), md5));
        self.headers
            .push(("content-type".into(), content_type.into()));
        self.payload(Payload::bytes(text.into()))
    }

    pub(crate) fn xml(self, text: String) -> Self {
        self.document("application/xml", text)
    }
}

const CONTENT_MD5: &str = "content-md5";

/// Request headers collected by a builder; checked when the call is made. Debug shows their names
/// only: values may be keys.
#[derive(Clone, Default)]
pub(crate) struct Headers(Vec<(String, String)>);

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(n, _)| n))
            .finish()
    }
}

/// Content that Debug shows the length of.
#[derive(Clone)]
pub(crate) struct Data(pub Bytes);

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Headers {
    /// Sets a header; the last value counts. Blanks around the value are dropped, as the service
    /// signs what it receives without them.
    pub(crate) fn set(&mut self, name: &str, value: impl AsRef<str>) {
        let name = name.to_ascii_lowercase();
        let value = value.as_ref().trim().to_owned();
        match self.0.iter_mut().find(|(n, _)| *n == name) {
            Some(entry) => entry.1 = value,
            None => self.0.push((name, value)),
        }
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let entry = self.0.iter().find(|(n, _)| n == name)?;
        Some(&entry.1)
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(n, _)| n != name);
        self
    }

    pub(crate) fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }

    /// Refuses what cannot be sent or signed.
    pub(crate) fn checked(self) -> Result<Self> {
        for (name, value) in &self.0 {
            let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
            if name.is_empty() || !name.bytes().all(token) {
                return Err(Error::config(format!("{name:?} is not a header name")));
            }
            if !value
                .bytes()
                .all(|b| (0x20..0x7f).contains(&b) || b == b'\t')
            {
                return Err(Error::config(format!(
                    "the value of header {name} holds control or non-ASCII characters"
                ))
                .with_hint_text("percent-encode the value"));
            }
            check_known(name, value)?;
            if matches!(
                name.as_str(),
                "host"
                    | "content-length"
                    | "authorization"
                    | "x-cos-security-token"
                    | "transfer-encoding"
                    | "connection"
            ) {
                return Err(Error::config(format!(
                    "header {name} is set by the client itself"
                )));
            }
        }
        Ok(self)
    }
}

/// What the service would refuse, or lose, for all to know.
fn check_known(name: &str, value: &str) -> Result<()> {
    if name == "x-cos-traffic-limit" {
        let bits: Option<u64> = value.parse().ok();
        if !bits.is_some_and(|bits| TRAFFIC_LIMITS.contains(&bits)) {
            return Err(Error::config(format!(
                "traffic_limit: {value} bits per second is outside 819200 to 838860800"
            )));
        }
    }
    let metadata = name.strip_prefix("x-cos-meta-");
    if metadata.is_some_and(|name| name.is_empty() || name.contains('_')) {
        return Err(
            Error::config(format!("metadata: {name:?} needs a name without `_`"))
                .with_hint_text("write `-` instead of `_`"),
        );
    }
    Ok(())
}

/// Bits per second.
const TRAFFIC_LIMITS: std::ops::RangeInclusive<u64> = 819_200..=838_860_800;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_trimmed_replaced_and_checked() {
        let mut headers = Headers::default();
        headers.set("Content-Type", " text/plain ");
        headers.set("content-type", "text/html");
        assert_eq!(
            headers.0,
            [("content-type".to_owned(), "text/html".to_owned())]
        );
        assert_eq!(format!("{headers:?}"), "[\"content-type\"]");
        assert!(headers.checked().is_ok());
        for (name, value) in [
            ("x-cos-meta-a", "ä"),
            ("x-cos-meta-a", "a\r\nb: c"),
            ("a b", "x"),
            ("", "x"),
            ("Host", "x"),
            ("authorization", "x"),
            ("Content-Length", "1"),
            ("x-cos-meta-a_b", "x"),
            ("x-cos-meta-", "x"),
            ("x-cos-traffic-limit", "819199"),
            ("x-cos-traffic-limit", "838860801"),
            ("x-cos-traffic-limit", "fast"),
        ] {
            let mut headers = Headers::default();
            headers.set(name, value);
            assert!(headers.checked().is_err(), "{name}: {value}");
        }
    }
}
