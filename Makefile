# One short command for everything CI does. `make` alone lists them.
CARGO ?= cargo
FILE ?=
ONLY ?=

# Every rule below that has a description is a command, not a file.
.PHONY: $(shell sed -nE 's/^([a-z-]+):.*##.*/\1/p' $(firstword $(MAKEFILE_LIST))) fmt-check clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: ## the whole five-step flow on this machine: make demo FILE=path
	@$(CARGO) build --release --locked -p cos-cli
	@$(CARGO) run --quiet --release --locked -p cos-cli -- demo $(if $(FILE),-- "$(FILE)")

test: ## every test: units, documents, flows, the C programs (under valgrind where installed)
	$(CARGO) build --locked -p cos-ffi
	$(CARGO) test --locked --workspace

ci: fmt-check lint header-check test loom doc ## what .ci/run runs

fmt: ## format the code
	$(CARGO) fmt --all

fmt-check:
	$(CARGO) fmt --all --check

lint: ## clippy, warnings denied
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) clippy --locked -p cos-sign-core --no-default-features -- -D warnings
	$(CARGO) clippy --locked -p cos-sts --no-default-features -- -D warnings
	$(CARGO) clippy --locked -p cos-ffi --no-default-features --features sign -- -D warnings

header: ## write include/cos_ffi.h from the sources of cos-ffi
	$(CARGO) run --quiet --locked -p cos-header

header-check: ## fail if include/cos_ffi.h is not what the sources say
	$(CARGO) run --quiet --locked -p cos-header -- --check

install: ## the C API into PREFIX (/usr/local): libraries, headers, pkg-config, CMake package
	PREFIX="$(or $(PREFIX),/usr/local)" DESTDIR="$(DESTDIR)" scripts/install.sh

bench-c: ## 4 KiB puts and signatures through the C API beside the Rust API
	$(CARGO) bench --locked -p cos-ffi --bench through_c

size: ## bytes of small programs with the C API, against docs/size.md (a phone-profile build: minutes)
	scripts/size.sh

c-test: ## only the C ABI: its exports, its C programs plain, with sanitizers and under valgrind
	$(CARGO) test --locked -p cos-ffi

tsan: ## the C API under the thread sanitizer, library and std included (needs rust-src; skips loudly)
	scripts/sanitize.sh thread

asan: ## the C API under the address and leak sanitizers, the Rust side included
	scripts/sanitize.sh address

doc: ## API documentation, warnings denied
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps

no-std: ## cos-sign-core without std and allocator: host proof, thumbv7em, wasm32
	scripts/no-std.sh

bench-sign: ## signatures beside reqsign's and the hash's own floor
	$(CARGO) bench --locked -p cos-sign-core --bench sign

bench-small: ## 4 KiB PUT and GET: cos-client, opendal, a bare reqwest loop (needs the network to build)
	$(CARGO) run --release --locked --manifest-path benches/peers/Cargo.toml --bin small

bench-transfer: ## 1 GiB both ways, small objects, a tree: cos-client and its peers (needs the network to build); ONLY=up BENCH_DIR=/dev/shm
	$(CARGO) run --release --locked --manifest-path benches/peers/Cargo.toml --bin transfer -- $(ONLY)

fuzz: ## each fuzz target for FUZZ_SECONDS (600) seconds
	scripts/fuzz.sh

fuzz-smoke: ## each fuzz target for 30 seconds
	FUZZ_SECONDS=30 scripts/fuzz.sh

loom: ## every interleaving of the credential cache's single-flight cell
	RUSTFLAGS="--cfg cos_loom" $(CARGO) test --locked -p cos-sts --no-default-features --target-dir target/loom --lib -- cache::cell

phone-check: ## the C library compiled for phones, without linking: docs/phones.md (minutes; skips loudly what it cannot)
	scripts/phone-check.sh

deny: ## licences, sources and duplicate crates (installs cargo-deny into target/tools)
	test -x target/tools/bin/cargo-deny || $(CARGO) install --locked --root target/tools cargo-deny@0.20.2
	$(CARGO) fetch --locked
	target/tools/bin/cargo-deny --offline --manifest-path crates/cos-ffi/Cargo.toml check bans licenses sources

durability: ## the emulator killed with -9 a hundred times while it writes to a data directory
	COS_EMULATOR_KILLS=$${COS_EMULATOR_KILLS:-100} $(CARGO) test --locked -p cos-emulator --test it -- --nocapture --test-threads=1 killed::acknowledged_writes_survive

resume-kills: ## uploads and downloads killed with -9 at 50 random moments each, continued by another process
	COS_RESUME_KILLS=$${COS_RESUME_KILLS:-50} $(CARGO) test --locked -p cos-client --test it -- --nocapture --test-threads=1 resume_killed::

faulty-runs: ## a thousand uploads with faults, stopped and cancelled; then nothing of them is left
	COS_FAULTY_RUNS=$${COS_FAULTY_RUNS:-1000} $(CARGO) test --locked -p cos-client --test it -- --nocapture --test-threads=1 resume_janitor::after_many

memory: ## peak memory of transfers of 10 GiB each, both ways (minutes, and 10 GiB of disk)
	COS_MEMORY_MIB=$${COS_MEMORY_MIB:-10240} $(CARGO) test --locked -p cos-client --test it -- --nocapture --test-threads=1 memory::

bench-emulator: ## requests, bytes and connections per second of the emulator: make bench-emulator ONLY=small
	$(CARGO) bench --locked -p cos-emulator --bench load -- $(ONLY)

conformance: ## the official Python, Node and browser SDKs against the emulator (needs the network, Chromium)
	tests/conformance/run

sts-wire: ## the official STS clients and ours against the emulator's STS (needs the network, Python, Node)
	scripts/sts-wire.sh

wire-compare: ## what we send beside what the official Python and Node SDKs send (needs the network, Python, Node)
	scripts/wire-compare.sh

bench-sts: ## reading a cached credential, judging a call
	$(CARGO) bench --locked -p cos-sts --no-default-features --bench sts

setup: ## what a fresh Debian machine needs for `make ci` beyond Rust (run as root)
	apt-get update
	apt-get install -y --no-install-recommends build-essential valgrind clang cmake pkg-config
	apt-get install -y --no-install-recommends clang-19 || echo "setup: no clang-19 here; C23 is checked only where the default compilers know it"

clean: ## remove what was built
	$(CARGO) clean
