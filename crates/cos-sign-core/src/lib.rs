#![forbid(unsafe_code)]
//! Request signatures for Tencent Cloud COS and STS: no_std, no allocation, no clock.
