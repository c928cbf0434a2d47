//! Any request signs or is refused; the order of its pairs never matters; the checker agrees.
#![no_main]

use arbitrary::Arbitrary;
use cos_sign_core::{KeyTime, Request, SignKey, Signer, verify::Parsed};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    method: &'a str,
    path: &'a str,
    params: Vec<(&'a str, &'a str)>,
    headers: Vec<(&'a str, &'a str)>,
    start_s: u32,
    life_s: u16,
}

fuzz_target!(|input: Input<'_>| {
    let Ok(window) =
        KeyTime::new(input.start_s.into(), u64::from(input.start_s) + u64::from(input.life_s))
    else {
        return;
    };
    let key = SignKey::derive("secret", window).expect("a fixed secret");
    let signer = Signer::new("id", &key);
    let request = Request {
        method: input.method,
        path: input.path,
        params: &input.params,
        headers: &input.headers,
    };
    let Ok(authorization) = signer.authorization(&request) else {
        return;
    };
    let (mut params, mut headers) = (input.params.clone(), input.headers.clone());
    params.reverse();
    headers.reverse();
    let reversed = Request { params: &params, headers: &headers, ..request };
    assert_eq!(signer.authorization(&reversed).as_ref(), Ok(&authorization));
    let parsed = Parsed::from_authorization(&authorization).expect("our own text");
    assert_eq!(parsed.check(&key, &request), Ok(true));
    for (name, _) in &input.headers {
        assert!(parsed.lists_header(name));
    }
    for (name, _) in &input.params {
        assert!(parsed.lists_param(name));
    }
    let mut small = [0; 64];
    assert!(signer.authorization_into(&request, &mut small).is_err());
});
