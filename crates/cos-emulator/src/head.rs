//! A request's head, decoded once.

use std::borrow::Cow;
use std::net::IpAddr;

use http::{HeaderMap, Method, Uri};
use percent_encoding::percent_decode;

use crate::error::{Code, Result};

/// Method, host, decoded path and parameters, headers.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: Method,
    /// The host with its port, as the client named it.
    pub(crate) host: String,
    /// The decoded path, beginning with `/`.
    pub(crate) path: String,
    /// The query as sent, without `?`.
    pub(crate) raw_query: String,
    /// The decoded parameters in the order sent.
    pub(crate) params: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) peer: IpAddr,
    pub(crate) tls: bool,
}

impl Head {
    /// # Errors
    /// `InvalidURI` when the path is not UTF-8 after decoding.
    pub(crate) fn new(
        method: Method,
        uri: &Uri,
        headers: HeaderMap,
        peer: IpAddr,
        tls: bool,
    ) -> Result<Self> {
        // A proxy's absolute form outranks the Host header (RFC 9112 §3.2.2).
        let host = match uri.authority() {
            Some(authority) => authority.as_str().to_owned(),
            None => headers
                .get(http::header::HOST)
                .map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned())
                .unwrap_or_default(),
        };
        let raw_path = if uri.path().starts_with('/') {
            uri.path()
        } else {
            "/"
        };
        let path = decode(raw_path).ok_or(Code::InvalidURI)?;
        let raw_query = uri.query().unwrap_or_default().to_owned();
        let params = parse_form(&raw_query).ok_or(Code::InvalidURI)?;
        Ok(Self {
            method,
            host,
            path,
            raw_query,
            params,
            headers,
            peer,
            tls,
        })
    }

    /// A header as text; bytes that are not UTF-8 become replacement characters.
    pub(crate) fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.headers
            .get(name)
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
    }

    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(k, _)| k == name)
            .map(|(_, v)| v.as_str())
    }

    /// A header, or else the parameter of the same name.
    pub(crate) fn header_or_param(&self, name: &str) -> Option<Cow<'_, str>> {
        self.header(name)
            .or_else(|| self.param(name).map(Cow::Borrowed))
    }

    /// `Content-Length`, if given and a number.
    pub(crate) fn content_length(&self) -> Option<u64> {
        self.header("content-length")?.trim().parse().ok()
    }

    /// The host without its port, in lower case.
    pub(crate) fn hostname(&self) -> String {
        let host = self
            .host
            .rsplit_once('@')
            .map_or(self.host.as_str(), |(_, host)| host);
        let name = match host.strip_prefix('[') {
            Some(v6) => v6.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        name.trim_end_matches('.').to_ascii_lowercase()
    }
}

/// Percent-decodes; a `+` is a space, which is what COS does in paths too (seen in its FormatString).
fn decode(text: &str) -> Option<String> {
    let spaced: Cow<'_, [u8]> = if text.contains('+') {
        Cow::Owned(
            text.bytes()
                .map(|b| if b == b'+' { b' ' } else { b })
                .collect(),
        )
    } else {
        Cow::Borrowed(text.as_bytes())
    };
    String::from_utf8(percent_decode(&spaced).collect()).ok()
}

/// `a=1&b` → pairs; also for `application/x-www-form-urlencoded` bodies.
pub(crate) fn parse_form(text: &str) -> Option<Vec<(String, String)>> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn head(uri: &str, host: Option<&str>) -> Result<Head> {
        let mut headers = HeaderMap::new();
        if let Some(host) = host {
            headers.insert("host", host.parse().unwrap());
        }
        Head::new(
            Method::GET,
            &uri.parse().unwrap(),
            headers,
            [127, 0, 0, 1].into(),
            false,
        )
    }

    #[test]
    fn decodes_path_and_query() {
        let head = head("/a%20b+c%2Bd/%E4%B8%AD?uploads&k=%2F+x&e=", Some("h:80")).unwrap();
        assert_eq!(head.path, "/a b c+d/中");
        assert_eq!(head.param("k"), Some("/ x"));
        assert_eq!(head.param("uploads"), Some(""));
        assert_eq!(head.hostname(), "h");
    }

    #[test]
    fn absolute_form_names_the_host() {
        let head = head("http://B-1.cos.r.myqcloud.com/k?x=1", Some("other")).unwrap();
        assert_eq!(head.hostname(), "b-1.cos.r.myqcloud.com");
        assert_eq!(head.path, "/k");
    }

    #[test]
    fn refuses_what_is_not_utf8() {
        assert_eq!(head("/%ff", None).unwrap_err().code, "InvalidURI");
    }
}
