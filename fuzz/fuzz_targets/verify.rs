//! Any text may come in an Authorization header.
#![no_main]

use cos_sign_core::{Request, SignKey, tc3, verify::Parsed};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = tc3::Authorization::parse(text);
    let Ok(parsed) = Parsed::from_authorization(text) else {
        return;
    };
    let key = SignKey::derive("secret", parsed.key_time).expect("a fixed secret");
    let headers: Vec<(&str, &str)> = parsed.header_names().map(|name| (name, "v")).collect();
    let params: Vec<(&str, &str)> = parsed.param_names().map(|name| (name, "v")).collect();
    let request = Request { method: "GET", path: "/", params: &params, headers: &headers };
    let _ = parsed.check(&key, &request);
    let _ = cos_sign_core::explain::diagnose(&parsed, "secret", &request, Some(1));
});
