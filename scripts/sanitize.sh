#!/usr/bin/env bash
# Runs the C API's tests with library and programs instrumented by one sanitizer, the Rust side included:
#
#   scripts/sanitize.sh thread|address [words for cargo test]
#
# The thread sanitizer needs a standard library that is instrumented too, built from its sources; where these cannot
# be had it is skipped, loudly. The sanitizers' runtimes ship with the compiler; RUSTC_BOOTSTRAP lets stable use them.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:?thread or address}
shift
target=x86_64-unknown-linux-gnu
case $kind in
  thread) short=tsan ;;
  address) short=asan ;;
  *) echo "sanitize: no such sanitizer: $kind" >&2; exit 2 ;;
esac
if [ "$(uname -sm)" != "Linux x86_64" ]; then
  echo "sanitize: SKIPPED $kind: written for x86-64 Linux" >&2
  exit 0
fi
cargo=cargo
std=()
if [ "$kind" = thread ]; then
  if ! toolchain=$(scripts/rust-src.sh); then
    echo "sanitize: SKIPPED $kind: no sources of the standard library to instrument" >&2
    exit 0
  fi
  export RUSTC=$toolchain/bin/rustc
  cargo=$toolchain/bin/cargo
  std=(-Zbuild-std)
fi
runtime=$(ls "$(rustc --print sysroot)/lib/rustlib/$target/lib"/librustc-*_rt."$short".a | head -1)
export RUSTC_BOOTSTRAP=1 CARGO_INCREMENTAL=0
export RUSTFLAGS="-Zsanitizer=$kind -Cforce-frame-pointers=yes"
# Calls are what takes time here, so some optimisation pays.
export CARGO_PROFILE_DEV_OPT_LEVEL=1
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/$short
# Read by crates/cos-ffi/tests/support: C programs are built with this sanitizer and this one runtime.
export COS_FFI_SANITIZER=$kind COS_FFI_SANITIZER_RUNTIME=$runtime
export TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1 suppressions=$PWD/tests/sanitizers/thread.supp ${TSAN_OPTIONS:-}"
export ASAN_OPTIONS="detect_leaks=1 ${ASAN_OPTIONS:-}"
"$cargo" test --locked -p cos-ffi --target "$target" ${std[@]+"${std[@]}"} \
  --lib --test laws --test c_programs --test emulated --test nulls --no-fail-fast "$@"
