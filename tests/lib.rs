#![forbid(unsafe_code)]
//! Helpers shared by the flow tests.
