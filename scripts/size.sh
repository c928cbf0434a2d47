#!/usr/bin/env bash
# Weighs programs with the C API: profile phone, unused sections left out, stripped. Fails when one is more than
# 2 % heavier than docs/size.md says, or over its limit. `scripts/size.sh --write` writes the table anew.
set -euo pipefail
cd "$(dirname "$0")/.."
table=docs/size.md
out=target/size
mkdir -p "$out"
rm -f "$out/put_own_std"
libs=$(cat crates/cos-ffi/native-libs.txt)

build() { # name, features...
  local name=$1
  shift
  scripts/phone.sh "$@"
  cp "${CARGO_TARGET_DIR:-target}/phone/libcos_ffi.a" "$out/$name.a"
}
program() { # source, archive, name
  # shellcheck disable=SC2086  # the libraries are several words
  ${CC:-cc} -std=c99 -Os -s -Wl,--gc-sections -Iinclude "$1" "$out/$2.a" $libs -o "$out/$3"
}
shared() { # archive, name: everything it exports
  # shellcheck disable=SC2086
  ${CC:-cc} -shared -s -Wl,--gc-sections -Wl,--version-script=crates/cos-ffi/cos_ffi.map \
    -Wl,--whole-archive "$out/$1.a" -Wl,--no-whole-archive $libs -o "$out/$2"
}

build full
build sign --no-default-features --features sign
program tests/size/put.c full put
host=$(rustc -vV | sed -n 's/^host: //p')
if scripts/rust-src.sh >/dev/null; then
  STD=source scripts/phone.sh --target "$host"
  cp "${CARGO_TARGET_DIR:-target}/$host/phone/libcos_ffi.a" "$out/own_std.a"
  program tests/size/put.c own_std put_own_std
else
  echo "size: SKIPPED put_own_std: no sources of the standard library" >&2
fi
program examples/c/sign.c sign sign
shared full libcos_ffi.so
shared sign libcos_ffi_sign.so

bad=0
row() { # file, limit, words
  local bytes known
  bytes=$(stat -c %s "$out/$1")
  known=$(sed -n "s/^| \`$1\` .*| \([0-9][0-9,]*\) |.*/\1/p" "$table" 2>/dev/null | tr -d , || true)
  printf '| `%s` | %s | %s | %s |\n' "$1" "$3" "$(printf "%d" "$bytes" | sed ':a;s/\B[0-9]\{3\}\>/,&/;ta')" "${2:--}"
  if [ -n "$2" ] && [ "$bytes" -gt "${2//,/}" ]; then
    echo "size: $1 has $bytes bytes, over its limit of $2" >&2
    bad=1
  fi
  if [ "${write:-}" = "" ] && [ -n "$known" ] && [ "$bytes" -gt $((known + known / 50)) ]; then
    echo "size: $1 has $bytes bytes, more than 2 % over the $known in $table" >&2
    bad=1
  fi
}
[ "${1:-}" = --write ] && write=yes
rows=$(
  row put 2,300,000 'the smallest program that stores an object over TLS (`tests/size/put.c`)'
  if [ -e "$out/put_own_std" ]; then
    row put_own_std 2,300,000 'the same with `STD=source`: the standard library built along, without its printer of backtraces'
  else
    sed -n '/^| `put_own_std`/p' "$table"
  fi
  row sign 400,000 'sign-only build, a program that signs and presigns (`examples/c/sign.c`)'
  row libcos_ffi_sign.so 400,000 'sign-only build, everything it exports, as a shared library'
  row libcos_ffi.so '' 'the whole API, as a shared library'
  exit "$bad"
) || bad=1
echo "$rows"
if [ "${write:-}" = yes ]; then
  {
    sed '/^| file/,$d' "$table"
    echo '| file | what | bytes | limit |'
    echo '|---|---|---:|---:|'
    echo "$rows"
  } > "$out/size.md"
  cp "$out/size.md" "$table"
fi
exit "$bad"
