#![forbid(unsafe_code)]
//! A local STS, CAM and COS that says no when the cloud would.
