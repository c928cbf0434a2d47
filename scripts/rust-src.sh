#!/usr/bin/env bash
# Prints the folder of a toolchain that has the standard library's sources, in the compiler's own version:
#
#   toolchain=$(scripts/rust-src.sh) && RUSTC=$toolchain/bin/rustc RUSTC_BOOTSTRAP=1 "$toolchain/bin/cargo" -Zbuild-std ...
#
# That is the compiler in use where it has them (`rustup component add rust-src`). Otherwise a copy of it in
# target/rust-src with the sources of a Debian package, which that suite may drop any day. Fails when neither can be had.
set -euo pipefail
cd "$(dirname "$0")/.."
sysroot=$(rustc --print sysroot)
if [ -e "$sysroot/lib/rustlib/src/rust/library/core" ]; then
  echo "$sysroot"
  exit 0
fi
version=1.95.0
deb="rust-src=$version+dfsg1-2~bpo13+1"
mkdir -p target/rust-src
work=$(cd target/rust-src && pwd)
toolchain=$work/toolchain

sources() {
  [ "$(rustc --version | cut -d' ' -f2)" = "$version" ] || return 1
  command -v apt-get >/dev/null || return 1
  local mirror
  mirror=$(sed -n 's/^URIs: //p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -1)
  [ -n "$mirror" ] || mirror=$(sed -n 's/^deb \(\[[^]]*\] \)\?\(http[^ ]*\) .*/\2/p' /etc/apt/sources.list 2>/dev/null | head -1)
  [ -n "$mirror" ] || return 1
  mkdir -p "$work/lists/partial"
  echo "deb $mirror trixie-backports main" > "$work/backports.list"
  local options=(-o "Dir::Etc::sourcelist=$work/backports.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
  apt-get "${options[@]}" -qq update && (cd "$work" && apt-get "${options[@]}" -qq download "$deb") || return 1
  dpkg-deb -x "$work"/rust-src_*.deb "$work/src" || return 1
  # Hard links where the file system allows it; the original stays as it was.
  rm -rf "$toolchain"
  cp -al "$sysroot" "$toolchain" 2>/dev/null || { rm -rf "$toolchain"; cp -a "$sysroot" "$toolchain"; }
  mkdir -p "$toolchain/lib/rustlib/src/rust"
  ln -sfn "$work/src/usr/src/rustc-$version/library" "$toolchain/lib/rustlib/src/rust/library"
}
if ! [ -e "$toolchain/lib/rustlib/src/rust/library/core" ] && ! sources >"$work/log" 2>&1; then
  echo "rust-src: $deb cannot be had here (see $work/log); with rustup: rustup component add rust-src" >&2
  exit 1
fi
echo "$toolchain"
