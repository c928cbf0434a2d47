#!/usr/bin/env bash
# The official STS clients, unmodified, and ours, all against the emulator's STS: the same calls accepted, the same
# JSON understood. Installs pinned clients under target/wire (needs the network, Python, Node).
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$PWD/target/wire
mkdir -p "$scratch"
cargo build --quiet --locked -p cos-cli
[ -x "$scratch/venv/bin/python" ] || python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check \
  tencentcloud-sdk-python-sts==3.0.1459 qcloud-python-sts==3.1.6
npm install --silent --ignore-scripts --no-save --no-fund --no-audit --prefix "$scratch/node" qcloud-cos-sts@3.1.3 >/dev/null

node tests/wire/identity.js "$scratch"
ready=$scratch/ready.json
: >"$ready"
target/debug/cos emulator --tls --config "$scratch/emulator.toml" >"$ready" &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT
until [ -s "$ready" ]; do
  kill -0 $server || exit 1
  sleep 0.05
done

"$scratch/venv/bin/python" tests/wire/official.py "$ready" "$scratch/identity.jwt"
"$scratch/venv/bin/python" tests/wire/ours.py "$ready" target/debug/cos "$scratch/identity.jwt"
NODE_EXTRA_CA_CERTS=$(sed -E 's/.*"ca_file":"([^"]*)".*/\1/' "$ready") \
  NODE_PATH="$scratch/node/node_modules" node tests/wire/official.js "$ready"
echo "sts-wire: ok"
