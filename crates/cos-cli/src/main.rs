#![forbid(unsafe_code)]
//! The cos command: sign, sts, policy, transfers, emulator, broker and demo.

fn main() {}
