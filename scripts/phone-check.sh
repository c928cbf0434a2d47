#!/usr/bin/env bash
# Compiles the C library for phones on a Linux machine that has neither NDK nor Xcode:
#
#   scripts/phone-check.sh [target...]      CHECK_ONLY=yes leaves the libraries out
#
# Type-checked for every target below; for phones also built as libcos_ffi.a in the profile `phone`, which then must
# define every function of tests/abi/symbols.txt. What it does not prove is in docs/phones.md: nothing is linked with a
# platform's own libraries, and nothing is run. Where a piece is missing the target is skipped, loudly. Ends with a
# table, target | checked | library, and fails if something that could be tried does not compile.
set -euo pipefail
cd "$(dirname "$0")/.."

android=(aarch64-linux-android armv7-linux-androideabi x86_64-linux-android)
ios=(aarch64-apple-ios aarch64-apple-ios-sim)
computers=(aarch64-apple-darwin x86_64-pc-windows-gnu)
# C compiler and headers for ring's C files; 0.4 GB.
zig_version=0.16.0

base=${CARGO_TARGET_DIR:-target}
mkdir -p "$base/phone-check/tools"
export CARGO_TARGET_DIR
CARGO_TARGET_DIR=$(cd "$base/phone-check" && pwd)
tools=$CARGO_TARGET_DIR/tools
zig=$tools/ziglang-$zig_version

if ! toolchain=$(scripts/rust-src.sh); then
  echo "phone-check: SKIPPED everything: no sources of the standard library to compile for other targets" >&2
  exit 0
fi

get_zig() {
  [ -e "$zig/ziglang/zig" ] && return
  echo "phone-check: getting ziglang $zig_version from PyPI" >&2
  rm -rf "$zig"
  python3 -m pip install --quiet --disable-pip-version-check --no-deps --target "$zig.new" "ziglang==$zig_version" \
    >"$tools/pip.log" 2>&1 && mv "$zig.new" "$zig"
}

# Writes a C compiler for a target; cc-rs names its own target, which zig does not know.
zig_cc() { # name, zig's target
  cat > "$tools/$1-cc" <<SH
#!/usr/bin/env bash
words=()
for word in "\$@"; do
  case \$word in --target=*) ;; *) words+=("\$word") ;; esac
done
exec "$zig/ziglang/zig" cc -target $2 "\${words[@]}"
SH
  chmod +x "$tools/$1-cc"
}

# Sets what cc-rs needs, or says in $missing why the target cannot be tried.
prepare() { # target
  local name=${1//-/_} musl
  missing=
  case $1 in
    *android*)
      get_zig || { missing="no ziglang $zig_version from PyPI (see $tools/pip.log)"; return; }
      case $1 in
        armv7*) musl=arm-linux-musleabi ;;
        *) musl=${1%%-*}-linux-musl ;;
      esac
      zig_cc "$1" "$musl"
      export "CC_$name=$tools/$1-cc"
      ;;
    *apple*)
      get_zig || { missing="no ziglang $zig_version from PyPI (see $tools/pip.log)"; return; }
      command -v clang-19 >/dev/null || { missing="no clang-19 (make setup)"; return; }
      # macOS' headers, which come with zig.
      mkdir -p "$tools/sdk/usr"
      ln -sfn "$zig/ziglang/lib/libc/include/any-darwin-any" "$tools/sdk/usr/include"
      export SDKROOT=$tools/sdk IPHONEOS_DEPLOYMENT_TARGET=13.0 MACOSX_DEPLOYMENT_TARGET=11.0
      export "CC_$name=clang-19" "CFLAGS_$name=-fdefine-target-os-macros"
      ;;
    *windows-gnu)
      command -v x86_64-w64-mingw32-dlltool >/dev/null && command -v x86_64-w64-mingw32-gcc >/dev/null ||
        missing="no mingw (apt-get install gcc-mingw-w64-x86-64)"
      return
      ;;
    *) echo "phone-check: no such target here: $1" >&2; exit 2 ;;
  esac
  command -v llvm-ar >/dev/null || { missing="no llvm-ar (apt-get install llvm)"; return; }
  export "AR_$name=llvm-ar"
}

checked() { # target: type-checked, no warning
  RUSTC=$toolchain/bin/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS="-D warnings" "$toolchain/bin/cargo" check --quiet --locked \
    -p cos-ffi --lib --target "$1" -Zbuild-std=std,panic_unwind -Zbuild-std-features= >&2
}

functions() {
  grep -v '^#' tests/abi/symbols.txt | sort -u
}

library() { # target: prints the size of libcos_ffi.a
  STD=source scripts/phone.sh --quiet --target "$1" >&2 || return
  local archive=$CARGO_TARGET_DIR/$1/phone/libcos_ffi.a absent
  command -v llvm-nm >/dev/null || { echo "phone-check: $1: no llvm-nm, exports not looked at" >&2; return; }
  # Mach-O has a line before every name.
  absent=$(llvm-nm --defined-only --extern-only --quiet "$archive" 2>/dev/null |
    sed -n 's/.* [TS] _\{0,1\}\(cosffi_[a-z0-9_]*\)$/\1/p' | sort -u | comm -13 - <(functions))
  if [ -n "$absent" ]; then
    echo "phone-check: $1: not in the archive:" $absent >&2
    return 1
  fi
  printf '%s bytes, all %s functions\n' "$(stat -c %s "$archive")" "$(functions | wc -l)"
}

bad=0
rows=()
[ $# -gt 0 ] || set -- "${android[@]}" "${ios[@]}" "${computers[@]}"
for target; do
  prepare "$target"
  if [ -n "$missing" ]; then
    echo "phone-check: SKIPPED $target: $missing" >&2
    rows+=("| \`$target\` | skipped: $missing | – |")
    continue
  fi
  check=yes made=–
  echo "phone-check: $target" >&2
  if ! checked "$target"; then
    check='**no**' bad=1
  elif [ "${CHECK_ONLY:-}" != yes ] && [[ " ${android[*]} ${ios[*]} " == *" $target "* ]]; then
    made=$(library "$target") || { made='**no**' bad=1; }
  fi
  rows+=("| \`$target\` | $check | $made |")
done
echo '| target | type-checked, no warning | `libcos_ffi.a`, profile `phone` |'
echo '|---|---|---|'
printf '%s\n' "${rows[@]}"
exit "$bad"
