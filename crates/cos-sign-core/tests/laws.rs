//! Laws that hold for every request.

#![allow(clippy::unwrap_used)]

use cos_sign_core::{KeyTime, Request, SignError, SignKey, Signer, verify::Parsed};
use proptest::prelude::*;

type Owned = Vec<(String, String)>;

/// Parameters of any text; header values without control characters.
fn pairs(value: &'static str) -> impl Strategy<Value = Owned> {
    prop::collection::vec(("[A-Za-z%+/é中~ -]{1,6}", value), 0..70)
}

fn borrowed(pairs: &Owned) -> Vec<(&str, &str)> {
    pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

fn key() -> SignKey {
    SignKey::derive(
        "secret",
        KeyTime::new(1_700_000_000, 1_700_003_600).unwrap(),
    )
    .unwrap()
}

proptest! {
    #[test]
    fn order_never_matters(
        (params, mixed) in pairs("\\PC{0,5}").prop_flat_map(|p| (Just(p.clone()), Just(p).prop_shuffle())),
        (headers, tossed) in pairs("[ -~]{0,5}").prop_flat_map(|p| (Just(p.clone()), Just(p).prop_shuffle())),
    ) {
        let key = key();
        let signer = Signer::new("id", &key);
        let sign = |params: &Owned, headers: &Owned| {
            let (params, headers) = (borrowed(params), borrowed(headers));
            let request = Request { method: "GET", path: "/k", params: &params, headers: &headers };
            signer.authorization(&request).unwrap()
        };
        prop_assert_eq!(sign(&params, &headers), sign(&mixed, &tossed));
    }

    #[test]
    fn header_and_link_carry_the_same_signature(
        path in "/\\PC{0,12}", params in pairs("\\PC{0,5}"), headers in pairs("[ -~]{0,5}"),
    ) {
        let key = key();
        let signer = Signer::new("id", &key);
        let (params, headers) = (borrowed(&params), borrowed(&headers));
        let request = Request { method: "PUT", path: &path, params: &params, headers: &headers };
        let authorization = signer.authorization(&request).unwrap();
        let query = signer.presigned_query(&request).unwrap();
        // Only the link's own fields: the request's parameters may carry any name.
        let fields = &query[query.rfind("q-sign-algorithm=").unwrap()..];
        let decoded: Vec<(String, String)> = fields
            .split('&')
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), decode(value)))
            .collect();
        let link = borrowed(&decoded);
        let (a, b) = (Parsed::from_authorization(&authorization).unwrap(), Parsed::from_params(&link).unwrap());
        prop_assert_eq!(a.signature, b.signature);
        prop_assert_eq!(a.header_list, b.header_list);
        prop_assert_eq!(a.url_param_list, b.url_param_list);
        prop_assert!(a.check(&key, &request).unwrap() && b.check(&key, &request).unwrap());
    }

    #[test]
    fn a_buffer_that_is_too_small_says_what_is_enough(size in 0_usize..400) {
        let key = key();
        let signer = Signer::new("id", &key);
        let request = Request { method: "GET", path: "/", params: &[], headers: &[("host", "h")] };
        let whole = signer.authorization(&request).unwrap();
        let mut buffer = vec![0; size];
        let result = signer.authorization_into(&request, &mut buffer).map(str::to_owned);
        if size < whole.len() {
            prop_assert_eq!(result, Err(SignError::BufferTooSmall { needed: whole.len() }));
        } else {
            prop_assert_eq!(result, Ok(whole));
        }
    }
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            out.push(u8::from_str_radix(&text[at + 1..at + 3], 16).unwrap());
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn bad_input_has_a_clear_error() {
    let window = KeyTime::new(1, 2).unwrap();
    assert_eq!(
        SignKey::derive("", window).unwrap_err(),
        SignError::EmptySecret
    );
    for pasted in [" key", "key\n", "\tkey"] {
        assert_eq!(
            SignKey::derive(pasted, window).unwrap_err(),
            SignError::BlankInSecret
        );
    }
    let key = key();
    let good = Request {
        method: "GET",
        path: "/",
        params: &[],
        headers: &[],
    };
    let refuse =
        |request: Request<'_>| Signer::new("id", &key).authorization(&request).unwrap_err();
    assert_eq!(
        Signer::new("", &key).authorization(&good).unwrap_err(),
        SignError::EmptySecret
    );
    assert_eq!(
        refuse(Request { method: "", ..good }),
        SignError::InvalidMethod
    );
    assert_eq!(
        refuse(Request {
            method: "GE T",
            ..good
        }),
        SignError::InvalidMethod
    );
    assert_eq!(
        refuse(Request { path: "k", ..good }),
        SignError::InvalidPath
    );
    assert_eq!(
        refuse(Request {
            headers: &[("a", "1"), ("b", "x\r\ny: z")],
            ..good
        }),
        SignError::ControlCharacter { header: 1 }
    );
}

#[test]
fn secrets_stay_out_of_debug() {
    let key = key();
    let request = Request {
        method: "GET",
        path: "/",
        params: &[],
        headers: &[("x-cos-security-token", "PLANTED")],
    };
    let signer = Signer::new("id", &key);
    let signature = signer.signature(&request).unwrap();
    let authorization = signer.authorization(&request).unwrap();
    let parsed = Parsed::from_authorization(&authorization).unwrap();
    let shown = format!("{key:?} {request:?} {signer:?} {signature:?} {parsed:?}");
    for secret in ["PLANTED", key.expose(), signature.as_str()] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
