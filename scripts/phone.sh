#!/usr/bin/env bash
# Builds target/phone/libcos_ffi.a, the C library as a phone app links it: the profile `phone` and what no profile
# can say. Options are cargo's: `scripts/phone.sh --target aarch64-linux-android`. With STD=source the standard library
# is built along, without what prints backtraces: 0.18 MB less of a program. That needs its sources and --target, and
# the archive is in target/TARGET/phone.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${STD:-}" = source ]; then
  toolchain=$(scripts/rust-src.sh)
  # Building the standard library is unstable; this lets the stable compiler do it.
  export RUSTC=$toolchain/bin/rustc CARGO=$toolchain/bin/cargo RUSTC_BOOTSTRAP=1
  set -- -Zbuild-std=std,panic_unwind -Zbuild-std-features= "$@"
fi

# The tables for unwinding are a fifth smaller where functions keep a frame pointer. On arm64 phones they do anyway.
flags=-Cforce-frame-pointers=yes
# Panics name source files: without the folder that this machine keeps registry crates in.
for sources in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/; do
  flags+=$'\x1f'--remap-path-prefix=$sources=
done
export CARGO_ENCODED_RUSTFLAGS=$flags${CARGO_ENCODED_RUSTFLAGS:+$'\x1f'$CARGO_ENCODED_RUSTFLAGS}
# Linking inlines what costs no more than the call and its unwinding entry. The standard library comes compiled for
# speed: here nothing is padded so that loops and functions begin at round addresses.
exec "${CARGO:-cargo}" rustc --locked --profile phone -p cos-ffi --lib --crate-type staticlib "$@" \
  -- -Cllvm-args="-inline-threshold=12 -align-loops=1 -align-all-functions=1"
