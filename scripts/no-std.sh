#!/usr/bin/env bash
# Proves that cos-sign-core needs neither std nor an allocator.
#
# Bare metal and wasm need the standard library's sources in the compiler's own version. They come from a
# Debian suite that may drop them any day; where they cannot be had, that part is skipped, loudly, and the
# host proof (a static program linked with -nostdlib) stands alone.
set -euo pipefail
cd "$(dirname "$0")/.."
work=target/no-std
mkdir -p "$work"
work=$(cd "$work" && pwd)

# 1. On this machine: no std, no allocator, no libc.
host=$work/host
mkdir -p "$host/src"
cat > "$host/Cargo.toml" <<TOML
[package]
name = "no-std-proof"
version = "0.0.0"
edition = "2024"
publish = false
[workspace]
[lib]
crate-type = ["staticlib"]
[dependencies]
cos-sign-core = { path = "$PWD/crates/cos-sign-core", default-features = false }
[profile.release]
panic = "abort"
opt-level = "s"
TOML
cp Cargo.lock "$host/Cargo.lock"
cat > "$host/src/lib.rs" <<'RS'
#![no_std]
use cos_sign_core::{KeyTime, Request, SignKey, Signer};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// 0 when the first shared vector comes out right.
#[unsafe(no_mangle)]
pub extern "C" fn prove() -> i32 {
    let sign = || {
        let key = SignKey::derive("vectorSecretKeyPermanent0123456", KeyTime::new(1_700_000_000, 1_700_003_600)?)?;
        let request = Request {
            method: "GET",
            path: "/exampleobject",
            params: &[],
            headers: &[("Host", "vec-1250000000.cos.ap-guangzhou.myqcloud.com")],
        };
        Signer::new("AKIDvectorPermanent0123456789abcdef", &key).signature(&request)
    };
    match sign() {
        Ok(signature) if signature.matches("a2125ec5d9fbc0f4fe08bc8bb71002f7ac958567") => 0,
        Ok(_) => 1,
        Err(_) => 2,
    }
}
RS
cat > "$host/start.c" <<'C'
typedef unsigned long size_t;
void *memcpy(void *d, const void *s, size_t n) { char *a = d; const char *b = s; while (n--) *a++ = *b++; return d; }
void *memmove(void *d, const void *s, size_t n) {
    char *a = d; const char *b = s;
    if (a < b) while (n--) *a++ = *b++; else while (n--) a[n] = b[n];
    return d;
}
void *memset(void *d, int c, size_t n) { char *a = d; while (n--) *a++ = (char)c; return d; }
int memcmp(const void *x, const void *y, size_t n) {
    const unsigned char *a = x, *b = y;
    for (; n--; a++, b++) if (*a != *b) return *a - *b;
    return 0;
}
int prove(void);
__attribute__((force_align_arg_pointer)) void _start(void) {
    long status = prove();
    __asm__ volatile("syscall" : : "a"(60), "D"(status) : "memory");
}
C
if [ "$(uname -sm)" = "Linux x86_64" ]; then
  (cd "$host" && CARGO_TARGET_DIR="$work/target" cargo build --quiet --release)
  cc -O1 -fno-builtin -fno-stack-protector -nostdlib -static -Wl,--gc-sections \
    "$host/start.c" "$work/target/release/libno_std_proof.a" -o "$work/proof"
  "$work/proof"
  echo "no-std: a static program without std, libc or allocator signs the first vector right"
fi

# 2. A microcontroller and a browser.
if toolchain=$(scripts/rust-src.sh); then
  export RUSTC="$toolchain/bin/rustc" RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$work/target"
  for target in thumbv7em-none-eabi wasm32-unknown-unknown; do
    "$toolchain/bin/cargo" build --quiet --release --locked -p cos-sign-core --no-default-features \
      -Zbuild-std=core,alloc,compiler_builtins -Zbuild-std-features=compiler-builtins-mem --target "$target"
    echo "no-std: built for $target without alloc"
  done
else
  echo "no-std: SKIPPED thumbv7em-none-eabi and wasm32-unknown-unknown: no sources of the standard library" >&2
fi
