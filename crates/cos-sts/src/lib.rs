#![forbid(unsafe_code)]
//! Temporary credentials for Tencent Cloud: fetch, hold, renew; build and evaluate CAM policies.
