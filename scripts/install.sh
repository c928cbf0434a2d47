#!/usr/bin/env bash
# Installs the C API: archive, shared library, headers, pkg-config file, CMake package.
#
#   PREFIX=/usr/local [DESTDIR=stage] [PROFILE=release] [ARCHIVE=ready/libcos_ffi.a] [DEBUG_INFO=1] scripts/install.sh
#
# Without DEBUG_INFO both libraries come without the tables for debuggers, which are two thirds of the archive.
# The shared library is linked from the archive, so both hold the same code. For systems with ELF and GNU
# linker options: Linux, the BSDs. Apple's take the archive into a framework (bindings/).
set -euo pipefail
cd "$(dirname "$0")/.."
prefix=${PREFIX:-/usr/local}
profile=${PROFILE:-release}
lib=${LIBDIR:-lib}
case $(uname -s) in Darwin | MINGW* | MSYS*) echo "install: not for this system" >&2; exit 1 ;; esac
[ "${prefix#/}" != "$prefix" ] || { echo "install: PREFIX must begin with /" >&2; exit 1; }

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
# Before 1.0 every minor version may break programs that were linked with another.
case $version in 0.*) major=0.$(echo "$version" | cut -d. -f2) ;; *) major=${version%%.*} ;; esac
libs=$(cat crates/cos-ffi/native-libs.txt)
archive=${ARCHIVE:-}
if [ -z "$archive" ]; then
  if [ "$profile" = phone ]; then scripts/phone.sh; else cargo build --locked --profile "$profile" -p cos-ffi; fi
  archive=${CARGO_TARGET_DIR:-target}/$([ "$profile" = dev ] && echo debug || echo "$profile")/libcos_ffi.a
fi

to=${DESTDIR:-}$prefix
mkdir -p "$to/include" "$to/$lib/pkgconfig" "$to/$lib/cmake/cos_ffi"
install -m 644 include/cos_ffi.h include/cos_ffi.hpp "$to/include/"
install -m 644 "$archive" "$to/$lib/libcos_ffi.a"
[ -n "${DEBUG_INFO:-}" ] || ${STRIP:-strip} --strip-debug "$to/$lib/libcos_ffi.a"
archive=$to/$lib/libcos_ffi.a
# shellcheck disable=SC2086  # the libraries are several words
${CC:-cc} -shared -o "$to/$lib/libcos_ffi.so.$version" \
  -Wl,-soname,"libcos_ffi.so.$major" -Wl,--version-script=crates/cos-ffi/cos_ffi.map \
  -Wl,--gc-sections -Wl,-z,relro -Wl,-z,now \
  -Wl,--whole-archive "$archive" -Wl,--no-whole-archive $libs
chmod 755 "$to/$lib/libcos_ffi.so.$version"
ln -sf "libcos_ffi.so.$version" "$to/$lib/libcos_ffi.so.$major"
ln -sf "libcos_ffi.so.$major" "$to/$lib/libcos_ffi.so"

fill() { # template → file
  sed -e "s|@PREFIX@|$prefix|g" -e "s|@LIBDIR@|$lib|g" -e "s|@VERSION@|$version|g" \
    -e "s|@SOVERSION@|$major|g" -e "s|@LIBS@|$libs|g" "crates/cos-ffi/packaging/$1.in" > "$2"
  chmod 644 "$2"
}
fill cos_ffi.pc "$to/$lib/pkgconfig/cos_ffi.pc"
fill cos_ffi-config.cmake "$to/$lib/cmake/cos_ffi/cos_ffi-config.cmake"
fill cos_ffi-config-version.cmake "$to/$lib/cmake/cos_ffi/cos_ffi-config-version.cmake"
echo "installed cos_ffi $version in $to"
