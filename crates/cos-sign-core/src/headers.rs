//! Which headers a request should sign.

/// Headers outside the `x-cos-` and `x-ci-` families that COS wants signed when they are sent
/// (the union of what the official SDKs sign; 436/7778).
const SIGNED: &[&str] = &[
    "access-control-request-headers",
    "access-control-request-method",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-length",
    "content-md5",
    "content-type",
    "expect",
    "expires",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
    "origin",
    "pic-operations",
    "range",
    "transfer-encoding",
];

/// Whether a header that is sent should be signed too. Safe on every bucket, strict-signature
/// ones included; hop-by-hop and client headers (`User-Agent`, `Accept`, `Date` …) are left out
/// because proxies change them.
///
/// ```
/// use cos_sign_core::should_sign_header;
/// assert!(should_sign_header("Host") && should_sign_header("x-cos-security-token"));
/// assert!(!should_sign_header("User-Agent"));
/// ```
#[must_use]
pub fn should_sign_header(name: &str) -> bool {
    let family = |prefix: &str| {
        name.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    family("x-cos-") || family("x-ci-") || SIGNED.iter().any(|s| s.eq_ignore_ascii_case(name))
}
