//! Why a signature does not match, in words.
//!
//! Two questions, both pure:
//!
//! - [`compare`]: the service refused a request and sent back the canonical text it computed
//!   (`FormatString` in a `SignatureDoesNotMatch` body). Where does it differ from ours?
//! - [`diagnose`]: we know the secret and the request. Which habit of signers gone wrong produces
//!   exactly the signature that arrived?
//!
//! ```
//! use cos_sign_core::explain::compare;
//! let ours = "get\n/a b\n\nhost=example.com\n";
//! let server = "get\n/a b\n\nhost=example.com%3A8080\n";
//! assert_eq!(
//!     compare(ours, server).unwrap().to_string(),
//!     "header `host` was signed as `example.com`, the server saw `example.com:8080`: \
//!      sign the Host header exactly as sent, with its port if it has one"
//! );
//! ```

mod compare;
mod diagnose;
mod habits;

pub use compare::{Difference, Part, compare};
pub use diagnose::{Cause, diagnose};
