//! The signature of a browser upload (`POST` form, 436/14690).
//!
//! The form's `policy` field is the base64 of a JSON text; what is signed is the SHA-1 of the JSON
//! text itself.

use sha1::{Digest as _, Sha1};

use crate::{Digest, SignKey, Signature};

/// The StringToSign of a form: SHA-1 of the policy's JSON text, hex.
///
/// ```
/// # use cos_sign_core::post_policy::string_to_sign;
/// assert_eq!(string_to_sign("{}").as_str(), "bf21a9e8fbc5a3846fb05b4fa0859e0917b2202f");
/// ```
#[must_use]
pub fn string_to_sign(policy_json: &str) -> Digest {
    Digest::new(&Sha1::digest(policy_json.as_bytes()).into())
}

/// The form's `q-signature`; `q-key-time` is [`SignKey::key_time`].
#[must_use]
pub fn signature(key: &SignKey, policy_json: &str) -> Signature {
    key.sign_text(string_to_sign(policy_json).as_str())
}
