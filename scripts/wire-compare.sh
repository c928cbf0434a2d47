#!/usr/bin/env bash
# What cos-client sends beside what the official Python and Node SDKs send for the same operations. Writes the second
# half of docs/conformance.md. Installs pinned SDKs under target/wire (needs the network, Python, Node).
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$PWD/target/wire
tests=tests/wire/objects
mkdir -p "$scratch"
cargo build --quiet --locked -p cos-cli
cargo build --quiet --locked -p cos-tests --example wire
[ -x "$scratch/venv/bin/python" ] || python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check cos-python-sdk-v5==1.9.44
npm install --silent --ignore-scripts --no-save --no-fund --no-audit --prefix "$scratch/objects" cos-nodejs-sdk-v5@3.0.0 >/dev/null

servers=()
trap 'kill "${servers[@]}" 2>/dev/null || true' EXIT
# line FILE: its first line, as soon as there is one.
line() {
  until [ -s "$1" ]; do
    kill -0 "${servers[@]}" || exit 1
    sleep 0.05
  done
  head -n 1 "$1"
}
# record NAME COMMAND…: a fresh emulator, a recorder before it, and the operations.
record() {
  local name=$1 account
  shift
  : >"$scratch/ready.json"
  : >"$scratch/recorder"
  target/debug/cos emulator >"$scratch/ready.json" &
  servers=($!)
  ready=$(line "$scratch/ready.json")
  python3 "$tests/recorder.py" "$(field http "$ready")" "$scratch/$name.jsonl" >"$scratch/recorder" &
  servers+=($!)
  account=$(COS_SECRET_ID=$(field secret_id "$ready") COS_SECRET_KEY=$(field secret_key "$ready") \
    COS_STS_ENDPOINT=$(field http "$ready") COS_REGION=ap-guangzhou target/debug/cos sts assume-role --json \
    --role-arn "qcs::cam::uin/$(field uin "$ready"):roleName/uploader" --session-name wire --duration 1800)
  COS_SECRET_ID=$(field tmpSecretId "$account") COS_SECRET_KEY=$(field tmpSecretKey "$account") \
    COS_SESSION_TOKEN=$(field sessionToken "$account") "$@" "$(line "$scratch/recorder")"
  kill "${servers[@]}"
  wait "${servers[@]}" 2>/dev/null || true
}
# field NAME JSON: the first string of that name.
field() {
  sed -E "s/.*\"$1\" ?: ?\"([^\"]*)\".*/\1/" <<<"${2//$'\n'/ }"
}

record ours target/debug/examples/wire
record python "$scratch/venv/bin/python" "$tests/official.py"
NODE_PATH="$scratch/objects/node_modules" record node node "$tests/official.js"
status=0
python3 "$tests/compare.py" "$scratch" "$tests/differences.json" >"$scratch/page.md" || status=1
{
  sed "/^# What goes over the wire/,\$d" docs/conformance.md | sed -e :a -e "/^\n*\$/{\$d;N;ba" -e "}"
  echo
  cat "$scratch/page.md"
} >"$scratch/conformance.md"
mv "$scratch/conformance.md" docs/conformance.md
exit $status
