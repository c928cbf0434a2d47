//! Whether a transfer is continued with the settings it began with.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::request::Headers;

/// One-way digest of the headers and parameters that decide what the object or the content is.
/// Speed limits do not, and customer keys are left out: their MD5, sent beside them, tells enough.
pub(crate) fn digest(headers: &Headers, params: &[(String, String)]) -> String {
    let mut pairs = headers.clone().into_pairs();
    pairs.retain(|(name, _)| name != "x-cos-traffic-limit" && !name.ends_with("customer-key"));
    pairs.sort();
    let mut params = params.to_vec();
    params.sort();
    let mut hash = Sha256::new();
    for (name, value) in pairs
        .iter()
        .chain([(String::new(), String::new())].iter())
        .chain(&params)
    {
        // Lengths keep neighbours apart.
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update((value.len() as u64).to_le_bytes());
        hash.update(value);
    }
    hex(&hash.finalize()[..16])
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)], params: &[(&str, &str)]) -> String {
        let mut headers = Headers::default();
        for (name, value) in pairs {
            headers.set(name, value);
        }
        let params: Vec<_> = params
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        digest(&headers, &params)
    }

    #[test]
    fn what_shapes_the_content_counts_and_nothing_else() {
        let plain = of(&[], &[]);
        assert_eq!(plain.len(), 32);
        assert_eq!(plain, of(&[("x-cos-traffic-limit", "819200")], &[]));
        let key = "x-cos-server-side-encryption-customer-key";
        assert_eq!(plain, of(&[(key, "secret")], &[]));
        let text = of(&[("content-type", "text/plain"), ("a", "b")], &[]);
        assert_eq!(text, of(&[("a", "b"), ("content-type", "text/plain")], &[]));
        assert_ne!(text, plain);
        assert_ne!(of(&[("a", "bc")], &[]), of(&[("ab", "c")], &[]));
        assert_ne!(of(&[("a", "b")], &[]), of(&[], &[("a", "b")]));
    }
}
