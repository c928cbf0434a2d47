#![forbid(unsafe_code)]
//! Objects and transfers on Tencent Cloud COS with temporary credentials.
