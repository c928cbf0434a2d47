//! Whatever STS, a token server or the metadata service sends is credentials or an error, and no error repeats the
//! secrets in it.
#![no_main]

use cos_sts::Credentials;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

const SECRET: &str = "PLANTEDsecretPLANTED";

fuzz_target!(|text: &str| {
    if let Ok(credentials) = Credentials::parse_sts_json(text) {
        assert!(!credentials.secret_id().is_empty());
        assert!(credentials.session_token().is_some_and(|token| !token.is_empty()));
        assert!(credentials.expired_time_s().is_some());
        let _ = format!("{credentials:?}");
    }
    // The same beside secrets, which must not come out again.
    let Ok(Value::Object(mut fields)) = serde_json::from_str(text) else { return };
    if text.contains("PLANTED") {
        return;
    }
    fields.insert("tmpSecretKey".into(), json!(SECRET));
    fields.insert("sessionToken".into(), json!(SECRET));
    let json = Value::Object(fields).to_string();
    let shown = match Credentials::parse_sts_json(&json) {
        Ok(credentials) => format!("{credentials:?}"),
        Err(error) => format!("{error} {error:?}"),
    };
    assert!(!shown.contains("PLANTED"), "{shown}");
});
