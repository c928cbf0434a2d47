#![forbid(unsafe_code)]
//! The owner's server: decides which app user may have which temporary credentials.
