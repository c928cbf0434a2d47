//! Objects encrypted with a key of the customer's own (SSE-C): the three headers that name it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use crate::request::Headers;

/// What the names of the headers of a request's own object begin with.
const OWN: &str = "x-cos-server-side-encryption-customer-";
/// The same for the source of a copy.
const SOURCE: &str = "x-cos-copy-source-server-side-encryption-customer-";

/// Names the key of the object that is written or read.
pub(crate) fn set(headers: &mut Headers, key: &[u8; 32]) {
    set_with(headers, OWN, key);
}

/// Names the key of the object that is copied.
pub(crate) fn set_source(headers: &mut Headers, key: &[u8; 32]) {
    set_with(headers, SOURCE, key);
}

fn set_with(headers: &mut Headers, prefix: &str, key: &[u8; 32]) {
    for (name, value) in [
        ("algorithm", "AES256".to_owned()),
        ("key", STANDARD.encode(key)),
        ("key-md5", STANDARD.encode(Md5::digest(key))),
    ] {
        headers.set(&format!("{prefix}{name}"), value);
    }
}

/// The headers that every request about the object needs: parts and HEAD too.
pub(crate) fn of_object(headers: &Headers) -> impl Iterator<Item = (&str, &str)> {
    headers.pairs().filter(|(name, _)| name.starts_with(OWN))
}

/// The headers that name the key of a copy's source.
pub(crate) fn of_source(headers: &Headers) -> impl Iterator<Item = (&str, &str)> {
    headers.pairs().filter(|(name, _)| name.starts_with(SOURCE))
}

/// The source's key for requests about the source itself.
pub(crate) fn as_own(headers: &Headers) -> impl Iterator<Item = (String, &str)> {
    of_source(headers).map(|(name, value)| (name.replace(SOURCE, OWN), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_headers_that_debug_does_not_show() {
        let mut headers = Headers::default();
        set(&mut headers, &[7; 32]);
        set_source(&mut headers, &[8; 32]);
        headers.set("content-type", "a/b");
        let own: Vec<_> = of_object(&headers).collect();
        let key = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
        assert_eq!(
            own,
            [
                ("x-cos-server-side-encryption-customer-algorithm", "AES256"),
                ("x-cos-server-side-encryption-customer-key", key),
                (
                    "x-cos-server-side-encryption-customer-key-md5",
                    "y4HAEFCYWuvAXWFTtA1Qpg=="
                ),
            ]
        );
        assert_eq!(of_source(&headers).count(), 3);
        let source: Vec<_> = as_own(&headers).collect();
        assert_eq!(source[0].0, own[0].0);
        assert_ne!(source[1].1, own[1].1);
        assert!(!format!("{headers:?}").contains(key));
    }
}
