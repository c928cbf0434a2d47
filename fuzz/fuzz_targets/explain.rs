//! Any two texts can be compared, and only equal ones have no difference.
#![no_main]

use cos_sign_core::explain::compare;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: (&str, &str)| {
    let (ours, server) = texts;
    let difference = compare(ours, server);
    assert_eq!(difference.is_none(), ours == server);
    if let Some(difference) = difference {
        assert!(!difference.to_string().is_empty());
    }
});
