#!/usr/bin/env bash
# Runs every fuzz target for FUZZ_SECONDS each. cargo-fuzz is installed into target/tools.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-600}
tools=$PWD/target/tools
[ -x "$tools/bin/cargo-fuzz" ] || cargo install --quiet --locked --root "$tools" cargo-fuzz@0.13.2
export PATH="$tools/bin:$PATH"
# The sanitizer runtimes ship with the stable compiler too; this lets it use them.
export RUSTC_BOOTSTRAP=1
cd fuzz
for target in ${1:-$(cargo fuzz list)}; do
  # Apart, because the exit status of the run is hidden below.
  cargo fuzz build "$target"
  cargo fuzz run "$target" -- -max_total_time="$seconds" -print_final_stats=1 -verbosity=0 2>&1 |
    grep -E 'stat::number_of_executed|SUMMARY|ERROR|panicked|Done' || true
  # `grep` hides the exit status on purpose; a crash leaves an artifact.
  if [ -n "$(ls -A "artifacts/$target" 2>/dev/null)" ]; then
    echo "fuzz: $target found a crash, see fuzz/artifacts/$target" >&2
    exit 1
  fi
  echo "fuzz: $target ran $seconds s clean"
done
